"""How are people's roles kept in the lake, so that they are asked of new people only?

Where the users are in the very files of the build before, whatever they say of people that it
held is taken from there. Whichever it is, it is kept for the next build, and with it which
files name those people: the seal is on both.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from features.arrived import Arrived
from features.kept import Naming
from features.roles import said_of_roles
from features.sealed import are_whole, sealed

FOLDER = "roles"
"""Where in a build's folder it is kept; no part of its features."""
FILE, TOLD = "roles.arrow", "roles.json"
NAMED_IN = b"named_in"
"""Under which the file says what names the people that it tells of."""


def kept_roles(
    arrived: Arrived,
    users: pa.Array,
    named_in: Sequence[Naming],
    folder: Path,
    before: Path | None,
) -> pa.Table:
    """Take or ask what was said of the roles of all users that are kept, and keep it.

    ``named_in`` are the files that name those users, in their order.
    """
    said, count = _said_before(arrived, named_in, before)
    new = said_of_roles(arrived.tables.get("users"), users, since=count)
    both = [new] if said is None else [said, new]
    said = pa.concat_tables(both).unify_dictionaries().combine_chunks()
    (folder / FOLDER).mkdir()
    write_said(said, named_in, folder / FOLDER)
    return said


def write_said(said: pa.Table, named_in: Sequence[Naming], folder: Path) -> None:
    """Keep what was said of roles, and of whose, under a seal."""
    path = folder / FILE
    rows = said.replace_schema_metadata({NAMED_IN: json.dumps(named_in)})
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, rows.schema) as content:
        content.write_table(rows)
    (folder / TOLD).write_text(json.dumps(sealed([path])), encoding="utf-8")


def read_said(folder: Path) -> tuple[pa.Table, list[Naming]] | None:
    """What was kept, or None where it is not what was written."""
    try:
        seal = json.loads((folder / TOLD).read_text("utf-8"))[FILE]
        if not are_whole(folder, {FILE: seal}):
            return None
        with pa.memory_map(str(folder / FILE)) as content:
            said = pa.ipc.open_file(content).read_all()
        named_in = [Naming(*one) for one in json.loads(said.schema.metadata[NAMED_IN])]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return said.replace_schema_metadata(None), named_in


def _said_before(
    arrived: Arrived, named_in: Sequence[Naming], before: Path | None
) -> tuple[pa.Table | None, int]:
    """What an earlier build kept, and of how many of the users that are kept now."""
    if before is None or "users" not in arrived.tables or not arrived.is_as_it_was("users"):
        return None, 0
    kept = read_said(before / FOLDER)
    if kept is None or kept[1] != named_in[: len(kept[1])]:
        return None, 0
    said, named_before = kept
    return said, sum(one.users for one in named_before)
