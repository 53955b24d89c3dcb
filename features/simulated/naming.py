"""What are the simulated customers and the people who look after them called?"""

import tomllib
from pathlib import Path

import numpy as np
import numpy.typing as npt

Texts = npt.NDArray[np.object_]

_WORDS = tomllib.loads(Path(__file__).with_name("names.toml").read_text(encoding="utf-8"))
_ROOTS, _TRADES = _WORDS["roots"], _WORDS["trades"]
_GIVEN, _FAMILY = _WORDS["given"], _WORDS["family"]
_FORMS = ("", " Group", " International", " & Co", " Europe", " Works")


def account_names(count: int, rng: np.random.Generator) -> Texts:
    """Company names, no two alike; beyond about 60,000 they carry a number."""
    drawn = _draw(count, len(_ROOTS) * len(_TRADES) * len(_FORMS), rng)
    form, rest = drawn[0] % len(_FORMS), drawn[0] // len(_FORMS)
    root, trade = rest % len(_ROOTS), rest // len(_ROOTS)
    return np.array(
        [
            f"{_ROOTS[r]} {_TRADES[t]}{_FORMS[f]}{_numbered(n)}"
            for r, t, f, n in zip(root, trade, form, drawn[1], strict=True)
        ],
        dtype=object,
    )


def owner_names(count: int, rng: np.random.Generator) -> Texts:
    """Names of customer success managers, no two alike."""
    drawn = _draw(count, len(_GIVEN) * len(_FAMILY), rng)
    return np.array(
        [
            f"{_GIVEN[k % len(_GIVEN)]} {_FAMILY[k // len(_GIVEN)]}{_numbered(n)}"
            for k, n in zip(*drawn, strict=True)
        ],
        dtype=object,
    )


def _draw(count: int, size: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Positions without repeats, then the same again in a second round, and so on."""
    order = rng.permutation(size)
    position = np.arange(count)
    return order[position % size], position // size


def _numbered(turn: int) -> str:
    return f" {turn + 1}" if turn else ""
