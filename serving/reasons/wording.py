"""Why is this account at risk, in sentences with their evidence?

There is one reason per family of inputs, and the points of all of them lead from the base risk
to the account's own. Whether a reason raises or lowers the risk is told by its points; its
sentence states a fact, so that a CSM can check it.
"""

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
import pandas as pd

from configs.phrases import Phrases
from features.catalogue import Feature
from serving import formats
from serving.reasons.sentences import Teller, Value
from serving.reasons.timing import RENEWAL, Timing, timing_reasons
from serving.scorecard import Reason

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def reasons(
    contributions: Floats,
    scale: Floats,
    *,
    timing: Timing | None,
    names: Sequence[str],
    values: pd.DataFrame,
    typical: pd.DataFrame,
    catalogue: Mapping[str, Feature],
    phrases: Phrases,
    currency: str = "USD",
) -> list[list[Reason]]:
    """Give every account one reason per family, the strongest first; their points sum up.

    ``contributions`` are in log-hazard, one column per name; ``scale`` turns an account's into
    points of risk; ``timing``, where there is any, holds points already. The sentence of a
    family is about the input that does most in the family's direction.
    """
    speaker = Speaker(catalogue, phrases, values=values, typical=typical, currency=currency)
    columns: dict[str, list[int]] = {}
    for position, name in enumerate(names):
        columns.setdefault(catalogue[name].family, []).append(position)
    by_family = [
        _family_reasons(family, contributions[:, own], scale, [names[i] for i in own], speaker)
        for family, own in columns.items()
    ]
    if timing is not None:
        renewal = speaker.numbers(RENEWAL)
        by_family.append(timing_reasons(timing, renewal, phrases))
    return [
        sorted(row, key=lambda reason: -abs(reason.points))
        for row in zip(*by_family, strict=True)
    ]


def _family_reasons(
    family: str, own: Floats, scale: Floats, names: Sequence[str], speaker: "Speaker"
) -> list[Reason]:
    total = own.sum(axis=1)
    towards = np.where(total < 0, -1.0, 1.0)
    strongest = (own * towards[:, None]).argmax(axis=1)
    factors, points = np.exp(total).tolist(), (total * scale).tolist()
    said: list[Reason] = []
    for row, column in enumerate(strongest.tolist()):
        text, value, usual = speaker.say(names[column], row)
        said.append(Reason(family, text, value, usual, factors[row], points[row]))
    return said


class Speaker:
    """Says any input of any account in a sentence; like sentences are built only once."""

    def __init__(
        self,
        catalogue: Mapping[str, Feature],
        phrases: Phrases,
        *,
        values: pd.DataFrame,
        typical: pd.DataFrame,
        currency: str,
    ) -> None:
        self._teller = cache(
            lambda name: Teller(
                catalogue[name], phrases, catalogue=catalogue, currency=currency
            )
        )
        self._frames = {"value": values, "typical": typical}
        self._lists: dict[tuple[str, str], list[Value]] = {}
        self._built: dict[tuple[object, ...], str] = {}

    def say(self, name: str, row: int) -> tuple[str, float | None, float | None]:
        """Give the sentence, and the two numbers behind it where they are numbers."""
        teller = self._teller(name)
        value, usual = self._look_up("value", name)[row], self._look_up("typical", name)[row]
        others = {other: self._look_up("value", other)[row] for other in teller.others}
        key = (name, value, usual, *others.values())
        if key not in self._built:
            self._built[key] = teller.sentence(value, typical=usual, others=others)
        return self._built[key], _number(value), _number(usual)

    def numbers(self, name: str) -> list[float | None]:
        """Give every account's value of an input; None where it has none."""
        return [_number(value) for value in self._look_up("value", name)]

    def _look_up(self, kind: str, name: str) -> list[Value]:
        if (kind, name) not in self._lists:
            frame = self._frames[kind]
            column = frame[name].tolist() if name in frame else [None] * len(frame)
            self._lists[kind, name] = [v if formats.known(v) else None for v in column]
        return self._lists[kind, name]


def _number(value: Value) -> float | None:
    return None if value is None or isinstance(value, str) else float(value)
