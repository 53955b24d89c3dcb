"""How are people's roles kept in the lake, so that they are asked of new people only?

Where the users are in the very files of the build before, whatever they say of people that it
held is taken from there. Whichever it is, it is kept for the next build.
"""

import json
from pathlib import Path

import pyarrow as pa

from features.arrived import Arrived
from features.roles import said_of_roles
from features.sealed import Seals, are_whole, sealed

FOLDER = "roles"
"""Where in a build's folder it is kept; no part of its features."""
FILE, TOLD = "roles.arrow", "roles.json"


def kept_roles(
    arrived: Arrived, users: pa.Array, named_in: Seals, folder: Path, before: Path | None
) -> pa.Table:
    """Take or ask what was said of the roles of all users that are kept, and keep it.

    ``named_in`` are the files that name those users, in their order.
    """
    said, count = _said_before(arrived, named_in, before)
    new = said_of_roles(arrived.tables.get("users"), users, since=count)
    both = [new] if said is None else [said, new]
    said = pa.concat_tables(both).unify_dictionaries().combine_chunks()
    (folder / FOLDER).mkdir()
    path = folder / FOLDER / FILE
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, said.schema) as content:
        content.write_table(said)
    told = {"users": len(users), "named_in": named_in, "seals": sealed([path])}
    (folder / FOLDER / TOLD).write_text(json.dumps(told), encoding="utf-8")
    return said


def _said_before(
    arrived: Arrived, named_in: Seals, before: Path | None
) -> tuple[pa.Table | None, int]:
    """What an earlier build kept, and of how many of the users that are kept now."""
    if before is None or "users" not in arrived.tables or not arrived.is_as_it_was("users"):
        return None, 0
    try:
        told = json.loads((before / FOLDER / TOLD).read_text("utf-8"))
        is_whole = are_whole(before / FOLDER, {FILE: told["seals"][FILE]})
        named_before = [*told["named_in"].items()]
    except (OSError, ValueError, KeyError):
        return None, 0
    begins = [(name, list(seal)) for name, seal in named_in.items()][: len(named_before)]
    if not is_whole or begins != named_before:
        return None, 0
    with pa.memory_map(str(before / FOLDER / FILE)) as content:
        return pa.ipc.open_file(content).read_all(), told["users"]
