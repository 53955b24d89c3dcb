"""What was said on past mornings, and what came: how is it held, pooled and kept?

Whoever asks later how good the models were asks these rows; they are written to the lake as
they are, so that nothing need be learnt again to ask another question of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.asof import Ints, as_dates, ordinal
from training.engine.periods import Floats, FollowUp

QUESTIONS = ("churn", "milestones", "expansion", "contraction")
MODEL = "model"
ASKED = 0
"""Number, in a follow-up, of the cause that was asked about."""
DATES = ("eta_p10_days", "eta_p50_days", "eta_p90_days")
"""Days from the morning to the dates that were named; absent where none was."""

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """What was said of one question at one origin, and what came: a row per account or step."""

    origin_day: int
    horizons: tuple[int, ...]
    about: pd.DataFrame
    """account_id, family (the parent, or the account alone), segment and is_new (nothing was
    learnt from its family); of steps also milestone, due_days, playbook_days and ``DATES``."""
    followup: FollowUp
    """What came first, as far as it is known today; ``ASKED`` is the cause in question."""
    said: Floats
    """Chances, a column per horizon."""
    rules: Mapping[str, Floats]
    listed: Mapping[str, Bools] = field(default_factory=dict)
    """By predictor: whether the account stood in its owner's list that morning."""
    amounts: pd.DataFrame | None = None
    """Of changes of ARR: see ``training.proof.amounts``."""

    @property
    def accounts(self) -> np.ndarray:
        return self.about["account_id"].to_numpy(dtype=object)

    @property
    def happened(self) -> Floats:
        """1, 0, or NaN where it is not known yet; a column per horizon."""
        columns = [self.followup.happened_by(h, cause=ASKED) for h in self.horizons]
        return np.stack(columns, axis=1)

    def matured(self) -> tuple[int, ...]:
        """The horizons that every row has been followed to."""
        return tuple(h for h in self.horizons if self.column(h) is not None)

    def column(self, horizon: int) -> "Pooled | None":
        """One horizon; None where not every row has been followed that far.

        Of a younger origin only those that ended are known: they would pass for everybody.
        """
        at = self.horizons.index(horizon)
        happened = self.followup.happened_by(horizon, cause=ASKED)
        if not len(happened) or np.isnan(happened).any():
            return None
        return Pooled(
            about=self.about,
            said=self.said[:, at],
            rules={name: chances[:, at] for name, chances in self.rules.items()},
            happened=happened,
            listed=self.listed,
        )

    def to_frame(self) -> pd.DataFrame:
        """Everything in one table: a column per predictor and horizon, and what came."""
        told = {MODEL: self.said, **self.rules}
        chances = {
            f"{name}.{days}d": chance[:, number]
            for name, chance in told.items()
            for number, days in enumerate(self.horizons)
        }
        origin = as_dates(np.array([self.origin_day]))[0].date()
        amounts = self.amounts if self.amounts is not None else pd.DataFrame()
        return self.about.assign(
            origin=origin,
            followed_days=self.followup.days,
            cause=self.followup.cause,
            **chances,
            **{f"listed.{name}": listed for name, listed in self.listed.items()},
            **{f"{_AMOUNT}{name}": amounts[name] for name in amounts},
        )

    @classmethod
    def from_frame(cls, table: pd.DataFrame) -> Self:
        """Read back one origin of what ``to_frame`` gave."""
        table = table.dropna(axis="columns", how="all").reset_index(drop=True)
        chances: dict[str, dict[int, Floats]] = {}
        listed: dict[str, Bools] = {}
        for column in [name for name in table.columns if "." in name]:
            if column.startswith("listed."):
                listed[column.removeprefix("listed.")] = table[column].to_numpy(dtype=bool)
                continue
            predictor, _, days = column.rpartition(".")
            own = chances.setdefault(predictor, {})
            own[int(days.removesuffix("d"))] = table[column].to_numpy(dtype=np.float64)
        horizons = tuple(sorted(chances[MODEL]))
        told = {n: np.stack([c[h] for h in horizons], axis=1) for n, c in chances.items()}
        followup = FollowUp(
            table["followed_days"].to_numpy(dtype=np.float64),
            table["cause"].to_numpy(dtype=np.int64),
        )
        told_of = [name for name in table.columns if name.startswith(_AMOUNT)]
        amounts = table[told_of].rename(columns=lambda name: name.removeprefix(_AMOUNT))
        kept = ("account_id", "family", "segment", "is_new", "milestone", *_DAYS, *DATES)
        return cls(
            origin_day=ordinal(table["origin"].iloc[0]),
            horizons=horizons,
            about=table[[name for name in kept if name in table]],
            followup=followup,
            said=told.pop(MODEL),
            rules=told,
            listed=listed,
            amounts=amounts if told_of else None,
        )


_AMOUNT = "amount:"
_DAYS = ("due_days", "playbook_days")


@dataclass(frozen=True, slots=True, eq=False)
class Pooled:
    """One horizon's chances and outcomes, all of them known."""

    about: pd.DataFrame
    said: Floats
    rules: Mapping[str, Floats]
    happened: Floats
    listed: Mapping[str, Bools] = field(default_factory=dict)

    @property
    def can_be_judged(self) -> bool:
        return bool(0 < self.happened.sum() < len(self.happened))

    @property
    def families(self) -> Ints:
        """Number of each row's family: accounts of one parent share their fate."""
        return pd.factorize(self.about["family"])[0].astype(np.int64)

    @property
    def account_count(self) -> int:
        return int(self.about["account_id"].nunique())

    @property
    def told(self) -> Iterator[tuple[str, Floats]]:
        """Every predictor, the model first, with its chances."""
        yield MODEL, self.said
        yield from self.rules.items()

    def where(self, rows: Bools) -> Self:
        return type(self)(
            self.about.loc[rows].reset_index(drop=True),
            self.said[rows],
            {name: chance[rows] for name, chance in self.rules.items()},
            self.happened[rows],
            {name: listed[rows] for name, listed in self.listed.items()},
        )

    @classmethod
    def together(cls, parts: Sequence["Pooled"]) -> Self:
        """Put origins together, with the predictors that speak at all of them."""
        names = sorted(set.intersection(*(set(part.rules) for part in parts)))
        lists = sorted(set.intersection(*(set(part.listed) for part in parts)))
        return cls(
            about=pd.concat([part.about for part in parts], ignore_index=True),
            said=np.concatenate([part.said for part in parts]),
            rules={n: np.concatenate([p.rules[n] for p in parts]) for n in names},
            happened=np.concatenate([part.happened for part in parts]),
            listed={n: np.concatenate([p.listed[n] for p in parts]) for n in lists},
        )


@dataclass(frozen=True, slots=True, eq=False)
class Backtest:
    """Everything that was judged, by question, and why the rest could not be."""

    judged: Mapping[str, Sequence[Judged]]
    remarks: Sequence[str] = field(default_factory=tuple)
    leavers: pd.DataFrame | None = None
    """account_id, segment, exited_on, seen_on (first morning of the replay) and, by predictor,
    when the account first stood in its owner's list; see ``training.proof.replay``."""
    today: pd.DataFrame | None = None
    """What is said of the accounts of the newest morning: ``training.proof.foretold``."""

    def newest_half(self, question: str) -> "Backtest":
        """The newer origins of a question, the middle one included."""
        by_age = sorted(self.judged[question], key=lambda judged: -judged.origin_day)
        return Backtest({question: by_age[: (len(by_age) + 1) // 2]})

    def pooled(self, question: str, horizon: int) -> Pooled | None:
        """All origins whose outcomes by the horizon are known, as one; None without any."""
        parts = [judged.column(horizon) for judged in self.judged[question]]
        known = [part for part in parts if part is not None]
        return Pooled.together(known) if known else None

    def to_frame(self, question: str) -> pd.DataFrame:
        """All origins of a question in one table, oldest first; empty where none was judged."""
        by_age = sorted(self.judged[question], key=lambda judged: judged.origin_day)
        frames = [judged.to_frame() for judged in by_age]
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()

    @classmethod
    def from_frames(
        cls,
        frames: Mapping[str, pd.DataFrame],
        *,
        remarks: Sequence[str],
        leavers: pd.DataFrame | None,
        today: pd.DataFrame | None = None,
    ) -> Self:
        """Read back what ``to_frame`` gave, newest origin first."""
        judged = {
            question: [Judged.from_frame(own) for _, own in frame.groupby("origin", sort=True)][
                ::-1
            ]
            if len(frame)
            else []
            for question, frame in frames.items()
        }
        return cls(judged, tuple(remarks), leavers, today)
