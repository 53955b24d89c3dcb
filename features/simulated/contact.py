"""When do the customers and the company's people talk to each other?

Tickets rise with trouble, calls and e-mails follow the CSM's routine, nudges go out when a
milestone has been open for long. None of them changes what happens next: the truth knows no
effect of a touch.
"""

import numpy as np
import pandas as pd

from features.simulated.company import Company
from features.simulated.journeys import Journeys
from features.simulated.ladder import SPINE, SPINE_SLUGS
from features.simulated.laws import in_trouble, level_of
from features.simulated.people import People
from features.simulated.use import LEVEL_USE
from features.simulated.weeks import Floats, Ints, Span

KINDS = ("call", "email", "nudge", "ticket")
CALLS, EMAILS, NUDGES, TICKETS = 0.06, 0.12, 0.20, 0.10
TROUBLED = 6.0
"""What trouble multiplies the number of tickets by."""
NUDGED_AFTER_WEEKS = 8
LATE_SHARE, LATE_DAYS = 0.05, 5


def touch_rows(
    company: Company,
    journeys: Journeys,
    *,
    people: People,
    span: Span,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """The touches table of some accounts, in the order of account and time."""
    account, week, kind = _drawn(company, journeys, rng=rng)
    day = 7 * week + rng.integers(5, size=len(week))
    second = rng.integers(8 * 3600, 18 * 3600, size=len(week))
    late = rng.random(len(week)) < LATE_SHARE
    lag = np.where(late, rng.integers(1, LATE_DAYS + 1, len(week)) * 86_400, 0)
    known = day * 86_400 + second + lag + rng.integers(60, 7200, size=len(week))
    keep = (day < journeys.exit_day[account]) & (known < span.days * 86_400)
    order = np.flatnonzero(keep)[np.lexsort((second[keep], day[keep], account[keep]))]
    account, week, kind, day = account[order], week[order], kind[order], day[order]
    milestone = np.array([*SPINE_SLUGS, None], dtype=object)
    open_rung = np.append(SPINE.rung, len(SPINE_SLUGS))[journeys.place[account, week]]
    asker = people.at_desk(account, people.admins[account], week=week)
    is_ticket = kind == KINDS.index("ticket")
    return pd.DataFrame(
        {
            "account": account,
            "user": np.where(is_ticket, asker, -1),
            "kind": np.array(KINDS, dtype=object)[kind],
            "occurred_at": span.moments(day, second[order]),
            "milestone": np.where(kind == KINDS.index("nudge"), milestone[open_rung], None),
            "known_at": span.moments(np.zeros_like(day), known[order]),
        }
    )


def _drawn(
    company: Company, journeys: Journeys, *, rng: np.random.Generator
) -> tuple[Ints, Ints, Ints]:
    """Account, week and kind of every touch."""
    lived = journeys.state >= 0
    rates = np.stack(_rates(company, journeys)) * lived[None]
    counts = rng.poisson(rates)
    kind, account, week = np.nonzero(counts)
    times = counts[kind, account, week]
    return np.repeat(account, times), np.repeat(week, times), np.repeat(kind, times)


def _rates(company: Company, journeys: Journeys) -> tuple[Floats, ...]:
    state = np.maximum(journeys.state, 0)
    steady = np.ones(state.shape)
    size = np.sqrt(company.seats / 20)[:, None]
    use = 0.4 + LEVEL_USE[level_of(state)]
    tickets = TICKETS * size * use * np.where(in_trouble(state), TROUBLED, 1.0)
    place = journeys.place[:, :-1]
    stalled = np.zeros(state.shape, dtype=bool)
    stalled[:, NUDGED_AFTER_WEEKS:] = (
        place[:, NUDGED_AFTER_WEEKS:] == place[:, :-NUDGED_AFTER_WEEKS]
    ) & (place[:, NUDGED_AFTER_WEEKS:] < SPINE.places - 1)
    stalled[:, NUDGED_AFTER_WEEKS:] &= journeys.state[:, :-NUDGED_AFTER_WEEKS] >= 0
    return CALLS * steady, EMAILS * steady, NUDGES * stalled, tickets
