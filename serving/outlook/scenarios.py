"""What if more accounts could be worked, the next milestones were reached, or a price rose?

Only effects that are evidenced are counted, with their intervals; they are taken to be right or
wrong together, so that the interval of a sum is the sum of the ends. Where no effect is
evidenced, the scenario says so instead of a number. What a dearer price does to leaving is not
evidenced: told is what it brings from those that are forecast to stay anyway, and how many more
may leave before it costs.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from configs.load import Configuration
from serving import formats
from serving.morning import Morning
from serving.prioritise import this_week

EVIDENCED = ("randomised", "adjusted")
PRICE_RISE = 0.05
NO_EFFECT = "no evidenced effect"
REACHED = "the next milestones of all on this week's lists are reached"
NOBODY_LEFT = "everybody worth working is on a list already"
ENDS = {"low": "next_effect_low", "expected": "next_effect_points", "high": "next_effect_high"}


def scenarios_schema(_: Configuration) -> pa.Schema:
    """Give the columns of scenarios.parquet: one row per scenario and segment."""
    return pa.schema(
        [
            ("scenario", pa.string()),
            ("segment", pa.string()),
            ("accounts", pa.int32()),
            ("measure", pa.string()),
            ("low", pa.float64()),
            ("expected", pa.float64()),
            ("high", pa.float64()),
            ("remark", pa.string()),
        ]
    )


def scenarios(morning: Morning, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Give the rows of scenarios.parquet; reads what was forecast this morning."""
    accounts = morning.accounts
    project = morning.configuration.project
    capacity, days = project.serving.capacity_per_owner, project.outcomes.horizons_days[-1]
    now, twice = (this_week(accounts, capacity=times * capacity) for times in (1, 2))
    rows = [
        _worked(REACHED, accounts.loc[now], days=days),
        _worked("capacity doubles", accounts.loc[twice & ~now], days=days),
        *_dearer(accounts, _paid_at_end(tables.get("forecast"), days), days=days),
    ]
    return pd.DataFrame(rows, columns=scenarios_schema(morning.configuration).names)


def _worked(scenario: str, worked: pd.DataFrame, *, days: int) -> dict[str, object]:
    """Sum the evidenced effects of the next milestones of the accounts that are worked."""
    counted = worked.loc[
        worked["next_evidence"].isin(EVIDENCED) & worked["next_effect_points"].notna()
    ]
    told: dict[str, object] = {
        "scenario": scenario,
        "segment": "all",
        "measure": "accounts_churned",
        "accounts": len(worked),
    }
    if worked.empty:
        return {**told, **dict.fromkeys(ENDS, 0.0), "remark": NOBODY_LEFT}
    if counted.empty:
        return {**told, **dict.fromkeys(ENDS, np.nan), "remark": NO_EFFECT}
    sums = {end: float(counted[column].sum()) for end, column in ENDS.items()}
    return {
        **told,
        **sums,
        "remark": f"evidenced for {len(counted)} of them, within {days} days",
    }


def _paid_at_end(forecast: pd.DataFrame | None, days: int) -> pd.DataFrame:
    """What each segment is forecast to pay after so many days, with the ends of 80 %."""
    if forecast is None or forecast.empty:
        return pd.DataFrame(columns=["low", "expected", "high"])
    wait = pd.to_datetime(forecast["period_end"]) - pd.to_datetime(forecast["period_start"])
    is_asked = (forecast["period"] == "horizon") & (wait.dt.days == days)
    own = forecast.loc[is_asked & (forecast["measure"] == "arr_at_end")]
    return own.set_index("segment")[["low", "expected", "high"]]


def _dearer(
    accounts: pd.DataFrame, at_end: pd.DataFrame, *, days: int
) -> Iterator[dict[str, object]]:
    """What a dearer segment brings if nobody minds, and how many could mind before it costs."""
    share = PRICE_RISE / (1 + PRICE_RISE)
    costs = f"it costs once {formats.percent(share)} of the ARR leaves for it"
    for segment, own in accounts.groupby("segment", sort=True):
        paid = float(own["arr"].sum())
        # Whose contract has just run out pays on by the forecast, as long as the grace lasts.
        if segment in at_end.index:
            ends = {end: float(at_end[end].loc[segment]) for end in ENDS}
            how = f"all pay it from today and go on for {days} days as forecast"
        else:
            ends = {"low": np.nan, "expected": paid, "high": np.nan}
            how = "all pay it from today, and all stay: no interval without a forecast"
        if ends["expected"] > 0:
            yield {
                "scenario": f"the price rises by {formats.percent(PRICE_RISE)}",
                "segment": segment,
                "accounts": len(own),
                "measure": "arr_at_end",
                **{end: PRICE_RISE * amount for end, amount in ends.items()},
                "remark": f"{how}; {NO_EFFECT} on leaving: {costs}",
            }
