"""How near were the forecasts, how often did their intervals hold, and who foretold changes?"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from truth import RIVALS

from configs.sections import Gate
from features.asof import as_dates
from training.proof.amounts import amount_records, amount_skill
from training.proof.judged import Backtest
from training.proof.metrics import account_bootstrap, auc

NORMAL_QUANTILE = 1.2816
"""How many standard errors the bounds of an 80 % interval lie from its middle."""
RATES = ("logo_retention", "grr", "nrr")
FLOWS = ("churned_arr", "contraction_arr", "expansion_arr")


def print_errors(said: pd.DataFrame) -> None:
    """Beside last period's rate and last year's, with how often and how well intervals held."""
    print(
        "| days | rate | error | last period | last year | against last period | held "
        "| error in intervals |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for (days, measure), rows in said.groupby(["days", "measure"]):
        ours = _error(rows, "expected")
        last, year = (_error(rows, rival) for rival in RIVALS)
        print(
            f"| {days} | {measure} | {ours:.4f} | {last:.4f} | {year:.4f} "
            f"| {ours / last - 1:+.0%} | {_held(rows):.0%} | {_in_intervals(rows):.2f} |"
        )


def _in_intervals(said: pd.DataFrame) -> float:
    """Root of the mean squared error, each in what the interval takes for a standard error.

    One where intervals are as wide as the errors ask for.
    """
    off = said["happened"] - said["expected"]
    side = said["high"].where(off > 0, said["low"]) - said["expected"]
    return float(np.sqrt(((off / side) ** 2).mean()) * NORMAL_QUANTILE)


def _error(rows: pd.DataFrame, said: str) -> float:
    return float((rows[said] - rows["happened"]).abs().mean())


def _held(rows: pd.DataFrame) -> float:
    return float(rows["happened"].between(rows["low"] - 1e-9, rows["high"] + 1e-9).mean())


def print_halves(said: pd.DataFrame) -> None:
    """Older and newer mornings apart: what was chosen was chosen by the older ones."""
    days = np.sort(said["day"].unique())
    is_old = said["day"] < days[len(days) // 2]
    print("\n| 90 days | older mornings | held | newer mornings | held |")
    print("|---|---|---|---|---|")
    for measure in RATES:
        cells = []
        for rows in (said.loc[is_old], said.loc[~is_old]):
            own = rows.loc[(rows["measure"] == measure) & (rows["days"] == 90)]
            against = _error(own, "expected") / _error(own, "last_period") - 1
            cells.append(f"{against:+.0%} | {_held(own):.0%}")
        print(f"| {measure} | {' | '.join(cells)} |")


def print_flows(said: pd.DataFrame) -> None:
    """What money leaves, shrinks and grows, in shares of the ARR of each morning."""
    own = said.loc[said["days"] == 90].set_index("day")
    arr = own.loc[own["measure"] == "arr_at_start", "expected"]
    print("\n| 90 days, share of ARR | told | came | told over came | mean error | held |")
    print("|---|---|---|---|---|---|")
    for measure in FLOWS:
        rows = own.loc[own["measure"] == measure]
        told, came = (rows[name] / arr for name in ("expected", "happened"))
        print(
            f"| {measure} | {told.mean():.4f} | {came.mean():.4f} "
            f"| {told.sum() / came.sum():.2f} | {(told - came).abs().mean():.4f} "
            f"| {_held(rows):.0%} |"
        )


def print_mornings(said: pd.DataFrame) -> None:
    """What was said on each morning, by whom, and what came."""
    print("\n| morning | speaks | GRR of 90 days (80 %) | came | NRR (80 %) | came |")
    print("|---|---|---|---|---|---|")
    for day, rows in said.loc[said["days"] == 90].groupby("day"):
        own = rows.set_index("measure")
        told = " | ".join(
            f"{own.at[m, 'expected']:.3f} ({own.at[m, 'low']:.3f} to {own.at[m, 'high']:.3f}) "
            f"| {own.at[m, 'happened']:.3f}"
            for m in ("grr", "nrr")
        )
        morning = as_dates(np.array([day]))[0].date()
        print(f"| {morning} | {own['speaks'].iloc[0]} | {told} |")


def print_changes(judged: Sequence[Backtest]) -> None:
    """How well those who came to pay more, or less, were told apart, by model and rules."""
    for question, did in (("expansion", "grew"), ("contraction", "shrank")):
        pooled = judged[0].pooled(question, 90)
        assert pooled is not None
        came = pooled.happened
        codes = pd.factorize(pooled.about["account_id"])[0]
        print(f"\n{question} within 90 days, {len(came)} rows, {int(came.sum())} {did}:\n")
        print("| who says it | AUC | 95 % interval |")
        print("|---|---|---|")
        for name, said in {"model": pooled.said, **pooled.rules}.items():
            low, high = account_bootstrap(
                lambda weights, said=said, came=came: auc(said, came, weights=weights),
                codes,
                seed=0,
            )
            print(f"| {name} | {auc(said, came):.3f} | {low:.3f} to {high:.3f} |")


def print_amounts(judged: Backtest, gate: Gate) -> None:
    """By how much, of those that changed within 90 days; and the money of all accounts."""
    for question in ("expansion", "contraction"):
        records = amount_records(judged, question, (90,))
        if not records:
            continue
        (record,) = records
        print(f"\nBy how much, if at all ({question}, {record['changes']} changes):\n")
        print(
            "| who says it | Gamma deviance | mean error of the share | money over what came |"
        )
        print("|---|---|---|---|")
        for name in record["deviance"]:
            lost, off = record["deviance"][name], record["absolute_error"][name]
            over = record["predicted_over_observed"][name]
            print(f"| {name} | {lost:.3f} | {off:.3f} | {over:.2f} |")
        found = amount_skill(judged, question, gate, horizon=90)
        says = "the model" if found.has_skill else f"a rule ({found.best_baseline})"
        margin = f"{found.margin:+.1%} ({found.low:+.1%} to {found.high:+.1%})"
        whole = record["money_over_observed"]
        print(
            f"\nAgainst the best rule {margin}: {says} speaks. Chance times share times ARR of"
        )
        print(f"all accounts, by the models: {whole:.2f} for each that came.")
