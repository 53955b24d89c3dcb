"""How are small tables kept in the lake, so that files that have not changed are read once?

A table whose files are as they were is taken from the build before, in order already. Whichever
it is, it is read from what was kept, so that both are the same; of which of its rows a morning
knows is asked anew each time.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa

from features.arrived import Arrived
from features.history import SMALL_TABLES, fetched, in_order, known_before
from features.sealed import Seal, are_whole, sealed
from features.tables import TABLES

FOLDER = "tables"
"""Where in a build's folder they are kept; no part of its features."""
TOLD = "tables.json"
CHANGED = "it is not in the very files of a build before"
DAMAGED = "what was kept of it is damaged"


class Kept(NamedTuple):
    """Small tables as a morning knows them, and why any of them was read."""

    tables: Mapping[str, pd.DataFrame]
    why_read: Mapping[str, str]


def kept_tables(arrived: Arrived, folder: Path, before: Path | None) -> Kept:
    """Take or read every small table that there is, and keep it for the next build."""
    (folder / FOLDER).mkdir()
    was_sealed = _seals(before)
    seals, tables, why_read = {}, {}, {}
    for name in (name for name in SMALL_TABLES if name in arrived.tables):
        path = folder / FOLDER / f"{name}.arrow"
        seal = was_sealed.get(path.name)
        why_not = _why_not(name, arrived, before, seal)
        if why_not is None and before is not None:
            os.link(before / FOLDER / path.name, path)
        else:
            rows = fetched(arrived.tables[name])
            _write(path, in_order(rows, list(TABLES[name].columns)))
            seal = sealed([path])[path.name]
            why_read[name] = why_not or CHANGED
        seals[path.name] = seal
        tables[name] = known_before(_read(path), arrived.as_of_day)
    (folder / FOLDER / TOLD).write_text(json.dumps(seals), encoding="utf-8")
    return Kept(tables, why_read)


def _why_not(name: str, arrived: Arrived, before: Path | None, seal: Seal | None) -> str | None:
    """Why what was kept of a table does not do, if it does not."""
    if before is None or not arrived.is_as_it_was(name):
        return CHANGED
    if seal is None or not are_whole(before / FOLDER, {f"{name}.arrow": seal}):
        return DAMAGED
    return None


def _seals(before: Path | None) -> dict[str, Any]:
    try:
        told = json.loads((before / FOLDER / TOLD).read_text("utf-8")) if before else {}
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _read(path: Path) -> pd.DataFrame:
    with pa.memory_map(str(path)) as content:
        table: pd.DataFrame = pa.ipc.open_file(content).read_all().to_pandas()
    return table


def _write(path: Path, table: pd.DataFrame) -> None:
    rows = pa.Table.from_pandas(table, preserve_index=False)
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, rows.schema) as content:
        content.write_table(rows)
