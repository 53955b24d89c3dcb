"""Who in the account uses the product: which roles are active, and which have gone silent?"""

import numpy as np

from features.asof import NEVER
from features.catalogue import Feature
from features.family import Family, Own
from features.history import Columns


def role_columns(own: Own) -> Columns:
    """Per role: people active lately and this quarter, and days since anyone was."""
    columns, history, activity = Columns(), own.history, own.activity
    for role in activity.roles:
        for window in (28, 91):
            columns.add(
                Feature(
                    name=f"role_active_users_{role}_{window}d",
                    family="roles",
                    measure="role_active_users",
                    meaning=f"people with the role {role} active in the last {window} days",
                    unit="count",
                    absence="never null: nobody counts as 0",
                    window_days=window,
                    subject=role,
                ),
                activity.users(window, role=role),
            )
        last = activity.last_day_of_role(role)
        columns.add(
            Feature(
                name=f"role_days_since_active_{role}",
                family="roles",
                measure="role_days_since_active",
                meaning=f"days since anyone with the role {role} was active",
                unit="days",
                absence="nobody with this role was ever active",
                subject=role,
            ),
            np.where(last > NEVER, history.snapshots.day - last, np.nan),
        )
    return columns


FAMILY = Family(role_columns)
