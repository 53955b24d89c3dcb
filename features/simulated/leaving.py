"""How likely is each account to leave within a horizon, exactly?

An account on annual terms can only leave at the end of its term, by a decision taken some weeks
before; one on monthly terms at the end of any month. The chance of being acquired first is
taken off. A day counts when it begins within the horizon: the morning's day is the first of 30,
and the thirtieth day after it no longer counts.
"""

import numpy as np

from features.simulated.ahead import SURVIVES, Law
from features.simulated.laws import INDUSTRY_HAZARD, SEGMENTS, SHOCK
from features.simulated.mornings import WEEKS_AHEAD, Outlooks
from features.simulated.weeks import Bools, Floats, Ints

FACTORS = np.concatenate([INDUSTRY_HAZARD, INDUSTRY_HAZARD * SHOCK])
"""What may multiply the hazard: the industry groups, before and under the price shock."""


def factor_code(outlooks: Outlooks, weeks_ahead: Ints) -> Ints:
    """Index into FACTORS of each row, at a decision so many weeks ahead."""
    shocked = weeks_ahead >= outlooks.shock_in
    return outlooks.industry_group + len(INDUSTRY_HAZARD) * shocked


def laws(*, forbidden: str | None = None, goal: str | None = None) -> list[Law]:
    """Every law that some accounts live under."""
    return [
        Law(segment, is_monthly, forbidden, goal)
        for segment in range(len(SEGMENTS))
        for is_monthly in (False, True)
    ]


def under(outlooks: Outlooks, law: Law) -> Bools:
    """Which rows live under that law."""
    same = outlooks.is_monthly == law.is_monthly
    return np.asarray(same & (outlooks.segment == law.segment))


def chance_of_leaving(
    outlooks: Outlooks, *, horizon_days: int, forbidden: str | None = None
) -> Floats:
    """The chance of churn within the horizon, given the hidden state on the morning.

    ``forbidden`` names a milestone that is never reached from now on.
    """
    chance = np.zeros(len(outlooks))
    for law in laws(forbidden=forbidden):
        rows = np.flatnonzero(under(outlooks, law))
        if len(rows):
            way = _monthly if law.is_monthly else _annual
            chance[rows] = way(law, outlooks.where(rows), horizon_days=horizon_days)
    return chance


def _annual(law: Law, rows: Outlooks, *, horizon_days: int) -> Floats:
    ahead = np.clip(rows.decides_in, 0, WEEKS_AHEAD - 1)
    in_time = rows.ends_in < horizon_days
    asked = in_time & ~rows.is_leaving
    decision = np.zeros(len(rows))
    values = law.before_move(law.leaves(FACTORS))
    for week in range(int(ahead[asked].max(initial=0)) + 1):
        if week:
            values = law.before_move(law.before_steps(values))
        now = np.flatnonzero(asked & (ahead == week))
        code = factor_code(rows, np.full(len(rows), week))[now]
        decision[now] = look_up(values, rows.where(now), column=code)
    decision = np.where(rows.is_leaving, 1.0, decision)
    return np.where(in_time, decision * SURVIVES ** (rows.ends_in // 7), 0.0)


def _monthly(law: Law, rows: Outlooks, *, horizon_days: int) -> Floats:
    weeks = -(-horizon_days // 7)
    counts = rows.due[:, :weeks] & (rows.due_day[:, :weeks] < horizon_days)
    cases, column = cases_of(rows, counts)
    leaves = law.leaves(FACTORS)
    values = law.blank(columns=len(cases))
    for week in reversed(range(weeks)):
        goes = leaves[..., np.maximum(cases[:, week], 0)] * (cases[:, week] >= 0)
        stays = SURVIVES * law.before_steps(values)
        values = law.before_move(goes + (1 - goes) * stays)
    return look_up(values, rows, column=column)


def cases_of(rows: Outlooks, due: Bools) -> tuple[Ints, Ints]:
    """Tell apart the rows that differ in what is due when; -1 where nothing is.

    Gives the cases (a column per week: the index into FACTORS) and the case of each row.
    """
    weeks = np.arange(due.shape[1])
    code = np.stack([factor_code(rows, np.full(len(rows), week)) for week in weeks], axis=1)
    cases, column = np.unique(np.where(due, code, -1), axis=0, return_inverse=True)
    return cases.astype(np.int64), column.reshape(-1).astype(np.int64)


def look_up(values: Floats, rows: Outlooks, *, column: Ints) -> Floats:
    """Read each row's value at its state and places."""
    axes = values.shape[2:5]
    sides = (rows.review, rows.integration, rows.dashboards)
    at = [np.minimum(side, size - 1) for side, size in zip(sides, axes, strict=True)]
    found: Floats = values[rows.state, rows.place, at[0], at[1], at[2], column]
    return found
