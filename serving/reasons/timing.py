"""Why does the same pull weigh more in one account than in another? Because of when it falls.

No input accounts for it: an account whose contract comes up for renewal within the days looked
at carries a risk that most others do not, and one whose time with us will end otherwise has
fewer days left to leave in. It is told with what a CSM can check.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from configs.phrases import Phrases
from serving import formats
from serving.reasons.explain import Points
from serving.scorecard import Reason
from training.engine.curves import IncidenceCurves
from training.engine.periods import Floats
from training.engine.weighing import weighed

TIMING = "timing"
"""The family that holds no input: when in the horizon the risk falls, and competing exits."""
RENEWAL = "days_to_renewal"
"""The input that says when the commitment ends."""

WITHOUT_AN_END = 0.1
"""Another end that is likelier than this comes with the end of the commitment: of one that
ends only after the horizon no such chance is told.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Timing:
    """What is known of when each account's risk falls; one row per account."""

    points: Floats
    competing: Floats
    """The part of the points that is due to other ends than the one in question."""
    other_end: Floats
    """Chance that the account's time with us ends otherwise within the horizon."""
    mean_day: Floats
    """The day, on average, on which an account that leaves within the horizon does."""
    horizon_days: int


def timing_of(
    parts: Points, curves: IncidenceCurves, *, cause: str, horizon_days: int
) -> Timing:
    """Gather what tells when the risk of ``cause`` falls."""
    others = [curves.incidence_at(c, horizon_days) for c in curves.by_cause if c != cause]
    return Timing(
        points=parts.timing,
        competing=parts.competing,
        other_end=np.sum(others, axis=0) if others else np.zeros(len(curves)),
        mean_day=_mean_day(curves, cause, horizon_days),
        horizon_days=horizon_days,
    )


def _mean_day(curves: IncidenceCurves, cause: str, horizon_days: int) -> Floats:
    ends = np.unique(np.minimum(curves.days, horizon_days))
    chances = np.stack([curves.incidence_at(cause, day) for day in ends], axis=1)
    within = np.diff(chances, axis=1, prepend=0.0)
    middle = (ends + np.concatenate([[0.0], ends[:-1]])) / 2
    total = chances[:, -1]
    usual = np.full(len(total), horizon_days / 2)
    day: Floats = np.divide(weighed(within, middle), total, out=usual, where=total > 0)
    return day


def timing_reasons(
    timing: Timing, renewal: Sequence[float | None], phrases: Phrases
) -> list[Reason]:
    """Tell each account's timing by the larger of its two causes, with the number behind it.

    ``renewal`` holds the days until each account's commitment ends, where that is known.
    """
    typical = _Typical(timing, phrases)
    columns = zip(
        timing.points.tolist(),
        timing.competing.tolist(),
        timing.other_end.tolist(),
        timing.mean_day.tolist(),
        renewal,
        strict=True,
    )
    return [
        typical.competing(points, chance, days)
        if competing * points > 0 and abs(competing) > abs(points - competing)
        else typical.falling(points, day, days)
        for points, competing, chance, day, days in columns
    ]


class _Typical:
    """Says one account's timing beside what is typical of all."""

    def __init__(self, timing: Timing, phrases: Phrases) -> None:
        some = len(timing.points) > 0
        self._words = phrases.timing
        self._horizon = timing.horizon_days
        self._day = float(np.median(timing.mean_day)) if some else 0.0
        self._chance = float(np.median(timing.other_end)) if some else 0.0
        self._fill = {
            "horizon": formats.days(timing.horizon_days),
            "accounts": phrases.words.account[1],
        }

    def competing(self, points: float, chance: float, renewal: float | None) -> Reason:
        """Another end comes sooner, or later, than in most accounts."""
        words, more = self._words, {"chance": formats.percent(chance)}
        if points > 0:
            return self._reason(points, words.no_other_end, more, chance, self._chance)
        if renewal is not None and renewal > self._horizon and chance > WITHOUT_AN_END:
            return self._reason(points, words.renewal_beyond, _when(renewal), renewal)
        if renewal is not None and 0 <= renewal <= self._horizon / 2 and chance >= 0.5:
            return self._reason(points, words.ends_before, _when(renewal), renewal)
        return self._reason(points, words.other_end, more, chance, self._chance)

    def falling(self, points: float, day: float, renewal: float | None) -> Reason:
        """The risk falls on other days than in most accounts, or on the same."""
        words = self._words
        if points == 0:
            return self._reason(points, words.none, {})
        if renewal is not None and 0 <= renewal <= self._horizon and points > 0:
            return self._reason(points, words.renewal_within, _when(renewal), renewal)
        if renewal is not None and renewal > self._horizon and points < 0:
            return self._reason(points, words.renewal_beyond, _when(renewal), renewal)
        own, others = f"day {day:.0f}", f"day {self._day:.0f}"
        if points < 0 or own == others:
            spread = words.as_others if points < 0 else words.unlike_others
            return self._reason(points, spread, {})
        days = {"own": own, "others": others}
        return self._reason(points, words.other_days, days, day, self._day)

    def _reason(
        self,
        points: float,
        text: str,
        more: Mapping[str, str],
        value: float | None = None,
        typical: float | None = None,
    ) -> Reason:
        return Reason(TIMING, text.format(**self._fill, **more), value, typical, 1.0, points)


def _when(renewal: float) -> Mapping[str, str]:
    return {"renewal": "today" if renewal < 0.5 else f"in {formats.days(renewal)}"}
