"""How is a feature set kept in the lake, so that training and scoring read the same one?"""

import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import pandas as pd

from configs.errors import LakeError
from features.assemble import FeatureSet
from features.catalogue import Catalogue, Feature

CATALOGUES = ("catalogue", "step_catalogue")
FRAMES = tuple(field.name for field in fields(FeatureSet) if field.name not in CATALOGUES)


def write_features(features: FeatureSet, folder: Path) -> None:
    """Write one Parquet file per frame and one JSON file per catalogue into a folder."""
    for name in FRAMES:
        frame: pd.DataFrame = getattr(features, name)
        frame.to_parquet(folder / f"{name}.parquet", index=False, compression="zstd")
    for name in CATALOGUES:
        entries = [asdict(feature) for feature in getattr(features, name).values()]
        (folder / f"{name}.json").write_text(json.dumps(entries, indent=1), encoding="utf-8")


def read_features(folder: Path) -> FeatureSet:
    """Read what ``write_features`` wrote; LakeError where a build never finished there."""
    files = [f"{name}.parquet" for name in FRAMES] + [f"{name}.json" for name in CATALOGUES]
    if not all((folder / name).is_file() for name in files):
        raise LakeError(str(folder), "holds no finished build", "Run `milepost build` first")
    parts: dict[str, Any] = {
        name: pd.read_parquet(folder / f"{name}.parquet") for name in FRAMES
    }
    parts |= {name: _catalogue(folder / f"{name}.json") for name in CATALOGUES}
    return FeatureSet(**parts)


def read_catalogues(folder: Path) -> tuple[Catalogue, Catalogue]:
    """Read the inputs' entries alone: those of an account, and those of an open milestone."""
    account, step = (_catalogue(folder / f"{name}.json") for name in CATALOGUES)
    return account, step


def _catalogue(path: Path) -> Catalogue:
    return Catalogue(Feature(**entry) for entry in json.loads(path.read_text("utf-8")))
