"""How do a customer's tables become features in the lake?"""

import hashlib
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

import configs
import features
from configs.errors import MilepostError, UnreachableError
from configs.load import Configuration, load
from configs.project import Project
from features.asof import Ints, ordinal
from features.assemble import FeatureSet
from features.hindsight import hindsight_in
from features.nudged import last_nudges
from features.plan import origins
from features.sources import Looked, Source, open_source
from features.store import mornings_of, read_catalogues, read_exits, read_features
from features.stream import write_in_shards
from pipelines.asof import as_of_day
from pipelines.lake import HINDSIGHT, NUDGED, Lake
from pipelines.manifest import (
    code_version,
    is_whole,
    note_files,
    read_manifest,
    write_manifest,
)
from pipelines.progress import Progress
from training.within_memory import mornings_within

LOOKED = "looked.json"
"""What the source had found in its files, in a build's folder."""


def last_look(lake: Lake, configuration: Configuration) -> Looked:
    """What the newest build of the same configuration and code had found in the files."""
    days, wanted = lake.dates("builds"), _asked_of_tables(configuration)
    if not days or not _is_made_by(lake.path("builds", days[-1]), wanted):
        return Looked()
    return Looked.read(lake.path("builds", days[-1]) / LOOKED)


def checked_source(configuration: Configuration, looked: Looked) -> Source:
    """Connect to the tables and refuse them if a row breaks its promise.

    Files that were looked at, and are as they were, are not looked at again.
    """
    source = open_source(configuration.project, configuration.folder, looked=looked)
    source.check()
    return source


def build_into(
    folder: Path,
    source: Source,
    configuration: Configuration,
    as_of: date,
    *,
    previous: date | None,
    made: Mapping[str, Any],
    before: Path | None = None,
) -> None:
    """Compute the features and write them, with what they were made of.

    ``before`` is a build of the same configuration and code: what stands of it is taken over.
    """
    also = () if previous is None else (previous,)
    stands = write_in_shards(
        source.tables,
        configuration,
        folder,
        as_of=as_of,
        also=also,
        before=before,
        filed=source.filed,
    )
    source.looked().write(folder / LOOKED)
    last_nudges(source.tables, as_of).to_parquet(folder / NUDGED, index=False)
    late = hindsight_in(folder, source.tables, configuration, since=previous, as_of=as_of)
    late.to_parquet(folder / HINDSIGHT, index=False)
    further = {
        "from": None if stands.why_not else before and before.name,
        "made_anew_because": stands.why_not,
        "parts_taken_over": () if stands.why_not else stands.parts,
        "rows_read_anew_because": stands.rows_read_anew_because,
        "tables_read_because": stands.tables_read_because,
        "criteria_decided_anew_because": stands.criteria_decided_anew_because,
        "tables_looked_at_whole": source.looked_at_whole(),
    }
    write_manifest(folder, {**made, "further": further})
    note_files(folder)


def build_before(lake: Lake, as_of: date, wanted: Mapping[str, Any]) -> Path | None:
    """The newest build up to a morning, if it is whole and configuration and code the same."""
    days = [day for day in lake.dates("builds") if day <= as_of]
    if not days or not _is_made_by(lake.path("builds", days[-1]), wanted):
        return None
    return lake.path("builds", days[-1])


def _is_made_by(folder: Path, wanted: Mapping[str, Any]) -> bool:
    try:
        found = read_manifest(folder)
    except (OSError, ValueError):
        return False
    same = ("configuration", "features_code")
    return all(found.get(key) == wanted[key] for key in same) and is_whole(folder)


def _asked_of_tables(configuration: Configuration) -> dict[str, Any]:
    """What decides what is asked of the tables: the configuration, and the code."""
    name, fingerprint = configuration.project.name, configuration.fingerprint
    return {
        "configuration": {"name": name, "fingerprint": fingerprint},
        "features_code": code_print(features, configs),
    }


def made_of(
    source: Source, configuration: Configuration, as_of: date, *, previous: date | None = None
) -> dict[str, Any]:
    """What a build depends on; where it is the same, so is the build.

    ``previous`` is the morning scored before it, which is built again as it is known now; of
    accounts of which rows came late to it, also as it would have been with them.
    """
    newest = source.newest_known(as_of)
    tables = {
        name: {**asdict(facts), "newest_known_at": _as_text(newest[name])}
        for name, facts in source.facts.items()
    }
    return {
        "as_of": as_of,
        "previous_morning": previous,
        **_asked_of_tables(configuration),
        "data": {
            "fingerprint": source.fingerprint(),
            "newest_activity_at": tables["activity"]["newest_known_at"],
            "tables": tables,
        },
        "code_version": code_version(),
    }


def _as_text(moment: datetime | None) -> str | None:
    return None if moment is None else str(moment)


def is_built(lake: Lake, as_of: date, wanted: Mapping[str, Any]) -> bool:
    """Whether the lake holds a whole build of the same tables, configuration and code."""
    folder = lake.path("builds", as_of)
    if not _is_made_by(folder, wanted):
        return False
    found, previous = read_manifest(folder), wanted["previous_morning"]
    return bool(
        found.get("previous_morning") == (previous and previous.isoformat())
        and found["data"]["fingerprint"] == wanted["data"]["fingerprint"]
    )


def code_print(*packages: ModuleType) -> str:
    """Print of all code of some packages, for what depends on nothing else."""
    told = hashlib.sha256()
    for package in packages:
        folder = Path(str(package.__file__)).parent
        for path in sorted(folder.rglob("*.py")):
            told.update(path.relative_to(folder).as_posix().encode())
            told.update(path.read_bytes())
    return told.hexdigest()


def is_worth_retrying(_task: Any, _run: Any, state: Any) -> bool:
    """A mistake in a file or a table is still there a minute later; a network may not be."""
    wrong = state.result(raise_on_failure=False)
    return isinstance(wrong, UnreachableError) or not isinstance(wrong, MilepostError)


connect = task(
    name="connect to the source",
    retries=2,
    retry_delay_seconds=[2, 15],
    retry_condition_fn=is_worth_retrying,
    cache_policy=NO_CACHE,
)(checked_source)
write_build = task(name="build features", cache_policy=NO_CACHE)(build_into)


@flow(name="build")
def build(config: str, lake: str, as_of: str | None = None) -> date:
    """Put the features of every live account up to the as-of date into the lake."""
    configuration, progress = load(Path(config)), Progress()
    store = Lake(Path(lake), configuration.project.name)
    with progress.step("connect and check the tables"):
        source = connect(configuration, last_look(store, configuration))
    with closing(source), source.steady():
        named = date.fromisoformat(as_of) if as_of else None
        day = as_of_day(source, named, today=date.today())
        previous = store.newest("scores", before=day)
        made = made_of(source, configuration, day, previous=previous)
        if is_built(store, day, made):
            return day
        with progress.step("build features"), store.replace("builds", day) as folder:
            before = build_before(store, day, made)
            write_build(
                folder, source, configuration, day, previous=previous, made=made, before=before
            )
    create_markdown_artifact(
        f"Features of {configuration.project.name} as of {day}", key="build"
    )
    return day


def built(lake: Lake, as_of: date, project: Project) -> FeatureSet:
    """The features of one as-of date, on as many of its mornings as there is room for."""
    return read_features(lake.path("builds", as_of), mornings_read(lake, as_of, project))


def mornings_read(lake: Lake, as_of: date, project: Project) -> Ints | None:
    """The mornings that `limits.memory` leaves room for; None where it is all of them."""
    folder = lake.path("builds", as_of)
    days, live = mornings_of(folder)
    asked = [ordinal(day) for day in origins(project, read_exits(folder), as_of)]
    if previous := read_manifest(folder)["previous_morning"]:
        asked.append(ordinal(date.fromisoformat(previous)))
    asked += _programme_began(days, project)
    catalogue, _ = read_catalogues(folder)
    return mornings_within(days, live, project, inputs=len(catalogue), always=asked)


def _programme_began(days: Ints, project: Project) -> list[int]:
    """The mornings by which a programme's accounts were here: the last up to its beginnings."""
    told = (project.programme.started_on, project.programme.held_out_since)
    began = [ordinal(day) for day in told if day is not None]
    return [max(days[days <= day].tolist(), default=int(days[0])) for day in began]


def left_out(lake: Lake, as_of: date, project: Project) -> tuple[str, ...]:
    """Say how many mornings are not read, if any."""
    read = mornings_read(lake, as_of, project)
    if read is None:
        return ()
    days, _ = mornings_of(lake.path("builds", as_of))
    return (
        f"{len(read)} of {len(days)} mornings are learnt from: `limits.memory` "
        f"({project.limits.memory}) has no room for more",
    )
