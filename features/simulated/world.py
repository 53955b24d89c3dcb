"""How is a whole company simulated and written, in bounded memory?

What moves weekly (hidden states, climbs, exits) fits in memory for all accounts at once. People
and what they do are drawn and written for some hundred accounts at a time.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd

from features.simulated.company import Company, found_company
from features.simulated.contact import touch_rows
from features.simulated.evidence import reviews, rows_of_steps
from features.simulated.journeys import Journeys, Renewals, Steps, live
from features.simulated.mornings import outlooks
from features.simulated.people import ROLES, People, staff
from features.simulated.records import account_rows, contract_rows, contracts, exit_rows
from features.simulated.truth import effects, moments, risks
from features.simulated.use import Rows, days_of_use, free_rows, invitations
from features.simulated.weeks import NEVER, Span
from features.simulated.write import activity_writer, append_activity, write_table

ACCOUNTS_AT_ONCE = 500

Events = TypeVar("Events", Steps, Renewals)


@dataclass(frozen=True, slots=True, eq=False)
class Lives:
    """What happened to everybody, hidden or not, before anything is written down."""

    company: Company
    journeys: Journeys
    span: Span
    shock_day: int
    writing: tuple[np.random.SeedSequence, np.random.SeedSequence]
    """What the records and the use are drawn from."""


def lived(
    *, accounts: int, seed: int, months: int = 30, price_shock_on: date | None = None
) -> Lives:
    """Live through a company's months: the company that ``simulate`` writes."""
    span = Span.of_months(months)
    shock_day = NEVER if price_shock_on is None else span.day_number(price_shock_on)
    founding, living, recording, working = np.random.SeedSequence(seed).spawn(4)
    company = found_company(accounts, span=span, rng=np.random.default_rng(founding))
    rng = np.random.default_rng(living)
    journeys = live(company, span=span, shock_day=shock_day, rng=rng)
    return Lives(company, journeys, span, shock_day, (recording, working))


def simulate(
    out: Path,
    *,
    accounts: int,
    seed: int,
    months: int = 30,
    price_shock_on: date | None = None,
) -> None:
    """Write the tables of a simulated company, and what is true of it in ``truth/``.

    The last day of data is LAST_DAY. The same arguments give the same bytes.
    """
    lives = lived(accounts=accounts, seed=seed, months=months, price_shock_on=price_shock_on)
    company, journeys, span = lives.company, lives.journeys, lives.span
    recording, working = lives.writing
    out.mkdir(parents=True, exist_ok=True)
    everybody = _Part(company, journeys, span, np.random.default_rng(recording))
    _write_records(out, everybody)
    _write_use(out, everybody, working)
    seen = outlooks(company, journeys, span=span, shock_day=lives.shock_day)
    write_table(risks(seen, company, span=span), out / "truth" / "risks.parquet")
    write_table(effects(seen), out / "truth" / "effects.parquet")
    write_table(moments(company, journeys, span=span), out / "truth" / "moments.parquet")


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """Some accounts in a row, what happened to them, and the chance to draw more."""

    company: Company
    journeys: Journeys
    span: Span
    rng: np.random.Generator

    def parts(self, seed: np.random.SeedSequence) -> Iterator["_Part"]:
        """Cut into shards; each draws from its own stream, so that none depends on others."""
        starts = range(0, len(self.company), ACCOUNTS_AT_ONCE)
        for first, child in zip(starts, seed.spawn(len(starts)), strict=True):
            yield self._between(first, first + ACCOUNTS_AT_ONCE, np.random.default_rng(child))

    def _between(self, first: int, last: int, rng: np.random.Generator) -> "_Part":
        columns = {
            f.name: getattr(self.journeys, f.name)[first:last]
            for f in fields(Journeys)
            if f.name not in ("steps", "renewals")
        }
        journeys = Journeys(
            **columns,
            steps=_between(self.journeys.steps, first, last=last),
            renewals=_between(self.journeys.renewals, first, last=last),
        )
        company = Company(*(getattr(self.company, f.name)[first:last] for f in fields(Company)))
        return _Part(company, journeys, self.span, rng)


def _between(events: Events, first: int, *, last: int) -> Events:
    keep = (events.account >= first) & (events.account < last)
    columns = {f.name: getattr(events, f.name)[keep] for f in fields(events)}
    return type(events)(**{**columns, "account": columns["account"] - first})


def _write_records(out: Path, part: _Part) -> None:
    company, journeys, span, rng = part.company, part.journeys, part.span, part.rng
    terms = contracts(company, journeys, span=span, rng=rng)
    write_table(account_rows(company, terms, span=span), out / "accounts.parquet")
    write_table(contract_rows(company, terms, span=span), out / "contracts.parquet")
    write_table(exit_rows(company, journeys, span=span, rng=rng), out / "exits.parquet")
    who, day = reviews(company, journeys, span=span)
    recorded = pd.DataFrame(
        {
            "account_id": company.account_id[who],
            "milestone": "executive_review_held",
            "achieved_at": span.moments(day, rng.integers(9 * 3600, 17 * 3600, size=len(who))),
        }
    )
    write_table(recorded, out / "achievements.parquet")


def _write_use(out: Path, everybody: _Part, seed: np.random.SeedSequence) -> None:
    users, touches, hired = [], [], 0
    with activity_writer(out / "activity.parquet") as writer:
        for part in everybody.parts(seed):
            people = staff(part.company, part.journeys, span=part.span, rng=part.rng)
            names = [f"u_{hired + n:07d}" for n in range(1, len(people) + 1)]
            hired += len(people)
            users.append(_user_rows(part, people, names=names))
            touches.append(_touch_rows(part, people, names=names))
            append_activity(
                writer,
                _activity(part, people),
                account_id=list(part.company.account_id),
                user_id=names,
                span=part.span,
                rng=part.rng,
            )
    write_table(pd.concat(users, ignore_index=True), out / "users.parquet")
    write_table(pd.concat(touches, ignore_index=True), out / "touches.parquet")


def _activity(part: _Part, people: People) -> Rows:
    company, journeys, rng = part.company, part.journeys, part.rng
    days = days_of_use(company, journeys, people=people, span=part.span, rng=rng)
    return Rows.joined(
        [
            free_rows(company, journeys, people=people, days=days, rng=rng),
            invitations(journeys, people, rng=rng),
            rows_of_steps(company, journeys, people=people, rng=rng),
        ]
    )


def _user_rows(part: _Part, people: People, *, names: list[str]) -> pd.DataFrame:
    second = part.rng.integers(8 * 3600, 18 * 3600, size=len(people))
    return pd.DataFrame(
        {
            "account_id": part.company.account_id[people.account],
            "user_id": names,
            "role": np.array(ROLES, dtype=object)[people.role],
            "created_at": part.span.moments(people.created_day, second),
        }
    )


def _touch_rows(part: _Part, people: People, *, names: list[str]) -> pd.DataFrame:
    rows = touch_rows(part.company, part.journeys, people=people, span=part.span, rng=part.rng)
    user, account = rows.pop("user").to_numpy(), rows.pop("account").to_numpy()
    who = np.array([*names, None], dtype=object)[user]
    rows.insert(0, "account_id", part.company.account_id[account])
    rows.insert(1, "user_id", who)
    return rows
