"""Which alarms are worth hearing this morning, and which were heard before?

An alert is raised once, when a condition begins. While the condition stands it is not raised
again; when it ends, it rests for a while. One owner hears of no more accounts in a week than
can be worked: those with the most at stake first. What is held back keeps its reason.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date

import pandas as pd
import pyarrow as pa

from configs.load import Configuration
from serving.attention.conditions import KINDS, conditions
from serving.attention.several import OF_MILESTONES, Condition, subjects_of
from serving.morning import Morning
from serving.prioritise import at_stake, held_out_ids, is_worth_working
from serving.records import Record, records

FILE = "alerts.parquet"
RAISED, HELD, STANDING, ENDED = "raised", "held", "standing", "ended"
WEEK_DAYS = 7
BUDGET = "held: its owner already hears of {others} this week"
CAN_WAIT = "held: little risk and little at stake"
HELD_OUT = "held: it is held out of the programme"
FIRST = "not raised: it stood so before anybody looked"
RESTS = "not raised: it was raised on {day} and ended only lately"
AS_HIGH = "not raised: it is raised as a high risk"

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Alert:
    """One condition of one account, and whether anybody is told of it this morning."""

    account_id: str
    kind: str
    subject: str
    state: str
    text: str
    began_on: date
    raised_on: date | None = None
    note: str = ""

    @property
    def key(self) -> Key:
        return _key(self)


def alerts_schema(_: Configuration) -> pa.Schema:
    """Give the columns of alerts.parquet: one row per condition that stands or ended lately."""
    return pa.schema(
        [
            ("account_id", pa.string()),
            ("as_of", pa.date32()),
            ("owner", pa.string()),
            ("kind", pa.string()),
            ("subject", pa.string()),
            ("state", pa.string()),
            ("text", pa.string()),
            ("began_on", pa.date32()),
            ("raised_on", pa.date32()),
            ("note", pa.string()),
        ]
    )


def alerts(morning: Morning, _: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Tell of every condition whether it is raised, held, stands already, or has ended."""
    found = conditions(morning)
    before = _before(morning)
    high = {each.account_id for each in found if each.kind == "high" and each.holds}
    rung = _rung_lately(morning)
    met = (_met(each, before, rung, high, morning) for each in found)
    told = [one for one in met if one is not None]
    told += _ended(told, before or {}, morning)
    told = _within_budget(told, morning)
    owner = dict(zip(morning.accounts["account_id"], morning.accounts["owner"], strict=True))
    rows = [
        {name: getattr(one, name) for name in Alert.__slots__}
        | {"as_of": morning.as_of, "owner": owner[one.account_id]}
        for one in sorted(told, key=lambda one: (one.account_id, _gravity(one), one.subject))
    ]
    return pd.DataFrame(rows, columns=alerts_schema(morning.configuration).names)


def _gravity(one: Alert) -> int:
    return KINDS.index(one.kind)


def _before(morning: Morning) -> Mapping[Key, Alert] | None:
    """Give the alerts of the last morning that had any table of them; None without one."""
    for day in reversed(morning.past.mornings()):
        told = morning.past.scores(day, file=FILE)
        if told is not None:
            return {one.key: one for one in map(_as_alert, records(told))}
    return None


def _as_alert(row: Record) -> Alert:
    return Alert(**{name: row[name] for name in Alert.__slots__})


def _met(
    one: Condition,
    before: Mapping[Key, Alert] | None,
    rung: Mapping[Key, Set[str]],
    high: Set[str],
    morning: Morning,
) -> Alert | None:
    """Carry a condition on from the morning before; what is HELD is yet to be decided."""
    told, today = (one.account_id, one.kind, one.subject), morning.as_of
    last = (before or {}).get(_key(one))
    fresh = Alert(*told, state=HELD, text=one.text, began_on=one.began_on or today)
    if last is not None and _has_more(one, last, rung.get(last.key, frozenset())):
        return fresh
    if last is not None and last.state != ENDED:
        carried = replace(fresh, began_on=last.began_on, raised_on=last.raised_on)
        waits = last.state == HELD and (today - last.began_on).days <= WEEK_DAYS
        return carried if waits else replace(carried, state=STANDING, note=last.note)
    if not one.holds:
        return None
    if last is not None and last.raised_on is not None:
        note = RESTS.format(day=last.raised_on.isoformat())
        return replace(fresh, state=STANDING, raised_on=last.raised_on, note=note)
    if before is None and one.stood_before:
        return replace(fresh, state=STANDING, note=FIRST)
    if one.kind == "raised" and one.account_id in high:
        return replace(fresh, state=STANDING, note=AS_HIGH)
    return fresh


def _key(one: Condition | Alert) -> Key:
    """What is the same from one morning to the next, whichever milestones it is of."""
    return one.account_id, one.kind, "" if one.kind in OF_MILESTONES else one.subject


def _has_more(one: Condition, last: Alert, rung: Set[str]) -> bool:
    """Whether it is of a milestone that was not told of before, nor rests."""
    return not subjects_of(one.subject) <= subjects_of(last.subject) | rung


def _rung_lately(morning: Morning) -> Mapping[Key, Set[str]]:
    """The subjects that each alert was raised about lately: where one ended, it rests."""
    quiet = morning.configuration.project.alerts.quiet_days
    rung: dict[Key, Set[str]] = {}
    for one in map(_as_alert, _raised_within(morning, days=quiet)):
        rung[one.key] = rung.get(one.key, frozenset()) | subjects_of(one.subject)
    return rung


def _ended(told: Sequence[Alert], before: Mapping[Key, Alert], morning: Morning) -> list[Alert]:
    """Keep what ended, and was raised, for as long as it must not be raised again."""
    here = set(morning.accounts["account_id"])
    stand = {one.key for one in told}
    quiet = morning.configuration.project.alerts.quiet_days
    return [
        replace(one, state=ENDED)
        for key, one in before.items()
        if key not in stand
        and one.account_id in here
        and one.raised_on is not None
        and (morning.as_of - one.raised_on).days <= quiet
    ]


def _within_budget(told: Sequence[Alert], morning: Morning) -> list[Alert]:
    """Raise what waits, account by account, as far as each owner's week goes."""
    waiting = {one.account_id for one in told if one.state == HELD}
    raised, notes = _chosen(waiting, morning)
    decided = []
    for one in told:
        if one.state != HELD:
            decided.append(one)
        elif one.account_id in raised:
            decided.append(replace(one, state=RAISED, raised_on=morning.as_of, note=""))
        else:
            decided.append(replace(one, note=notes[one.account_id]))
    return decided


def _chosen(waiting: Iterable[str], morning: Morning) -> tuple[set[str], dict[str, str]]:
    accounts = morning.accounts
    # Where nobody has a risk, nobody's is little.
    worth = is_worth_working(accounts) | bool(accounts["churn_risk"].isna().all())
    left_out = held_out_ids(accounts)
    ordered = accounts.assign(stake=at_stake(accounts), worth=worth).sort_values(
        ["stake", "account_id"], ascending=[False, True], na_position="last"
    )
    ordered = ordered.loc[ordered["account_id"].isin(set(waiting))]
    project = morning.configuration.project
    budget = project.alerts.accounts_per_owner_per_week or project.serving.capacity_per_owner
    heard = _heard_of(morning)
    raised: set[str] = set()
    notes: dict[str, str] = {}
    for account in records(ordered[["account_id", "owner", "worth"]]):
        account_id, owner = str(account["account_id"]), str(account["owner"] or "")
        theirs = heard.setdefault(owner, set())
        if account_id in left_out:
            notes[account_id] = HELD_OUT
        elif not account["worth"]:
            notes[account_id] = CAN_WAIT
        elif account_id not in theirs and len(theirs) >= budget:
            others = "1 other" if budget == 1 else f"{budget} others"
            notes[account_id] = BUDGET.format(others=others)
        else:
            raised.add(account_id)
            theirs.add(account_id)
    return raised, notes


def _heard_of(morning: Morning) -> dict[str, set[str]]:
    """Which accounts each owner was alerted of in the days before this morning."""
    heard: dict[str, set[str]] = {}
    for row in _raised_within(morning, days=WEEK_DAYS - 1):
        heard.setdefault(str(row["owner"] or ""), set()).add(str(row["account_id"]))
    return heard


def _raised_within(morning: Morning, *, days: int) -> Iterator[Record]:
    """The alerts that were raised on the mornings of so many days before this one."""
    for day in morning.past.mornings():
        if (morning.as_of - day).days <= days:
            told = morning.past.scores(day, file=FILE)
            yield from [] if told is None else records(told.loc[told["state"] == RAISED])
