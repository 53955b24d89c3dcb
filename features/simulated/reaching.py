"""How likely is each open milestone to be reached within a horizon and before any exit?

Exactly, like the chance of leaving: computed backwards from the laws.
"""

import numpy as np

from features.simulated.ahead import SIDES, SURVIVES, Law
from features.simulated.ladder import RUNGS, SPINE
from features.simulated.laws import LEAD_WEEKS
from features.simulated.leaving import (
    FACTORS,
    cases_of,
    factor_code,
    laws,
    look_up,
    under,
)
from features.simulated.mornings import Outlooks
from features.simulated.weeks import Floats


def chance_of_reaching(outlooks: Outlooks, slug: str, *, horizon_days: int) -> Floats:
    """The chance for rows on which the milestone is open; zero for the others."""
    chance = np.zeros(len(outlooks))
    for law in laws(goal=slug):
        rows = np.flatnonzero(under(outlooks, law) & outlooks.is_open(slug))
        if len(rows):
            goal = _Goal(law, horizon_days)
            way = _monthly if law.is_monthly else _annual
            chance[rows] = way(goal, outlooks.where(rows))
    return chance


class _Goal:
    """One milestone within one horizon, under one law."""

    def __init__(self, law: Law, horizon_days: int) -> None:
        self.law, self.slug = law, str(law.goal)
        self.weeks = -(-horizon_days // 7)
        days_of_last = horizon_days - 7 * (self.weeks - 1)
        self.share_of_last = float(RUNGS[self.slug].by_weekday[days_of_last])

    def steps(self, values: Floats, week: int) -> Floats:
        """Values after this week's move and decision, among those who do not leave in it."""
        last = week == self.weeks - 1
        values = values.copy()
        self._done(values)[...] = self.share_of_last if last else 1.0
        return SURVIVES * self.law.before_steps(values)

    def _done(self, values: Floats) -> Floats:
        """The part of the table in which the milestone is reached."""
        axis = 1 if self.slug in SPINE.done_at else SIDES[self.slug][0]
        place = (slice(None),) * axis + (slice(values.shape[axis] - 1, None),)
        return values[place]


def _annual(goal: _Goal, rows: Outlooks) -> Floats:
    """Follow those with no decision ahead, and branch off those who decide in each week."""
    law, lead = goal.law, int(LEAD_WEEKS[goal.law.segment])
    leaving = _to_the_exit(goal, lead)
    leaves = law.leaves(FACTORS)
    calm, deciding = goal.law.blank(), goal.law.blank(columns=0)
    for week in reversed(range(goal.weeks)):
        calm_now, deciding_now = goal.steps(calm, week), goal.steps(deciding, week)
        if week + lead < goal.weeks:
            split = leaves * goal.steps(leaving[lead - 1], -1) + (1 - leaves) * calm_now
            deciding_now = np.concatenate([deciding_now, split], axis=-1)
        calm, deciding = law.before_move(calm_now), law.before_move(deciding_now)
    chance = look_up(calm, rows, column=np.zeros(len(rows), dtype=np.int64))
    latest = goal.weeks - 1 - lead
    decides = ~rows.is_leaving & (rows.decides_in >= 0) & (rows.decides_in <= latest)
    some = np.flatnonzero(decides)
    ahead = rows.decides_in[some]
    column = (latest - ahead) * len(FACTORS) + factor_code(rows.where(some), ahead)
    chance[some] = look_up(deciding, rows.where(some), column=column)
    left = rows.ends_in // 7
    for weeks, values in enumerate(leaving):
        last = np.flatnonzero(rows.is_leaving & (left == weeks) & (weeks < goal.weeks))
        chance[last] = look_up(
            values, rows.where(last), column=np.zeros(len(last), dtype=np.int64)
        )
    return chance


def _to_the_exit(goal: _Goal, lead: int) -> list[Floats]:
    """Values for those who have decided to leave, by weeks left; nobody steps in the last."""
    values = [goal.law.blank()]
    for _ in range(lead):
        values.append(goal.law.before_move(goal.steps(values[-1], -1)))
    return values


def _monthly(goal: _Goal, rows: Outlooks) -> Floats:
    cases, column = cases_of(rows, rows.due[:, : goal.weeks])
    leaves = goal.law.leaves(FACTORS)
    values = goal.law.blank(columns=len(cases))
    for week in reversed(range(goal.weeks)):
        goes = leaves[..., np.maximum(cases[:, week], 0)] * (cases[:, week] >= 0)
        values = goal.law.before_move((1 - goes) * goal.steps(values, week))
    return look_up(values, rows, column=column)
