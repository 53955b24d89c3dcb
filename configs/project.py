"""Whom do we look after, where are their tables, and how far ahead do we look?

``project.toml`` as a whole; its sections are in ``configs/sections.py``.
"""

from collections.abc import Iterator
from typing import Annotated, Self

import pandas as pd
from pydantic import Field, model_validator

from configs.errors import ConfigError
from configs.nearest import did_you_mean
from configs.sections import (
    Accounts,
    Alerts,
    Backtest,
    Deploy,
    Expectations,
    Gate,
    Limits,
    Models,
    Monitor,
    Nudges,
    Outcomes,
    Priorities,
    Programme,
    Publish,
    Serving,
    Snapshots,
    Source,
    Strict,
)
from configs.segments import SegmentRule

EVERYONE = "everyone"
"""The segment of an account that matches no rule."""
ALL = "all"
"""What outputs call all segments together."""

SegmentName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_\- ]*$")]


class Project(Strict):
    """All of ``project.toml``."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
    source: Source = Source()
    accounts: Accounts = Accounts()
    segments: dict[SegmentName, SegmentRule] = Field(default_factory=dict)
    snapshots: Snapshots = Snapshots()
    outcomes: Outcomes = Outcomes()
    serving: Serving = Serving()
    models: Models = Models()
    backtest: Backtest = Backtest()
    gate: Gate = Gate()
    monitor: Monitor = Monitor()
    alerts: Alerts = Alerts()
    nudges: Nudges = Nudges()
    priorities: Priorities = Priorities()
    expectations: Expectations = Expectations()
    programme: Programme = Programme()
    publish: Publish = Publish()
    deploy: Deploy = Deploy()
    limits: Limits = Limits()

    @property
    def segment_names(self) -> tuple[str, ...]:
        """Every segment an account can be in, in the order in which rules are tried."""
        return (*(name for name in self.segments if name != EVERYONE), EVERYONE)

    @model_validator(mode="after")
    def _everyone_is_left_over(self) -> Self:
        if EVERYONE in self.segments:
            raise ValueError(
                f"`segments.{EVERYONE}` is the segment of accounts that match no rule; "
                "it takes no rule of its own"
            )
        return self

    @model_validator(mode="after")
    def _all_is_no_part(self) -> Self:
        if ALL in self.segments:
            raise ValueError(
                f"`segments.{ALL}` would be taken for all segments together; "
                "give it another name"
            )
        return self


def segment_of(project: Project, attributes: pd.DataFrame) -> "pd.Series[str]":
    """Give each row of ``attributes`` (columns of accounts) its segment: first match wins.

    Raises ConfigError where a rule reads a column that the accounts lack or cannot compare.
    """
    wrong = [
        f"`segments.{name}` {what}"
        for name, rule in project.segments.items()
        for what in _misread(rule, attributes)
    ]
    if wrong:
        where = f"project.toml of {project.name}"
        raise ConfigError(where, "; ".join(wrong), "Name a column of accounts that fits")
    segment = pd.Series(EVERYONE, index=attributes.index, dtype="str", name="segment")
    for name, rule in reversed(project.segments.items()):
        segment = segment.mask(rule.matches(attributes), name)
    return segment


def _misread(rule: SegmentRule, attributes: pd.DataFrame) -> Iterator[str]:
    for column in rule.columns:
        if column not in attributes.columns:
            hint = did_you_mean(column, map(str, attributes.columns))
            yield f"reads the column `{column}`, which accounts lacks{hint}"
    for column, word in rule.uncomparable(attributes):
        yield f"compares `{column}` with a number, but accounts holds {word!r} there"
