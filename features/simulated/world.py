"""How is a whole company simulated and written, in bounded memory?"""

from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

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

ACCOUNTS_A_SHARD = 500

Events = TypeVar("Events", Steps, Renewals)


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
    span = Span.of_months(months)
    shock_day = NEVER if price_shock_on is None else span.day_number(price_shock_on)
    seeds = np.random.SeedSequence(seed).spawn(3)
    company = found_company(accounts, span=span, rng=np.random.default_rng(seeds[0]))
    rng = np.random.default_rng(seeds[1])
    journeys = live(company, span=span, shock_day=shock_day, rng=rng)
    out.mkdir(parents=True, exist_ok=True)
    _write_records(out, company, journeys, span, np.random.default_rng(seeds[2].spawn(1)[0]))
    _write_shards(out, company, journeys, span, seeds[2])
    seen = outlooks(company, journeys, span=span, shock_day=shock_day)
    write_table(risks(seen, company, span=span), out / "truth" / "risks.parquet")
    write_table(effects(seen), out / "truth" / "effects.parquet")
    write_table(moments(company, journeys, span=span), out / "truth" / "moments.parquet")


def _write_records(
    out: Path, company: Company, journeys: Journeys, span: Span, rng: np.random.Generator
) -> None:
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


@dataclass
class _Shard:
    """Some accounts in a row, with everything that happened to them."""

    company: Company
    journeys: Journeys
    rng: np.random.Generator

    @classmethod
    def of(
        cls, company: Company, journeys: Journeys, first: int, rng: np.random.Generator
    ) -> "_Shard":
        last = min(first + ACCOUNTS_A_SHARD, len(company))
        part = slice(first, last)
        cut = {
            f.name: getattr(journeys, f.name)[part]
            for f in fields(journeys)
            if f.name not in ("steps", "renewals")
        }
        steps, renewals = (
            _within(journeys.steps, first, last),
            _within(journeys.renewals, first, last),
        )
        return cls(
            company=Company(*(getattr(company, f.name)[part] for f in fields(company))),
            journeys=Journeys(**cut, steps=steps, renewals=renewals),
            rng=rng,
        )


def _within(events: Events, first: int, last: int) -> Events:
    keep = (events.account >= first) & (events.account < last)
    columns = {f.name: getattr(events, f.name)[keep] for f in fields(events)}
    return type(events)(**{**columns, "account": columns["account"] - first})


def _write_shards(
    out: Path,
    company: Company,
    journeys: Journeys,
    span: Span,
    seed: np.random.SeedSequence,
) -> None:
    users, touches, known_users = [], [], 0
    starts = range(0, len(company), ACCOUNTS_A_SHARD)
    with activity_writer(out / "activity.parquet") as writer:
        for first, child in zip(starts, seed.spawn(len(starts)), strict=True):
            shard = _Shard.of(company, journeys, first, np.random.default_rng(child))
            people = staff(shard.company, shard.journeys, span=span, rng=shard.rng)
            names = [f"u_{known_users + n:07d}" for n in range(1, len(people) + 1)]
            known_users += len(people)
            users.append(_user_rows(shard, people, names, span))
            touches.append(_touches(shard, people, names, span))
            _append(writer, shard, people, names, span)
    write_table(pd.concat(users, ignore_index=True), out / "users.parquet")
    write_table(pd.concat(touches, ignore_index=True), out / "touches.parquet")


def _append(
    writer: pq.ParquetWriter, shard: _Shard, people: People, names: list[str], span: Span
) -> None:
    company, journeys, rng = shard.company, shard.journeys, shard.rng
    days = days_of_use(company, journeys, people, span=span, rng=rng)
    rows = Rows.joined(
        [
            free_rows(company, journeys, people, days, rng=rng),
            invitations(journeys, people, rng=rng),
            rows_of_steps(company, journeys, people, rng=rng),
        ]
    )
    append_activity(
        writer, rows, account_id=list(company.account_id), user_id=names, span=span, rng=rng
    )


def _user_rows(shard: _Shard, people: People, names: list[str], span: Span) -> pd.DataFrame:
    second = shard.rng.integers(8 * 3600, 18 * 3600, size=len(people))
    return pd.DataFrame(
        {
            "account_id": shard.company.account_id[people.account],
            "user_id": names,
            "role": np.array(ROLES, dtype=object)[people.role],
            "created_at": span.moments(people.created_day, second),
        }
    )


def _touches(shard: _Shard, people: People, names: list[str], span: Span) -> pd.DataFrame:
    rows = touch_rows(shard.company, shard.journeys, people, span=span, rng=shard.rng)
    user, account = rows.pop("user").to_numpy(), rows.pop("account").to_numpy()
    who = np.array([*names, None], dtype=object)[user]
    rows.insert(0, "account_id", shard.company.account_id[account])
    rows.insert(1, "user_id", who)
    return rows
