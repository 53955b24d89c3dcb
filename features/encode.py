"""How do named features become the numeric matrix that trees read?

Numbers pass as they are. A label becomes one indicator per value that is common enough among
the training rows; rarer and unseen values share one. All that is learnt is a small JSON
document.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.asof import Floats
from features.catalogue import Catalogue

RARE_SHARE = 0.02
RARE = "Rare"


@dataclass(frozen=True, slots=True)
class Encoder:
    """Which columns a matrix has, and which feature each of them comes from."""

    numbers: tuple[str, ...]
    labels: Mapping[str, tuple[str, ...]]
    """The values that have an indicator of their own, by feature; the rest is Rare."""

    @classmethod
    def fit(
        cls, values: pd.DataFrame, catalogue: Catalogue, *, always: Collection[str] = ()
    ) -> "Encoder":
        """Learn the labels from training rows; a number that never varies is left out.

        Not so those that are ``always`` to be there: others than trees read them too.
        """
        from feature_engine.encoding import RareLabelEncoder

        numbers = tuple(
            name
            for name in catalogue
            if catalogue[name].unit != "label" and _tells(values[name], is_asked=name in always)
        )
        labels = [name for name in catalogue if catalogue[name].unit == "label"]
        kept: dict[str, tuple[str, ...]] = {}
        if labels and len(values):
            rare = RareLabelEncoder(
                variables=labels, tol=RARE_SHARE, n_categories=0, missing_values="ignore"
            ).fit(values[labels].astype(object))
            for name in labels:
                seen = set(values[name].dropna().astype(str))
                common = {str(value) for value in rare.encoder_dict_[name]} & seen
                if values[name].nunique(dropna=False) > 1:
                    kept[name] = tuple(sorted(common - {RARE}))
        return cls(numbers, kept)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the matrix's columns, in order."""
        indicators = (f"{name}={value}" for name, kept in self._indicators() for value in kept)
        return (*self.numbers, *indicators)

    @property
    def features(self) -> tuple[str, ...]:
        """The feature that each column of the matrix comes from."""
        return (*self.numbers, *(name for name, kept in self._indicators() for _ in kept))

    def matrix(self, values: pd.DataFrame) -> Floats:
        """One row per snapshot, one column per name in ``columns``; NaN is absent.

        A feature that the values no longer have (a capability nobody uses any more) is absent.
        """
        absent = pd.Series(np.nan, index=values.index)
        parts = [
            values.get(name, absent).to_numpy(dtype=np.float64)[:, None]
            for name in self.numbers
        ]
        for name, kept in self._indicators():
            code, seen = pd.factorize(values.get(name, absent).astype(object))
            column = [kept.index(_shown(value, kept)) for value in seen]
            indicators = np.vstack([np.eye(len(kept))[column], np.zeros(len(kept))])
            parts.append(indicators[code])
        return np.hstack(parts) if parts else np.empty((len(values), 0))

    def to_json(self) -> str:
        """All that was learnt; the same learning gives the same text."""
        return json.dumps({"numbers": self.numbers, "labels": list(self.labels.items())})

    @classmethod
    def from_json(cls, text: str) -> "Encoder":
        written = json.loads(text)
        labels = {name: tuple(kept) for name, kept in written["labels"]}
        return cls(tuple(written["numbers"]), labels)

    def _indicators(self) -> list[tuple[str, tuple[str, ...]]]:
        return [(name, (*kept, RARE)) for name, kept in self.labels.items()]


def _tells(number: "pd.Series[float]", *, is_asked: bool) -> bool:
    """Whether a number tells rows apart; of one that is asked for, whether it is ever known."""
    return bool(number.notna().any() if is_asked else number.nunique(dropna=False) > 1)


def _shown(value: object, kept: tuple[str, ...]) -> str:
    return str(value) if str(value) in kept else RARE
