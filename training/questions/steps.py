"""When will each open milestone be reached?

One hazard for all milestones: a row is a snapshot and one of its open milestones, and says
where the milestone stands. Exits compete: their rates come from the exit model, so that the two
questions can never contradict each other.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from configs.project import Project
from features.asof import Ints
from features.assemble import FeatureSet
from features.encode import Encoder
from training.engine.calibrate import observed_over_expected_shift
from training.engine.curves import IncidenceCurves
from training.engine.followed import Followed
from training.engine.hazard import Hazard, fit_hazard
from training.engine.matrix import Matrix
from training.engine.outcomes import first_of, followed_until, reached_events
from training.engine.periods import Floats, FollowUp, Periods
from training.questions.exits import RECENT_DAYS, THREADS, ExitModel, settings_of

REACHED = "reached"
MOST_ROWS = 100_000
"""Rows beyond this teach little more and cost as much: accounts are sampled."""


@dataclass(frozen=True, slots=True, eq=False)
class StepModel:
    """The hazard of reaching an open milestone, and what turns features into its inputs."""

    account_encoder: Encoder
    step_inputs: tuple[str, ...]
    clocks: tuple[str, ...]
    reached: Hazard
    exit_periods: Periods
    """The periods of the exit model's rates, which are wider than those of ``reached``."""

    def matrix(self, values: pd.DataFrame, steps: pd.DataFrame) -> Matrix:
        """Inputs of each step: its own beside its account's (``snapshot`` is a row)."""
        accounts = self.account_encoder.matrix(values)
        own = steps[list(self.step_inputs)].to_numpy(dtype=np.float64)
        rows = steps["snapshot"].to_numpy(dtype=np.int64)
        names = (*self.account_encoder.columns, *self.step_inputs)
        return Matrix(np.hstack([accounts[rows], own]), names, self.clocks)

    def curves(
        self, exits: Mapping[str, Floats], values: pd.DataFrame, steps: pd.DataFrame
    ) -> IncidenceCurves:
        """Curves of each step; ``exits`` holds the daily rates of each row of values."""
        rates = self.reached.daily_rates(self.matrix(values, steps), threads=THREADS)
        rows = steps["snapshot"].to_numpy(dtype=np.int64)
        own, theirs = self.reached.periods, self.exit_periods
        competing = {cause: theirs.spread(rate, own)[rows] for cause, rate in exits.items()}
        return IncidenceCurves.from_rates({REACHED: rates, **competing}, own.edges)

    def to_parts(self) -> dict[str, str]:
        """Give the model as named texts: LightGBM's own, and JSON."""
        text, rest = self.reached.to_parts()
        own = {
            "inputs": self.step_inputs,
            "clocks": self.clocks,
            "exit_edges": self.exit_periods.edges,
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
        exit_periods = Periods(tuple(own.get("exit_edges", hazard.periods.edges)))
        return cls(encoder, tuple(own["inputs"]), tuple(own["clocks"]), hazard, exit_periods)


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
    values = features.values.iloc[followed.rows]
    any_hazard = next(iter(exits.hazards.values()))
    unfitted = StepModel(exits.encoder, inputs, clocks, any_hazard, exits.periods)
    matrix = unfitted.matrix(values, cases.steps)
    hazard = fit_hazard(
        matrix,
        cases.followup,
        cause=0,
        periods=Periods.narrow(project.outcomes.horizons_days),
        settings=settings_of(project),
    )
    recent = np.flatnonzero(cases.day + cases.followup.days > followed.end_day - RECENT_DAYS)
    shift = observed_over_expected_shift(
        hazard.daily_rates(matrix.take(recent), threads=THREADS),
        cases.followup.take(recent),
        cases.day[recent],
        periods=hazard.periods,
        cause=0,
        training_day=followed.end_day,
        last_days=RECENT_DAYS,
        accounts=cases.account[recent],
    )
    return replace(unfitted, reached=hazard.shifted(shift))


def _sampled(account: Ints, rows: int, most_rows: int) -> Ints:
    """Positions of the rows of every so-many-th account, so that few enough are left."""
    step = -(-rows // most_rows)
    return np.flatnonzero(account % max(step, 1) == 0)
