"""Which messages go out to customers this morning, and why do the others wait?

Every open milestone, and every one that was just reached, is an occasion. One message at most
goes to an account on a morning: the best of its occasions, if its words can be filled in, if
something has changed since the last message about the same milestone, and if the account has
not heard from us too often. A queue once written is kept: the mornings after it respect it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd
import pyarrow as pa

from configs.load import Configuration
from configs.playbook import Milestone
from serving import formats
from serving.morning import Morning
from serving.next_steps.celebration import celebrated
from serving.next_steps.nudges import Writer, occasion_of
from serving.prioritise import held_out_ids
from serving.records import Record, records
from serving.views import values_on

FILE = "nudges.parquet"
SEND, HOLD = "send", "hold"
FIRST = ("achieved", "approaching", "stalled", "peers")
"""Which occasion goes first: what was reached, then the milestone that is recommended."""
WEEK_DAYS = 7
MEMORY_DAYS = 365
"""How far back the queues of earlier mornings are read."""
PROGRESSED = 0.1
"""A step of progress that is worth a second message."""
IN_APP, EMAIL = "in_app", "email"
CHANNELS = {"approaching": IN_APP, "achieved": IN_APP, "stalled": EMAIL, "peers": EMAIL}
LONGEST_OPEN = 365
"""Nobody is told by a message that a step has been waiting for longer than a year."""
LEAST_CHANCE = 0.02
"""A milestone less likely than this to be reached at all is not worth a message."""

SENT = "nothing speaks against it"
FEW_PEERS = (
    "fewer than {fewest} peers had the time to reach it, or most of them were not in time"
)
NO_WORDS = "its words ask for what is not known"
NOTHING_NEW = "said on {day}, and nothing has changed since"
TOUCHED = "somebody else nudged it {days} ago"
TOUCHED_ABOUT = "somebody else spoke of it {days} ago"
TOO_SOON = "the last message went out on {day}: {days} must lie between two"
WEEKLY = "{count} in a week is the most for one account"
TOO_LONG = "open for {days}: a matter for a call, not for a message"
HOPELESS = "it is hardly ever reached from here: {chance} within {days}"
HELD_OUT = "held out of the programme"
NOT_FIRST = "another message to it goes first"


def queue_schema(_: Configuration) -> pa.Schema:
    """Give the columns of nudges.parquet: one row per account and occasion."""
    return pa.schema(
        [
            ("account_id", pa.string()),
            ("as_of", pa.date32()),
            ("owner", pa.string()),
            ("milestone", pa.string()),
            ("occasion", pa.string()),
            ("roles", pa.string()),
            ("channel", pa.string()),
            ("text", pa.string()),
            ("progress", pa.float64()),
            ("decision", pa.string()),
            ("reason", pa.string()),
        ]
    )


def queue(morning: Morning, _: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Write every message, and decide of each whether it goes out."""
    lines = _occasions(morning)
    steps = {m.slug: m for m in morning.configuration.playbook.milestones}
    settings = morning.configuration.project.nudges
    writer = Writer(
        morning.milestones,
        morning.accounts.set_index("account_id"),
        morning.configuration.playbook,
        fewest_peers=settings.fewest_peers,
    )
    lines["text"] = pd.Series(writer.all(lines), dtype=object)
    lines["text"] = pd.Series(celebrated(lines, steps, morning), dtype=object)
    heard = _Heard(morning)
    owners = morning.accounts.set_index("account_id")["owner"]
    values = values_on(morning.features, morning.as_of)
    readers = {slug: _readers(step, values) for slug, step in steps.items()}
    rows = []
    for line in records(lines):
        step = steps[line["milestone"]]
        reason = heard.objection(line, writer)
        rows.append(
            dict(line)
            | {
                "as_of": morning.as_of,
                "owner": owners[line["account_id"]],
                "roles": ", ".join(step.roles),
                "channel": _channel(line, readers[step.slug], morning),
                "decision": HOLD if reason else SEND,
                "reason": reason or SENT,
            }
        )
    return pd.DataFrame(rows, columns=queue_schema(morning.configuration).names)


def _occasions(morning: Morning) -> pd.DataFrame:
    """Every open milestone and every one reached since we last looked, the best ones first."""
    lines = morning.milestones
    past = morning.past.mornings()
    days = max(WEEK_DAYS, (morning.as_of - past[-1]).days if past else 0)
    since = pd.Timestamp(morning.as_of - timedelta(days=days))
    reached = lines.loc[(lines["state"] == "done") & (lines["achieved_at"] >= since)]
    is_open = lines.loc[lines["state"] == "open"]
    told = [
        occasion_of(progress, pace)
        for progress, pace in zip(is_open["progress"], is_open["pace"], strict=True)
    ]
    found = pd.concat([reached.assign(occasion="achieved"), is_open.assign(occasion=told)])
    order = {m.slug: i for i, m in enumerate(morning.configuration.playbook.milestones)}
    chosen = morning.accounts.set_index("account_id")["next_milestone"]
    return (
        found.assign(
            worth=found["occasion"].map(FIRST.index),
            aside=(found["occasion"] != "achieved")
            & (found["milestone"] != found["account_id"].map(chosen)),
            place=found["milestone"].map(order),
        )
        .sort_values(["account_id", "aside", "worth", "place"], kind="stable")
        .reset_index(drop=True)
    )


@dataclass(frozen=True, slots=True)
class _Sent:
    on: date
    milestone: str
    occasion: str
    progress: float


class _Heard:
    """What every account has heard from us by this morning."""

    def __init__(self, morning: Morning) -> None:
        self._settings = morning.configuration.project.nudges
        self._longest = morning.configuration.project.outcomes.horizons_days[-1]
        self._today = morning.as_of
        self._sent: dict[str, list[_Sent]] = {}
        for day in morning.past.mornings():
            if (morning.as_of - day).days <= MEMORY_DAYS:
                self._remember(morning, day)
        values = values_on(morning.features, morning.as_of)
        touched = "days_since_touch_nudge"
        self._touched = values[touched].dropna().to_dict() if touched in values else {}
        self._about = _nudged_days_ago(morning)
        self._going: set[str] = set()
        self._held_out = held_out_ids(morning.accounts)

    def _remember(self, morning: Morning, day: date) -> None:
        columns = ["account_id", "milestone", "occasion", "progress", "decision"]
        told = morning.past.scores(day, file=FILE, columns=columns)
        for row in [] if told is None else records(told.loc[told["decision"] == SEND]):
            sent = _Sent(day, row["milestone"], row["occasion"], row["progress"])
            self._sent.setdefault(str(row["account_id"]), []).append(sent)

    def objection(self, line: Record, writer: Writer) -> str | None:
        """Say why a message does not go out, or let it go."""
        account_id = str(line["account_id"])
        against = (
            (HELD_OUT if account_id in self._held_out else None)
            or self._words(line, writer)
            or self._is_in_vain(line)
            or self._repeats(line)
            or self._was_told(line)
            or self._too_often(account_id)
        )
        if against is None and account_id in self._going:
            against = NOT_FIRST
        if against is None:
            self._going.add(account_id)
        return against

    def _words(self, line: Record, writer: Writer) -> str | None:
        if line["text"] is not None:
            return None
        told = writer.speaks_of_peers(line["account_id"], line["milestone"])
        if line["occasion"] == "peers" and not told:
            return FEW_PEERS.format(fewest=self._settings.fewest_peers)
        return NO_WORDS

    def _is_in_vain(self, line: Record) -> str | None:
        """It will not be reached by a message, whatever it says."""
        if line["occasion"] == "stalled" and line["days_open"] > LONGEST_OPEN:
            return TOO_LONG.format(days=formats.days(line["days_open"]))
        chance = line[f"chance_{self._longest}d"]
        if line["occasion"] == "achieved" or chance is None or chance >= LEAST_CHANCE:
            return None
        days = formats.days(self._longest)
        return HOPELESS.format(chance=formats.percent(chance), days=days)

    def _repeats(self, line: Record) -> str | None:
        about = [s for s in self._sent.get(line["account_id"], ()) if _is_about(s, line)]
        if not about:
            return None
        last = about[-1]
        moved = abs(line["progress"] - last.progress) >= PROGRESSED
        if moved or line["occasion"] != last.occasion:
            return None
        return NOTHING_NEW.format(day=formats.day(last.on))

    def _was_told(self, line: Record) -> str | None:
        """Somebody else spoke of it lately; that it is reached is news all the same."""
        ago = self._about.get((str(line["account_id"]), str(line["milestone"])))
        if ago is None or line["occasion"] == "achieved":
            return None
        if ago >= self._settings.milestone_spacing_days:
            return None
        return TOUCHED_ABOUT.format(days=formats.days(ago))

    def _too_often(self, account_id: str) -> str | None:
        spacing = self._settings.spacing_days
        touched = self._touched.get(account_id)
        if touched is not None and touched < spacing:
            return TOUCHED.format(days=formats.days(touched))
        sent = [s.on for s in self._sent.get(account_id, ())]
        if sent and (self._today - sent[-1]).days < spacing:
            return TOO_SOON.format(day=formats.day(sent[-1]), days=formats.days(spacing))
        lately = [day for day in sent if (self._today - day).days < WEEK_DAYS]
        if len(lately) >= self._settings.per_account_per_week:
            return WEEKLY.format(count=self._settings.per_account_per_week)
        return None


def _nudged_days_ago(morning: Morning) -> dict[tuple[str, str], int]:
    """How many days ago each account was nudged about each milestone, by whomever."""
    told = morning.past.nudged()
    ago = pd.Timestamp(morning.as_of) - pd.to_datetime(told["nudged_at"]).dt.normalize()
    keys = zip(told["account_id"].astype(str), told["milestone"].astype(str), strict=True)
    return dict(zip(keys, ago.dt.days.tolist(), strict=True))


def _is_about(sent: _Sent, line: Record) -> bool:
    return sent.milestone == str(line["milestone"])


def _channel(line: Record, readers: Collection[str], morning: Morning) -> str:
    """Where it is said; nobody reads in the product who does not use it."""
    wanted = morning.configuration.project.nudges.channels
    chosen = wanted.get(line["occasion"], CHANNELS[line["occasion"]])
    return chosen if chosen != IN_APP or line["account_id"] in readers else EMAIL


def _readers(step: Milestone, values: pd.DataFrame) -> Collection[str]:
    """The accounts in which somebody whose step it is has used the product lately.

    All of them, where no input tells who has.
    """
    columns = [f"role_active_users_{role}_28d" for role in step.roles] or ["active_users_28d"]
    known = [name for name in columns if name in values]
    reads = (values[known] > 0).any(axis="columns") if known else slice(None)
    return frozenset(values.index[reads])
