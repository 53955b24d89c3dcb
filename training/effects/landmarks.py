"""On which mornings might an account have reached a milestone or not, and what came of each?

A landmark is a morning on which the milestone was open. Within the next days (the window) it
was reached or it was not; whoever had left by the end of the window is out. The clock of the
outcome starts there, and everything adjusted for was known on the morning itself: nothing that
reaching the milestone may have changed. Every later morning is a landmark of its own, so that
an account that waits is compared, each time anew, with those that do not.

A short window leaves little time for something unseen to change both whether the milestone is
reached and whether the account stays.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.asof import NEVER, Bools, Ints
from features.assemble import FeatureSet
from features.encode import Encoder
from training.engine.followed import CHURN, Followed, follow
from training.engine.outcomes import reached_events
from training.engine.periods import Floats

WINDOW_DAYS = 7
SETTLED_DAYS = 14
"""A newcomer of less than this has shown nothing that accounts could be compared by."""
BUSY_MONTH, BUSY_WEEK = "busy_month", "busy_week"
DECIDED_DAYS = 42
"""How long before leaving it may have been decided. Whoever has decided uses the product less,
so that the placebo's clock starts only when those have left.
"""
PROBE = "active_days_7d"
"""Days with use. Those before are kept from what is adjusted for, so that the balance it was
not told to keep can be looked at; engagement shows in those after, however far the account has
climbed."""
_OF_A_WEEK = "activity_count_7d"
_BUSY, _BUSY_FROM = "active_days_28d", 0.75
_STEP_INPUTS = ("progress", "days_open", "days_to_due", "milestone_reach_rate")
_PROBED = ("active_days_7d", "active_days_ratio_7d", "days_since_active")
"""What says nearly the same as the probe."""
MOST_ROWS = 30_000
"""Landmarks of a milestone beyond which accounts are sampled."""


@dataclass(frozen=True, slots=True, eq=False)
class Landmarks:
    """The mornings on which one milestone was open, one row each."""

    milestone: str
    snapshot: Ints
    """Positions in the feature set's snapshots."""
    segment: np.ndarray
    account: Ints
    cluster: Ints
    """The account, or its parent: what is drawn as a whole."""
    inputs: Floats
    """What was known on the morning: features, this step's own, where the other steps stand."""
    probe: Floats
    later: Floats
    """Days with use in a week after the window; NaN where nothing is known of it."""
    is_reached: Bools
    """Within the window."""
    left: Floats
    """1 where the account left within the horizon after the window, else 0."""

    def __len__(self) -> int:
        return len(self.snapshot)


@dataclass(frozen=True, slots=True, eq=False)
class Book:
    """All mornings that may serve as landmarks, whatever the milestone."""

    features: FeatureSet
    followed: Followed
    window_days: int
    horizon_days: int
    settled: Bools
    cluster: Ints
    inputs: Floats
    """All three have a row per row of ``followed``."""

    def milestones(self) -> Iterator[Landmarks]:
        """The landmarks of every milestone, in the order in which the ladder names them."""
        steps = _steps_of(self.features, self.followed)
        for milestone in steps["milestone"].unique():
            yield self._of_milestone(str(milestone), steps)

    def busy_months(self) -> Landmarks:
        """The placebo: the first month in which an account is as busy as few of its segment.

        It shows engagement, as reaching a milestone does, and is not a cause of anything.
        """
        followed, snapshots = self.followed, self.features.snapshots.iloc[self.followed.rows]
        busy = self.features.values[_BUSY].to_numpy()[followed.rows]
        level = (
            pd.Series(busy)
            .groupby(snapshots["segment"].to_numpy())
            .transform("quantile", q=_BUSY_FROM)
        )
        is_busy = busy >= level.to_numpy()
        first = pd.Series(np.where(is_busy, followed.day, np.iinfo(np.int64).max))
        first_day = first.groupby(followed.account).transform("min").to_numpy()
        at = self._usable(DECIDED_DAYS)
        at = at[(followed.day < first_day)[at]]
        wait = first_day[at] - followed.day[at] - 1
        own = np.full((len(at), len(_STEP_INPUTS)), np.nan)
        return self._landmarks(BUSY_MONTH, at, wait=wait, own=own, delay_days=DECIDED_DAYS)

    def busy_weeks(self) -> Landmarks:
        """The bridge: a window in which more was done than in the one before.

        It shows engagement too, and how that goes on. No milestone was reached in it.
        """
        at = self._usable(DECIDED_DAYS)
        before, within = self._seen(_OF_A_WEEK, 0)[at], self._seen(_OF_A_WEEK, 1)[at]
        kept = np.isfinite(within) & ~self._climbed()[at]
        at, is_busy = at[kept], (within > before)[kept]
        own = np.full((len(at), len(_STEP_INPUTS)), np.nan)
        wait = np.where(is_busy, 0, self.window_days)
        return self._landmarks(BUSY_WEEK, at, wait=wait, own=own, delay_days=DECIDED_DAYS)

    def _seen(self, name: str, windows: int) -> Floats:
        """What an input says so many windows later; NaN where there was no such morning."""
        followed = self.followed
        values = self.features.values[name].to_numpy(dtype=np.float64)[followed.rows]
        mornings = pd.MultiIndex.from_arrays([followed.account, followed.day])
        asked = [followed.account, followed.day + windows * self.window_days]
        known = pd.Series(values, index=mornings).reindex(pd.MultiIndex.from_arrays(asked))
        return known.to_numpy(dtype=np.float64)

    def _climbed(self) -> Bools:
        """Whether any milestone was reached within the window."""
        reached, followed = self.features.reached, self.followed
        names = self.features.snapshots["account_id"].iloc[followed.rows]
        mornings = pd.DataFrame({"account_id": names.to_numpy(), "morning": followed.day})
        mornings = mornings.assign(at=np.arange(len(mornings)))
        known = reached.loc[reached["known_day"] < followed.training_day]
        both = mornings.merge(known[["account_id", "day"]], on="account_id")
        wait = both["day"] - both["morning"]
        within = both.loc[(wait >= 0) & (wait < self.window_days), "at"]
        return np.isin(mornings["at"].to_numpy(), within)

    def _of_milestone(self, milestone: str, steps: pd.DataFrame) -> Landmarks:
        own = steps.loc[steps["milestone"] == milestone]
        own = own.loc[np.isin(own["at"], self._usable(0))]
        at = own["at"].to_numpy(dtype=np.int64)
        day = self.followed.day[at]
        accounts = self.features.snapshots["account_id"].iloc[self.followed.rows].iloc[at]
        keys = pd.DataFrame({"account_id": accounts.to_numpy(), "milestone": milestone})
        event = reached_events(self.features.reached, keys)
        known = (event.day > NEVER) & (event.known_day < self.followed.training_day)
        wait = np.where(known & (event.day >= day), event.day - day, np.iinfo(np.int64).max)
        values = own[[name for name in _STEP_INPUTS if name in own]].to_numpy(dtype=np.float64)
        return self._landmarks(milestone, at, wait=wait, own=values)

    def _usable(self, delay_days: int) -> Ints:
        followed, watched = self.followed, self.window_days + delay_days
        in_time = followed.day + watched + self.horizon_days <= followed.end_day
        return np.flatnonzero(self.settled & in_time & (followed.followup.days >= watched))

    def _landmarks(
        self, milestone: str, at: Ints, *, wait: Ints, own: Floats, delay_days: int = 0
    ) -> Landmarks:
        kept = _sampled(self.cluster[at], len(at))
        at, wait, own = at[kept], wait[kept], own[kept]
        followed, rows = self.followed, self.followed.rows[at]
        struck = followed.followup.cause[at] == followed.causes.index(CHURN)
        soon = followed.followup.days[at] < self.window_days + delay_days + self.horizon_days
        return Landmarks(
            milestone=milestone,
            snapshot=rows,
            segment=self.features.snapshots["segment"].to_numpy(dtype=object)[rows],
            account=followed.account[at],
            cluster=self.cluster[at],
            inputs=np.hstack([self.inputs[at], own]),
            probe=_standardised(self.features.values[PROBE].to_numpy(dtype=np.float64)[rows]),
            later=self._seen(PROBE, 2)[at],
            is_reached=wait < self.window_days,
            left=(struck & soon).astype(np.float64),
        )


def landmark_book(
    features: FeatureSet, *, training_day: int, horizon_days: int, min_events: int
) -> Book:
    """Choose the mornings, a window apart, and look up what followed by the training day."""
    followed = follow(
        features, training_day=training_day, every_days=WINDOW_DAYS, min_events=min_events
    )
    window = max(WINDOW_DAYS, _apart(followed.day))
    settled = features.values["tenure_days"].to_numpy()[followed.rows] >= SETTLED_DAYS
    snapshots = features.snapshots.iloc[followed.rows]
    whole = snapshots["parent_id"].where(
        snapshots["parent_id"].notna(), snapshots["account_id"]
    )
    values = features.values.iloc[followed.rows]
    catalogue = features.catalogue.only(set(features.catalogue) - set(_PROBED))
    encoded = Encoder.fit(values, catalogue).matrix(values) if len(values) else np.empty((0, 0))
    return Book(
        features,
        followed,
        window,
        horizon_days,
        settled,
        cluster=pd.factorize(whole)[0].astype(np.int64),
        inputs=np.hstack([encoded, _places(features, followed)]),
    )


def _apart(day: Ints) -> int:
    """How many days lie between one morning and the next, as a rule."""
    days = np.unique(day)
    return int(np.median(np.diff(days))) if len(days) > 1 else 0


def _steps_of(features: FeatureSet, followed: Followed) -> pd.DataFrame:
    """Open milestones of the followed snapshots; ``at`` is the position in ``followed``."""
    position = np.full(len(features.snapshots), -1)
    position[followed.rows] = np.arange(len(followed.rows))
    at = position[features.steps["snapshot"].to_numpy(dtype=np.int64)]
    followed_steps: pd.DataFrame = features.steps.assign(at=at).loc[at >= 0]
    return followed_steps


def _places(features: FeatureSet, followed: Followed) -> Floats:
    """Progress on each open milestone; NaN where it is not open (done, locked, not asked)."""
    steps = _steps_of(features, followed)
    code, names = pd.factorize(steps["milestone"])
    places = np.full((len(followed.rows), len(names)), np.nan)
    places[steps["at"].to_numpy(dtype=np.int64), code] = steps["progress"].to_numpy()
    return places


def _sampled(cluster: Ints, rows: int) -> Ints:
    step = -(-rows // MOST_ROWS)
    return np.flatnonzero(cluster % max(step, 1) == 0)


def _standardised(values: Floats) -> Floats:
    spread = values.std() if len(values) else 0.0
    return (values - values.mean()) / spread if spread > 0 else values * 0.0
