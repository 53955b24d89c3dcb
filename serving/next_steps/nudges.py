"""What could we say to the customer about the next milestone, from its own progress and peers?

A message is written only from what is known: a template that asks for something unknown gives
no message. Peers are spoken of only where there are enough of them, and where most of them were
in time: nobody is helped by hearing that others failed too.
"""

import re
from collections.abc import Hashable, Mapping
from string import Formatter
from typing import Any

import numpy as np
import pandas as pd

from configs.playbook import DoneWhen, Milestone, Nudge, Playbook
from serving import formats

MOST_PEERS = 0.5
NEARLY = 0.5
ONE = re.compile(r"(?<![\d.,])1 (day|week|month)s\b")
"""One of several, as a template that knows of many only would write it."""
DEFAULTS: Mapping[Nudge, str] = {
    "approaching": "You're {progress_percent} of the way to “{name}”. Need help with the rest?",
    "achieved": "You've reached “{name}”. Well done!",
    "stalled": "“{name}” has been open for {days_open} days. Shall we do it together?",
    "peers": "{peer_share} of companies like yours reached “{name}” within {peer_days} days. "
    "Here's why: {purpose}.",
}


class Writer:
    """Writes messages about the milestones of one morning's accounts."""

    def __init__(
        self,
        standing: pd.DataFrame,
        accounts: pd.DataFrame,
        playbook: Playbook,
        *,
        fewest_peers: int,
    ) -> None:
        self._peers = _peer_shares(standing, accounts, playbook, fewest=fewest_peers)
        self._steps = {milestone.slug: milestone for milestone in playbook.milestones}
        self._playbook = playbook
        people = accounts[["name", "owner", "segment"]].astype(object)
        self._people = people.where(people.notna(), None)

    def all(self, lines: pd.DataFrame) -> list[str | None]:
        """Write one message for each line: an account_id, a milestone, and how it stands.

        The column ``occasion``, where there is one, says which message; else the one that fits.
        None where nothing can be said.
        """
        known = lines.join(self._people, on="account_id", how="left")
        rows: list[dict[str, Any]] = known.to_dict("records")  # type: ignore[assignment]
        return [self._one(row) for row in rows]

    def speaks_of_peers(self, account_id: str, slug: str) -> bool:
        """Tell whether there are peers enough to speak of, most of them in time."""
        return (self._people.at[account_id, "segment"], slug) in self._peers

    def _one(self, row: Mapping[str, Any]) -> str | None:
        slug, segment = row["milestone"], row["segment"]
        told = {
            "peer_share": self._peers.get((segment, slug)),
            "after": _after(slug, segment, self._playbook),
        }
        occasion: Nudge = row.get("occasion") or occasion_of(row["progress"], row["pace"])
        return _message(self._steps[slug], {**row, **told}, occasion)


def nudge_texts(
    chosen: pd.DataFrame,
    standing: pd.DataFrame,
    accounts: pd.DataFrame,
    playbook: Playbook,
    *,
    fewest_peers: int,
) -> "pd.Series[str]":
    """Write each account's message about its next milestone; null where there is none to send.

    ``chosen`` is what ``next_milestones`` gave; ``accounts``, indexed by account_id, has name,
    owner and segment.
    """
    writer = Writer(standing, accounts, playbook, fewest_peers=fewest_peers)
    texts = writer.all(chosen.rename_axis("account_id").reset_index())
    return pd.Series(texts, index=chosen.index, dtype=object)


def occasion_of(progress: float, pace: str) -> Nudge:
    """Say which message fits an open milestone."""
    if progress >= NEARLY:
        return "approaching"
    return "stalled" if pace in ("behind", "stuck") else "peers"


def _after(slug: str, segment: str, playbook: Playbook) -> str | None:
    """Name the step after this one: the first that requires it, else the next on the ladder."""
    theirs = [m for m in playbook.milestones if m.applies_to(segment)]
    place = [m.slug for m in theirs].index(slug)
    requiring = [m for m in theirs if slug in m.requires]
    return next((m.name for m in (*requiring, *theirs[place + 1 :])), None)


def _peer_shares(
    standing: pd.DataFrame, accounts: pd.DataFrame, playbook: Playbook, *, fewest: int
) -> Mapping[Hashable, float]:
    """Share of each segment's live accounts that reached each milestone in the expected time.

    Of those to whom it opened that long ago, whether they reached it or not, where they are
    enough: to count whoever was quick before the others had the time would flatter. To whoever
    reached it without what it requires it never opened, and they took no time to tell.
    """
    segment = standing["account_id"].map(accounts["segment"])
    steps = {milestone.slug: milestone for milestone in playbook.milestones}
    pairs = zip(standing["milestone"], segment, strict=True)
    limit = pd.Series([steps[slug].expected_days_in(name) for slug, name in pairs])
    limit_days = limit.astype(float).to_numpy()
    spent = standing["days_open"].astype(float).to_numpy()
    opened = pd.to_datetime(standing["as_of"]) - pd.to_datetime(standing["opened_at"])
    had_time = opened.dt.days.to_numpy(dtype=float) >= limit_days
    in_time = standing["state"].isin(["done", "lost"]).to_numpy() & (spent <= limit_days)
    peers = pd.DataFrame(
        {"segment": segment.to_numpy(), "milestone": standing["milestone"].to_numpy()}
    ).assign(in_time=in_time)
    table = (
        peers[had_time & _has_opened(standing, playbook)]
        .groupby(["segment", "milestone"])["in_time"]
        .agg(["mean", "size"])
    )
    told = table[(table["size"] >= fewest) & (table["mean"] >= MOST_PEERS)]
    return dict(told["mean"].items())


def _has_opened(standing: pd.DataFrame, playbook: Playbook) -> np.ndarray:
    """Whether all is reached that each row's milestone requires of the account."""
    is_reached = standing["state"].isin(["done", "lost"]).to_numpy()
    lacking = set(_keys(standing.loc[~is_reached]))
    requires = {milestone.slug: milestone.requires for milestone in playbook.milestones}
    return np.array(
        [
            not any((account, each) in lacking for each in requires[slug])
            for account, slug in _keys(standing)
        ],
        dtype=bool,
    )


def _keys(standing: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(standing["account_id"], standing["milestone"], strict=True))


def _message(milestone: Milestone, row: Mapping[str, Any], occasion: Nudge) -> str | None:
    template = milestone.nudges.get(occasion, DEFAULTS[occasion])
    known = _facts(milestone, row)
    asked = {name for _, name, _, _ in Formatter().parse(template) if name}
    if any(known.get(name) in (None, "") for name in asked):
        return None
    return ONE.sub(lambda found: found[0][:-1], template.format(**known))


def _facts(milestone: Milestone, row: Mapping[str, Any]) -> dict[str, object]:
    progress, peer_share = row["progress"], row["peer_share"]
    done = milestone.done_when
    target = done.at_least if isinstance(done, DoneWhen) else None
    expected = milestone.expected_days_in(row["segment"])
    days_open = row["days_open"]
    return {
        "name": milestone.name,
        "progress": None if target is None else _so_far(progress, target),
        "progress_percent": f"{progress:.0%}",
        "target": None if target is None else f"{target:g}",
        "peer_share": None if not peer_share else f"{peer_share:.0%}",
        "peer_days": expected,
        "days_open": None if pd.isna(days_open) else int(days_open),
        "unlocks": formats.listed(milestone.unlocks),
        "purpose": milestone.purpose.removesuffix("."),
        "outcome": milestone.outcome,
        "account": row["name"],
        "owner": row["owner"],
        "expected_days": expected,
        "next": row["after"],
    }


def _so_far(progress: float, target: float) -> str:
    """Say how much is done of what is asked for: of whole things only those that are whole."""
    done = progress * target
    return f"{int(done + 1e-9) if target >= 1 else done:g}"
