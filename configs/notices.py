"""How is something new about an account told: a move of its risk, an alert, a message?"""

from collections.abc import Iterator

from configs.filled import MEANT, Filled, Strict, Text


class Part(Filled):
    """One thing that can move a risk between two mornings."""

    name: Text
    means: Text
    mainly: Text

    def _texts(self) -> Iterator[tuple[str, str, frozenset[str]]]:
        yield from (("name", self.name, MEANT), ("means", self.means, MEANT))
        yield "mainly", self.mainly, frozenset({"account", "accounts"})


class Changes(Filled):
    """How the move of a risk since it was last told is said."""

    up: Text
    down: Text
    unmoved: Text
    mainly: Text
    then_and_now: Text
    own: Part
    others: Part
    clock: Part
    data: Part
    model: Part

    def _texts(self) -> Iterator[tuple[str, str, frozenset[str]]]:
        for key in ("up", "down", "unmoved"):
            yield key, getattr(self, key), frozenset({"points", "since"})
        yield "mainly", self.mainly, frozenset({"moved", "part"})
        yield "then_and_now", self.then_and_now, frozenset({"part", "input", "then", "now"})


class Advice(Filled):
    """What to do where the playbook has no step."""

    renewal: Text

    def _texts(self) -> Iterator[tuple[str, str, frozenset[str]]]:
        yield "renewal", self.renewal, frozenset({"renews", "left", "times"})


class Messages(Filled):
    """What we add of our own to a message to the customer."""

    before_and_after: Text

    def _texts(self) -> Iterator[tuple[str, str, frozenset[str]]]:
        asked = frozenset({"input", "before", "then", "after"})
        yield "before_and_after", self.before_and_after, asked


class Alarm(Strict):
    """One kind of alert: what it is called, and the sentence that holds its evidence."""

    name: Text
    text: Text


class OfMilestones(Alarm):
    """Besides, how several milestones are told at once, and each of them there."""

    several: Text
    each: Text


class Alerts(Filled):
    """Every kind of alert."""

    behind: OfMilestones
    stuck: OfMilestones
    lost: OfMilestones
    decay: Alarm
    role_decay: Alarm
    raised: Alarm
    high: Alarm
    renewal: Alarm

    def _texts(self) -> Iterator[tuple[str, str, frozenset[str]]]:
        pace = {"milestone", "due", "open", "late", "progress"}
        asked = {"behind": pace, "stuck": pace}
        asked |= {"lost": {"milestone", "reached", "silent", "capability"}}
        asked |= {key: {"before", "then", "now", "subjects"} for key in ("decay", "role_decay")}
        asked |= {key: {"risk", "horizon", "average"} for key in ("raised", "high")}
        asked |= {"renewal": {"renews", "left", "why"}}
        for key, alarm in self:
            yield f"{key}.name", alarm.name, frozenset()
            yield f"{key}.text", alarm.text, frozenset(asked[key])
            if isinstance(alarm, OfMilestones):
                yield f"{key}.each", alarm.each, frozenset(asked[key])
                together = frozenset({"count", "milestones", "each"})
                yield f"{key}.several", alarm.several, together
