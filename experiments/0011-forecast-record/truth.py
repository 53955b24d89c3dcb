"""What was truly to be expected of the simulated company, and how near came the forecast?"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from features.arr import arr_on
from features.asof import as_dates
from features.assemble import FeatureSet
from training.questions.changes import LEAST_CHANGE

YEARLY_DAYS = 200
"""A term that runs longer is one of a year."""
RIVALS = ("last_period", "last_year")


def true_rates(
    features: FeatureSet, folder: Path, mornings: Sequence[int]
) -> Iterator[dict[str, float]]:
    """The churn that was truly to be expected on each morning, of accounts and of ARR.

    Nothing of the mornings of which no truth was kept.
    """
    risks = pd.read_parquet(folder / "truth" / "risks.parquet")
    risks = risks.loc[risks["milestone"].isna()]
    for day in mornings:
        morning = as_dates(np.array([day]))[0]
        own = risks.loc[pd.to_datetime(risks["as_of"]) == morning]
        for days, asked in own.groupby("horizon_days"):
            chance = asked.set_index("account_id")["chance"]
            ids = chance.index.to_series()
            known = features.arr.loc[features.arr["known_day"] < day]
            arr = np.nan_to_num(arr_on(known, ids, np.full(len(ids), day)))
            lost = float((arr * chance.to_numpy()).sum() / arr.sum())
            kept = 1 - float(chance.mean())
            yield {"day": day, "days": days, "logo_retention": kept, "churned_share": lost}


def print_truth(said: pd.DataFrame, truth: Iterator[dict[str, float]]) -> None:
    true = pd.DataFrame(truth)
    logo = said.loc[said["measure"] == "logo_retention"].merge(true, on=["day", "days"])
    print("\nLogo retention against its true expectation (mean error):\n")
    print("| days | forecast | what came | last period | last year | forecast less truth |")
    print("|---|---|---|---|---|---|")
    for days, rows in logo.groupby("days"):
        errors = [
            float((rows[name] - rows["logo_retention"]).abs().mean())
            for name in ("expected", "happened", *RIVALS)
        ]
        told = " | ".join(f"{error:.4f}" for error in errors)
        bias = float((rows["expected"] - rows["logo_retention"]).mean())
        print(f"| {days} | {told} | {bias:+.4f} |")
    print("\nShare of ARR that leaves, against its true expectation:\n")
    print("| days | mean error of the forecast | forecast less truth |")
    print("|---|---|---|")
    wide = said.pivot(index=["day", "days"], columns="measure", values="expected")
    share = (wide["churned_arr"] / wide["arr_at_start"]).rename("share").reset_index()
    for days, rows in share.merge(true, on=["day", "days"]).groupby("days"):
        off = rows["share"] - rows["churned_share"]
        print(f"| {days} | {off.abs().mean():.4f} | {off.mean():+.4f} |")


def yearly_ends(folder: Path, *, until: pd.Timestamp) -> pd.DataFrame:
    """What came of every yearly term that ended before a day, with its number."""
    signed = pd.read_parquet(folder / "contracts.parquet")
    dates = {name: pd.to_datetime(signed[name]) for name in ("starts_on", "ends_on")}
    own = ["account_id", "starts_on", "ends_on"]
    terms = signed.assign(**dates).groupby(own)["arr"].sum().reset_index().sort_values(own)
    by_account = terms.groupby("account_id")
    share = by_account["arr"].shift(-1) / terms["arr"] - 1
    told = terms.assign(
        number=by_account.cumcount() + 1,
        left=share.isna(),
        grew=share > LEAST_CHANGE,
        shrank=share < -LEAST_CHANGE,
    )
    is_yearly = (told["ends_on"] - told["starts_on"]).dt.days > YEARLY_DAYS
    return told.loc[is_yearly & (told["ends_on"] < until)]


def print_ends(ends: pd.DataFrame, *, first: pd.Timestamp) -> None:
    """Before the first morning, and from it on: what the past could teach, and what came."""
    print("\nWhat came when yearly terms ended:\n")
    print("| ended | which end | terms | left | grew | shrank |")
    print("|---|---|---|---|---|---|")
    for name, rows in (
        ("before the first morning", ends.loc[ends["ends_on"] < first]),
        ("from it on", ends.loc[ends["ends_on"] >= first]),
    ):
        for number, some in rows.groupby("number"):
            came = " | ".join(f"{some[each].mean():.0%}" for each in ("left", "grew", "shrank"))
            print(f"| {name} | {number} | {len(some)} | {came} |")
