"""Does the week's list stay as it is from day to day, unless something happened?

Ten consecutive mornings of the simulated company are lived through with one model, each with
the tables of the mornings before as the only memory. Then the same mornings are listed again
under other settings of ``[priorities]``: what the margin saves in changes, and what it and the
weight of a near renewal cost or gain in leavers and ARR that stood in a list.
"""

import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from study import Memory, learnt, said_on, with_outcome

from configs.load import Configuration, load
from features.assemble import build_features
from features.hindsight import nothing
from features.nudged import COLUMNS as NUDGED
from features.simulated import simulate
from features.sources import open_source
from serving.attention.alerts import RAISED
from serving.attention.feedback import COLUMNS as SAID
from serving.attention.priorities import priorities
from serving.morning import Morning

ROOT = Path(__file__).parents[2]
FIRST, MORNINGS, ACCOUNTS = date(2026, 2, 3), 10, 600
MARGINS, WEIGHTS = (0.0, 0.15, 0.3), (1.0, 1.25, 1.5, 2.0)


@dataclass
class Lists(Memory):
    """What the earlier mornings said, lists among it; nobody gave any feedback."""

    tables: dict[date, dict[str, pd.DataFrame]] = field(default_factory=dict)

    def feedback(self) -> pd.DataFrame:
        return pd.DataFrame(columns=list(SAID))

    def nudged(self) -> pd.DataFrame:
        return pd.DataFrame(columns=list(NUDGED))

    def hindsight(self) -> pd.DataFrame:
        return nothing()

    def track_record(self) -> pd.DataFrame | None:
        return None


def mornings_of(configuration: Configuration) -> list[Morning]:
    """Score every morning by a model that knew what was known on the first, with alerts."""
    source = open_source(configuration.project, configuration.folder)
    past, models, lived = Lists(), None, []
    for day in (FIRST + timedelta(days=step) for step in range(MORNINGS)):
        features = build_features(source.tables, configuration, as_of=day)
        models = models or learnt(features, configuration, day)
        morning = said_on(day, features, models, configuration, past)
        lived.append(morning)
        print(f"  {day}: {len(morning.accounts)} live", file=sys.stderr)
    return lived


def listed(lived: Sequence[Morning], *, margin: float, weight: float) -> pd.DataFrame:
    """Every account on every morning as the lists have it under these settings."""
    past, parts = Lists(), []
    for each in lived:
        project = each.configuration.project
        asked = project.priorities.model_copy(
            update={"margin": margin, "renewal_weight": weight}
        )
        project = project.model_copy(update={"priorities": asked})
        seen = [day for day in each.past.mornings() if day < each.as_of]
        before = Lists({day: past.tables[day] for day in seen})
        configuration = replace(each.configuration, project=project)
        morning = replace(each, configuration=configuration, past=before)
        rung = each.past.scores(each.as_of, file="alerts.parquet")
        rows = priorities(morning, {"alerts": rung})
        past.tables[each.as_of] = {"accounts": each.accounts, "priorities": rows}
        columns = ["account_id", "arr", "milestones_done"]
        rows = rows.merge(each.accounts[columns], on="account_id")
        raised = set(rung.loc[rung["state"] == RAISED, "account_id"])
        parts.append(rows.assign(day=each.as_of, rung=rows["account_id"].isin(raised)))
    return pd.concat(parts, ignore_index=True)


def changes(told: pd.DataFrame) -> pd.DataFrame:
    """Every account that came onto or left a list since the morning before, and why."""
    rows = told.sort_values(["account_id", "day"])
    by = rows.groupby("account_id")
    was = by["is_this_week"].shift()
    happened = rows["rung"] | (by["milestones_done"].diff().fillna(0) != 0)
    moved = by["standing_worth"].diff().fillna(0) != 0
    both = was.notna() & (was.astype("boolean") != rows["is_this_week"])
    why = np.select([happened, moved], ["happened", "moved"], "made room")
    return rows.assign(changed=both.fillna(value=False).astype(bool), why=why)


def line(name: str, told: pd.DataFrame) -> None:
    """Print how steady the lists were, and which leavers stood in one."""
    each = changes(told)
    later = each.loc[each["day"] > FIRST]
    seats = later["is_this_week"].sum()
    came = later["changed"] & later["is_this_week"]
    kept = 1 - came.sum() / seats
    gone = told.loc[told["left"]].drop_duplicates("account_id")
    caught = told.loc[told["left"] & told["is_this_week"]].drop_duplicates("account_id")
    money = caught["arr"].sum() / gone["arr"].sum()
    true = told.loc[told["is_this_week"], "left"].mean()
    print(
        f"| {name} | {kept:.1%} | {came.sum() / (MORNINGS - 1):.1f} | {true:.1%} "
        f"| {len(caught)} of {len(gone)} | {money:.0%} |"
    )


def reasons(told: pd.DataFrame) -> None:
    """Print why accounts came onto a list under the settings as they are."""
    each = changes(told)
    came = each.loc[each["changed"] & each["is_this_week"] & (each["day"] > FIRST), "why"]
    texts: Mapping[str, str] = {
        "happened": "an alert was raised, or a milestone reached or lost",
        "moved": "its worth moved by more than the margin",
        "made room": "another left the list, or the company",
    }
    print("\n| why it came onto a list | times | share |\n|---|---|---|")
    for why, text in texts.items():
        print(f"| {text} | {(came == why).sum()} | {(came == why).mean():.0%} |")


def main(seeds: Sequence[int]) -> None:
    """Live through the mornings once for each seed, and print what every setting gives."""
    asked = [(m, 1.25) for m in MARGINS] + [(0.15, w) for w in WEIGHTS if w != 1.25]
    parts: dict[tuple[float, float], list[pd.DataFrame]] = {each: [] for each in asked}
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            simulate(Path(folder), accounts=ACCOUNTS, seed=seed)
            os.environ["MILEPOST_DEMO_DATA"] = folder
            lived = mornings_of(load(ROOT / "configs" / "demo"))
            for margin, weight in asked:
                told = with_outcome(
                    listed(lived, margin=margin, weight=weight), Path(folder), 90
                )
                ids = told["account_id"] + f"/{seed}"
                parts[margin, weight].append(told.assign(account_id=ids))
    print(f"\n### Ten consecutive mornings, {ACCOUNTS} accounts, seeds {list(seeds)}\n")
    print(
        "| margin, renewal weight | there the day before | came onto a list a day "
        "| of the listed left | leavers listed | of their ARR |\n"
        "|---|---|---|---|---|---|"
    )
    for margin, weight in sorted(asked):
        told = pd.concat(parts[margin, weight], ignore_index=True)
        line(f"{margin:.0%}, x{weight:g}", told)
    reasons(pd.concat(parts[0.15, 1.25], ignore_index=True))


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or [21, 22])
