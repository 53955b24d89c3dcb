"""Which customers belong together because they climb the same ladder at the same pace?"""

from collections.abc import Iterator
from typing import Any

import pandas as pd
from pydantic import BaseModel, ConfigDict, model_serializer, model_validator

AT_LEAST, BELOW = "_at_least", "_below"


class SegmentRule(BaseModel):
    """Who belongs to a segment: every condition must hold.

    Written as ``{ plan = ["enterprise"], seats_at_least = 200, seats_below = 500 }``.
    """

    model_config = ConfigDict(frozen=True)

    allowed: dict[str, tuple[str | bool | int | float, ...]] = {}
    at_least: dict[str, float] = {}
    below: dict[str, float] = {}

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of accounts that this rule reads."""
        return tuple(dict.fromkeys([*self.allowed, *self.at_least, *self.below]))

    @model_validator(mode="before")
    @classmethod
    def _sort_the_conditions(cls, written: Any) -> Any:
        if not isinstance(written, dict) or not written:
            raise ValueError('must be a table of conditions, such as { plan = ["enterprise"] }')
        placed: dict[str, dict[str, Any]] = {"allowed": {}, "at_least": {}, "below": {}}
        mistakes = [m for key, value in written.items() if (m := _place(placed, key, value))]
        if mistakes:
            raise ValueError("; ".join(mistakes))
        return placed

    @model_serializer
    def _as_written(self) -> dict[str, Any]:
        return {
            **{column: list(values) for column, values in self.allowed.items()},
            **{f"{column}{AT_LEAST}": bound for column, bound in self.at_least.items()},
            **{f"{column}{BELOW}": bound for column, bound in self.below.items()},
        }

    def matches(self, attributes: pd.DataFrame) -> "pd.Series[bool]":
        """Tell for each account whether every condition holds; an unknown value never does."""
        chosen = pd.Series(True, index=attributes.index)
        for column, values in self.allowed.items():
            chosen &= attributes[column].isin(list(values)).astype(bool)
        for column, bound in self.at_least.items():
            chosen &= _numbers(attributes[column]) >= bound
        for column, bound in self.below.items():
            chosen &= _numbers(attributes[column]) < bound
        return chosen

    def uncomparable(self, attributes: pd.DataFrame) -> Iterator[tuple[str, object]]:
        """Give each column compared with a number though it holds words, and one such word."""
        for column in dict.fromkeys([*self.at_least, *self.below]):
            if column in attributes.columns:
                values = attributes[column].dropna()
                words = values[_numbers(values).isna()]
                if len(words):
                    yield column, words.iloc[0]


def _numbers(values: "pd.Series[Any]") -> "pd.Series[float]":
    return pd.to_numeric(values, errors="coerce").astype("float64")


def _place(placed: dict[str, dict[str, Any]], key: str, value: Any) -> str | None:
    """Put one condition where it belongs, or say what is wrong with it."""
    for suffix, kind in ((AT_LEAST, "at_least"), (BELOW, "below")):
        if key.endswith(suffix) and isinstance(value, int | float):
            placed[kind][key.removesuffix(suffix)] = value
            return None
    values = value if isinstance(value, list | tuple) else [value]
    if not values or not all(isinstance(v, str | bool | int | float) for v in values):
        return f'`{key}` must list the values that belong, such as {key} = ["enterprise"]'
    placed["allowed"][key] = values
    return None
