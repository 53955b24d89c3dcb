"""How may the months ahead turn out, if every account takes its chances and all share a mood?

Every draw first draws who is right, then the mood of the months to come (the shared levels) and
how those fare in it that pay much or little, then what each account does. Intervals over
accounts alone would be far too narrow: what a book of hundreds of accounts does hangs on what
they share, and what its money does on a few of them.

What is expected is the mean of the draws, so that the parts add up to the whole in it as they
do in each draw. That it hang on no luck of drawing, moods keep their known mean, and the luck
of each account is spread evenly over the draws (McKay, Beckman and Conover 1979, "A comparison
of three methods for selecting values of input variables", Latin hypercubes).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.asof import Bools, Ints
from serving.outlook.amounts import Amounts
from serving.outlook.prospects import CHURNS, LEAVES, Prospects
from serving.outlook.retention import State
from serving.outlook.voices import Voice, who_speaks
from training.book.level import MONTH_DAYS
from training.book.stakes import MOST_PARTS
from training.engine.periods import Floats
from training.questions.changes import GROWS, SHRINKS

MOST_DRAWS, LEAST_DRAWS = 4000, 200
CELLS_AT_ONCE = 2_000_000
MOST_CELLS = 4_000_000


def draws_for(accounts: int) -> int:
    """How many draws a book of this size gets: fewer where there are many accounts."""
    return int(np.clip(MOST_CELLS // max(accounts, 1), LEAST_DRAWS, MOST_DRAWS))


def simulated(
    ahead: Prospects, cuts: Sequence[int], *, seed: int
) -> Iterator[dict[int, State]]:
    """Play the future, some draws at a time; each gives the state on every day of ``cuts``.

    The same seed gives the same futures.
    """
    rng = np.random.default_rng(seed)
    draws = draws_for(len(ahead.accounts))
    months = -(-max(cuts) // MONTH_DAYS)
    names = sorted(ahead.voices)
    speaks = {
        name: who_speaks([voice.weight for voice in ahead.voices[name]], draws, rng)
        for name in names
    }
    moods = {
        name: _moods(ahead.voices[name], speaks[name], months=months, rng=rng) for name in names
    }
    stakes = {name: _stakes(ahead.voices[name], speaks[name], rng=rng) for name in names}
    at_once = max(1, CELLS_AT_ONCE // max(len(ahead.accounts), 1))
    for start in range(0, draws, at_once):
        some = slice(start, start + at_once)
        cast = {
            name: Cast(
                ahead.voices[name], speaks[name][some], moods[name][some], stakes[name][some]
            )
            for name in ahead.voices
        }
        yield _played(ahead, cuts, cast, rng)


@dataclass(frozen=True, slots=True, eq=False)
class Cast:
    """Who is right in each draw (row), in which mood, and how far off for each part."""

    voices: Sequence[Voice]
    speaks: Ints
    mood: Floats
    off: Floats

    def __len__(self) -> int:
        return len(self.speaks)

    def rates(self, day: int, until: int, arr: Floats) -> Floats:
        """How often it is to happen from one day to another: draws by accounts."""
        said = np.stack([voice.daily[:, day:until].sum(axis=1) for voice in self.voices])
        told: Floats = said[self.speaks] * self.mood[:, [day // MONTH_DAYS]]
        if all(voice.stakes is None for voice in self.voices):
            return told
        part = np.stack(
            [
                np.zeros(len(arr), dtype=np.int64)
                if voice.stakes is None
                else voice.stakes.part_of(arr)
                for voice in self.voices
            ]
        )
        off = np.take_along_axis(self.off, part[self.speaks], axis=1)
        told *= off
        return told


def _moods(
    voices: Sequence[Voice], speaks: Ints, *, months: int, rng: np.random.Generator
) -> Floats:
    drawn = np.ones((len(speaks), months))
    for number, voice in enumerate(voices):
        own = np.flatnonzero(speaks == number)
        if voice.level is not None and len(own):
            drawn[own] = voice.level.paths(months, draws=len(own), rng=rng)
    return drawn


def _stakes(voices: Sequence[Voice], speaks: Ints, *, rng: np.random.Generator) -> Floats:
    drawn = np.ones((len(speaks), MOST_PARTS))
    for number, voice in enumerate(voices):
        own = np.flatnonzero(speaks == number)
        if voice.stakes is not None and len(own):
            off = voice.stakes.drawn(draws=len(own), rng=rng)
            drawn[own, : off.shape[1]] = off
    return drawn


def evenly(draws: int, accounts: int, rng: np.random.Generator) -> Floats:
    """Numbers from 0 to 1, a row per draw: each account (column) has one in every share of it.

    >>> np.sort(evenly(4, 1, np.random.default_rng(1))[:, 0] * 4).astype(int).tolist()
    [0, 1, 2, 3]
    """
    places = np.broadcast_to(np.arange(draws, dtype=np.float64)[:, None], (draws, accounts))
    told: Floats = (rng.permuted(places, axis=0) + rng.random(accounts)) / draws
    return told


def _played(
    ahead: Prospects, cuts: Sequence[int], cast: Mapping[str, Cast], rng: np.random.Generator
) -> dict[int, State]:
    draws, accounts = len(cast[CHURNS]), len(ahead.accounts)
    paid = np.nan_to_num(ahead.accounts["arr"].to_numpy(dtype=np.float64))
    arr = np.tile(paid, (draws, 1))
    gone = np.zeros((draws, accounts), dtype=bool)
    churned, changed = gone, {name: gone for name in (GROWS, SHRINKS) if name in cast}
    states = {0: State(churned, gone, arr)}
    day = 0
    for until in _edges(cuts):
        rates = {name: each.rates(day, until, paid) for name, each in cast.items()}
        for name, has in changed.items():
            rates[name] = rates[name] * np.where(has, ahead.again.get(name, 1.0), 1.0)
        came = struck(rates, evenly(draws, accounts, rng))
        for name in changed:
            arr = _changed(arr, came[name], ahead.amounts[name], rng)
            changed[name] = changed[name] | came[name]
        churned = churned | (came[CHURNS] & ~gone)
        gone = gone | came[CHURNS] | came[LEAVES]
        arr = np.where(gone, 0.0, _begun(arr, ahead.signed, day, until))
        day = until
        if until in cuts:
            states[until] = State(churned, gone, arr)
    return states


def _edges(cuts: Sequence[int]) -> list[int]:
    """Days at which to stop: those asked for, and wherever the mood may change."""
    months = range(MONTH_DAYS, max(cuts), MONTH_DAYS)
    return sorted({*(day for day in cuts if day > 0), *months})


def struck(rates: Mapping[str, Floats], luck: Floats) -> dict[str, Bools]:
    """What happens to each account in each draw from one stop to the next: one thing, if any.

    Rates of leaving are learnt whatever else happens before, those of a change as of what comes
    first. So leaving has its whole chance, and a change that of coming before all else. Drawn
    apart, a change would be lost wherever the account left as well; but who pays less from the
    end of a term on has stayed.

    >>> rates = dict(zip(("churns", "leaves", "grows"), np.log([2.0, 1.0, 2.0])))
    >>> came = struck(rates, np.linspace(0, 0.99, 100)[:, None])
    >>> {name: int(each.sum()) for name, each in came.items()}
    {'churns': 50, 'leaves': 0, 'grows': 38}
    """
    leaving = rates[CHURNS] + rates[LEAVES]
    every = sum(rates.values(), start=np.zeros_like(leaving))
    leaves, any_comes = -np.expm1(-leaving), -np.expm1(-every)
    below, came = np.zeros_like(luck), {}
    for name, rate in rates.items():
        is_exit = name in (CHURNS, LEAVES)
        total, chance = (leaving, leaves) if is_exit else (every, any_comes)
        above = below + _share(rate, total) * chance
        came[name] = (luck >= below) & (luck < above)
        below = above
    return came


def _share(part: Floats, whole: Floats) -> Floats:
    part, whole = np.broadcast_arrays(part, whole)
    return np.divide(part, whole, out=np.zeros(whole.shape), where=whole > 0)


def _changed(arr: Floats, struck: Bools, amounts: Amounts, rng: np.random.Generator) -> Floats:
    """What everybody pays, once those who change have changed by as much as they may."""
    paid = arr.copy()
    paid[struck] *= amounts.factors(np.nonzero(struck)[1], rng)
    return paid


def _begun(arr: Floats, signed: pd.DataFrame, day: int, until: int) -> Floats:
    """What everybody pays, once what was signed before the morning has begun."""
    begins = signed.loc[(signed["in_days"] > day) & (signed["in_days"] <= until)]
    newest = begins.drop_duplicates("account", keep="last")
    paid = arr.copy()
    paid[:, newest["account"].to_numpy(dtype=np.int64)] = newest["arr"].to_numpy(np.float64)
    return paid
