"""By which laws do the simulated accounts thrive, climb and leave?

The hidden state of an account in a week is how engaged it is (five levels), whether its sponsor
is gone, and whether it is in trouble; it moves as a Markov chain. Engagement drives everything
that can be seen: use, milestones and leaving. That is the confounding which makes every
milestone look like a cure. What a milestone truly does stands in ``DIRECT_EFFECTS`` and nowhere
else.
"""

import numpy as np

from features.simulated.ladder import RUNGS, SPINE, Rung, spine_rungs
from features.simulated.weeks import Codes, Floats, Ints

SEGMENTS = ("enterprise", "mid_market", "startup")
LEVELS = 5
STATES = LEVELS * 4

START_LEVELS = np.array([0.04, 0.18, 0.33, 0.30, 0.15])
RISE, FALL = 0.045, 0.045
SPONSOR_LEAVES, SPONSOR_REPLACED = 0.010, 0.09
TROUBLE_STARTS, TROUBLE_ENDS = 0.022, 0.14

LEAD_WEEKS = np.array([5, 3, 2])
"""Weeks before the end of an annual term in which the renewal is decided, by segment."""
ACQUIRED_A_WEEK = 0.0006
"""The chance that an account is bought by another company: the competing end."""

ANNUAL_HAZARD = np.array([2.6, 1.6, 0.75, 0.34, 0.15])
MONTHLY_HAZARD = np.array([0.36, 0.19, 0.08, 0.032, 0.014])
"""Cumulative hazard of leaving at one decision, by engagement, before everything else."""
SPONSOR_GONE, IN_TROUBLE = 1.6, 1.5
SEGMENT_HAZARD = np.array([0.75, 1.0, 1.1])
INDUSTRY_HAZARD = np.array([0.85, 1.25])
SHOCK = 1.9
"""What the price shock multiplies every hazard of leaving by."""

PACE = np.array([0.8, 1.0, 1.15])
"""How fast each segment climbs: large companies take their time."""
TROUBLED_PACE = 0.7

DIRECT_EFFECTS: dict[str, tuple[float, float, float]] = {
    "data_source_connected": (-0.10, -0.15, -0.25),
    "builders_at_work": (0.0, -0.10, -0.30),
    "first_workflow_automated": (-0.55, -0.80, -0.50),
    "weekly_reporting_rhythm": (-0.70, -0.35, -0.10),
    "half_the_seats_collaborate": (-0.15, -0.50, -0.90),
    "dashboards_polished": (0.0, 0.0, 0.0),
    "executive_review_held": (-0.60, -0.10, 0.0),
    "systems_integrated": (-0.45, 0.0, 0.0),
}
"""Change of the log-hazard of leaving once the milestone is reached, per segment."""


def level_of(state: Ints | Codes) -> Ints:
    """How engaged: 0 (dormant) to 4 (thriving)."""
    return np.asarray(state // 4, dtype=np.int64)


def sponsor_gone(state: Ints | Codes) -> Ints:
    """Whether the administrators who wanted the product are gone: 1 or 0."""
    return np.asarray(state // 2 % 2, dtype=np.int64)


def in_trouble(state: Ints | Codes) -> Ints:
    """Whether something is broken for them: 1 or 0."""
    return np.asarray(state % 2, dtype=np.int64)


def start_chances() -> Floats:
    """Chance of each hidden state in an account's first week."""
    chances = np.zeros((LEVELS, 2, 2))
    chances[:, 0, 0] = START_LEVELS
    return chances.ravel()


def transitions() -> Floats:
    """Chance of each hidden state next week (column), given this week's (row)."""
    state = np.arange(STATES)
    level, gone, trouble = level_of(state), sponsor_gone(state), in_trouble(state)
    fall = FALL * np.where(trouble, 2.4, 1.0) * np.where(gone, 1.9, 1.0)
    rise = RISE * np.where(trouble, 0.5, 1.0) * np.where(gone, 0.5, 1.0)
    by_level = np.zeros((STATES, LEVELS))
    by_level[state, np.maximum(level - 1, 0)] += fall
    by_level[state, np.minimum(level + 1, LEVELS - 1)] += rise
    by_level[state, level] += 1 - rise - fall
    by_gone = _two_states(gone, SPONSOR_LEAVES, SPONSOR_REPLACED)
    by_trouble = _two_states(trouble, TROUBLE_STARTS, TROUBLE_ENDS)
    joint = (
        by_level[:, :, None, None] * by_gone[:, None, :, None] * by_trouble[:, None, None, :]
    )
    return joint.reshape(STATES, STATES)


def _two_states(now: Ints, on: float, off: float) -> Floats:
    to_one = np.where(now, 1 - off, on)
    return np.stack([1 - to_one, to_one], axis=1)


def step_chance(rung: Rung, *, segment: int) -> Floats:
    """Chance, by hidden state, that an account takes a step of an open milestone in a week."""
    state = np.arange(STATES)
    chance = np.array(rung.weekly_chance)[level_of(state)]
    chance = chance * np.where(in_trouble(state), TROUBLED_PACE, 1.0) * PACE[segment]
    return np.where(sponsor_gone(state) * rung.needs_sponsor == 1, 0.0, chance)


def leaving_hazard(segment: int, *, is_monthly: bool) -> Floats:
    """Cumulative hazard of leaving at a decision, by hidden state and milestones.

    Shape (states, places on the spine, review not held or held, steps of integration); still to
    be multiplied by the industry's factor and the price shock.
    """
    state = np.arange(STATES)
    hazard = (MONTHLY_HAZARD if is_monthly else ANNUAL_HAZARD)[level_of(state)]
    hazard = hazard * SEGMENT_HAZARD[segment]
    hazard = hazard * np.where(sponsor_gone(state), SPONSOR_GONE, 1.0)
    hazard = hazard * np.where(in_trouble(state), IN_TROUBLE, 1.0)
    place = np.arange(SPINE.places)
    spine = sum(
        DIRECT_EFFECTS[rung.slug][segment] * (place >= SPINE.done_at[rung.slug])
        for rung in spine_rungs()
    )
    review, integration = RUNGS["executive_review_held"], RUNGS["systems_integrated"]
    held = DIRECT_EFFECTS[review.slug][segment] * np.array([0.0, 1.0])
    integrated = DIRECT_EFFECTS[integration.slug][segment] * np.array([0.0, 0.0, 1.0])
    effects = np.asarray(spine)[:, None, None] + held[None, :, None] + integrated[None, None, :]
    return np.asarray(hazard[:, None, None, None] * np.exp(effects)[None])
