"""A customer whose tables are too many for one machine: in a Spark catalogue, or as Parquet.

Spark counts, checks and prints the rows where they are; what a build needs of activity is
computed by ``features.cluster``, on the machines that hold it.
"""

import os
import shutil
import sys
from pathlib import Path

import ibis

from configs.errors import ConfigError, DataError
from configs.nearest import did_you_mean
from configs.project import Project
from features.sources.prints import glance_at_files
from features.sources.source import Stored
from features.tables import TABLES

_WHERE = '`source.kind` = "spark"'
SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
}


def open_spark(project: Project, folder: Path) -> Stored:
    """Open the tables of ``schema`` in Spark's catalogue, or the Parquet under ``path``."""
    connection = _connected()
    if project.source.schema_ is not None:
        return _catalogued(connection, project, project.source.schema_)
    return _in_folder(connection, project, folder)


def _connected() -> ibis.BaseBackend:
    """Join the session that there is, or start one; Spark's own settings say where."""
    home = os.environ.get("JAVA_HOME")
    java = Path(home) / "bin" / "java" if home else shutil.which("java")
    if java is None or not Path(java).is_file():
        raise ConfigError(_WHERE, "needs Java, and there is none", "Install Java 17")
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ModuleNotFoundError as missing:
        raise ConfigError(_WHERE, "needs pyspark", "Run `make spark`") from missing
    # Else Spark starts whichever Python comes first on the PATH.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    asked = SparkSession.builder.appName("milepost")
    try:
        session = asked.config(map=SETTINGS).getOrCreate()
    except (PySparkException, RuntimeError) as wrong:
        reason = " ".join(str(wrong).split())[:200]
        remedy = "See Spark's own settings (spark-defaults.conf, SPARK_HOME, SPARK_REMOTE)"
        raise DataError("Spark", f"does not start ({reason})", remedy) from wrong
    session.sparkContext.setLogLevel("ERROR")
    return ibis.pyspark.connect(session)


def _catalogued(connection: ibis.BaseBackend, project: Project, schema: str) -> Stored:
    known = connection.list_databases()
    if schema not in known:
        problem = f"there is no schema {schema}{did_you_mean(schema, known)}"
        raise DataError("Spark's catalogue", problem, "Set `schema` under [source]")
    names = connection.list_tables(database=schema)
    found = {}
    for name in TABLES:
        elsewhere, dot, table = project.source.stored_name(name).rpartition(".")
        if dot or table in names:
            found[name] = connection.table(table, database=elsewhere or schema)
    return Stored(
        connection=connection,
        where=f"Spark's catalogue, schema {schema}",
        tables=found,
        names=tuple(names),
        failures=_failures(),
        close=_stay,
    )


def _in_folder(connection: ibis.BaseBackend, project: Project, folder: Path) -> Stored:
    path = (folder / Path(project.source.path).expanduser()).resolve()
    if not path.is_dir():
        around = path.parent.iterdir() if path.parent.is_dir() else ()
        hint = did_you_mean(path.name, sorted(f.name for f in around if f.is_dir()))
        remedy = "Set `path` under [source] in project.toml to a folder of Parquet, or `schema`"
        raise DataError(str(path), f"there is no such folder{hint}", remedy)
    found = {}
    for name in TABLES:
        written = project.source.stored_name(name)
        for place in (path / f"{written}.parquet", path / written):
            if place.exists():
                found[name] = connection.read_parquet(str(place))
                break
    return Stored(
        connection=connection,
        where=str(path),
        tables=found,
        names=tuple(sorted(f.name.split(".")[0] for f in path.iterdir())),
        glance=lambda: glance_at_files(path.rglob("*")),
        failures=_failures(),
        close=_stay,
    )


def _failures() -> tuple[type[Exception], ...]:
    from pyspark.errors import PySparkException

    return (PySparkException,)


def _stay() -> None:
    """Leave the session running: it is not ours alone, and the next step joins it again."""
