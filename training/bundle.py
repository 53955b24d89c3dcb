"""What is handed from training to scoring, and can it run code when it is opened?

It cannot: a bundle is a handful of texts (LightGBM's own booster text, and JSON) and nothing in
it is ever unpickled. What the texts mean is known to those who write and read them.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from configs.errors import LakeError

META = "meta.json"
_NAME = re.compile(r"^[A-Za-z0-9_][A-Za-z0-9_.-]*\.(json|txt|toml)$")


@dataclass(frozen=True, slots=True)
class Bundle:
    """Everything scoring needs of the models, as texts by file name; ``meta.json`` is one."""

    parts: Mapping[str, str]

    def __post_init__(self) -> None:
        if wrong := sorted(name for name in self.parts if not _NAME.match(name)):
            raise ValueError(f"a bundle holds .json, .txt and .toml files, not {wrong}")
        if META not in self.parts:
            raise ValueError(f"a bundle needs {META}; this one has {sorted(self.parts)}")

    @property
    def meta(self) -> dict[str, Any]:
        return self.json(META)

    def json(self, name: str) -> dict[str, Any]:
        return dict(json.loads(self.parts[name]))

    @property
    def fingerprint(self) -> str:
        """The same texts under the same names have the same print, on every machine."""
        content = json.dumps(dict(self.parts), sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(content.encode("ascii")).hexdigest()

    def write(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in self.parts.items():
            (folder / name).write_bytes(text.encode("utf-8"))

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The bundle a folder holds; LakeError where the folder holds anything else."""
        if not folder.is_dir():
            raise LakeError(str(folder), "the model's files are gone", "Train again")
        try:
            files = sorted(path for path in folder.iterdir() if path.is_file())
            return cls({path.name: path.read_bytes().decode("utf-8") for path in files})
        except ValueError as wrong:
            raise LakeError(
                str(folder), f"is no model bundle ({wrong})", "Train again"
            ) from wrong
