"""Are capabilities taken up, used again and kept, and are the steps that open begun?

Told week by week: a capability is used again if it is used in one of the four weeks after the
week of its first use, and kept if one that is thirteen weeks old or older is still used.
"""

import numpy as np

from features.asof import Bools, Floats, Ints
from features.catalogue import Feature, Unit
from features.family import Family, Own
from features.history import Columns
from features.weeks import weekly_adoption


def adoption_columns(own: Own) -> Columns:
    """Capabilities new, used again and kept; what reached milestones opened, and keep."""
    columns = Columns()
    told = weekly_adoption(own.activity.weekly, own.history.snapshots)
    columns.add(_feature("capabilities_new", "count", 28, _NEW, "never null"), told.new)
    columns.add(
        _feature("capabilities_repeated_share", "share", None, _REPEATED, _NO_MATURE),
        share(told.repeated, told.mature),
    )
    columns.add(
        _feature("capabilities_kept_share", "share", 91, _KEPT, _NO_OLD),
        share(told.kept, told.old),
    )
    columns.add(
        _feature("opened_begun_share", "share", None, _BEGUN, "no reached step opened another"),
        _begun(own),
    )
    done, in_use = _reached_by_use(own)
    columns.add(
        _feature("milestones_in_use_share", "share", 28, _IN_USE, "none reached by use"),
        share(in_use.sum(axis=1), done.sum(axis=1)),
    )
    return columns


_NEW = "capabilities first used in the last 4 whole weeks, or since"
_REPEATED = (
    "of the capabilities first used over 4 whole weeks ago, the share used again within the 4 "
    "weeks after"
)
_NO_MATURE = "no capability was first used over 4 whole weeks ago"
_KEPT = "of the capabilities first used 13 whole weeks ago or earlier, the share used lately"
_NO_OLD = "no capability was first used 13 whole weeks ago or earlier"
_BEGUN = "of the milestones that a reached milestone opened, the share begun or reached"
_IN_USE = "of the milestones reached by use, the share whose capability was used in 28 days"


def share(part: Floats | Ints, whole: Floats | Ints) -> Floats:
    """Divide, with NaN where there is nothing to divide by."""
    found: Floats = np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
    return found


def _begun(own: Own) -> Floats:
    """A step is opened by the steps that it requires, once all that apply are reached."""
    ladder, steps = own.ladder, own.playbook.milestones
    place = {step.slug: position for position, step in enumerate(steps)}
    opened = np.zeros_like(ladder.applies)
    for position, step in enumerate(steps):
        for slug in step.requires:
            opened[:, position] |= ladder.is_done[:, place[slug]]
    opened &= ladder.applies & ~ladder.is_locked
    begun = opened & (ladder.is_done | (ladder.progress > 0))
    return share(begun.sum(axis=1), opened.sum(axis=1))


def _reached_by_use(own: Own) -> tuple[Bools, Bools]:
    """Per snapshot and milestone: whether use reached it, and whether that use goes on."""
    done, in_use = own.ladder.is_done.copy(), np.zeros_like(own.ladder.is_done)
    places = {name: place for place, name in enumerate(own.activity.capabilities)}
    for position, step in enumerate(own.playbook.milestones):
        place = None
        if not isinstance(step.done_when, str):
            place = places.get(step.done_when.capability)
        if place is None:
            done[:, position] = False
        else:
            used = own.activity.capability_rows(place, 28) > 0
            in_use[:, position] = done[:, position] & used
    return done, in_use


def _feature(
    measure: str, unit: Unit, window: int | None, meaning: str, absence: str
) -> Feature:
    return Feature(
        name=measure if window is None else f"{measure}_{window}d",
        family="breadth",
        measure=measure,
        meaning=meaning,
        unit=unit,
        absence=absence,
        window_days=window,
    )


FAMILY = Family(adoption_columns)
