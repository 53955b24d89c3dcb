"""What could we say to the customer about the next milestone, from its own progress and peers?

A message is written only from what is known: a template that asks for something unknown gives
no message, and peers are spoken of only where there are enough of them.
"""

from collections.abc import Mapping
from string import Formatter
from typing import Any

import pandas as pd

from configs.playbook import DoneWhen, Milestone, Nudge, Playbook

FEWEST_PEERS = 5
NEARLY = 0.5
DEFAULTS: Mapping[Nudge, str] = {
    "approaching": "You're {progress_percent} of the way to {name}. Need help with the rest?",
    "stalled": "{name} has been open for {days_open} days. Shall we do it together?",
    "peers": "{peer_share} of companies like yours have reached {name}. Here's why: {purpose}",
}


def nudge_texts(
    chosen: pd.DataFrame, standing: pd.DataFrame, accounts: pd.DataFrame, playbook: Playbook
) -> "pd.Series[str]":
    """Write each account's message about its next milestone; null where there is none to send.

    ``chosen`` is what ``next_milestones`` gave; ``accounts``, indexed by account_id, has name,
    owner and segment.
    """
    peers = _peer_shares(standing, accounts)
    milestones = {milestone.slug: milestone for milestone in playbook.milestones}
    known = chosen.join(accounts[["name", "owner", "segment"]], how="left")
    rows: list[dict[str, Any]] = known.to_dict("records")  # type: ignore[assignment]
    texts = [
        _message(
            milestones[row["milestone"]], row, peers.get((row["segment"], row["milestone"]))
        )
        for row in rows
    ]
    return pd.Series(texts, index=chosen.index, dtype=object)


def _peer_shares(
    standing: pd.DataFrame, accounts: pd.DataFrame
) -> dict[tuple[object, object], float]:
    """Share of each segment's live accounts that reached each milestone, of enough of them."""
    is_done = standing["state"].isin(["done", "lost"])
    segment = standing["account_id"].map(accounts["segment"])
    by_peers = is_done.groupby([segment, standing["milestone"]])
    table = by_peers.agg(["mean", "size"])
    enough = table.loc[table["size"] > FEWEST_PEERS, "mean"].reset_index()
    keys = zip(enough.iloc[:, 0], enough["milestone"], strict=True)
    return dict(zip(keys, enough["mean"], strict=True))


def _message(
    milestone: Milestone, row: Mapping[str, Any], peer_share: float | None
) -> str | None:
    kind = _kind(row["progress"], row["pace"])
    template = milestone.nudges.get(kind, DEFAULTS[kind])
    known = _facts(milestone, row, peer_share)
    asked = {name for _, name, _, _ in Formatter().parse(template) if name}
    if any(known.get(name) in (None, "") for name in asked):
        return None
    return template.format(**known)


def _kind(progress: float, pace: str) -> Nudge:
    if progress >= NEARLY:
        return "approaching"
    return "stalled" if pace in ("behind", "stuck") else "peers"


def _facts(
    milestone: Milestone, row: Mapping[str, Any], peer_share: float | None
) -> dict[str, object]:
    progress = row["progress"]
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
        "next": milestone.actions[0] if milestone.actions else None,
    }
