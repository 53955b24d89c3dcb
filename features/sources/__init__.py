"""Where are the customer's tables? Everything that opens them is here."""

from collections.abc import Callable, Mapping
from pathlib import Path

from configs.project import Project
from features.sources.duckdb import open_duckdb
from features.sources.files import open_files
from features.sources.looked import Looked
from features.sources.source import Source, Stored, TableFacts, check_mapping
from features.sources.spark import open_spark
from features.sources.sql import open_sql

__all__ = ["Looked", "Source", "TableFacts", "open_source"]

ENGINES: Mapping[str, Callable[[Project, Path], Stored]] = {
    "files": open_files,
    "duckdb": open_duckdb,
    "sql": open_sql,
    "spark": open_spark,
}


def open_source(project: Project, folder: Path, *, looked: Looked | None = None) -> Source:
    """Open the tables of a project, whose paths are relative to ``folder``.

    What was ``looked`` at already, and is as it was, need not be found out again.

    Raises ConfigError or DataError if a required table or column is not there at all; call
    ``Source.check`` to hear of every row that breaks a promise.
    """
    check_mapping(project)
    source = Source(ENGINES[project.source.kind](project, folder), project, looked=looked)
    if source.missing():
        source.check()
    return source
