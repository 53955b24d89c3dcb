"""Who in the account uses the product: which roles are active, and which are silent?"""

import numpy as np

from features.asof import NEVER
from features.catalogue import Feature, Unit
from features.family import Family, Own
from features.history import Columns


def role_columns(own: Own) -> Columns:
    """Per role: people active, days since anyone was, silence, and key capabilities used."""
    columns, activity = Columns(), own.activity
    for role in activity.roles:
        month, quarter = activity.users(28, role=role), activity.users(91, role=role)
        for window, active in ((28, month), (91, quarter)):
            meaning = f"people with the role {role} active in the last {window} days"
            columns.add(_active(role, meaning, window), active)
        last = activity.last_day_of_role(role)
        silent = np.where(last > NEVER, own.history.snapshots.day - last, np.nan)
        columns.add(
            _feature("role_days_since_active", "days", role, _SINCE, _NEVER_ACTIVE), silent
        )
        gone = ((quarter > 0) & (month == 0)).astype(np.float64)
        columns.add(_feature("role_gone_silent", "flag", role, _SILENT, "never null"), gone)
        columns.add(
            _feature("role_key_capabilities", "count", role, _KEY, "never null"),
            own.people.key_capabilities(role),
        )
    return columns


_SINCE = "days since anyone with the role {role} was active"
_NEVER_ACTIVE = "nobody with this role was ever active"
_SILENT = "whether the role {role} was active in the last 91 days, but not in the last 28"
_KEY = "capabilities that the playbook asks for, ever used by the role {role}"


def _active(role: str, meaning: str, window: int) -> Feature:
    return Feature(
        name=f"role_active_users_{role}_{window}d",
        family="roles",
        measure="role_active_users",
        meaning=meaning,
        unit="count",
        absence="never null: nobody counts as 0",
        window_days=window,
        subject=role,
    )


def _feature(measure: str, unit: Unit, role: str, meaning: str, absence: str) -> Feature:
    return Feature(
        name=f"{measure}_{role}",
        family="roles",
        measure=measure,
        meaning=meaning.format(role=role),
        unit=unit,
        absence=absence,
        subject=role,
    )


FAMILY = Family(role_columns)
