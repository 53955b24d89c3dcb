"""Is a file that an earlier build kept still what was written?

A file that has the size, the time of change and the number that it had is not looked into. In
a lake that was moved or restored those differ, and a sum over the content tells.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from features.asof import Ints
from features.sources.filed import marks_of

Seal = tuple[str, int]
"""The mark of a file, and the sum over its content."""
Seals = Mapping[str, Seal]
"""By the file's name."""


def sealed(paths: Iterable[Path]) -> Seals:
    """Seal files as they are now."""
    return {path.name: (mark, _sum(path)) for path, mark in _marked(paths).items()}


def are_whole(folder: Path, seals: object) -> bool:
    """Whether files in a folder are those that were sealed, there or elsewhere.

    They are not where ``seals`` are none, as what is read of a damaged file may be.
    """
    if not isinstance(seals, Mapping) or not all(map(_is_seal, seals.values())):
        return False
    marks = {path.name: mark for path, mark in _marked(folder / n for n in seals).items()}
    return all(
        name in marks and (marks[name] == mark or _sum(folder / name) == told)
        for name, (mark, told) in seals.items()
    )


def _is_seal(told: object) -> bool:
    return isinstance(told, Sequence) and [type(part) for part in told] == [str, int]


def _marked(paths: Iterable[Path]) -> dict[Path, str]:
    return {Path(path): mark for path, mark in marks_of(paths).items()}


def _sum(path: Path) -> int:
    """Add the bytes up as numbers eight bytes wide, which is as fast as they are read."""
    if not path.stat().st_size:
        return 0
    content = np.memmap(path, dtype=np.uint8, mode="r")
    whole: Ints = content[: len(content) // 8 * 8].view(np.uint64)
    rest = content[len(content) // 8 * 8 :]
    return int(whole.sum(dtype=np.uint64)) + int(rest.sum(dtype=np.uint64)) + len(content)
