"""What stands badly with an account this morning, and what is the evidence?

A condition is a state, not an event: an alert is what happens when one begins. Each has a tight
test, which begins it, and may have a looser one, under which it lingers: an account at the edge
of a band does not ring every other morning.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

import pandas as pd

from configs.notices import OfMilestones
from configs.phrases import Phrases
from configs.project import Project
from serving import formats
from serving.attention.decay import falls
from serving.attention.several import Condition, together
from serving.bands import starts
from serving.morning import Morning
from serving.records import Record, by_account, records
from serving.risks import chances_told
from serving.views import nearest_morning, values_on

LINGERS = 0.8
"""A risk has left its band when it is below this share of where the band begins."""
STUCK_AFTER_DAYS = 14
LOOK_BACK_DAYS = 7
"""On the first morning, what began in the week before counts as new."""

KINDS = ("renewal", "high", "stuck", "lost", "role_decay", "decay", "behind", "raised")
"""The gravest first."""


def conditions(morning: Morning) -> list[Condition]:
    """Gather every condition of every live account."""
    seen = _Seen(morning)
    accounts = records(morning.accounts.drop(columns="reasons"))
    found = [*_of_milestones(seen), *falls_of_use(seen), *_of_risks(accounts, seen)]
    found = together(found, morning.phrases)
    pressing: dict[str, list[Condition]] = {}
    for one in found:
        if one.holds:
            pressing.setdefault(one.account_id, []).append(one)
    return [*found, *_of_renewals(accounts, pressing, seen)]


class _Seen:
    """What the conditions are read from."""

    def __init__(self, morning: Morning) -> None:
        self.morning = morning
        self.as_of = morning.as_of
        self.project: Project = morning.configuration.project
        self.phrases: Phrases = morning.phrases
        self.week_ago = nearest_morning(
            morning.features, morning.as_of - timedelta(days=LOOK_BACK_DAYS)
        )
        self.before = (
            pd.DataFrame()
            if self.week_ago is None
            else values_on(morning.features, self.week_ago)
        )

    def began_before(self, day: date | None) -> bool:
        return day is not None and (self.as_of - day).days > LOOK_BACK_DAYS


def _of_milestones(seen: _Seen) -> Iterator[Condition]:
    steps = {m.slug: m for m in seen.morning.configuration.playbook.milestones}
    segments = dict(
        zip(seen.morning.accounts["account_id"], seen.morning.accounts["segment"], strict=True)
    )
    lost_before = (
        seen.before["milestones_lost"].to_dict() if "milestones_lost" in seen.before else {}
    )
    for account_id, ladder in by_account(seen.morning.milestones).items():
        lost = [line for line in ladder if line["state"] == "lost"]
        for line in lost:
            step = steps[line["milestone"]]
            stood = lost_before.get(account_id, 0) >= len(lost)
            text, each = _lost(line, step, seen.phrases)
            yield Condition(account_id, "lost", step.slug, text, True, None, stood, each)
        for line in ladder:
            if line["state"] == "open" and line["pace"] in ("behind", "stuck"):
                step = steps[line["milestone"]]
                expected = step.expected_days_in(segments[account_id])
                yield _late(account_id, line, step.name, expected, seen)


def _late(
    account_id: str, line: Record, name: str, expected: int | None, seen: _Seen
) -> Condition:
    kind, due = str(line["pace"]), line["due_on"]
    grace = max(expected or STUCK_AFTER_DAYS, STUCK_AFTER_DAYS) if kind == "stuck" else 0
    began = due + timedelta(days=grace + 1)
    text, each = _both_ways(
        getattr(seen.phrases.alerts, kind),
        milestone=name,
        due=formats.day(due),
        open=formats.days(line["days_open"]),
        late=formats.days((seen.as_of - due).days),
        progress=formats.percent(line["progress"]),
    )
    stood = seen.began_before(began)
    return Condition(account_id, kind, line["milestone"], text, True, began, stood, each)


def _lost(line: Record, step: Any, phrases: Phrases) -> tuple[str, str]:
    capability = step.lost_when.capability
    return _both_ways(
        phrases.alerts.lost,
        milestone=step.name,
        reached=formats.day(line["achieved_at"]),
        silent=formats.days(step.lost_when.silent_days),
        capability=phrases.subjects.get(capability, capability.replace("_", " ")),
    )


def _both_ways(words: OfMilestones, **facts: str) -> tuple[str, str]:
    """What is said of a milestone alone, and beside others that stand alike."""
    return words.text.format(**facts), words.each.format(**facts)


def falls_of_use(seen: _Seen) -> Iterator[Condition]:
    """Tell whose use, or whose role's people, have fallen against four weeks before."""
    morning, settings = seen.morning, seen.project.alerts
    stood = set()
    if seen.week_ago is not None:
        earlier = falls(morning.features, seen.week_ago, settings)
        stood = {(fall.account_id, fall.role) for fall in earlier if fall.holds}
    for fall in falls(morning.features, morning.as_of, settings):
        kind = "role_decay" if fall.role else "decay"
        yield Condition(
            fall.account_id,
            kind,
            fall.role,
            fall.told(seen.phrases),
            fall.holds,
            None,
            (fall.account_id, fall.role) in stood,
        )


def _of_risks(accounts: Iterable[Record], seen: _Seen) -> Iterator[Condition]:
    risks = seen.morning.accounts["churn_risk"].dropna()
    if risks.empty or not risks.mean() > 0:
        return
    average, horizon = float(risks.mean()), seen.project.outcomes.primary_horizon_days
    before = _risks_before(seen)
    for account in accounts:
        risk, account_id = account["churn_risk"], str(account["account_id"])
        for kind in ("high", "raised"):
            begins = starts(kind, average=average)
            if risk is None or risk < LINGERS * begins:
                continue
            text = getattr(seen.phrases.alerts, kind).text.format(
                risk=formats.percent(risk),
                average=formats.percent(average),
                horizon=formats.days(horizon),
            )
            stood = before.get(account_id, 0.0) >= begins
            yield Condition(account_id, kind, "", text, risk >= begins, None, stood)


def _risks_before(seen: _Seen) -> Mapping[str, float]:
    """What today's model says of the week before, where it says anything."""
    sources = seen.morning.accounts["risk_source"].dropna().unique()
    if seen.morning.models is None or not len(sources) or seen.before.empty:
        return {}
    told = chances_told(
        seen.morning.models,
        seen.before,
        source=str(sources[0]),
        horizon_days=seen.project.outcomes.primary_horizon_days,
    )
    return dict(zip(seen.before.index, told.tolist(), strict=True))


def _of_renewals(
    accounts: Iterable[Record], pressing: Mapping[str, list[Condition]], seen: _Seen
) -> Iterator[Condition]:
    """A renewal that is near and finds the account with something that stands badly."""
    near = seen.project.alerts.renewal_days
    for account in accounts:
        account_id, renews = str(account["account_id"]), account["renews_on"]
        found = sorted(pressing.get(account_id, ()), key=lambda one: KINDS.index(one.kind))
        left = near + 1 if renews is None else (renews - seen.as_of).days
        if not found or not 0 <= left <= near:
            continue
        why = found[0].text
        text = seen.phrases.alerts.renewal.text.format(
            renews=formats.day(renews),
            left="no days: today" if left == 0 else formats.days(left),
            why=why[:1].lower() + why[1:],
        )
        began = renews - timedelta(days=near)
        stood = seen.began_before(began)
        yield Condition(account_id, "renewal", "", text, True, began, stood)
