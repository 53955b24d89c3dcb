"""What is one complete set of features, and how is it made from the tables?

A feature set holds, for every live account on every morning: who it is, its features, its open
milestones, and (for training alone) what became known of its exit and its milestones.
Everything later reads only this.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from configs.load import Configuration
from features.arr import arr_steps
from features.asof import Floats, Ints, day_number, ordinal
from features.catalogue import Catalogue
from features.cluster import computed
from features.families import families
from features.family import columns_across
from features.history import Column, Columns, History
from features.ladder import MILESTONE_REACH_RATE, reach_rates
from features.plan import Plan, plan_of
from features.shards import Shard

EXIT_COLUMNS = ("account_id", "exited_at", "cause", "known_at", "returned_at")


@dataclass(frozen=True, slots=True, eq=False)
class FeatureSet:
    """Everything known about the live accounts on a set of mornings.

    ``snapshots`` has a row per account and morning (``day``), ordered by account; ``values``
    the same rows, and a column per entry of ``catalogue``. ``steps`` has a row per snapshot and
    open milestone: ``snapshot`` (row of ``snapshots``), ``milestone``, and a column per entry
    of ``step_catalogue``.
    """

    snapshots: pd.DataFrame
    values: pd.DataFrame
    catalogue: Catalogue
    steps: pd.DataFrame
    step_catalogue: Catalogue
    standing: pd.DataFrame
    """The whole ladder on the last morning: a row per live account and applicable milestone."""
    exits: pd.DataFrame
    reached: pd.DataFrame
    """account_id, milestone, day and known_day of every milestone reached: when it was, as the
    first morning that knew of it had it.
    """
    completed: pd.DataFrame
    """account_id, milestone and day of every milestone reached, as the last morning has it."""
    usage: pd.DataFrame
    """account_id, week_on, active_users, activity_count: the half year before the last morning.
    """
    first_use: pd.DataFrame
    """account_id, third, active_days, active_users, activity_count of the first 90 days."""
    tried: pd.DataFrame
    """account_id, capability, first_day, weeks, activity_count of the first 90 days."""
    arr: pd.DataFrame
    """account_id, day, known_day, before, arr: every change of what an account pays."""
    arms: pd.DataFrame
    """account_id, trial, milestone, arm, day, known_day: every account drawn for a trial."""
    changes: pd.DataFrame | None = None
    """``changes_told`` of all mornings of a build, where only some of them are held. Whoever
    takes later snapshots away takes these away too.
    """

    @property
    def known_as(self) -> pd.DataFrame:
        """account_id, day, segment, parent_id, kickoff_at: by account and day, every account's
        first morning of all that were built, and every one on which it was known as another.
        """
        return self.snapshots if self.changes is None else self.changes


def build_features(
    tables: Mapping[str, ir.Table],
    configuration: Configuration,
    *,
    as_of: date,
    also: tuple[date, ...] = (),
    shards: int = 1,
) -> FeatureSet:
    """Compute every feature of every live account on every morning up to ``as_of``.

    ``also`` are mornings wanted besides those of the configuration's grid; into how many shards
    the accounts are cut changes no cell. Raises DataError where no account
    was known by then, ConfigError where the playbook or the segments speak of what the data
    lack.
    """
    plan = plan_of(tables, configuration, as_of, also=also)
    return put_together(plan, list(computed(plan, tables, shards=shards)))


def put_together(plan: Plan, shards: Sequence[Shard]) -> FeatureSet:
    """Put shards end to end, and hold their accounts against each other."""
    parts = zip(*(shard.columns for shard in shards), strict=True)
    own = Columns(_end_to_end(columns) for columns in parts)
    everyone = plan.everyone
    columns = own + columns_across(
        families(), everyone, {c.feature.name: c.values for c in own}
    )
    features = (*shards[0].step_features, MILESTONE_REACH_RATE)
    return FeatureSet(
        snapshots=together([shard.snapshots for shard in shards]),
        values=pd.DataFrame({c.feature.name: c.values for c in columns}),
        catalogue=Catalogue(c.feature for c in columns),
        steps=_steps(plan, shards, everyone),
        step_catalogue=Catalogue(features),
        standing=together([shard.standing for shard in shards]),
        exits=exits_of(plan),
        reached=by_milestone(plan, together([shard.reached for shard in shards])),
        completed=together([shard.completed for shard in shards]),
        usage=together([shard.usage for shard in shards]),
        first_use=together([shard.first_use for shard in shards]),
        tried=together([shard.tried for shard in shards]),
        arr=arr_of(plan),
        arms=arms_of(plan),
    )


def exits_of(plan: Plan) -> pd.DataFrame:
    """Every exit known by the as-of date, also of accounts that nobody signed up."""
    exits = plan.small.get("exits", pd.DataFrame(columns=list(EXIT_COLUMNS)))
    exits = exits.reindex(columns=list(EXIT_COLUMNS))
    return exits.astype({name: "datetime64[us]" for name in EXIT_COLUMNS if name[-3:] == "_at"})


def arr_of(plan: Plan) -> pd.DataFrame:
    """Every change of what an account pays, as known by the as-of date."""
    return arr_steps(
        plan.small.get("contracts"),
        as_of_day=ordinal(plan.as_of),
        grace_days=plan.configuration.project.outcomes.renewal_grace_days,
    )


def arms_of(plan: Plan) -> pd.DataFrame:
    """The arm of every account in every trial of a milestone: that of its first touch in it."""
    keys = ["account_id", "trial", "milestone"]
    names = [*keys, "arm", "occurred_at", "known_at"]
    touches = plan.small.get("touches", pd.DataFrame(columns=names)).reindex(columns=names)
    drawn = touches.dropna().sort_values("occurred_at", kind="stable").drop_duplicates(keys)
    told = drawn[[*keys, "arm"]].astype(str)
    for name, at in (("day", "occurred_at"), ("known_day", "known_at")):
        told[name] = day_number(drawn[at].astype("datetime64[us]"))
    return told.sort_values(keys, ignore_index=True)


def _end_to_end(parts: Sequence[Column]) -> Column:
    names = {part.feature.name for part in parts}
    if len(names) > 1:
        raise ValueError(f"inputs differ by account: {', '.join(sorted(names))}")
    return Column(parts[0].feature, np.concatenate([part.values for part in parts]))


def together(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """End to end; an empty part has nothing to say of the types either."""
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def _steps(plan: Plan, shards: Sequence[Shard], everyone: History) -> pd.DataFrame:
    """Count snapshots through all shards, and say how often others reach each step."""
    before = np.cumsum([0, *(len(shard.snapshots) for shard in shards)])
    steps = together(
        [
            shard.steps.assign(snapshot=shard.steps["snapshot"] + start)
            for shard, start in zip(shards, before[:-1], strict=True)
        ]
    )
    rates = StepRates.of(plan, everyone, np.sum([shard.past_due for shard in shards], axis=0))
    slugs = pd.Index([milestone.slug for milestone in plan.configuration.playbook.milestones])
    milestone = slugs.get_indexer(pd.Index(steps["milestone"])).astype(np.int64)
    told = rates.told(steps["snapshot"].to_numpy(dtype=np.int64), milestone)
    return steps.assign(**{MILESTONE_REACH_RATE.name: told})


@dataclass(frozen=True, slots=True, eq=False)
class StepRates:
    """How often others reached each open step by its due date, as known that morning."""

    rates: Floats
    """By morning, segment and milestone."""
    morning: Ints
    segment: Ints
    """Of each snapshot, by its place among the configuration's."""

    @classmethod
    def of(cls, plan: Plan, everyone: History, past_due: Ints) -> "StepRates":
        segments = pd.Index(plan.configuration.project.segment_names)
        segment = segments.get_indexer(pd.Index(everyone.segment)).astype(np.int64)
        return cls(reach_rates(past_due), everyone.snapshots.morning, segment)

    def told(self, snapshot: Ints, milestone: Ints) -> Floats:
        """Say it of steps by their snapshot and their place in the playbook."""
        told: Floats = self.rates[self.morning[snapshot], self.segment[snapshot], milestone]
        return told


def by_milestone(plan: Plan, reached: pd.DataFrame) -> pd.DataFrame:
    """The playbook's first milestone first, each in the order of accounts."""
    slugs = pd.Index([milestone.slug for milestone in plan.configuration.playbook.milestones])
    order = np.argsort(slugs.get_indexer(pd.Index(reached["milestone"])), kind="stable")
    return reached.iloc[order].reset_index(drop=True)
