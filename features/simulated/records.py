"""What do the billing system, the CRM and the help desk hold about the accounts?"""

import numpy as np
import pandas as pd

from features.simulated.company import INDUSTRIES, REGIONS, Company
from features.simulated.journeys import CHURNS, STAYS, Journeys, Renewals, term_ends
from features.simulated.ladder import SPINE
from features.simulated.laws import in_trouble, level_of, sponsor_gone
from features.simulated.weeks import NEVER, Bools, Floats, Ints, Span

GROWTH = np.array([-0.18, -0.10, 0.0, 0.08, 0.16])
"""Mean change of ARR at a renewal, by engagement when it is decided."""
ADD_ON_SHARE = 0.15
ADD_ON_CHANCE = np.array([0.0, 0.02, 0.08, 0.25, 0.4])
MORE_SEATS_FROM = 0.10
SIGNED_LATE = 0.3
"""Share of the renewals whose paper arrives only days after the decision."""
REASONS = (
    "Champion left the company",
    "Support problems were not solved",
    "Hardly used any more",
    "Price",
    "Moved to a competitor",
)


def contracts(
    company: Company, journeys: Journeys, *, span: Span, rng: np.random.Generator
) -> pd.DataFrame:
    """One row per product and term, each term beginning on the day the last one ends."""
    renewals = _in_order(journeys.renewals)
    factor, seats = _grown(company, renewals, rng=rng)
    add_on = _with_add_on(company, renewals, rng=rng)
    every = np.arange(len(company))
    first = _terms(company, every, term=np.zeros_like(every), span=span)
    later = _terms(company, renewals.account, term=renewals.term, span=span)
    later["signed_day"] = _signed(
        company, renewals, starts=later["starts_day"].to_numpy(), rng=rng
    )
    first = first.assign(signed_day=company.signed_day, arr=company.arr, seats=company.seats)
    later["arr"], later["seats"] = company.arr[renewals.account] * factor, seats
    rows = pd.concat([first, later], ignore_index=True)
    rows["product"] = "platform"
    extra = later[add_on].assign(product="insights", seats=0)
    extra["arr"] *= ADD_ON_SHARE
    rows = pd.concat([rows, extra], ignore_index=True)
    rows["arr"] = (rows["arr"] / 10).round() * 10.0
    known = np.where(rows["signed_day"] < NEVER, rows["signed_day"], rows["starts_day"])
    return rows[known < span.days].reset_index(drop=True)


def _in_order(renewals: Renewals) -> Renewals:
    order = np.lexsort((renewals.term, renewals.account))
    return Renewals(*(getattr(renewals, name)[order] for name in Renewals.__slots__))


def _terms(company: Company, account: Ints, *, term: Ints, span: Span) -> pd.DataFrame:
    every = np.zeros(len(company), dtype=np.int64)
    starts, ends = np.zeros(len(account), np.int64), np.zeros(len(account), np.int64)
    for number in range(int(term.max(initial=0)) + 1):
        it = term == number
        ends[it] = term_ends(company, every + number, span=span)[account[it]]
        starts[it] = term_ends(company, every + number - 1, span=span)[account[it]]
    return pd.DataFrame({"account": account, "starts_day": starts, "ends_day": ends})


def _grown(
    company: Company, renewals: Renewals, *, rng: np.random.Generator
) -> tuple[Floats, Ints]:
    """ARR against the first term's, and seats: they only grow once half of them collaborate."""
    change = GROWTH[level_of(renewals.state)] + rng.normal(0.0, 0.08, len(renewals.account))
    yearly = ~company.is_monthly[renewals.account] | (renewals.term % 12 == 0)
    change = np.where(yearly, np.clip(change, -0.35, 0.6), 0.0)
    expands = (change > MORE_SEATS_FROM) & (
        renewals.place >= SPINE.done_at["half_the_seats_collaborate"]
    )
    return (
        _chained(renewals.account, 1 + change),
        np.round(
            company.seats[renewals.account]
            * _chained(renewals.account, np.where(expands, 1 + change, 1.0))
        ).astype(np.int64),
    )


def _chained(account: Ints, factor: Floats) -> Floats:
    """Running product within each account."""
    logs = np.cumsum(np.log(factor))
    begins = np.searchsorted(account, account)
    before = np.where(begins > 0, logs[begins - 1], 0.0)
    return np.asarray(np.exp(logs - before))


def _with_add_on(company: Company, renewals: Renewals, *, rng: np.random.Generator) -> Bools:
    drawn = rng.random(len(renewals.account)) < ADD_ON_CHANCE[level_of(renewals.state)]
    return np.asarray(drawn & ~company.is_monthly[renewals.account])


def _signed(
    company: Company, renewals: Renewals, *, starts: Ints, rng: np.random.Generator
) -> Ints:
    """The day on which the renewal was signed; NEVER where a monthly term just goes on."""
    day = 7 * renewals.week + rng.integers(5, size=len(renewals.week))
    late = rng.random(len(day)) < SIGNED_LATE
    day = np.where(late, rng.integers(day, np.maximum(starts, day + 1)), day)
    return np.where(company.is_monthly[renewals.account], NEVER, day)


def account_rows(company: Company, terms: pd.DataFrame, *, span: Span) -> pd.DataFrame:
    """The account as signed, and again whenever the number of its seats changed."""
    platform = terms[terms["product"] == "platform"].sort_values(["account", "starts_day"])
    before = platform.groupby("account")["seats"].shift()
    changed = platform[before.notna() & (platform["seats"] != before)]
    changed = changed[changed["starts_day"] < span.days]
    account = np.concatenate([np.arange(len(company)), changed["account"].to_numpy()])
    known = np.concatenate([company.signed_day, changed["starts_day"].to_numpy()])
    seats = np.concatenate([company.seats, changed["seats"].to_numpy()])
    order = np.lexsort((known, account))
    account, known, seats = account[order], known[order], seats[order]
    nine = np.full(len(account), 9 * 3600)
    return pd.DataFrame(
        {
            "account_id": company.account_id[account],
            "known_at": span.moments(known, nine),
            "signed_up_at": span.moments(company.signed_day[account], nine),
            "kickoff_at": span.moments(company.starts_day[account], nine),
            "name": company.name[account],
            "owner": company.owner[account],
            "parent_id": company.parent_id[account],
            "plan": company.plan[account],
            "industry": np.array(INDUSTRIES, dtype=object)[company.industry[account]],
            "region": np.array(REGIONS, dtype=object)[company.region[account]],
            "seats": seats,
        }
    )


def contract_rows(company: Company, terms: pd.DataFrame, *, span: Span) -> pd.DataFrame:
    """The contracts table."""
    terms = terms.sort_values(["account", "starts_day", "product"])
    return pd.DataFrame(
        {
            "account_id": company.account_id[terms["account"].to_numpy()],
            "product": terms["product"].to_numpy(dtype=object),
            "starts_on": span.dates(terms["starts_day"].to_numpy()),
            "ends_on": span.dates(terms["ends_day"].to_numpy()),
            "arr": terms["arr"].to_numpy(),
            "seats": terms["seats"].to_numpy(),
            "signed_at": span.dates(terms["signed_day"].to_numpy()),
        }
    )


def exit_rows(
    company: Company, journeys: Journeys, *, span: Span, rng: np.random.Generator
) -> pd.DataFrame:
    """Who left, when, and what the CSM wrote down as the reason."""
    who = np.flatnonzero((journeys.exit_kind != STAYS) & (journeys.exit_day < span.days))
    day, churned = journeys.exit_day[who], journeys.exit_kind[who] == CHURNS
    state = journeys.state[who, day // 7]
    other = rng.integers(3, 5, size=len(who))
    reason = np.where(level_of(state) <= 1, 2, other)
    reason = np.where(in_trouble(state) == 1, 1, reason)
    reason = np.where(sponsor_gone(state) == 1, 0, reason)
    words = np.array(REASONS, dtype=object)[reason]
    return pd.DataFrame(
        {
            "account_id": company.account_id[who],
            "exited_at": span.moments(day, rng.integers(9 * 3600, 17 * 3600, size=len(who))),
            "cause": np.where(churned, "churn", "acquired"),
            "reason": np.where(churned, words, "Acquired by another company"),
        }
    )
