"""How much of the error would be left to who knew the chance of every account?

Each account leaves, shrinks or grows, or does not: even with true chances in hand, the rates of
a book of few accounts are missed by that. Here as many events as came are expected, of the size
that they had, and each comes or not by its own luck, a Poisson number of times (the Poisson
bootstrap: Hanley and MacGibbon 2006), on all the mornings that look ahead to it alike.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from record import RATES
from study import World, as_known, crm5, what_came

from features.asof import as_dates
from serving.outlook.forecast import with_rates_before
from serving.outlook.retention import live_on, states, totals

DAYS = 90
DRAWS = 2000
ASKED = 0.8
"""Of the error of last period's rate."""
GONE, SHRUNK, GREW = range(3)
TAKES = {"logo_retention": {GONE}, "grr": {GONE, SHRUNK}, "nrr": {GONE, SHRUNK, GREW}}
"""Of which events each rate is made."""


def main() -> None:
    world = crm5()
    luck = _luck(world)
    last = pd.DataFrame(_errors_of_last_period(world)).abs().mean()
    days = world.features.snapshots["day"]
    accounts = days.loc[days.isin(world.mornings)].value_counts()
    print(f"{accounts.min()} to {accounts.max()} accounts on {len(accounts)} mornings\n")
    print("| 90 days | last period | asked | luck alone | in nine of ten | luck meets it |")
    print("|---|---|---|---|---|---|")
    for rate in RATES:
        error = np.abs(luck[rate]).mean(axis=0)
        low, high = np.quantile(error, [0.05, 0.95])
        asked = ASKED * last[rate]
        print(
            f"| {rate} | {last[rate]:.4f} | {asked:.4f} | {error.mean():.4f} "
            f"| {low:.4f} to {high:.4f} | {(error <= asked).mean():.0%} |"
        )


def _luck(world: World) -> dict[str, np.ndarray]:
    """By how much each rate is missed by luck: a row per morning, a column per draw."""
    ids = pd.Index(world.features.snapshots["account_id"].unique())
    times = np.random.default_rng(0).poisson(1.0, size=(3, len(ids), DRAWS))
    missed: dict[str, list[np.ndarray]] = {rate: [] for rate in RATES}
    for day in world.mornings:
        found = live_on(world.features, day)
        assert found is not None
        accounts, since = found
        own = ids.get_indexer(pd.Index(accounts["account_id"]))
        at = states(world.features, accounts["account_id"], since=since, days=(day, day + DAYS))
        came = {name: cells[0] for name, cells in totals(at[day], at[day + DAYS]).items()}
        for rate, moved in _moved(came):
            off = [moved[kind] @ (times[kind, own] - 1) for kind in TAKES[rate]]
            # What can come once is less a matter of luck than what can come again.
            once = np.sqrt(1 - np.mean(moved[GONE] != 0))
            missed[rate].append(np.sum(off, axis=0) * once)
    return {rate: np.array(parts) for rate, parts in missed.items()}


def _moved(came: dict[str, np.ndarray]) -> Iterator[tuple[str, list[np.ndarray]]]:
    """By how much each account's leaving, shrinking and growing moved each rate."""
    arr, gone = came["arr_at_start"].sum(), came["churned_arr"] + came["left_arr"]
    in_arr = [-gone / arr, -came["contraction_arr"] / arr, came["expansion_arr"] / arr]
    yield "logo_retention", [-came["accounts_churned"] / came["accounts_at_start"].sum()]
    yield from (("grr", in_arr), ("nrr", in_arr))


def _errors_of_last_period(world: World) -> Iterator[dict[str, float]]:
    for day in world.mornings:
        start, end = as_dates(np.array([day, day + DAYS]))
        rows = pd.DataFrame({"period_start": [start.date()], "period_end": [end.date()]})
        rows = pd.concat([rows.assign(segment="all", measure=rate) for rate in RATES])
        known = as_known(world.features, day)
        told = with_rates_before(rows, known, as_of=start.date(), part="segment")
        came = told["measure"].map(what_came(world.features, day, DAYS))
        yield dict(zip(told["measure"], told["last_period"] - came, strict=True))


if __name__ == "__main__":
    main()
