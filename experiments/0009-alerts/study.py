"""Are the alerts worth hearing, beside a fixed threshold that may ring just as often?

Lives through past mornings one after the other, each scored by a model that had learnt only
what was known then, and raises alerts with yesterday's table as the only memory. A rule with a
fixed threshold (so many days without use; so high a risk) gets the same budget: as many
accounts of each owner on each morning as were really raised, the worst first, none again within
28 days.
"""

import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from configs.load import Configuration, load
from configs.phrases import load_phrases
from features.asof import ordinal
from features.assemble import FeatureSet, build_features
from features.simulated import simulate
from features.sources import open_source
from serving import formats
from serving.attention.alerts import RAISED, alerts
from serving.morning import Morning
from serving.score import score
from serving.scorecard import accounts_table, as_table, milestones_schema
from serving.views import values_on
from training.engine.followed import CHURN, follow
from training.models import Models
from training.proof.backtest import rules_for_churn
from training.questions.exits import fit_exits

ROOT = Path(__file__).parents[2]
QUIET_DAYS = 28
SILENT = (7, 14, 28)
RISK = 0.3


@dataclass
class Memory:
    """What the earlier mornings said."""

    tables: dict[date, dict[str, pd.DataFrame]] = field(default_factory=dict)

    def mornings(self) -> list[date]:
        return sorted(self.tables)

    def scores(
        self, morning: date, *, file: str = "accounts.parquet", columns: Sequence[str] = ()
    ) -> pd.DataFrame | None:
        told = self.tables[morning].get(file.removesuffix(".parquet"))
        return told if told is None or not columns else told[list(columns)]

    def values(self, morning: date) -> pd.DataFrame | None:
        return None

    def built_alike(self, morning: date) -> bool:
        return True

    def models(self, version: str) -> Models | None:
        return None


def learnt(features: FeatureSet, configuration: Configuration, day: date) -> Models:
    """A model of leaving that knows what was known on a day."""
    project = configuration.project
    followed = follow(
        features,
        training_day=ordinal(day),
        every_days=project.snapshots.training_every_days,
        min_events=project.models.min_events,
    )
    exits = fit_exits(features, followed, project, bags=2)
    meta = {
        "horizons": list(project.outcomes.horizons_days),
        "primary_horizon": project.outcomes.primary_horizon_days,
        "exits": {cause: followed.exited(cause) for cause in followed.causes},
        "skill": {"churn": {"has_skill": True}},
        "training_day": ordinal(day),
    }
    return Models(exits, None, rules_for_churn(features, followed, project)[0], meta)


def said_on(
    day: date, features: FeatureSet, models: Models, configuration: Configuration, past: Memory
) -> Morning:
    """Score a morning and raise its alerts, and let the mornings after remember both."""
    phrases = load_phrases(configuration.folder)
    horizons = configuration.project.outcomes.horizons_days
    told = score(
        features,
        models,
        configuration,
        as_of=day,
        version="v",
        is_promoted=True,
        phrases=phrases,
    )
    accounts = accounts_table(told.accounts, horizons).to_pandas()
    ladder = as_table(told.milestones, milestones_schema(horizons)).to_pandas()
    morning = Morning(day, features, models, configuration, phrases, accounts, ladder, past)
    past.tables[day] = {"accounts": accounts, "alerts": alerts(morning, {})}
    return morning


def lived(
    configuration: Configuration, mornings: Sequence[date], *, learn_every: int
) -> pd.DataFrame:
    """Every account on every morning: its risk, silence, owner, and whether it was raised."""
    source = open_source(configuration.project, configuration.folder)
    past, models = Memory(), None
    parts = []
    for step, day in enumerate(mornings):
        features = build_features(source.tables, configuration, as_of=day)
        if step % learn_every == 0:
            models = learnt(features, configuration, day)
        morning = said_on(day, features, models, configuration, past)
        accounts, found = morning.accounts, past.tables[day]["alerts"]
        raised = found.loc[found["state"] == RAISED]
        silent = values_on(features, day)["days_since_active"]
        rows = accounts[["account_id", "owner", "arr", "churn_risk"]].assign(
            day=day,
            silent=accounts["account_id"].map(silent),
            raised=accounts["account_id"].isin(raised["account_id"]),
            kinds=accounts["account_id"].map(raised.groupby("account_id")["kind"].agg(list)),
        )
        parts.append(rows)
        print(f"  {day}: {len(accounts)} live, {rows['raised'].sum()} raised", file=sys.stderr)
    return pd.concat(parts, ignore_index=True)


def chosen_by(seen: pd.DataFrame, badness: "pd.Series[float]", threshold: float) -> np.ndarray:
    """Let a fixed threshold ring within the budget that the alerts used, owner by owner."""
    picked = np.zeros(len(seen), dtype=bool)
    owner = seen["owner"].fillna("")
    last: dict[str, date] = {}
    for (day, _), own in seen.groupby(["day", owner], sort=True):
        budget = int(own["raised"].sum())
        bad = badness.loc[own.index]
        rested = [
            day - last.get(i, date.min + timedelta(days=365)) > timedelta(days=QUIET_DAYS)
            for i in own["account_id"]
        ]
        able = bad[(bad >= threshold) & np.array(rested)]
        top = able.sort_values(ascending=False, kind="stable").index[:budget]
        picked[top] = True
        last |= dict.fromkeys(seen.loc[top, "account_id"], day)
    return picked


def with_outcome(seen: pd.DataFrame, tables: Path, horizon: int) -> pd.DataFrame:
    """Add the days until each account really left by churn, from the raw table."""
    exits = pd.read_parquet(tables / "exits.parquet")
    churned = exits.loc[exits["cause"] == CHURN].set_index("account_id")["exited_at"]
    churned = churned.loc[~churned.index.duplicated(keep="last")]
    wait = (seen["account_id"].map(churned) - pd.to_datetime(seen["day"])).dt.days
    return seen.assign(wait=wait, left=wait.between(0, horizon))


def line(name: str, seen: pd.DataFrame, picked: np.ndarray) -> None:
    """Print how much of what was picked came true, and how long before."""
    rung = seen.loc[picked]
    hits = rung.loc[rung["left"]]
    gone = seen.loc[seen["left"], "account_id"].unique()
    stake = hits.drop_duplicates("account_id")["arr"].sum()
    all_stake = seen.loc[seen["left"]].drop_duplicates("account_id")["arr"].sum()
    caught = len(set(hits["account_id"])) / len(gone)
    money = f"{stake / all_stake:.0%}" if all_stake > 0 else formats.NOTHING
    lead = hits["wait"].median() if len(hits) else float("nan")
    early = (hits["wait"] >= 14).mean() if len(hits) else float("nan")
    print(
        f"| {name} | {len(rung)} | {len(hits) / max(len(rung), 1):.1%} "
        f"| {caught:.0%} | {money} | {lead:.0f} | {early:.0%} |"
    )


def report(title: str, seen: pd.DataFrame, horizon: int) -> None:
    """Print the comparison as Markdown."""
    mornings = seen["day"].nunique()
    print(f"\n### {title}: {mornings} mornings, {seen['account_id'].nunique()} accounts\n")
    print(f"Of all live accounts, {seen['left'].mean():.1%} left within {horizon} days.\n")
    print(
        "| | rung | came true | leavers rung for | of the ARR lost | median lead, days "
        "| at least 14 days ahead |\n|---|---|---|---|---|---|---|"
    )
    line("the alerts", seen, seen["raised"].to_numpy())
    for days in SILENT:
        line(f"silent for {days} days", seen, chosen_by(seen, seen["silent"], days))
    risk = seen["churn_risk"].fillna(0.0)
    line(f"risk of {RISK:.0%}", seen, chosen_by(seen, risk, RISK))
    at_stake = (risk * seen["arr"].fillna(1.0)).rank()
    line("most at stake, no threshold", seen, chosen_by(seen, at_stake, 0.0))
    print("\n| kind of alert | raised | came true |\n|---|---|---|")
    by_kind = seen.dropna(subset="kinds").explode("kinds").groupby("kinds")["left"]
    for kind, told in sorted(by_kind, key=lambda pair: -pair[1].mean()):
        print(f"| {kind} | {len(told)} | {told.mean():.1%} |")


def simulated(seeds: Sequence[int], accounts: int) -> None:
    """The simulated company, several times over."""
    mornings = [date(2025, 9, 1) + timedelta(days=7 * week) for week in range(27)]
    parts = []
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            simulate(Path(folder), accounts=accounts, seed=seed)
            os.environ["MILEPOST_DEMO_DATA"] = folder
            seen = lived(load(ROOT / "configs" / "demo"), mornings, learn_every=13)
            own = with_outcome(seen, Path(folder), 90)
            ids = own["account_id"] + f"/{seed}"
            owners = own["owner"].fillna("") + f"/{seed}"
            parts.append(own.assign(account_id=ids, owner=owners))
    told = pd.concat(parts, ignore_index=True)
    report(f"The simulated company, {accounts} accounts, seeds {list(seeds)}", told, 90)


def students(budget: int) -> None:
    """The Open University: whoever runs a module owns its students."""
    configuration = load(ROOT / "configs" / "oulad")
    project = configuration.project
    settings = project.alerts.model_copy(update={"accounts_per_owner_per_week": budget})
    project = project.model_copy(update={"alerts": settings})
    configuration = replace(configuration, project=project)
    mornings = [date(2014, 3, 1) + timedelta(days=14 * step) for step in range(5)]
    seen = lived(configuration, mornings, learn_every=9)
    tables = configuration.folder / project.source.path
    report(
        f"Open University, {budget} students of each module a week",
        with_outcome(seen, tables, 56),
        56,
    )


if __name__ == "__main__":
    asked = sys.argv[1:] or ("company",)
    if "company" in asked:
        simulated(seeds=(21, 22), accounts=600)
    if "students" in asked:
        students(budget=150)
