"""Who is the account: its age, its segment, and the attributes the configuration names?"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from configs.errors import ConfigError
from configs.nearest import did_you_mean
from features.asof import day_number
from features.catalogue import Feature
from features.family import Family, Own
from features.history import Columns

EARLY_DAYS = 91
"""Later than this, the exact day of a kickoff tells a model which account it is, and no more.
"""

SEGMENT = Feature(
    name="segment",
    family="account",
    measure="segment",
    meaning="the account's segment",
    unit="label",
    absence="never null",
)


def account_columns(own: Own) -> Columns:
    """Tenure, time to kickoff, segment and every configured attribute.

    Raises ConfigError where an attribute is no column of the accounts.
    """
    columns, known = Columns(), own.history.attributes
    day = own.history.snapshots.day
    columns.add(
        Feature(
            name="tenure_days",
            family="account",
            measure="tenure_days",
            meaning="days since the account signed up",
            unit="days",
            absence="never null",
        ),
        (day - day_number(known["signed_up_at"])).astype(np.float64),
    )
    columns.add(
        Feature(
            name="days_to_kickoff",
            family="account",
            measure="days_to_kickoff",
            meaning="days until the playbook's clock starts; negative in the quarter after it",
            unit="days",
            absence="never null",
            is_clock=True,
        ),
        np.maximum(day_number(known["kickoff_at"]) - day, -EARLY_DAYS).astype(np.float64),
    )
    columns.add(SEGMENT, own.history.segment)
    must_be_columns(own.attributes, list(map(str, known.columns)))
    for name in own.attributes:
        columns.add(*_attribute(name, known[name]))
    return columns


def must_be_columns(attributes: Sequence[str], columns: Sequence[str]) -> None:
    """Refuse attributes that accounts lacks."""
    lacking = [name for name in attributes if name not in columns]
    if lacking:
        told = "; ".join(f"`{name}`{did_you_mean(name, columns)}" for name in lacking)
        raise ConfigError(
            "project.toml",
            f"`accounts.attributes` names what accounts lacks: {told}",
            "Name columns of accounts",
        )


def _attribute(name: str, values: "pd.Series[Any]") -> tuple[Feature, np.ndarray]:
    is_number = pd.api.types.is_numeric_dtype(values)
    feature = Feature(
        name=f"attribute_{name}",
        family="account",
        measure="attribute",
        meaning=f"the account's {name}",
        unit="count" if is_number else "label",
        absence="not told",
        subject=name,
    )
    if is_number:
        return feature, values.to_numpy(dtype=np.float64, na_value=np.nan)
    labels = values.astype(object)
    return feature, labels.where(labels.notna(), None).astype(object).to_numpy()


FAMILY = Family(account_columns)
