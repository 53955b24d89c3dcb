"""What could we say to the customer about the next milestone, from its own progress and peers?

A message is written only from what is known: a template that asks for something unknown gives
no message. Peers are spoken of only where there are enough of them, and where most of them were
in time: nobody is helped by hearing that others failed too.
"""

from collections.abc import Hashable, Mapping
from string import Formatter
from typing import Any

import pandas as pd

from configs.playbook import DoneWhen, Milestone, Nudge, Playbook

FEWEST_PEERS = 5
MOST_PEERS = 0.5
NEARLY = 0.5
DEFAULTS: Mapping[Nudge, str] = {
    "approaching": "You're {progress_percent} of the way to {name}. Need help with the rest?",
    "stalled": "{name} has been open for {days_open} days. Shall we do it together?",
    "peers": "{peer_share} of companies like yours reached {name} within {peer_days} days. "
    "Here's why: {purpose}",
}


def nudge_texts(
    chosen: pd.DataFrame, standing: pd.DataFrame, accounts: pd.DataFrame, playbook: Playbook
) -> "pd.Series[str]":
    """Write each account's message about its next milestone; null where there is none to send.

    ``chosen`` is what ``next_milestones`` gave; ``accounts``, indexed by account_id, has name,
    owner and segment.
    """
    peers = _peer_shares(standing, accounts, playbook)
    steps = {milestone.slug: milestone for milestone in playbook.milestones}
    people = accounts[["name", "owner", "segment"]].astype(object)
    known = chosen.join(people.where(people.notna(), None), how="left")
    rows: list[dict[str, Any]] = known.to_dict("records")  # type: ignore[assignment]
    texts = [
        _message(
            steps[row["milestone"]],
            row
            | {"peer_share": peers.get((row["segment"], row["milestone"]))}
            | {"after": _after(row["milestone"], row["segment"], playbook)},
        )
        for row in rows
    ]
    return pd.Series(texts, index=chosen.index, dtype=object)


def _after(slug: str, segment: str, playbook: Playbook) -> str | None:
    """Name the step after this one: the first that requires it, else the next on the ladder."""
    theirs = [m for m in playbook.milestones if m.applies_to(segment)]
    place = [m.slug for m in theirs].index(slug)
    requiring = [m for m in theirs if slug in m.requires]
    return next((m.name for m in (*requiring, *theirs[place + 1 :])), None)


def _peer_shares(
    standing: pd.DataFrame, accounts: pd.DataFrame, playbook: Playbook
) -> Mapping[Hashable, float]:
    """Share of each segment's live accounts that reached each milestone in the expected time.

    Of those for which it has been open that long, where they are enough.
    """
    segment = standing["account_id"].map(accounts["segment"])
    steps = {milestone.slug: milestone for milestone in playbook.milestones}
    pairs = zip(standing["milestone"], segment, strict=True)
    limit = pd.Series([steps[slug].expected_days_in(name) for slug, name in pairs])
    spent = standing["days_open"].astype(float).to_numpy()
    limit_days = limit.astype(float).to_numpy()
    in_time = standing["state"].isin(["done", "lost"]).to_numpy() & (spent <= limit_days)
    peers = pd.DataFrame(
        {"segment": segment.to_numpy(), "milestone": standing["milestone"].to_numpy()}
    ).assign(in_time=in_time)
    had_time = in_time | (spent >= limit_days)
    table = peers[had_time].groupby(["segment", "milestone"])["in_time"].agg(["mean", "size"])
    told = table[(table["size"] > FEWEST_PEERS) & (table["mean"] >= MOST_PEERS)]
    return dict(told["mean"].items())


def _message(milestone: Milestone, row: Mapping[str, Any]) -> str | None:
    kind = _kind(row["progress"], row["pace"])
    template = milestone.nudges.get(kind, DEFAULTS[kind])
    known = _facts(milestone, row)
    asked = {name for _, name, _, _ in Formatter().parse(template) if name}
    if any(known.get(name) in (None, "") for name in asked):
        return None
    return template.format(**known)


def _kind(progress: float, pace: str) -> Nudge:
    if progress >= NEARLY:
        return "approaching"
    return "stalled" if pace in ("behind", "stuck") else "peers"


def _facts(milestone: Milestone, row: Mapping[str, Any]) -> dict[str, object]:
    progress, peer_share = row["progress"], row["peer_share"]
    done = milestone.done_when
    target = done.at_least if isinstance(done, DoneWhen) else None
    expected = milestone.expected_days_in(row["segment"])
    days_open = row["days_open"]
    return {
        "name": milestone.name,
        "progress": None if target is None else f"{progress * target:g}",
        "progress_percent": f"{progress:.0%}",
        "target": None if target is None else f"{target:g}",
        "peer_share": None if not peer_share else f"{peer_share:.0%}",
        "peer_days": expected,
        "days_open": None if pd.isna(days_open) else int(days_open),
        "unlocks": ", ".join(milestone.unlocks),
        "purpose": milestone.purpose,
        "outcome": milestone.outcome,
        "account": row["name"],
        "owner": row["owner"],
        "expected_days": expected,
        "next": row["after"],
    }
