"""Which steps lead a customer to the outcome they bought, and how do we know each one is done?

``playbook.toml`` in types. The page for those who write playbooks is ``configs/README.md``.
"""

from collections.abc import Iterable
from string import Formatter
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from configs.climb import Stage, Step, climb_mistakes, climb_warnings
from configs.errors import ConfigError
from configs.nearest import did_you_mean
from configs.sections import Days, Positive, Slug, Strict, Text

PLACEHOLDERS = (
    *("name", "progress", "progress_percent", "target", "peer_share", "peer_days"),
    *(
        "days_open",
        "unlocks",
        "purpose",
        "outcome",
        "account",
        "owner",
        "expected_days",
        "next",
    ),
)
"""What a message template may speak of, in curly brackets."""

Measure = Literal["count", "quantity", "users", "days", "weeks_in_a_row", "share_of_seats"]
Nudge = Literal["approaching", "stalled", "achieved", "peers"]

WHOLE = frozenset({"count", "users", "days", "weeks_in_a_row"})


def _can_be_filled_in(template: str) -> str:
    try:
        asked = [name for _, name, _, _ in Formatter().parse(template) if name is not None]
    except ValueError:
        raise ValueError("has a curly bracket without its partner") from None
    for name in asked:
        if name not in PLACEHOLDERS:
            raise ValueError(f"asks for {{{name}}}{did_you_mean(name, PLACEHOLDERS)}")
    return template


Template = Annotated[Text, AfterValidator(_can_be_filled_in)]


class DoneWhen(Strict):
    """The evidence that a milestone is reached: so much of one capability's use."""

    capability: Text
    measure: Measure = "count"
    at_least: Positive = 1.0
    role: Text | None = None
    within_days: Days | None = None

    @model_validator(mode="after")
    def _can_be_met(self) -> Self:
        if self.measure == "share_of_seats" and self.at_least > 1:
            raise ValueError(
                f"`at_least` is a share of the seats, up to 1; found {self.at_least:g}"
            )
        if self.measure in WHOLE and self.at_least % 1:
            raise ValueError(
                f"`at_least` counts {self.measure}, so it is whole; found {self.at_least:g}"
            )
        days = {"days": 1, "weeks_in_a_row": 7}.get(self.measure, 0) * self.at_least
        if self.within_days is not None and self.within_days < days:
            raise ValueError(
                f"`within_days` is {self.within_days}, too short for {days:g} days of use"
            )
        return self


class LostWhen(Strict):
    """The silence after which a reached milestone no longer stands."""

    capability: Text
    silent_days: Days


def _how_done(written: Any) -> str:
    return "recorded" if isinstance(written, str) else "criterion"


class Milestone(Strict):
    """One step: how we know it is done, how long it should take, what helps."""

    slug: Slug
    name: Text
    stage: Stage = "onboarding"
    outcome: str = ""
    purpose: str = ""
    segments: tuple[Text, ...] = ()
    roles: tuple[Text, ...] = ()
    requires: tuple[Slug, ...] = ()
    expected_days: dict[Text, Days] = Field(default_factory=dict)
    done_when: Annotated[
        Annotated[DoneWhen, Tag("criterion")] | Annotated[Literal["recorded"], Tag("recorded")],
        Discriminator(_how_done),
    ]
    lost_when: LostWhen | None = None
    unlocks: tuple[Text, ...] = ()
    actions: tuple[Text, ...] = ()
    risks: tuple[Text, ...] = ()
    nudges: dict[Nudge, Template] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _spell_out(cls, written: Any) -> Any:
        """Let one number be the time expected everywhere, and the loss be of what was done."""
        if not isinstance(written, dict):
            return written
        full = dict(written)
        if isinstance(full.get("expected_days"), int):
            full["expected_days"] = {"default": full["expected_days"]}
        done, lost = full.get("done_when"), full.get("lost_when")
        if isinstance(done, dict) and isinstance(lost, dict) and "capability" in done:
            full["lost_when"] = {"capability": done["capability"], **lost}
        return full

    def applies_to(self, segment: str) -> bool:
        """Tell whether accounts of this segment are asked to take this step."""
        return not self.segments or segment in self.segments

    def expected_days_in(self, segment: str) -> int | None:
        """Days from kickoff, or from the last required step, where anybody said how many."""
        return self.expected_days.get(segment, self.expected_days.get("default"))


class Playbook(Strict):
    """The ladder, lowest step first."""

    version: Annotated[int, Field(strict=True, ge=1)] = 1
    milestones: Annotated[tuple[Milestone, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _can_be_climbed(self) -> Self:
        if mistakes := climb_mistakes(self.steps()):
            raise ValueError("; ".join(f"`{m.place}` {m.what}" for m in mistakes))
        return self

    def steps(self) -> tuple[Step, ...]:
        """The bare order of the ladder."""
        return tuple(
            Step(
                place=f"milestones[{position}]",
                slug=m.slug,
                requires=m.requires,
                segments=m.segments,
                stage=m.stage,
                expected_days=m.expected_days,
            )
            for position, m in enumerate(self.milestones)
        )

    def capabilities(self) -> tuple[str, ...]:
        """Every capability that some milestone speaks of, each once, in order."""
        return tuple(dict.fromkeys(name for _, name in self._capabilities_by_place()))

    def asked_capabilities(self) -> tuple[str, ...]:
        """The capabilities whose use reaches some milestone, each once, in order."""
        asked = (m.done_when for m in self.milestones)
        return tuple(dict.fromkeys(d.capability for d in asked if isinstance(d, DoneWhen)))

    def warnings(self) -> tuple[str, ...]:
        """What is lawful, yet probably not meant: the order, slow starts, idle settings."""
        return tuple(climb_warnings(self.steps()))

    def _capabilities_by_place(self) -> Iterable[tuple[str, str]]:
        for position, milestone in enumerate(self.milestones):
            if isinstance(milestone.done_when, DoneWhen):
                yield f"milestones[{position}].done_when", milestone.done_when.capability
            if milestone.lost_when is not None:
                yield f"milestones[{position}].lost_when", milestone.lost_when.capability


def check_capabilities(playbook: Playbook, known: set[str]) -> None:
    """Raise ConfigError if the playbook speaks of a capability that activity never shows."""
    unknown = [
        f"`{place}.capability` is {name!r}, which activity never shows"
        f"{did_you_mean(name, sorted(known))}"
        for place, name in playbook._capabilities_by_place()
        if name not in known
    ]
    if unknown:
        raise ConfigError("playbook.toml", "; ".join(unknown), "Name a capability of the data")
