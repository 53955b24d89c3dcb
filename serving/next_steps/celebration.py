"""What was before a milestone was reached, and what is now?

A milestone reached is celebrated with the customer's own numbers, where they have grown enough
to be worth telling.
"""

from collections.abc import Mapping, Set
from datetime import date, timedelta

import pandas as pd

from configs.playbook import DoneWhen, Milestone
from features.asof import ordinal
from features.catalogue import Catalogue
from serving import formats
from serving.morning import Morning
from serving.reasons.sentences import Teller
from serving.records import records

GROWN, GROWN_SHARE = 2, 0.2
"""By so much, and by such a share of it, an amount must have grown to be told."""
NEAR_DAYS = 14
"""So near to the day a milestone opened, an amount still tells of the time before it."""


def celebrated(
    lines: pd.DataFrame, steps: Mapping[str, Milestone], morning: Morning
) -> list[str | None]:
    """Add to every message about a milestone reached what was before it and what is now."""
    told = lines["text"].notna() & (lines["occasion"] == "achieved")
    past = _own_snapshots(morning, set(lines.loc[told, "account_id"]))
    said = []
    for line, is_told in zip(records(lines), told, strict=True):
        text = line["text"]
        column = _measured(steps[line["milestone"]], morning.features.catalogue)
        own = past.get(str(line["account_id"]))
        if is_told and column and own is not None and line["opened_at"] is not None:
            grown = _grown(line["opened_at"], own, column, morning)
            text = f"{text} {grown}" if grown else text
        said.append(text)
    return said


def _own_snapshots(morning: Morning, account_ids: Set[str]) -> dict[str, pd.DataFrame]:
    """Give the snapshots of some accounts, each with its row in the values, oldest first."""
    snapshots = morning.features.snapshots[["account_id", "day"]].reset_index(drop=True)
    chosen = snapshots.loc[snapshots["account_id"].isin(account_ids)]
    return {str(name): own for name, own in chosen.groupby("account_id")}


def _measured(step: Milestone, catalogue: Catalogue) -> str | None:
    """Name the input that tells how much of what a milestone asks for is done."""
    done, names = step.done_when, ["active_days_28d"]
    if isinstance(done, DoneWhen):
        of_people = done.measure in ("users", "share_of_seats")
        people = [f"role_active_users_{done.role}_28d", "active_users_28d"]
        names = [
            *(people if of_people else [f"capability_count_{done.capability}_28d"]),
            *names,
        ]
    return next((name for name in names if name in catalogue), None)


def _grown(opened_on: date, own: pd.DataFrame, column: str, morning: Morning) -> str | None:
    """Say how much more is done now than before the milestone opened, if it is worth it."""
    away = (own["day"] - ordinal(opened_on)).abs().to_numpy()
    if away.min() > NEAR_DAYS:
        return None
    rows = own.index[[int(away.argmin()), -1]]
    before, after = morning.features.values[column].iloc[rows].tolist()
    if after < before + GROWN or after < before * (1 + GROWN_SHARE):
        return None
    catalogue, phrases = morning.features.catalogue, morning.phrases
    teller = Teller(catalogue[column], phrases, catalogue=catalogue, currency="USD")
    then = date(1970, 1, 1) + timedelta(days=int(own["day"].iloc[int(away.argmin())]))
    is_capability = catalogue[column].measure == "capability_count"
    name = teller.subject if is_capability else teller.bare_name
    written = teller.spoken if is_capability else formats.count
    return phrases.messages.before_and_after.format(
        input=name[:1].upper() + name[1:],
        before=written(before),
        then=formats.day(then),
        after=written(after),
    )
