"""Have we been in touch, and did anything follow from our nudges?

A nudge is followed if its milestone is reached within two weeks; one about a milestone that was
reached before it, or that is younger than two weeks, says nothing yet.
"""

import numpy as np
import pandas as pd

from features.asof import NEVER, Floats
from features.catalogue import Feature, Unit
from features.families.adoption import share
from features.family import Family, Own
from features.history import Columns, Rows
from features.pairs import concerned

FROM_THEM = "ticket"
NUDGE = "nudge"
FOLLOWED_DAYS, LOOK_BACK_DAYS = 14, 91


def contact_columns(own: Own) -> Columns:
    """Days since we were in touch, and the share of nudges that were followed."""
    columns, touches = Columns(), own.history.tables.get("touches")
    if touches is None:
        return columns
    kinds = touches.words["kind"]
    is_ours = (touches.frame["kind"] != FROM_THEM).to_numpy(dtype=bool)
    ours = touches.where(is_ours, "occurred_at")
    if set(kinds) - {FROM_THEM}:
        columns.add(
            _feature("days_since_contact", "days", _SINCE, "we never were", None),
            _days_since(ours, own),
        )
    if NUDGE in kinds:
        is_nudge = (touches.frame["kind"] == NUDGE).to_numpy(dtype=bool)
        nudges = touches.where(is_nudge, "occurred_at", "milestone")
        columns.add(
            _feature("nudges_followed_share", "share", _FOLLOWED, _NONE, LOOK_BACK_DAYS),
            _followed(nudges, own),
        )
    return columns


_SINCE = "days since we last were in touch: any touch that is no ticket"
_FOLLOWED = (
    f"of the nudges of the last {LOOK_BACK_DAYS} days, without the last {FOLLOWED_DAYS}, "
    "the share whose milestone was reached within that time"
)
_NONE = "no such nudge about a milestone that was still to be reached"


def _days_since(rows: Rows, own: Own) -> Floats:
    snapshots, occurred = own.history.snapshots, rows.day("occurred_at")
    enter = np.maximum(rows.seen_from, snapshots.mornings.first_seeing(occurred))
    last = snapshots.latest(rows.account, enter=enter, value=occurred)
    return np.where(last > NEVER, snapshots.day - last, np.nan)


def _followed(nudges: Rows, own: Own) -> Floats:
    snapshots, slugs = own.history.snapshots, list(own.ladder.slugs)
    nudges = nudges.where(nudges.frame["milestone"].isin(slugs).to_numpy(dtype=bool))
    day, mornings = nudges.day("occurred_at"), snapshots.mornings
    row, snapshot = concerned(
        snapshots,
        nudges.account,
        since=np.maximum(nudges.seen_from, mornings.first_from(day + FOLLOWED_DAYS)),
        until=mornings.first_without(day, LOOK_BACK_DAYS),
    )
    step = pd.Index(slugs).get_indexer(pd.Index(nudges.frame["milestone"]))
    met, nudged = own.ladder.met_day[snapshot, step[row]], day[row]
    asked = (met == NEVER) | (met >= nudged)
    followed = asked & (met > NEVER) & (met <= nudged + FOLLOWED_DAYS)
    size = len(snapshots)
    return share(
        np.bincount(snapshot, weights=followed, minlength=size),
        np.bincount(snapshot, weights=asked, minlength=size),
    )


def _feature(
    measure: str, unit: Unit, meaning: str, absence: str, window: int | None
) -> Feature:
    return Feature(
        name=measure if window is None else f"{measure}_{window}d",
        family="touches",
        measure=measure,
        meaning=meaning,
        unit=unit,
        absence=absence,
        window_days=window,
    )


FAMILY = Family(contact_columns)
