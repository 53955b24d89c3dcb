"""What did a trial find of reaching a milestone, where one has run?

A trial is in the touches: rows with a ``trial`` and an ``arm``, one at least for every account
that was drawn, also for those left alone (arm ``control``). An account's first row says its arm
and when its clock starts, and it stays in that arm whatever was done (intention to treat). How
much more often the helped arm reached the milestone, and how much less often it left, are both
plain differences of shares. Their ratio is what reaching it does to those whom the help moved
(Imbens and Angrist 1994), if the help acts on leaving through that milestone alone. It takes
the place of what history says.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from features.asof import Bools, day_number
from features.assemble import FeatureSet
from training.effects.effect import Effect
from training.engine.followed import CHURN, lag_known_by
from training.engine.periods import Floats

CONTROL = "control"
LEAST_IN_ARM, LEAST_LEFT = 40, 30
LEAST_MOVED = 3.2
"""Standard errors by which the help must have moved reaching it: beneath, the ratio of two
differences has no normal interval (an F of 10; Staiger and Stock 1997)."""
TWO_SIDED_95, ONE_IN_A_THOUSAND = 1.959964, 3.29
BEFORE = "active_days_28d"
"""What both arms must have had alike before anything was done."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Helped less control, of a share or a mean, with its standard error."""

    points: float
    error: float

    @property
    def told(self) -> str:
        """The points and their 95 % interval."""
        reach = TWO_SIDED_95 * self.error
        low, high = 100 * (self.points - reach), 100 * (self.points + reach)
        return f"{100 * self.points:+.1f} points ({low:+.1f} to {high:+.1f})"


def with_trials(
    found: Sequence[Effect], features: FeatureSet, *, training_day: int, horizon_days: int
) -> tuple[Effect, ...]:
    """Put what a trial found in the place of what history says, where one has run."""
    lag = lag_known_by(training_day, features.exits)
    until = training_day - lag - horizon_days
    drawn = _drawn(features, until=until, training_day=training_day)
    if drawn.empty:
        return tuple(found)
    told = _with_outcomes(drawn, features, training_day=training_day, days=horizon_days)
    by_cell = {(e.segment, e.milestone): e for e in found}
    for key, own in _cells(told):
        before = by_cell.get(key, Effect(*key, evidence="too_few"))
        by_cell[key] = judged(own, before)
    return tuple(by_cell.values())


def difference(values: Floats, helped: Bools) -> Difference:
    """Compare the means of two arms.

    >>> found = difference(np.array([1.0, 1.0, 0.0, 0.0]), np.array([True, True, False, False]))
    >>> found.points, found.error
    (1.0, 0.0)
    """
    one, other = values[helped], values[~helped]
    error = np.sqrt(one.var(ddof=1) / len(one) + other.var(ddof=1) / len(other))
    return Difference(float(one.mean() - other.mean()), float(error))


def judged(drawn: pd.DataFrame, before: Effect) -> Effect:
    """What a trial's accounts (``is_helped``, ``reached``, ``left``, ``before``) say of a step.

    Where they are too few, or the draw was no draw, what stood before stands, and it is said.
    """
    name, helped = str(drawn["trial"].iloc[0]), drawn["is_helped"].to_numpy(dtype=bool)
    left = drawn["left"].to_numpy(dtype=np.float64)
    arms = (int(helped.sum()), int((~helped).sum()))
    if min(arms) < LEAST_IN_ARM or left.sum() < LEAST_LEFT:
        return _still(before, f"trial {name}: too few accounts or leavers so far")
    past = difference(drawn["before"].fillna(0.0).to_numpy(dtype=np.float64), helped)
    if abs(past.points) > ONE_IN_A_THOUSAND * past.error:
        return _still(before, f"trial {name}: its arms differed before it began")
    reached = drawn["reached"].to_numpy(dtype=np.float64)
    moved, stayed = difference(reached, helped), difference(left, helped)
    said = (
        f"trial {name}, {arms[0]} helped and {arms[1]} not: reached it {moved.told}, "
        f"left {stayed.told}"
    )
    if moved.points < LEAST_MOVED * moved.error:
        return _still(before, f"{said}; too few were moved to say what reaching it does")
    points = stayed.points / moved.points
    error = difference(left - points * reached, helped).error / moved.points
    found = replace(
        before,
        risk_without=float(left[~helped].mean()),
        reached=int(reached.sum()),
        left=int(left.sum()),
        effective=float(min(arms)),
    )
    return _of_those_moved(found, points, error=error, said=said)


def _of_those_moved(counted: Effect, points: float, *, error: float, said: str) -> Effect:
    """The effect on those whom the help moved, which is none where it may be chance."""
    low, high = points - TWO_SIDED_95 * error, points + TWO_SIDED_95 * error
    covers = low <= 0 <= high
    return replace(
        counted,
        evidence="descriptive" if covers else "randomised",
        points=points,
        low=low,
        high=high,
        best=points,
        lent=None,
        robustness=None,
        robustness_low=None,
        past_use=None,
        remark=f"{said}; its interval covers zero" if covers else said,
    )


def _still(before: Effect, why: str) -> Effect:
    return replace(before, remark="; ".join(filter(None, (before.remark, why))))


def _drawn(features: FeatureSet, *, until: int, training_day: int) -> pd.DataFrame:
    """Accounts drawn early enough, with their segment and their use when they were drawn."""
    arms = features.arms
    arms = arms.loc[(arms["day"] <= until) & (arms["known_day"] < training_day)]
    seen = features.snapshots[["account_id", "day", "segment"]].assign(
        before=features.values[BEFORE].to_numpy()
    )
    drawn = pd.merge_asof(
        arms.sort_values("day"), seen.sort_values("day"), on="day", by="account_id"
    )
    return drawn.loc[drawn["segment"].notna()].assign(is_helped=drawn["arm"] != CONTROL)


def _with_outcomes(
    drawn: pd.DataFrame, features: FeatureSet, *, training_day: int, days: int
) -> pd.DataFrame:
    exits = features.exits
    known = (day_number(exits["known_at"]) < training_day) & (exits["cause"] == CHURN)
    left = _within(drawn, exits.assign(day=day_number(exits["exited_at"])).loc[known], days)
    steps = features.reached.loc[features.reached["known_day"] < training_day]
    reached = _within(drawn, steps, days, also=["milestone"])
    return drawn.assign(left=left, reached=reached)


def _within(
    drawn: pd.DataFrame, events: pd.DataFrame, days: int, also: Sequence[str] = ()
) -> Bools:
    """Whether something happened to each within so many days of its being drawn."""
    keys = ["account_id", *also]
    both = drawn[[*keys, "day"]].assign(row=np.arange(len(drawn)))
    both = both.merge(events[[*keys, "day"]], on=keys, suffixes=("", "_event"))
    wait = both["day_event"] - both["day"]
    return np.isin(np.arange(len(drawn)), both.loc[(wait >= 0) & (wait < days), "row"])


def _cells(told: pd.DataFrame) -> Iterator[tuple[tuple[str, str], pd.DataFrame]]:
    """Each segment's newest trial of each milestone."""
    for (segment, milestone), own in told.groupby(["segment", "milestone"]):
        newest = own["trial"].to_numpy()[own["day"].to_numpy().argmax()]
        yield (str(segment), str(milestone)), own.loc[own["trial"] == newest]
