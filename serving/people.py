"""Who in each account uses the product these days, role by role?"""

import pandas as pd

from features.asof import as_dates
from features.assemble import FeatureSet
from features.catalogue import Feature

COLUMNS = ("account_id", "role", "active_people", "quarter_people", "last_active_on")


def people_by_role(features: FeatureSet) -> pd.DataFrame:
    """One row per account live on the last morning and role that was ever active in it.

    ``active_people`` counts those of the last four weeks, ``quarter_people`` those of the last
    thirteen; ``last_active_on`` is the day anyone of the role was last active.
    """
    snapshots = features.snapshots
    today = snapshots["day"] == snapshots["day"].max()
    parts = [
        _of_role(role, columns, features, today) for role, columns in _by_role(features).items()
    ]
    if not parts:
        return pd.DataFrame(columns=list(COLUMNS))
    people = pd.concat(parts, ignore_index=True).dropna(subset="last_active_on")
    return people.sort_values(["account_id", "role"], kind="stable", ignore_index=True)


def _by_role(features: FeatureSet) -> dict[str, dict[str, str]]:
    """Name the inputs that tell of each role."""
    found: dict[str, dict[str, str]] = {}
    for name, feature in features.catalogue.items():
        if feature.subject is not None and (told := _told(feature)):
            found.setdefault(feature.subject, {})[told] = name
    return {role: columns for role, columns in found.items() if len(columns) == 3}


def _told(feature: Feature) -> str | None:
    return {
        ("role_active_users", 28): "active_people",
        ("role_active_users", 91): "quarter_people",
        ("role_days_since_active", None): "days_since",
    }.get((feature.measure, feature.window_days))


def _of_role(
    role: str, columns: dict[str, str], features: FeatureSet, today: "pd.Series[bool]"
) -> pd.DataFrame:
    told = features.values.loc[today, list(columns.values())].set_axis(list(columns), axis=1)
    seen = told["days_since"].notna()
    day = features.snapshots.loc[today, "day"] - told["days_since"].fillna(0).astype("int64")
    return pd.DataFrame(
        {
            "account_id": features.snapshots.loc[today, "account_id"],
            "role": role,
            "active_people": told["active_people"],
            "quarter_people": told["quarter_people"],
            "last_active_on": as_dates(day.to_numpy()).set_axis(day.index).where(seen),
        }
    )
