"""Is what a customer-success manager reads of an account true, line by line?

Scores ten accounts of the simulated company and ten students, prints each as its reader would
read it, and recounts every number that a sentence states from the raw tables, by a reading of
its own. A line without a number that can be recounted is printed as such and not counted.
"""

import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from configs.load import Configuration, load
from configs.phrases import load_phrases
from features.asof import ordinal
from features.assemble import build_features
from features.simulated import simulate
from features.sources import open_source
from serving.records import reasons_of, records
from serving.score import Scores, score
from training.engine.followed import follow
from training.models import Models
from training.proof.backtest import rules_for_churn
from training.questions.exits import fit_exits

ROOT = Path(__file__).parents[2]
LINES = 6


@dataclass(frozen=True)
class Raw:
    """The raw rows of one account that were known on the morning."""

    as_of: pd.Timestamp
    tables: Mapping[str, pd.DataFrame]

    def since(self, table: str, days: int) -> pd.DataFrame:
        rows = self.tables[table]
        at = rows["occurred_at"]
        return rows.loc[(at >= self.as_of - pd.Timedelta(days=days)) & (at < self.as_of)]

    def days_ago(self, moment: pd.Timestamp) -> int:
        return (self.as_of - moment.normalize()).days


def of_account(tables: Mapping[str, pd.DataFrame], account_id: str, as_of: date) -> Raw:
    """Keep the account's rows that had reached us before the morning."""
    morning = pd.Timestamp(as_of)
    own = {}
    for name, table in tables.items():
        rows = table.loc[table["account_id"] == account_id]
        if "known_at" in rows:
            rows = rows.loc[rows["known_at"].isna() | (rows["known_at"] < morning)]
        own[name] = rows
    return Raw(morning, own)


WINDOWS = {"7 days": 7, "4 weeks": 28, "8 weeks": 56, "13 weeks": 91, "26 weeks": 182}


def _uses(raw: Raw, found: re.Match[str]) -> float:
    return len(raw.since("activity", WINDOWS[found["w"]]))


def _days_used(raw: Raw, found: re.Match[str]) -> float:
    return raw.since("activity", int(found["w"]))["occurred_at"].dt.normalize().nunique()


def _people(raw: Raw, found: re.Match[str]) -> float:
    return raw.since("activity", WINDOWS[found["w"]])["user_id"].nunique()


def _clicks(raw: Raw, found: re.Match[str]) -> float:
    return raw.since("activity", WINDOWS[found["w"]])["quantity"].sum()


def _kinds(raw: Raw, found: re.Match[str]) -> float:
    return raw.since("activity", WINDOWS[found["w"]])["capability"].nunique()


def _last_use(raw: Raw, _: re.Match[str]) -> float:
    return raw.days_ago(raw.tables["activity"]["occurred_at"].max())


def _renewal(raw: Raw, _: re.Match[str]) -> float:
    return -raw.days_ago(raw.tables["contracts"]["ends_on"].max())


def _tenure(raw: Raw, _: re.Match[str]) -> float:
    return raw.days_ago(raw.tables["accounts"]["signed_up_at"].max())


def _touches(raw: Raw, found: re.Match[str]) -> float:
    rows = raw.since("touches", WINDOWS[found["w"]])
    return (rows["kind"] == found["kind"]).sum()


def _last_touch(raw: Raw, found: re.Match[str]) -> float:
    rows = raw.tables["touches"]
    return raw.days_ago(rows.loc[rows["kind"] == found["kind"], "occurred_at"].max())


def _arr(raw: Raw, _: re.Match[str]) -> float:
    lines = raw.tables["contracts"]
    in_force = (lines["starts_on"] <= raw.as_of) & (lines["ends_on"] > raw.as_of)
    return float(lines.loc[in_force, "arr"].sum())


def _of_role(raw: Raw, role: str) -> pd.DataFrame:
    users = raw.tables["users"]
    own = users.loc[users["role"] == role, "user_id"]
    return raw.tables["activity"].loc[raw.tables["activity"]["user_id"].isin(own)]


def _role_people(raw: Raw, found: re.Match[str]) -> float:
    rows = _of_role(raw, found["role"])
    at = rows["occurred_at"]
    back = raw.as_of - pd.Timedelta(days=WINDOWS[found["w"]])
    return rows.loc[(at >= back) & (at < raw.as_of), "user_id"].nunique()


def _role_last(raw: Raw, found: re.Match[str]) -> float:
    return raw.days_ago(_of_role(raw, found["role"])["occurred_at"].max())


N = r"(?P<n>[\d,]+)"
W = r"(?P<w>7 days|4 weeks|8 weeks|13 weeks|26 weeks)"
KIND = r"(?P<kind>call|email|ticket|nudge)s?"
ROLE = r"(?P<role>admin|builder|viewer|member)s?"
CHECKS: tuple[tuple[str, Callable[[Raw, re.Match[str]], float]], ...] = (
    (rf"{N} (?:uses?|visits?) in the last {W}", _uses),
    (rf"{N} clicks? in the last {W}", _clicks),
    (rf"(?:Used|Active) on {N} days? of the last (?P<w>\d+) days", _days_used),
    (rf"(?:Used|Active) on {N} of the last (?P<w>\d+) days", _days_used),
    (rf"{N} (?:person|people) active in the last {W}", _people),
    (rf"{N} capabilit(?:y|ies) used in the last {W}", _kinds),
    (rf"{ROLE} active in the last {W}".replace("(?P<role>", rf"{N} (?P<role>"), _role_people),
    (rf"Last use by any {ROLE} {N} days? ago", _role_last),
    (rf"(?:Last used|Last active|Last visit) {N} days? ago", _last_use),
    (rf"(?:Renewal due|Its renewal,|The module ends|End of the module) in {N} days?", _renewal),
    (rf"(?:With us|Registered) for {N} days?", _tenure),
    (rf"Last {KIND} {N} days? ago", _last_touch),
    (rf"{N} {KIND} in the last {W}", _touches),
    (rf"Pays \${N} a year", _arr),
)


def judged(text: str, raw: Raw) -> Iterator[tuple[str, str, bool]]:
    """Recount every number of a sentence that can be: said, raw, and whether they agree."""
    own = re.split(r"; (?:companies|students) like this", text)[0]
    for pattern, recount in CHECKS:
        for found in re.finditer(pattern, own):
            said = float(found["n"].replace(",", ""))
            true = float(recount(raw, found))
            yield f"{said:g}", f"{true:g}", abs(said - round(true)) < 0.5


def told(configuration: Configuration, as_of: date) -> Scores:
    """Score a morning by a model that knew what was known then."""
    source = open_source(configuration.project, configuration.folder)
    project = configuration.project
    features = build_features(source.tables, configuration, as_of=as_of)
    followed = follow(
        features,
        training_day=ordinal(as_of),
        every_days=project.snapshots.training_every_days,
        min_events=project.models.min_events,
    )
    exits = fit_exits(features, followed, project, bags=2)
    meta = {
        "horizons": list(project.outcomes.horizons_days),
        "primary_horizon": project.outcomes.primary_horizon_days,
        "exits": {cause: followed.exited(cause) for cause in followed.causes},
        "skill": {"churn": {"has_skill": True}},
    }
    models = Models(exits, None, rules_for_churn(features, followed, project)[0], meta)
    return score(
        features,
        models,
        configuration,
        as_of=as_of,
        version="story",
        is_promoted=True,
        phrases=load_phrases(configuration.folder),
    )


def dated(table: pd.DataFrame) -> pd.DataFrame:
    """Read every day and moment as a moment."""
    times = [name for name in table if str(name).endswith(("_at", "_on"))]
    return table.assign(**{str(name): pd.to_datetime(table[name]) for name in times})


def stories(title: str, configuration: Configuration, tables: Path, as_of: date) -> None:
    """Print ten accounts, spread over the ranks, and every line beside its raw rows."""
    raw = {path.stem: dated(pd.read_parquet(path)) for path in tables.glob("*.parquet")}
    accounts = told(configuration, as_of).accounts
    accounts = accounts.loc[accounts["status"] == "scored"]
    places = np.linspace(0, len(accounts) - 1, 10).round().astype(int)
    print(f"\n## {title}, as of {as_of}\n")
    counts = {"true": 0, "FALSE": 0, "no number to recount": 0}
    for account in records(accounts.iloc[places]):
        own = of_account(raw, str(account["account_id"]), as_of)
        name = account["name"] or account["account_id"]
        print(f"\n**{name}**, rank {account['rank']}, risk {account['churn_risk']:.0%}\n")
        for reason in reasons_of(account)[:LINES]:
            verdicts = list(judged(reason.text, own))
            shown = "; ".join(f"said {s}, raw {t}" for s, t, _ in verdicts)
            verdict = "no number to recount"
            if verdicts:
                verdict = "true" if all(good for *_, good in verdicts) else "FALSE"
            counts[verdict] += 1
            mark = "▲" if reason.points > 0 else "▼"
            print(f"- {mark} {reason.text}  \n  *{verdict}{': ' if shown else ''}{shown}*")
        print(f"- Next: {account['next_milestone']}. Say: {account['nudge']}")
    print("\n" + ", ".join(f"{count} {name}" for name, count in counts.items()))


def main(which: str) -> None:
    """Tell the stories of the simulated company or of the students."""
    if which == "students":
        configuration = load(ROOT / "configs" / "oulad")
        tables = configuration.folder / configuration.project.source.path
        stories("Ten students of the Open University", configuration, tables, date(2014, 4, 26))
        return
    with tempfile.TemporaryDirectory() as folder:
        simulate(Path(folder), accounts=500, seed=7)
        os.environ["MILEPOST_DEMO_DATA"] = folder
        configuration = load(ROOT / "configs" / "demo")
        when = date(2026, 6, 29)
        stories("Ten accounts of the simulated company", configuration, Path(folder), when)


if __name__ == "__main__":
    for each in sys.argv[1:] or ("company",):
        main(each)
