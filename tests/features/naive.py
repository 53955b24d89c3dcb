"""Every live account on every morning, computed the obvious way."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from configs.project import segment_of
from tests.builders import World
from tests.features.naive_ladder import (
    Rung,
    ladder,
    ladder_features,
)
from tests.features.naive_pace import contact, mean, pace, seats, terms
from tests.features.naive_use import (
    DAY,
    Row,
    Then,
    breadth,
    contract,
    known_by,
    rhythm,
    roles,
    touches,
    usage,
)
from tests.features.naive_weeks import adoption, people, role_depth, weekdays, weeks

COMPARED = (
    "active_days_28d",
    "activity_count_28d",
    "active_users_28d",
    "capabilities_used_28d",
    "milestones_done",
)


@dataclass(frozen=True)
class Snapshot:
    then: Then
    segment: str
    rungs: list[Rung]

    @property
    def key(self) -> tuple[str, int]:
        return self.then.account_id, day_number(self.then.morning)

    @property
    def cohort(self) -> tuple[str, str]:
        return self.segment, f"{self.then.profile['kickoff_at']:%Y-%m}"

    @property
    def peers(self) -> tuple[pd.Timestamp, str, int]:
        """Morning, segment and age band: the bands begin at these days after kickoff."""
        age = self.then.days_since(self.then.profile["kickoff_at"])
        band = sum(age >= edge for edge in (30, 60, 91, 182, 365, 730))
        return self.then.morning, self.segment, band


class Naive:
    """A world read the slow way, up to an as-of morning."""

    def __init__(self, world: World, as_of: pd.Timestamp) -> None:
        self.world, self.as_of = world, as_of
        self.tables: dict[str, list[Row]] = {
            name: table.to_pandas().to_dict("records") for name, table in world.tables.items()
        }

    @cached_property
    def mornings(self) -> list[pd.Timestamp]:
        """Every so many days from the first one on, and the as-of morning."""
        told = self.world.configuration.project.snapshots
        first, step = pd.Timestamp(told.first_on), told.every_days
        days = {first + place * step * DAY for place in range(1000)}
        return sorted({day for day in days if day < self.as_of} | {self.as_of})

    @cached_property
    def snapshots(self) -> list[Snapshot]:
        ids = sorted({row["account_id"] for row in self.tables["accounts"]})
        return [found for name in ids for day in self.mornings for found in self._on(name, day)]

    def _on(self, account_id: str, morning: pd.Timestamp) -> Iterator[Snapshot]:
        rows = known_by(self.tables, account_id, morning)
        if any(row["signed_up_at"] < morning for row in rows["accounts"]) and not any(
            row["exited_at"] < morning and not row["returned_at"] < morning
            for row in rows.get("exits", [])
        ):
            newest = max(rows["accounts"], key=lambda row: row["known_at"])
            then = Then(account_id, morning, rows, newest)
            configuration = self.world.configuration
            segment = segment_of(configuration.project, pd.DataFrame([newest]))[0]
            yield Snapshot(then, segment, ladder(configuration.playbook, then, segment))

    def _known(self, table: str, column: str, *, strangers: bool = False) -> list[str]:
        """The names that a column holds by the as-of morning."""
        accounts = {r["account_id"] for r in self.by_now("accounts")}
        return sorted(
            {
                row[column]
                for row in self.by_now(table)
                if (strangers or row["account_id"] in accounts) and pd.notna(row[column])
            }
        )

    def by_now(self, table: str) -> list[Row]:
        rows = self.tables.get(table, [])
        return [
            row
            for row in rows
            if row["known_at"] < self.as_of and not row.get("occurred_at", pd.NaT) >= self.as_of
        ]

    @cached_property
    def _roles(self) -> list[str]:
        return self._known("users", "role")

    @cached_property
    def values(self) -> pd.DataFrame:
        """A row per snapshot, a column per feature."""
        capabilities = self._known("activity", "capability", strangers=True)
        kinds = self._known("touches", "kind")
        has_contracts = bool(self._known("contracts", "account_id"))
        told = []
        for snapshot in self.snapshots:
            then = snapshot.then
            one = usage(then, capabilities) | breadth(then) | rhythm(then)
            one |= roles(then, self._roles) | ladder_features(snapshot.rungs, then)
            one |= contract(then) if has_contracts else {}
            one |= terms(then) if has_contracts else {}
            one |= self._recent(snapshot, kinds)
            told.append(one | touches(then, kinds) | self._profile(snapshot))
        return self._with_peers(pd.DataFrame(told))

    def _recent(self, snapshot: Snapshot, kinds: list[str]) -> dict[str, float]:
        then, rungs = snapshot.then, snapshot.rungs
        playbook = self.world.configuration.playbook
        slugs = [milestone.slug for milestone in playbook.milestones]
        told = weeks(then) | weekdays(then) | people(then) | adoption(then) | seats(then)
        told |= role_depth(then, self._roles, playbook) | pace(rungs, then)
        return told | contact(then, kinds, slugs, rungs) | self._siblings(snapshot)

    def _siblings(self, snapshot: Snapshot) -> dict[str, float]:
        """How the other accounts of its parent fare, by what was known that morning."""
        known = (row for row in self.tables["accounts"] if row["known_at"] < self.as_of)
        if not any(pd.notna(row["parent_id"]) for row in known):
            return {}
        own, morning = snapshot.then.account_id, snapshot.then.morning
        parent = snapshot.then.profile["parent_id"]
        here = [
            mean([rung.is_done for rung in s.rungs if rung.applies])
            for s in self.snapshots
            if s.then.morning == morning
            and s.then.account_id != own
            and s.then.profile["parent_id"] == parent
        ]
        gone = sum(
            row["cause"] == "churn"
            and row["account_id"] != own
            and max(row["known_at"], row["exited_at"]) < morning
            and not row["returned_at"] < morning
            and (before := self._before(row)) is not None
            and before["parent_id"] == parent
            for row in self.tables.get("exits", [])
        )
        has_any = len(here) + gone > 0
        return {
            "siblings_live": len(here) if has_any else np.nan,
            "siblings_gone_share": gone / (len(here) + gone) if has_any else np.nan,
            "siblings_done_share": mean([share for share in here if pd.notna(share)]),
        }

    def _profile(self, snapshot: Snapshot) -> dict[str, object]:
        then = snapshot.then
        told: dict[str, object] = {
            "tenure_days": then.days_since(then.profile["signed_up_at"]),
            "days_to_kickoff": max(-then.days_since(then.profile["kickoff_at"]), -91),
            "segment": snapshot.segment,
            "cohort_exit_rate_28d": self._exit_rate(snapshot),
        }
        for name in self.world.configuration.project.accounts.attributes:
            value = then.profile[name]
            told[f"attribute_{name}"] = None if pd.isna(value) else value
        return told

    def _with_peers(self, frame: pd.DataFrame) -> pd.DataFrame:
        peers = [snapshot.peers for snapshot in self.snapshots]
        for name in COMPARED:
            pairs = list(zip(peers, frame[name], strict=True))
            frame[f"peers_percentile_{name}"] = [
                percentile(value, [of for others, of in pairs if others == mine])
                for mine, value in pairs
            ]
        return frame

    def _exit_rate(self, snapshot: Snapshot) -> float:
        """Churn heard of in the last 28 days over that and all who are here, of one cohort."""
        morning = snapshot.then.morning
        here = sum(
            s.then.morning == morning and s.cohort == snapshot.cohort for s in self.snapshots
        )
        gone = sum(
            row["cause"] == "churn"
            and morning - 28 * DAY <= self._heard(row) < morning
            and not row["returned_at"] < morning
            and self._cohort_before(row) == snapshot.cohort
            for row in self.tables.get("exits", [])
        )
        return gone / max(here + gone, 1)

    def _heard(self, row: Row) -> pd.Timestamp:
        return max(row["known_at"], row["exited_at"]).normalize()

    def _cohort_before(self, row: Row) -> tuple[str, str] | None:
        """The cohort of an account by what was known of it on the day its exit was."""
        before = self._before(row)
        if before is None:
            return None
        project = self.world.configuration.project
        segment = segment_of(project, pd.DataFrame([before]))[0]
        return segment, f"{before['kickoff_at']:%Y-%m}"

    def _before(self, row: Row) -> Row | None:
        """What was known of an account at the end of the day on which its exit was."""
        heard = max(row["exited_at"], row["known_at"]).normalize() + DAY
        mine = [r for r in self.tables["accounts"] if r["account_id"] == row["account_id"]]
        known = [r for r in mine if r["known_at"] < heard]
        newest = max(known, key=lambda r: r["known_at"], default=None)
        return newest if newest is not None and newest["signed_up_at"] < heard else None


def day_number(day: pd.Timestamp) -> int:
    return (day - pd.Timestamp(0)).days


def percentile(value: float, peers: list[float]) -> float:
    """Share of peers below, and half of those level with it (itself among them, whole)."""
    if len(peers) < 5:
        return np.nan
    below, level = sum(p < value for p in peers), sum(p == value for p in peers)
    return (below + (level + 1) / 2) / len(peers)
