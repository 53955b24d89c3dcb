"""Who are the simulated company's customers, and on which terms did they sign?"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.simulated.laws import LEAD_WEEKS
from features.simulated.naming import account_names, owner_names
from features.simulated.weeks import Bools, Floats, Ints, Span

Texts = npt.NDArray[np.object_]

SEGMENT_SHARES = (0.18, 0.35, 0.47)
PLANS = (("enterprise",), ("business",), ("team", "starter"))
SEATS = ((50, 120), (16, 40), (6, 14))
SEAT_PRICE = (640.0, 520.0, 380.0)
MONTHLY_SHARE = (0.0, 0.0, 0.6)
INDUSTRIES = ("software", "logistics", "finance", "healthcare", "retail", "hospitality")
INDUSTRY_GROUP = (0, 0, 0, 0, 1, 1)
"""Into which class of hazard each industry falls: calm or restless."""
REGIONS = ("Americas", "EMEA", "APAC")
ACCOUNTS_AN_OWNER = 50
SHARE_IN_GROUPS = 0.12
FOUNDING_SHARE, FOUNDING_TIME = 0.5, 0.2
"""Share of the accounts that sign up in the first part of the span, and how long that is."""
LAST_DAY_OF_MONTH = 28


@dataclass(frozen=True, slots=True, eq=False)
class Company:
    """One entry per account, in the order of their ids."""

    account_id: Texts
    name: Texts
    owner: Texts
    parent_id: Texts
    """None where the account belongs to no group."""
    segment: Ints
    plan: Texts
    industry: Ints
    region: Ints
    seats: Ints
    arr: Floats
    signed_day: Ints
    starts_day: Ints
    """First day of the first term: the kickoff."""
    is_monthly: Bools
    usage_factor: Floats
    """How much this account does at equal engagement: hidden, and without any other effect."""

    def __len__(self) -> int:
        return len(self.account_id)

    @property
    def first_week(self) -> Ints:
        """The first whole week after kickoff, from which on hidden states and use exist."""
        return self.starts_day // 7 + 1

    @property
    def industry_group(self) -> Ints:
        return np.array(INDUSTRY_GROUP)[self.industry]

    @property
    def lead_weeks(self) -> Ints:
        """Weeks before the end of a term in which its renewal is decided."""
        return np.where(self.is_monthly, 0, LEAD_WEEKS[self.segment])


def found_company(accounts: int, *, span: Span, rng: np.random.Generator) -> Company:
    """Draw the accounts."""
    segment = rng.choice(3, size=accounts, p=SEGMENT_SHARES)
    signed, starts = _start(accounts, span, rng)
    low, high = np.array(SEATS)[segment].T
    seats = np.exp(rng.uniform(np.log(low), np.log(high + 1))).astype(np.int64)
    plan_kind = (rng.random(accounts) < 0.5).astype(np.int64)
    plans = [PLANS[s][k % len(PLANS[s])] for s, k in zip(segment, plan_kind, strict=True)]
    price = np.array(SEAT_PRICE)[segment] * np.exp(rng.normal(-0.05, 0.18, accounts))
    return Company(
        account_id=np.array([f"acc_{n:05d}" for n in range(1, accounts + 1)], dtype=object),
        name=account_names(accounts, rng),
        owner=_owners(accounts, rng),
        parent_id=_parents(accounts, rng),
        segment=segment,
        plan=np.array(plans, dtype=object),
        industry=rng.integers(len(INDUSTRIES), size=accounts),
        region=rng.choice(3, size=accounts, p=(0.5, 0.35, 0.15)),
        seats=seats,
        arr=np.round(seats * price / 10) * 10,
        signed_day=signed,
        starts_day=starts,
        is_monthly=rng.random(accounts) < np.array(MONTHLY_SHARE)[segment],
        usage_factor=np.exp(rng.normal(0.0, 0.3, accounts)),
    )


def _start(accounts: int, span: Span, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """When they signed, and some weeks later, never after the 28th of a month, started."""
    is_founder = rng.random(accounts) < FOUNDING_SHARE
    until = np.where(is_founder, FOUNDING_TIME, 0.97) * span.days
    starts = (rng.random(accounts) * until).astype(np.int64)
    dates = span.dates(starts)
    day_of_month = (dates - dates.astype("datetime64[M]")).astype(np.int64) + 1
    starts = starts - np.maximum(day_of_month - LAST_DAY_OF_MONTH, 0)
    starts = np.where(starts < 0, starts + 7, starts)
    return starts - rng.integers(1, 22, size=accounts), starts


def _owners(accounts: int, rng: np.random.Generator) -> Texts:
    names = owner_names(max(round(accounts / ACCOUNTS_AN_OWNER), 1), rng)
    return names[rng.integers(len(names), size=accounts)]


def _parents(accounts: int, rng: np.random.Generator) -> Texts:
    """Put some accounts into groups of two to six under one parent."""
    parent = np.full(accounts, None, dtype=object)
    members = rng.permutation(accounts)[: int(SHARE_IN_GROUPS * accounts)]
    sizes = rng.integers(2, 7, size=len(members))
    group = np.repeat(np.arange(len(sizes)), sizes)[: len(members)]
    alone = np.bincount(group, minlength=1)[group] < 2 if len(group) else np.array([], bool)
    names = np.array([f"grp_{n + 1:04d}" for n in group], dtype=object)
    parent[members[~alone]] = names[~alone]
    return parent
