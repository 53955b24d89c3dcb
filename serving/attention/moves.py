"""In which words is a risk's move told, and which of the account's own doings stands out?"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.catalogue import Unit
from serving import formats
from serving.morning import Morning
from serving.reasons.explain import contributions
from serving.reasons.sentences import Teller
from serving.risks import MODEL, by_feature
from training.engine.followed import CHURN
from training.engine.periods import Floats
from training.engine.slicing import horizon_weights, sliced
from training.questions.exits import THREADS

UNSEEN = 0.0005
"""A move that rounds to 0.0 points."""
AS_GOOD = 0.5
"""Of what pulls most, an input named in its stead must pull this share."""
LEAST_SHARE, LEAST_DAYS = 0.2, 2.0
"""An input that moved less than a fifth, or by a day, has hardly moved."""


def is_seen(
    before: "pd.Series[float]", now: "pd.Series[float]", *, unit: Unit
) -> npt.NDArray[np.bool_]:
    """Whether amounts have moved by more than would be called the same; labels always have.

    >>> is_seen(pd.Series([3.0, 30.0]), pd.Series([2.0, 12.0]), unit="days").tolist()
    [False, True]
    """
    if unit in ("label", "flag"):
        return np.ones(len(now), dtype=bool)
    then, today = before.to_numpy(dtype=float), now.to_numpy(dtype=float)
    far = np.abs(today - then)
    least = np.maximum(np.abs(then), np.abs(today)) * LEAST_SHARE
    return (far >= least) & (far >= (LEAST_DAYS if unit == "days" else 0.0))


@dataclass(frozen=True, slots=True, eq=False)
class Moves:
    """The moves of some accounts' risks; one row each."""

    change: Floats
    parts: Floats
    main: np.ndarray
    """The name of the largest part."""
    before: pd.DataFrame
    """Every input, but for what the account itself did since."""
    now: pd.DataFrame


class Moved:
    """Says how risks have moved since a morning."""

    def __init__(self, morning: Morning, *, since: date) -> None:
        self._morning = morning
        self._words = morning.phrases.changes
        self._since = formats.day(since)
        one, many = morning.phrases.words.account
        self._fill = {"account": one, "accounts": many}

    def said(self, moves: Moves) -> list[str]:
        """Give one sentence for each account."""
        doing = self._strongest(moves)
        return [
            self._sentence(change, str(main), doing[row])
            for row, (change, main) in enumerate(zip(moves.change, moves.main, strict=True))
        ]

    def _sentence(self, change: float, main: str, doing: str) -> str:
        words = self._words
        amount = f"{abs(change) * 100:.1f}"
        told = {"points": f"{amount} point{'' if amount == '1.0' else 's'}"}
        if abs(change) < UNSEEN:
            return words.unmoved.format(since=self._since, **told)
        way = words.up if change > 0 else words.down
        moved = way.format(since=self._since, **told)
        part = getattr(words, main).mainly.format(**self._fill)
        return words.mainly.format(moved=moved, part=doing or part)

    def _strongest(self, moves: Moves) -> list[str]:
        """Name the input that did most of the account's own part, with both its values.

        Nothing where the own part is not the main one, or where a simple rule speaks, which
        has no inputs to choose from.
        """
        said = [""] * len(moves.change)
        rows = np.flatnonzero((moves.main == "own") & (np.abs(moves.change) >= UNSEEN))
        source = set(self._morning.accounts["risk_source"].dropna())
        if not len(rows) or source != {MODEL}:
            return said
        before, now = moves.before.iloc[rows], moves.now.iloc[rows]
        names, pulls = self._pulls(before, now)
        own = moves.parts[rows, 0]
        changed = ~(before[names].eq(now[names]) | (before[names].isna() | now[names].isna()))
        towards = np.where(changed, pulls * np.sign(own)[:, None], -np.inf)
        strongest = towards.max(axis=1)
        towards = np.where(self._is_seen(before, now, names), towards, -np.inf)
        best = towards.argmax(axis=1)
        for place, row in enumerate(rows):
            if towards[place, best[place]] > max(AS_GOOD * strongest[place], 0.0):
                name = names[best[place]]
                said[row] = self._doing(name, before[name].iat[place], now[name].iat[place])
        return said

    def _is_seen(self, before: pd.DataFrame, now: pd.DataFrame, names: list[str]) -> np.ndarray:
        """Whether a reader would say that an input has moved: rows by inputs."""
        catalogue = self._morning.features.catalogue
        return np.stack(
            [is_seen(before[n], now[n], unit=catalogue[n].unit) for n in names], axis=1
        )

    def _pulls(self, before: pd.DataFrame, now: pd.DataFrame) -> tuple[list[str], Floats]:
        """How much more each input pulls at the mean log hazard now than before."""
        models, outcomes = self._morning.models, self._morning.configuration.project.outcomes
        assert models is not None
        exits = models.exits
        earlier, later = exits.matrix(before), exits.matrix(now)
        weights = horizon_weights(
            exits.hazards[CHURN].daily_rates(later, threads=THREADS),
            periods=exits.periods,
            horizon_days=outcomes.primary_horizon_days,
        )
        explained = sliced(exits.hazards[CHURN], weights, reference=later, threads=THREADS)
        pulls = contributions(explained, later) - contributions(explained, earlier)
        names = list(dict.fromkeys(exits.encoder.features))
        return names, by_feature(pulls, exits.encoder.features, names)

    def _doing(self, name: str, then: float | str, now: float | str) -> str:
        catalogue = self._morning.features.catalogue
        teller = Teller(
            catalogue[name],
            self._morning.phrases,
            catalogue=catalogue,
            currency=self._morning.configuration.project.serving.currency,
        )
        both = [teller.spoken(value, with_noun=False) for value in (then, now)]
        part = self._words.own.mainly.format(**self._fill)
        if both[0] == both[1]:
            return part
        return self._words.then_and_now.format(
            part=part, input=teller.name, then=both[0], now=both[1]
        )
