"""By how much will an account's ARR move, once it moves?

How likely a change is, and by when, is told by hazards; this is the other half. The share of
its ARR by which an account that grew came to pay more (or less) is learnt by LightGBM with a
Gamma loss, under which expected shares are right in the mean however long their tail. Every
known change teaches once: the mornings from which it was ahead share its weight. Simple rules
are fitted on the same changes, and speak where the model has no skill beyond them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import lightgbm
import numpy as np
import pandas as pd

from configs.project import Project
from features.arr import arr_on
from features.asof import Bools, Ints
from features.assemble import FeatureSet
from training.engine.followed import Followed
from training.engine.matrix import Matrix
from training.engine.outcomes import FAR
from training.engine.periods import Floats, FollowUp
from training.engine.slicing import Sliced
from training.engine.trees import parse_trees
from training.questions.changes import DOWN, GROWS, SHRINKS, UP, changes
from training.rules.amounts import EVERYBODY, AmountRules

NAMES = {UP: GROWS, DOWN: SHRINKS}
MOST_LOST = 0.95
"""Who pays less still pays something; who pays nothing has left."""
LEAST_SHARE = 1e-3
MOST_RATIO = 1e3
TREES, LEAVES, LAMBDA = 60, 4, 5.0
DOUBT_CHANGES = 10.0
SPREAD = np.linspace(0.0, 1.0, 101)


@dataclass(frozen=True, slots=True, eq=False)
class Moved:
    """Changes as they lay ahead of past mornings: a row per morning and change."""

    positions: Ints
    """Among the rows that were followed."""
    share: Floats
    weight: Floats
    """The weights of one change sum to one."""
    is_last: Bools
    """Whether no later morning saw the change ahead."""


@dataclass(frozen=True, eq=False)
class AmountModel:
    """Expected shares of one way of changing, by the model and by rules, and their spread."""

    way: int
    names: tuple[str, ...]
    clocks: tuple[str, ...]
    model: str | None
    """LightGBM's text; None where too few accounts ever changed that way."""
    log_shift: float
    rules: AmountRules
    rule: str
    """The rule that is to speak where the model does not."""
    spread: Mapping[str, Floats]
    """By who speaks: quantiles of what came for each that was expected; their mean is one."""

    def expected(
        self, matrix: Matrix | None, evidence: pd.DataFrame, *, is_model: bool
    ) -> Floats:
        """The share of its ARR by which each account would move, if it did."""
        if is_model and self.model is not None and matrix is not None:
            return self._bounded(np.exp(self.scored(matrix)))
        told = self.rules.told(evidence)
        return self._bounded(told.get(self.rule, told[EVERYBODY]))

    def scored(self, matrix: Matrix) -> Floats:
        """The model's log share."""
        assert self.model is not None
        matrix.must_be(self.names, self.clocks)
        booster = lightgbm.Booster(model_str=self.model)
        raw: Floats = booster.predict(matrix.values, raw_score=True, num_threads=1)
        return raw + self.log_shift

    def explained(self) -> Sliced:
        """The log share as trees over the account's inputs."""
        assert self.model is not None
        return Sliced(tuple(parse_trees(self.model)), self.names, self.clocks)

    def spread_of(self, *, is_model: bool) -> Floats:
        """What came for each share that was expected, from the least to the most."""
        return self.spread["model" if is_model and self.model is not None else "rule"]

    def _bounded(self, share: Floats) -> Floats:
        return np.clip(share, 0.0, MOST_LOST if self.way == DOWN else MOST_RATIO)

    def to_parts(self) -> dict[str, str]:
        """Give it as named texts: LightGBM's own, and JSON."""
        name = f"amount-{NAMES[self.way]}"
        rest = {
            "names": list(self.names),
            "clocks": list(self.clocks),
            "log_shift": self.log_shift,
            "rules": self.rules.to_dict(),
            "rule": self.rule,
            "spread": {who: each.tolist() for who, each in self.spread.items()},
        }
        texts = {} if self.model is None else {f"{name}.txt": self.model}
        return {**texts, f"{name}.json": json.dumps(rest, sort_keys=True)}

    @classmethod
    def from_parts(cls, parts: Mapping[str, str], *, way: int) -> Self:
        name = f"amount-{NAMES[way]}"
        rest: dict[str, Any] = json.loads(parts[f"{name}.json"])
        return cls(
            way=way,
            names=tuple(rest["names"]),
            clocks=tuple(rest["clocks"]),
            model=parts.get(f"{name}.txt"),
            log_shift=float(rest["log_shift"]),
            rules=AmountRules.from_dict(rest["rules"]),
            rule=rest["rule"],
            spread={who: np.array(each) for who, each in rest["spread"].items()},
        )


def fit_amounts(
    features: FeatureSet,
    changed: Followed,
    project: Project,
    *,
    way: int,
    matrix: Matrix | None,
    rule: str | None = None,
) -> AmountModel:
    """Learn from every known change of one way that lay ahead of a followed morning.

    ``changed`` follows changes (``follow_changes``); ``matrix`` holds the inputs of its rows.
    Without it, or with changes of too few accounts, there are rules and no model.
    """
    moved = moved_ahead(features, changed, way=way, horizon=max(project.outcomes.horizons_days))
    evidence = amount_evidence(features, changed.rows, way=way)
    seen = evidence.iloc[moved.positions].reset_index(drop=True)
    once = np.flatnonzero(moved.is_last)
    rules = AmountRules.learnt(seen.iloc[once], moved.share[once])
    model, shift, fitted = None, 0.0, None
    accounts = len(np.unique(changed.account[moved.positions]))
    if matrix is not None and accounts >= project.models.min_events:
        inputs = matrix.take(moved.positions)
        model = _boosted(inputs, moved, seed=project.models.seed)
        raw = lightgbm.Booster(model_str=model).predict(
            inputs.values, raw_score=True, num_threads=1
        )
        shift = _level(np.exp(raw), moved, seen["arr"].to_numpy(np.float64))
        fitted = np.exp(raw + shift)[once]
    told = rules.told(seen.iloc[once])
    rule = rule if rule in told else EVERYBODY
    spread = {"rule": _spread(moved.share[once], told[rule])}
    if fitted is not None:
        spread["model"] = _spread(moved.share[once], fitted)
    names, clocks = (matrix.names, matrix.clocks) if matrix is not None else ((), ())
    return AmountModel(way, names, clocks, model, shift, rules, rule, spread)


def moved_ahead(features: FeatureSet, changed: Followed, *, way: int, horizon: int) -> Moved:
    """Find by which share each followed row's account moved, where it first moved that way."""
    followup: FollowUp = changed.followup
    ours = np.flatnonzero((followup.cause == way) & (followup.days < horizon))
    on = changed.day[ours] + followup.days[ours].astype(np.int64)
    moved = changes(features.arr, known_before=changed.training_day)
    accounts = pd.Index(moved["account_id"].unique())
    key = accounts.get_indexer(pd.Index(moved["account_id"])) * FAR + moved["day"].to_numpy()
    ids = features.snapshots["account_id"].iloc[changed.rows[ours]]
    change = accounts.get_indexer(pd.Index(ids)) * FAR + on
    share = np.abs(moved["factor"].to_numpy()[pd.Index(key).get_indexer(pd.Index(change))] - 1)
    _, code, count = np.unique(change, return_inverse=True, return_counts=True)
    latest = pd.Series(changed.day[ours]).groupby(code).transform("max").to_numpy()
    return Moved(
        positions=ours,
        share=np.maximum(share, LEAST_SHARE),
        weight=1.0 / count[code],
        is_last=latest == changed.day[ours],
    )


def amount_evidence(features: FeatureSet, rows: Ints, *, way: int) -> pd.DataFrame:
    """What the rules may look at: segment, what is paid, and the last such change's share."""
    snapshots, values = features.snapshots.iloc[rows], features.values.iloc[rows]
    moved = changes(features.arr, known_before=FAR)
    own = moved.loc[(moved["factor"] > 1) == (way == UP)]
    # A change speaks from when it was known, not from its own day.
    last = own.assign(day=own[["day", "known_day"]].max(axis=1) + 1, arr=own["factor"].sub(1))
    last = last.sort_values(["account_id", "day"], kind="stable")
    day = snapshots["day"].to_numpy(dtype=np.int64)
    return pd.DataFrame(
        {
            "segment": snapshots["segment"].astype(str).to_numpy(),
            "arr": np.nan_to_num(values["arr"].to_numpy(dtype=np.float64)),
            "last": np.abs(arr_on(last, snapshots["account_id"], day)),
        }
    )


def _boosted(matrix: Matrix, moved: Moved, *, seed: int) -> str:
    asked = {
        "objective": "gamma",
        "learning_rate": 0.05,
        "num_leaves": LEAVES,
        "lambda_l2": LAMBDA,
        "feature_fraction": 0.5,
        "min_data_in_leaf": max(20, len(moved.share) // 20),
        "max_bin": 63,
        "feature_pre_filter": False,
        "seed": seed,
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }
    values = matrix.values.astype(np.float32)
    cases = lightgbm.Dataset(values, label=moved.share, weight=moved.weight, params=asked)
    booster = lightgbm.train(asked, cases, num_boost_round=TREES)
    return str(booster.model_to_string().partition("\nparameters:")[0])


def _level(expected: Floats, moved: Moved, arr: Floats) -> float:
    """Log of the factor by which expected amounts of money would have been right together."""
    stake = arr * moved.weight
    came, said = float((stake * moved.share).sum()), float((stake * expected).sum())
    doubt = DOUBT_CHANGES * came / max(float(moved.weight.sum()), 1.0)
    return float(np.log((came + doubt) / (said + doubt))) if came > 0 and said > 0 else 0.0


def _spread(came: Floats, expected: Floats) -> Floats:
    """Quantiles of what came over what was expected, brought to a mean of one."""
    if not len(came):
        return np.ones(len(SPREAD))
    ratios = np.quantile(came / np.maximum(expected, LEAST_SHARE), SPREAD)
    return np.asarray(ratios / ratios.mean(), dtype=np.float64)
