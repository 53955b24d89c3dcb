"""What can be learnt from these tables, and what is too small to learn from?"""

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from configs.load import Configuration, load
from configs.playbook import check_capabilities
from configs.project import segment_of
from features.asked import InEngine
from features.asof import Mornings, ordinal
from features.families.account import must_be_columns
from features.history import live_snapshots, read_small_tables, rows_of
from features.milestones import reached_milestones
from features.seats import Seats
from features.sources import Source, open_source
from pipelines.asof import as_of_day
from training.effects.power import smallest_prevented
from training.questions.scarcity import borrowing

HALF_A_YEAR = 182
SUGGESTED_SHARE = 0.1
"""Where nobody is held out, what a tenth could tell is told."""


def readiness(config: Path, as_of: date | None, *, today: date) -> Iterator[str]:
    """Validate configuration and tables, then say what they hold, a line at a time."""
    configuration = load(config)
    source = open_source(configuration.project, configuration.folder)
    with closing(source), source.steady():
        source.check()
        source.check_every_byte()
        day = as_of_day(source, as_of, today=today)
        small = _small_tables(source, day)
        _must_fit(configuration, source, small["accounts"])
        yield f"{configuration.project.name} as of {day}: configuration and tables are in order"
        yield from (f"  beware: {warning}" for warning in configuration.warnings())
        yield from _tables(source)
        yield from _outcomes(small, configuration, day)
        yield from _programme(small, configuration, day)
        yield from _milestones(source, small, configuration, day)


def _small_tables(source: Source, day: date) -> dict[str, pd.DataFrame]:
    """What is known on a morning; of the exits only those of accounts that we know."""
    small = read_small_tables(source.tables, before_day=ordinal(day))
    if "exits" in small:
        is_ours = small["exits"]["account_id"].isin(small["accounts"]["account_id"])
        small["exits"] = small["exits"].loc[is_ours].reset_index(drop=True)
    return small


def _must_fit(configuration: Configuration, source: Source, accounts: pd.DataFrame) -> None:
    """Refuse a configuration that asks of the tables what they do not hold, as a build does."""
    segment_of(configuration.project, accounts)
    must_be_columns(configuration.project.accounts.attributes, list(accounts.columns))
    shown = source.tables["activity"].capability.topk(1000).to_pandas()
    if len(shown):
        check_capabilities(configuration.playbook, set(shown["capability"]))


def _tables(source: Source) -> Iterator[str]:
    for name, facts in source.facts.items():
        unknown = facts.rows_of_unknown_accounts
        aside = f", {unknown:,} of accounts we do not know (left out)" if unknown else ""
        yield f"  {name}: {facts.rows:,} rows{aside}"


def _outcomes(
    small: Mapping[str, pd.DataFrame], configuration: Configuration, day: date
) -> Iterator[str]:
    live = live_snapshots(small, Mornings(np.array([ordinal(day)])))
    yield f"  {len(live):,} accounts are live"
    needed = configuration.project.models.min_events
    exits = small.get("exits", pd.DataFrame({"cause": []}))
    counts = exits["cause"].value_counts()
    churned = int(counts.get("churn", 0))
    for cause, count in counts.items():
        yield f"  {count:,} accounts left by {cause}"
    if churned < needed:
        yield (
            f"  too small: {churned} accounts churned, a model needs {needed}; "
            f"{needed - churned} more, and until then simple rates are shown"
        )
        return
    by_segment = _churned_by_segment(small["accounts"], exits, configuration)
    yield from (f"  too small: {said}" for said in borrowing(by_segment, needed=needed))


def _churned_by_segment(
    accounts: pd.DataFrame, exits: pd.DataFrame, configuration: Configuration
) -> dict[str, int]:
    """How many accounts of each segment churned, by what is known of them last."""
    newest = accounts.sort_values("known_at", kind="stable").drop_duplicates(
        "account_id", keep="last"
    )
    segment = segment_of(configuration.project, newest.reset_index(drop=True))
    left = exits.loc[exits["cause"] == "churn", "account_id"]
    churned = newest["account_id"].isin(left).to_numpy()
    return {str(name): int(churned[segment == name].sum()) for name in sorted(segment.unique())}


def _programme(
    small: Mapping[str, pd.DataFrame], configuration: Configuration, day: date
) -> Iterator[str]:
    """What a holdout of the share asked for could tell; of a tenth where none is asked for."""
    live = live_snapshots(small, Mornings(np.array([ordinal(day)])))
    count = len(live)
    half = _left_in_half_a_year(small.get("exits"), day)
    rate = half / max(half + count, 1)
    settings = configuration.project.programme
    share = settings.holdout_share or SUGGESTED_SHARE
    aside = "" if settings.holdout_share else ", if there were one (`programme.holdout_share`),"
    held = f"a holdout of {share:.0%}{aside} is {share * count:,.0f} of {count:,} live accounts"
    spans = {"half a year": rate, "a year": 1 - (1 - rate) ** 2}
    kept = {name: smallest_prevented(count, share=share, rate=r) for name, r in spans.items()}
    year = kept["a year"]
    if year is None:
        yield f"  {held}: too few to compare with, or too few that left"
        return
    wanted = settings.worthwhile_share
    needed = float(f"{count * (year / wanted) ** 2:.2g}")
    told = ", ".join(f"within {name} {_seen(part)}" for name, part in kept.items())
    yield (
        f"  {held}; it would show {told}; "
        f"{wanted:.0%} of the leaving prevented takes {needed:,.0f} accounts and a year"
    )


def _seen(part: float | None) -> str:
    if part is None or part >= 1:
        return "no effect, however large"
    return f"{part:.0%} of the leaving prevented"


def _left_in_half_a_year(exits: pd.DataFrame | None, day: date) -> int:
    if exits is None or exits.empty:
        return 0
    since = pd.Timestamp(day) - pd.Timedelta(days=HALF_A_YEAR)
    return int(((exits["cause"] == "churn") & (exits["exited_at"] >= since)).sum())


def _milestones(
    source: Source,
    small: Mapping[str, pd.DataFrame],
    configuration: Configuration,
    day: date,
) -> Iterator[str]:
    mornings = Mornings(np.array([ordinal(day)]))
    live = live_snapshots(small, mornings)
    rows = {name: rows_of(table, live.account_ids, mornings) for name, table in small.items()}
    activity, seats = InEngine(source.tables), Seats.known(rows)
    reached = reached_milestones(configuration.playbook, activity, rows, live, seats=seats)
    needed = configuration.project.models.min_events
    for slug, found in reached.items():
        count = int(found.is_met.sum())
        aside = f" (too small to learn from: {needed - count} more)" if count < needed else ""
        yield f"  {slug}: reached by {count:,} live accounts{aside}"
