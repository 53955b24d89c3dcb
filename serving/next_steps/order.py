"""Why does each open milestone stand where it does among an account's next steps?

The table next_steps.parquet: every open milestone of every account in the order in which to
work on them, with how likely it is to be reached, how long it takes, what reaching it is known
to do, and a sentence that says so.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from configs.load import Configuration
from configs.playbook import Milestone
from serving import formats
from serving.morning import Morning
from serving.next_steps.recommend import FILLER, candidates
from serving.prioritise import held_out_ids

FEWEST_PEERS = 5
"""Peers that reached it, from which on their median time is told as the effort."""


def next_steps(morning: Morning, _: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Every open milestone of every account in the order in which to work on them, and why."""
    outcomes = morning.configuration.project.outcomes
    primary, longest = outcomes.primary_horizon_days, outcomes.horizons_days[-1]
    segments = morning.accounts.set_index("account_id")["segment"]
    ordered = candidates(
        morning.milestones,
        morning.configuration.playbook,
        effects=morning.models.effects if morning.models else None,
        segments=segments,
        chance=f"chance_{primary}d",
    )
    steps = {step.slug: step for step in morning.configuration.playbook.milestones}
    segment = ordered["account_id"].map(segments)
    peers = peer_days(morning.milestones, segments)
    efforts = [
        effort(steps[slug], str(name), peers)
        for slug, name in zip(ordered["milestone"], segment, strict=True)
    ]
    told = ordered.assign(
        as_of=morning.as_of,
        segment=segment,
        chance=ordered[f"chance_{primary}d"],
        effort_days=np.array([days for days, _ in efforts], dtype=np.float64),
    )
    rows: list[dict[str, Any]] = told.to_dict("records")  # type: ignore[assignment]
    told["reason"] = [
        reason(
            row,
            name=steps[row["milestone"]].name,
            whose=whose,
            days=primary,
            effect_days=longest,
        )
        for row, (_, whose) in zip(rows, efforts, strict=True)
    ]
    told = told.loc[~told["account_id"].isin(held_out_ids(morning.accounts))]
    return told.sort_values(["account_id", "order"], ignore_index=True)


def next_steps_schema(_: Configuration) -> pa.Schema:
    """Give the columns of next_steps.parquet: one row per live account and open milestone."""
    text, number = pa.string(), pa.float64()
    return pa.schema(
        [
            ("account_id", text),
            ("as_of", pa.date32()),
            ("segment", text),
            ("order", pa.int32()),
            ("milestone", text),
            ("chance", number),
            ("worth", number),
            ("points", number),
            ("low", number),
            ("high", number),
            ("evidence", text),
            ("effort_days", number),
            ("reason", text),
        ]
    )


def peer_days(
    standing: pd.DataFrame, segments: "pd.Series[str]"
) -> Mapping[tuple[str, str], float]:
    """Median days from opening to reaching, by segment and milestone, of enough live peers."""
    done = standing.loc[standing["state"].isin(["done", "lost"])]
    lasted = pd.DataFrame(
        {
            "segment": done["account_id"].map(segments).to_numpy(),
            "milestone": done["milestone"].to_numpy(),
            "days": done["days_open"].to_numpy(dtype=np.float64),
        }
    ).dropna()
    table = lasted.groupby(["segment", "milestone"])["days"].agg(["median", "size"])
    known = table.loc[table["size"] >= FEWEST_PEERS, "median"].reset_index()
    keys = zip(known["segment"], known["milestone"], strict=True)
    return dict(zip(keys, known["median"].astype(float), strict=True))


def effort(
    step: Milestone, segment: str, peers: Mapping[tuple[str, str], float]
) -> tuple[float | None, str]:
    """Say how many days a step takes from opening, and who says so: peers or the playbook."""
    days = peers.get((segment, step.slug))
    if days is not None:
        return days, "peers"
    expected = step.expected_days_in(segment)
    return None if expected is None else float(expected), "playbook"


def reason(
    row: Mapping[str, Any], *, name: str, whose: str, days: int, effect_days: int
) -> str:
    """Say in a sentence why a step stands where it does.

    The chance is that of ``days``; what reaching it does is told of ``effect_days``.

    >>> told = {"points": float("nan"), "ground": FILLER, "order": 2}
    >>> told |= {"chance": 0.42, "effort_days": None}
    >>> reason(told, name="Tour", whose="peers", days=90, effect_days=180)  # doctest: +ELLIPSIS
    'Tour: it opens nothing, and no effect of it can be measured; ...'
    """
    said = [_why(row, effect_days)]
    if pd.notna(row["chance"]):
        said.append(f"{formats.percent(row['chance'])} chance to reach it in {days} days")
    if row["effort_days"] is not None and pd.notna(row["effort_days"]):
        took = formats.days(round(row["effort_days"]))
        said.append(f"peers took {took}" if whose == "peers" else f"{took} are expected for it")
    return f"{name}: {'; '.join(said)}."


def _why(row: Mapping[str, Any], days: int) -> str:
    if pd.notna(row["points"]):
        low, high = formats.points(row["low"]), formats.points(row["high"])
        does = formats.points(row["points"])
        risk = f"the risk of leaving within {formats.days(days)}"
        return f"reaching it changes {risk} by {does} points (between {low} and {high})"
    if row["ground"] == FILLER and row["order"] == 1:
        return "of what is open it promises most, though no effect of it can be measured"
    if row["ground"] == FILLER:
        return "it opens nothing, and no effect of it can be measured"
    if row["order"] == 1:
        return "it comes first on the ladder, as no open step is proven to keep customers"
    return "it comes later on the ladder"
