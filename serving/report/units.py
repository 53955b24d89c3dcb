"""In which unit is each number of the file behind a figure?

The tables of a morning carry no currency: whoever opens a file years later, beside that of
another company, should not have to ask for it.
"""

import re

import pandas as pd

from serving.outlook.forecast import AMOUNTS, COUNTS, FIRST_STEP, FIRST_VALUE, RATES, REACHED
from serving.outlook.programme import ARR_KEPT, LEFT

MONEY = re.compile(r"(^|_)arr(_|$)")
SHARES = ("usual_growth", "usual_loss")


def with_units(behind: pd.DataFrame, *, currency: str) -> pd.DataFrame:
    """Name the currency of every column of money, and the unit of every measure.

    >>> with_units(pd.DataFrame({"arr": [1.0], "churn_risk": [0.1]}), currency="EUR").columns
    Index(['arr_eur', 'churn_risk'], dtype='str')
    """
    money = {n: f"{n}_{currency.lower()}" for n in behind.columns if MONEY.search(n)}
    named = behind.rename(columns=money | {name: f"{name}_share" for name in SHARES})
    if "measure" not in named:
        return named
    unit = named["measure"].map(_units(currency))
    named.insert(list(named.columns).index("measure") + 1, "unit", unit)
    return named


def _units(currency: str) -> dict[str, str]:
    units = {
        "share": (*RATES, LEFT, ARR_KEPT),
        "accounts": COUNTS,
        f"{currency} a year": AMOUNTS,
        "milestones": (REACHED,),
        "days": (FIRST_STEP, FIRST_VALUE),
    }
    return {measure: unit for unit, measures in units.items() for measure in measures}
