"""Are rows cheaper grouped by their engine, question by question, or fetched once and walked?

``at_hand.py DATA``: a folder of tables that ``configs/demo`` reads. Prints the CPU seconds of
both, of one thread, on 24 and on 104 mornings: two group-bys for people, three for the rest,
and the evidence of every milestone.
"""

import os
import resource
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from configs.load import Configuration, load
from features.asked import Asked, InEngine
from features.coded import Names
from features.plan import Plan, plan_of
from features.shards import at_hand, placed
from features.sources import open_source

Tables = Mapping[str, ir.Table]
AS_OF, STEPS = date(2026, 6, 29), {24: 30, 104: 7}


def main(data: Path) -> None:
    """Print a line per number of mornings."""
    os.environ["MILEPOST_DEMO_DATA"] = str(data.absolute())
    print("| mornings | rows | in the engine, CPU s | at hand, CPU s | ratio |")
    print("|---|---|---|---|---|")
    for dates in STEPS:
        configuration = _looking_back(dates)
        source = open_source(configuration.project, configuration.folder)
        source.connection.con.execute("SET threads = 1")
        plan = plan_of(source.tables, configuration, AS_OF)
        _timed(_at_hand, plan, source.tables)  # Compiles the walks, once for all runs.
        engine, hand = (_timed(way, plan, source.tables) for way in (_in_engine, _at_hand))
        pd.testing.assert_frame_equal(engine[1], hand[1], check_dtype=False)
        ratio = engine[0] / hand[0]
        print(f"| {dates} | {plan.rows:,} | {engine[0]:.2f} | {hand[0]:.2f} | {ratio:.1f} |")


def _looking_back(dates: int) -> Configuration:
    demo = load(Path(__file__).parents[2] / "configs" / "demo")
    step, project = STEPS[dates], demo.project
    looked = {"every_days": step, "first_on": AS_OF - timedelta(days=step * (dates - 1))}
    changed = {
        "snapshots": project.snapshots.model_copy(update=looked),
        "backtest": project.backtest.model_copy(update={"origins": 1, "every_days": 3650}),
    }
    return replace(demo, project=project.model_copy(update=changed))


def _in_engine(plan: Plan, tables: Tables) -> Asked:
    return InEngine(placed(plan, tables, first=0, last=plan.accounts))


def _at_hand(plan: Plan, tables: Tables) -> Asked:
    return at_hand(plan, tables, first=0, last=plan.accounts)


def _timed(
    way: Callable[[Plan, Tables], Asked], plan: Plan, tables: Tables
) -> tuple[float, pd.DataFrame]:
    before = _cpu()
    told = _told(way(plan, tables), plan)
    return _cpu() - before, told


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _told(asked: Asked, plan: Plan) -> pd.DataFrame:
    """Ask all that a build asks; the rows and days of every segment are handed over."""
    names = Names(plan.known_capabilities, plan.roles)
    playbook, everybody = plan.configuration.playbook, np.ones(plan.accounts, dtype=bool)
    reduced = asked.reduced(plan.mornings, names, counted=len(plan.capabilities))
    asked.people(plan.mornings, names, playbook.asked_capabilities())
    for step in playbook.milestones:
        if not isinstance(step.done_when, str):
            asked.evidence(step.done_when, plan.mornings, of=everybody)
        if step.lost_when is not None:
            asked.last_use(step.lost_when.capability)
    keys = ["account_id", "segment", "seen_from"]
    told = reduced.by_segment.sort_values(keys, ignore_index=True)
    return told[[*keys, "rows", "quantity", "days", "last_day"]]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
