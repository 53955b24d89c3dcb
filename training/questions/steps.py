"""When will each open milestone be reached?

One hazard for all milestones: a row is a snapshot and one of its open milestones, and says
where the milestone stands. Its days count as such milestones gather around their due day
(``training.engine.due``). Exits compete: their rates come from the exit model, so that the two
questions can never contradict each other.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from configs.project import Project
from features.asof import Ints
from features.assemble import FeatureSet
from features.encode import Encoder
from training.engine.calibrate import LOOKED_AT_DAYS, Lately, observed_over_expected_shift
from training.engine.curves import IncidenceCurves
from training.engine.due import CountedDays, DuePull
from training.engine.followed import Followed
from training.engine.hazard import Hazard, fit_hazard
from training.engine.matrix import Matrix
from training.engine.outcomes import first_of, followed_until, reached_events
from training.engine.periods import Floats, FollowUp, Periods
from training.questions.exits import THREADS, ExitModel, settings_of

REACHED = "reached"
MOST_ROWS = 100_000
"""Rows beyond this teach little more and cost as much: accounts are sampled."""
DUE = "days_to_due"
DOUBT = 0.1
"""Milestones are many: what each says may be believed sooner than an exit."""


@dataclass(frozen=True, slots=True, eq=False)
class StepModel:
    """The hazard of reaching an open milestone, and what turns features into its inputs."""

    account_encoder: Encoder
    step_inputs: tuple[str, ...]
    clocks: tuple[str, ...]
    reached: Hazard
    exit_periods: Periods
    """The periods of the exit model's rates, which are wider than those of ``reached``."""
    pull: DuePull
    """How the milestones of each segment gather around their due day."""

    def matrix(self, values: pd.DataFrame, steps: pd.DataFrame) -> Matrix:
        """Inputs of each step: its own beside its account's (``snapshot`` is a row)."""
        accounts = self.account_encoder.matrix(values)
        own = steps[list(self.step_inputs)].to_numpy(dtype=np.float64)
        rows = steps["snapshot"].to_numpy(dtype=np.int64)
        names = (*self.account_encoder.columns, *self.step_inputs)
        return Matrix(np.hstack([accounts[rows], own]), names, self.clocks)

    def counted(self, values: pd.DataFrame, steps: pd.DataFrame) -> CountedDays:
        """What the days ahead count for each step."""
        return self.pull.of(*_due(values, steps))

    def rates(self, values: pd.DataFrame, steps: pd.DataFrame) -> Floats:
        """Daily rates of reaching each step: rows by periods."""
        rates = self.reached.daily_rates(self.matrix(values, steps), threads=THREADS)
        return rates * self.counted(values, steps).per_day(self.reached.periods)

    def curves(
        self, exits: Mapping[str, Floats], values: pd.DataFrame, steps: pd.DataFrame
    ) -> IncidenceCurves:
        """Curves of each step; ``exits`` holds the daily rates of each row of values."""
        rows = steps["snapshot"].to_numpy(dtype=np.int64)
        own, theirs = self.reached.periods, self.exit_periods
        competing = {cause: theirs.spread(rate, own)[rows] for cause, rate in exits.items()}
        rates = {REACHED: self.rates(values, steps), **competing}
        return IncidenceCurves.from_rates(rates, own.edges)

    def waits(
        self,
        curves: IncidenceCurves,
        values: pd.DataFrame,
        steps: pd.DataFrame,
        quantiles: Sequence[float],
    ) -> list[Floats]:
        """Days from the morning to the dates by which each step has the chances asked for.

        NaN where a chance is not reached within the longest horizon.
        """
        counted = self.counted(values, steps)
        return [curves.day_of(REACHED, quantile, counted) for quantile in quantiles]

    def to_parts(self) -> dict[str, str]:
        """Give the model as named texts: LightGBM's own, and JSON."""
        text, rest = self.reached.to_parts()
        own = {
            "inputs": self.step_inputs,
            "clocks": self.clocks,
            "exit_edges": self.exit_periods.edges,
            "pull": self.pull.to_dict(),
        }
        return {
            "steps-encoder.json": self.account_encoder.to_json(),
            "steps-reached.txt": text,
            "steps-reached.json": json.dumps(rest, sort_keys=True),
            "steps-model.json": json.dumps(own, sort_keys=True),
        }

    @classmethod
    def from_parts(cls, parts: Mapping[str, str]) -> "StepModel":
        own = json.loads(parts["steps-model.json"])
        hazard = Hazard.from_parts(
            parts["steps-reached.txt"], json.loads(parts["steps-reached.json"])
        )
        encoder = Encoder.from_json(parts["steps-encoder.json"])
        exit_periods, pull = Periods(tuple(own["exit_edges"])), DuePull.from_dict(own["pull"])
        inputs, clocks = tuple(own["inputs"]), tuple(own["clocks"])
        return cls(encoder, inputs, clocks, hazard, exit_periods, pull)


@dataclass(frozen=True, slots=True, eq=False)
class FollowedSteps:
    """Open milestones of the followed snapshots, and what came first for each."""

    steps: pd.DataFrame
    """Rows of the feature set's steps; ``snapshot`` counts within the followed snapshots."""
    day: Ints
    account: Ints
    followup: FollowUp
    """Cause 0 is reached; the causes of exit follow."""


def follow_steps(features: FeatureSet, followed: Followed, *, most_rows: int) -> FollowedSteps:
    """Look up what came first, the milestone or an exit, for every open milestone."""
    position = np.full(len(features.snapshots), -1)
    position[followed.rows] = np.arange(len(followed.rows))
    at = position[features.steps["snapshot"].to_numpy()]
    kept = np.flatnonzero(at >= 0)
    kept = kept[_sampled(followed.account[at[kept]], len(kept), most_rows)]
    at = at[kept]
    steps = features.steps.iloc[kept].assign(snapshot=at).reset_index(drop=True)
    accounts = features.snapshots["account_id"].iloc[followed.rows].iloc[at]
    keys = pd.DataFrame(
        {"account_id": accounts.to_numpy(), "milestone": steps["milestone"].to_numpy()}
    )
    reached = followed_until(
        followed.day[at],
        reached_events(features.reached, keys),
        training_day=followed.training_day,
        lag_days=0,
    )
    followup = first_of(reached, followed.followup.take(at), shift=1)
    return FollowedSteps(steps, followed.day[at], followed.account[at], followup)


def fit_steps(
    features: FeatureSet, followed: Followed, exits: ExitModel, project: Project
) -> StepModel | None:
    """Learn the hazard of reaching an open milestone; None where there is nothing to learn."""
    cases = follow_steps(features, followed, most_rows=MOST_ROWS)
    if not len(cases.steps):
        return None
    inputs = tuple(features.step_catalogue)
    own_clocks = [name for name in inputs if features.step_catalogue[name].is_clock]
    clocks = (*exits.clocks, *own_clocks)
    values, cases = _of_those_asked(features, followed, cases)
    due, kinds = _due(values, cases.steps)
    unfitted = StepModel(
        account_encoder=exits.encoder,
        step_inputs=inputs,
        clocks=clocks,
        reached=next(iter(exits.hazards.values())),
        exit_periods=exits.periods,
        pull=DuePull.learnt(due, cases.followup, kinds),
    )
    hazard = fit_hazard(
        unfitted.matrix(values, cases.steps),
        cases.followup,
        cause=0,
        periods=Periods.narrow(project.outcomes.horizons_days),
        settings=replace(settings_of(project), doubt=DOUBT),
        counted=unfitted.counted(values, cases.steps),
    )
    return _levelled(replace(unfitted, reached=hazard), values, cases, followed)


def _of_those_asked(
    features: FeatureSet, followed: Followed, cases: FollowedSteps
) -> tuple[pd.DataFrame, FollowedSteps]:
    """The values of the snapshots that the steps are of, among which these now count.

    Steps are learnt from few accounts of many: nothing is copied or encoded of the others.
    """
    asked, at = np.unique(cases.steps["snapshot"].to_numpy(), return_inverse=True)
    values = features.values.iloc[followed.rows[asked]]
    return values, replace(cases, steps=cases.steps.assign(snapshot=at))


def _levelled(
    model: StepModel, values: pd.DataFrame, cases: FollowedSteps, followed: Followed
) -> StepModel:
    """Shift the hazard so that the last weeks before training would have come out right."""
    recent = np.flatnonzero(cases.day + cases.followup.days > followed.end_day - LOOKED_AT_DAYS)
    lately = Lately(
        model.rates(values, cases.steps.iloc[recent]),
        cases.followup.take(recent),
        cases.day[recent],
        periods=model.reached.periods,
        cause=0,
        training_day=followed.end_day,
        account=cases.account[recent],
    )
    shift = observed_over_expected_shift(lately)
    return replace(model, reached=model.reached.shifted(shift))


def _due(values: pd.DataFrame, steps: pd.DataFrame) -> tuple[Floats, list[str]]:
    """In how many days each step is due, and of which kind it is: a segment's milestone."""
    own = values["segment"].astype(str).to_numpy()[steps["snapshot"].to_numpy(dtype=np.int64)]
    kinds = [f"{name}: {step}" for name, step in zip(own, steps["milestone"], strict=True)]
    due: Floats = steps[DUE].to_numpy(dtype=np.float64)
    return due, kinds


def _sampled(account: Ints, rows: int, most_rows: int) -> Ints:
    """Positions of the rows of every so-many-th account, so that few enough are left."""
    step = -(-rows // most_rows)
    return np.flatnonzero(account % max(step, 1) == 0)
