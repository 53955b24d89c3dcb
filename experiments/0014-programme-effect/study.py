"""Is what is said of the programme's effect true, and is what cannot be told left unsaid?

Companies are simulated, in which nobody is helped. A programme of known effect is then put in:
of the accounts that the lot makes treated, a share of those that leave after it began stay. The
lot is drawn again hundreds of times, and at every quarter of the first year it is asked what
the programme does. Before against after is asked on the same companies, where nothing changed,
and where prices rose after it began.
"""

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from configs.load import Configuration, load
from features.asof import Bools, Ints, ordinal
from features.assemble import FeatureSet, build_features
from features.holdout import held_out
from features.simulated import simulate
from features.sources import open_source
from serving.outlook.before_after import surprises
from serving.outlook.cohort import Cohort, came_in, chances, has_left, learnt_before
from serving.outlook.programme import LOOK_DAYS, REDUCES, Look, judged
from training.effects.arms import LOOKS, Arms, Gap, gap
from training.engine.periods import Floats

ROOT = Path(__file__).parents[2]
AS_OF = date(2026, 6, 29)
SHARES = (0.1, 0.2, 0.5)
PREVENTED = (0.0, 0.3, 0.5)
STARTS = (546, 455, 364, 273)
"""Days before the end of the data on which a before and after begins."""
SHOCK_AFTER = 30
JUST = "just seen"
NOTHING = np.zeros(100_000)


@dataclass(frozen=True)
class Quarter:
    """A company a quarter or more into its programme, before anybody is drawn."""

    look: Look
    cohort: Cohort
    before: Floats
    left: Floats

    number_of_account: Ints

    @property
    def number(self) -> int:
        return (self.look.until - self.look.since) // LOOK_DAYS


def main(seed: int, companies: int, accounts: int, lots: int) -> None:
    """Print coverage, false claims, power against what was promised, and before and after."""
    drawn, then = [], []
    for number in range(companies):
        features, configuration = _company(accounts, seed + number)
        quarters = list(_quarters(features, configuration))
        drawn.append(_asked(quarters, range(lots)).assign(company=number))
        then.append(_before_and_after(features, configuration).assign(shock=False))
        shock = AS_OF - timedelta(days=STARTS[-2] - SHOCK_AFTER)
        dearer, _ = _company(accounts, seed + number, shock=shock)
        then.append(_before_and_after(dearer, configuration, STARTS[-2:-1]).assign(shock=True))
        print(".", end="", file=sys.stderr, flush=True)
    asked = pd.concat(drawn, ignore_index=True)
    print(f"{companies} companies of {accounts} accounts, {lots} lots each\n")
    _print_held(asked)
    _print_power(asked)
    _print_then(pd.concat(then, ignore_index=True))


def _company(
    accounts: int, seed: int, shock: date | None = None
) -> tuple[FeatureSet, Configuration]:
    with tempfile.TemporaryDirectory() as folder:
        simulate(Path(folder), accounts=accounts, seed=seed, price_shock_on=shock)
        os.environ["MILEPOST_DEMO_DATA"] = folder
        configuration = load(ROOT / "configs" / "demo")
        project = configuration.project
        monthly = project.snapshots.model_copy(update={"every_days": 28})
        project = project.model_copy(update={"snapshots": monthly})
        configuration = replace(configuration, project=project)
        source = open_source(project, configuration.folder)
        return build_features(source.tables, configuration, as_of=AS_OF), configuration


def _quarters(features: FeatureSet, configuration: Configuration) -> Iterator[Quarter]:
    since = ordinal(AS_OF) - LOOKS * LOOK_DAYS
    model = learnt_before(features, configuration.project, day=since)
    assert model is not None
    for number in range(1, LOOKS + 1):
        until = since + number * LOOK_DAYS
        cohort = came_in(features, since=since, until=until)
        yield Quarter(
            Look(since, until, is_due=True),
            cohort,
            chances(model, features, cohort, until=until),
            has_left(features, cohort, until=until),
            cohort.accounts["account_id"]
            .str.extract(r"(\d+)$", expand=False)
            .astype(int)
            .to_numpy(),
        )


def _asked(quarters: Sequence[Quarter], lots: range) -> pd.DataFrame:
    """What is said at each quarter, under every lot, of programmes of several effects."""
    rows = []
    for lot in lots:
        luck = np.random.default_rng(lot).random(100_000)
        for share in SHARES:
            for quarter in quarters:
                treated = ~held_out(quarter.cohort.accounts, share, salt=f"lot {lot}")
                about = {"lot": lot, "share": share, "quarter": quarter.number}
                rows += [about | each for each in _told(quarter, treated, luck)]
    return pd.DataFrame(rows)


def _told(quarter: Quarter, treated: Bools, luck: Floats) -> Iterator[dict[str, Any]]:
    """Of programmes that prevent nothing, and more; last of one that can just be seen."""
    nothing = _one(quarter, treated, luck, prevented=0.0)
    if nothing is None:
        return
    plain = gap(replace(_arms(quarter, treated, quarter.left), before=NOTHING[: len(treated)]))
    assert plain is not None
    yield {**nothing, "prevented": 0.0, "plain_error": plain.error}
    for prevented in PREVENTED[1:]:
        found = _one(quarter, treated, luck, prevented=prevented)
        if found is not None:
            yield {**found, "prevented": prevented}
    just = min(nothing["smallest"] / nothing["rate"], 1.0)
    found = _one(quarter, treated, luck, prevented=just)
    if quarter.number == LOOKS and found is not None:
        yield {**found, "prevented": JUST}


def _one(
    quarter: Quarter, treated: Bools, luck: Floats, *, prevented: float
) -> dict[str, Any] | None:
    """One comparison, and the truth: whether an account can be kept stays as it is."""
    stays = luck[quarter.number_of_account] < prevented
    arms = _arms(quarter, treated, quarter.left * ~(treated & stays))
    found = gap(arms)
    if found is None:
        return None
    told = judged(arms, found, quarter.look, worthwhile=0.25)
    rate = float(quarter.left.mean())
    return {"truth": -prevented * rate, "rate": rate, **told, **_figures(found)}


def _figures(found: Gap) -> dict[str, float]:
    low, high = found.interval
    told = {"points": found.points, "low": low, "high": high, "error": found.error}
    return told | {"smallest": found.smallest}


def _arms(quarter: Quarter, treated: Bools, left: Floats) -> Arms:
    own = quarter.cohort
    return Arms(treated, own.family, left, quarter.before, np.ones(len(left)))


def _print_held(asked: pd.DataFrame) -> None:
    keys = ["company", "lot", "share", "prevented"]
    held = (asked["low"] <= asked["truth"]) & (asked["truth"] <= asked["high"])
    asked = asked.assign(held=held, claims=asked["verdict"].isin([REDUCES, "raises leaving"]))
    print("## Against accounts held out: intervals and claims\n")
    print(
        "| held out | leaving prevented | one look holds | four looks hold | says it "
        "reduces leaving after a year | says so or the contrary at any look |"
    )
    print("|---|---|---|---|---|---|")
    for (share, prevented), rows in asked.loc[asked["prevented"] != JUST].groupby(
        ["share", "prevented"]
    ):
        year = rows.groupby(keys).agg(held=("held", "all"), claims=("claims", "any"))
        last = rows.loc[rows["quarter"] == LOOKS, "verdict"] == REDUCES
        print(
            f"| {share:.0%} | {prevented:.0%} | {rows['held'].mean():.1%} "
            f"| {year['held'].mean():.1%} | {last.mean():.1%} | {year['claims'].mean():.1%} |"
        )


def _print_power(asked: pd.DataFrame) -> None:
    last = asked.loc[asked["quarter"] == LOOKS]
    print("\n## What can be seen after a year, against what was promised (80 %)\n")
    print(
        "| held out | smallest effect seen | of leaving | seen where it is just that "
        "| interval narrower by what was known before |"
    )
    print("|---|---|---|---|---|")
    for share, rows in last.groupby("share"):
        none = rows.loc[rows["prevented"] == 0]
        just = rows.loc[rows["prevented"] == JUST]
        can = just.loc[-just["truth"] < 0.999 * just["rate"]]
        seen = f"{(can['high'] < 0).mean():.0%} of {len(can)}" if len(can) else "none could be"
        narrower = 1 - (none["error"] / none["plain_error"]).mean()
        print(
            f"| {share:.0%} | {none['smallest'].mean():.3f} "
            f"| {(none['smallest'] / none['rate']).mean():.0%} | {seen} | {narrower:.0%} |"
        )


def _before_and_after(
    features: FeatureSet, configuration: Configuration, starts: Sequence[int] = STARTS
) -> pd.DataFrame:
    project, rows = configuration.project, []
    days = features.snapshots["day"].to_numpy(dtype=np.int64)
    for back in starts:
        since = int(days[days <= ordinal(AS_OF) - back].max())
        model = learnt_before(features, project, day=since)
        if model is None:
            continue
        for horizon in (90, 180):
            until = since + horizon
            found = surprises(
                features, model, project, since=since, until=until, share_held_out=0.0
            )["left"]
            rows.append(
                {"days": horizon, "start": back}
                | {
                    name: getattr(found, name)
                    for name in ("happened", "expected", "low", "high", "points", "smallest")
                }
            )
    return pd.DataFrame(rows)


def _print_then(told: pd.DataFrame) -> None:
    print("\n## Before against after, where no programme was\n")
    print(
        "| prices | days | asked | left | expected | mean distance | interval holds none "
        "| fewer left than it allows | more left than it allows | smallest seen, of leaving |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for (shock, days), rows in told.groupby(["shock", "days"]):
        low, high = rows["low"], rows["high"]
        holds = ((low <= 0) & (high >= 0)).mean()
        prices = "rose 30 days after" if shock else "unchanged"
        print(
            f"| {prices} | {days} | {len(rows)} | {rows['happened'].mean():.3f} "
            f"| {rows['expected'].mean():.3f} | {rows['points'].abs().mean():.3f} "
            f"| {holds:.0%} | {(high < 0).mean():.0%} | {(low > 0).mean():.0%} "
            f"| {(rows['smallest'] / rows['expected']).mean():.0%} |"
        )


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:5]))
