"""Does the use rest on one person, and has the account lost people it rested on?"""

from features.catalogue import Feature, Unit
from features.family import Family, Own
from features.history import Columns


def concentration_columns(own: Own) -> Columns:
    """The most active person's share, and what people who fell silent took away."""
    columns, told = Columns(), own.people.concentration()
    columns.add(
        _feature("top_user_share", "share", 91, _TOP, "no use by people in those weeks"),
        told.top_share,
    )
    columns.add(_feature("lost_users_share", "share", 28, _LOST, _NOBODY), told.lost_share)
    columns.add(_feature("top_user_lost", "flag", 28, _GONE, _NOBODY), told.is_top_lost)
    return columns


_TOP = "share of the last 13 whole weeks' uses that were the most active person's"
_LOST = (
    "share of the uses in the 9 whole weeks before the last 4 that came from people not seen "
    "since"
)
_GONE = "whether the most active person of those 9 weeks has not been seen since"
_NOBODY = "nobody was active in the 9 whole weeks before the last 4"


def _feature(measure: str, unit: Unit, window: int, meaning: str, absence: str) -> Feature:
    return Feature(
        name=f"{measure}_{window}d",
        family="roles",
        measure=measure,
        meaning=meaning,
        unit=unit,
        absence=absence,
        window_days=window,
    )


FAMILY = Family(concentration_columns)
