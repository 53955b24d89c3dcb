"""What would somebody know who sees through everything?

The chances are exact: computed backwards from the laws, given the hidden state on each morning.
A run never reads them; they are there to judge what it says.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from features.simulated.company import Company
from features.simulated.journeys import Journeys
from features.simulated.ladder import RUNGS, SPINE
from features.simulated.laws import DIRECT_EFFECTS, SEGMENTS
from features.simulated.leaving import chance_of_leaving
from features.simulated.mornings import Outlooks
from features.simulated.reaching import chance_of_reaching
from features.simulated.weeks import Floats, Span

HORIZONS = (30, 60, 90, 180)
EFFECT_DAYS = 180


def risks(outlooks: Outlooks, company: Company, *, span: Span) -> pd.DataFrame:
    """The chance of leaving (no milestone), and of reaching each open milestone."""
    parts = []
    for milestone in (None, *RUNGS):
        rows = outlooks if milestone is None else outlooks.where(outlooks.is_open(milestone))
        for horizon in HORIZONS:
            parts.append(_risk(rows, company, milestone=milestone, horizon=horizon, span=span))
    table = pd.concat(parts, ignore_index=True)
    return table.sort_values(
        ["as_of", "account_id", "milestone", "horizon_days"], na_position="first"
    ).reset_index(drop=True)


def _risk(
    rows: Outlooks, company: Company, *, milestone: str | None, horizon: int, span: Span
) -> pd.DataFrame:
    if milestone is None:
        chance = chance_of_leaving(rows, horizon_days=horizon)
    else:
        chance = chance_of_reaching(rows, milestone, horizon_days=horizon)
    return pd.DataFrame(
        {
            "account_id": company.account_id[rows.account],
            "as_of": span.dates(7 * rows.week),
            "milestone": np.full(len(rows), milestone, dtype=object),
            "horizon_days": horizon,
            "chance": np.clip(chance, 0.0, 1.0),
        }
    )


def effects(outlooks: Outlooks) -> pd.DataFrame:
    """Points of probability that reaching each milestone now takes off or adds, by segment.

    The chance of leaving within 180 days if it were reached on the morning, less that if it
    were not reached within the 180 days, over the rows on which it is open. What it opens
    counts.
    """
    found = []
    for slug in RUNGS:
        rows = outlooks.where(outlooks.is_open(slug))
        points = effect_points(rows, slug)
        for number, name in enumerate(SEGMENTS):
            of_segment = rows.segment == number
            if of_segment.any():
                found.append((name, slug, float(points[of_segment].mean())))
    return pd.DataFrame(found, columns=["segment", "milestone", "effect_points_180d"])


def effect_points(rows: Outlooks, slug: str) -> Floats:
    """The effect on each row on which the milestone is open."""
    if not any(DIRECT_EFFECTS[slug]) and slug not in SPINE.done_at:
        return np.zeros(len(rows))
    with_it = chance_of_leaving(reached_now(rows, slug), horizon_days=EFFECT_DAYS)
    without = chance_of_leaving(rows, horizon_days=EFFECT_DAYS, forbidden=slug)
    return with_it - without


def reached_now(rows: Outlooks, slug: str) -> Outlooks:
    """The same rows, had the milestone been reached on the morning."""
    if slug in SPINE.done_at:
        return replace(rows, place=np.full(len(rows), SPINE.done_at[slug]))
    done = np.full(len(rows), rows.side(slug)[1])
    if slug == "executive_review_held":
        return replace(rows, review=done)
    return replace(rows, integration=done)


def moments(company: Company, journeys: Journeys, *, span: Span) -> pd.DataFrame:
    """The day on which each milestone was truly reached."""
    parts = []
    for slug in RUNGS:
        day = journeys.reached_day(slug)
        who = np.flatnonzero(day < span.days)
        parts.append(
            pd.DataFrame(
                {
                    "account_id": company.account_id[who],
                    "milestone": slug,
                    "reached_on": span.dates(day[who]),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)
