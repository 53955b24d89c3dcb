import dataclasses
import json
import os
import signal
import sys
from pathlib import Path

import pandas as pd
import pytest

from configs.errors import ConfigError, DataError
from features.assemble import FeatureSet, build_features
from features.sources import Source, open_source
from features.stream import write_in_shards
from tests.features.given_tables import TABLES, as_parquet, in_order, opened

SMALL = {
    "spark.master": "local[2]",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.shuffle.partitions": "2",
}


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """Spark on two cores of this machine; it needs Java 17, and fails without."""
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    warehouse = tmp_path_factory.mktemp("spark") / "warehouse"
    settings = SMALL | {"spark.sql.warehouse.dir": str(warehouse)}
    # Spark answers Ctrl-C itself, and goes on to when it has been stopped.
    interrupted = signal.getsignal(signal.SIGINT)
    session = SparkSession.builder.config(map=settings).getOrCreate()
    yield session
    session.stop()
    signal.signal(signal.SIGINT, interrupted)


@pytest.fixture(scope="module")
def on_spark(session, company) -> Source:
    """The small simulated company's tables, read by Spark."""
    project = company.configuration.project
    source = project.source.model_copy(update={"kind": "spark"})
    return open_source(project.model_copy(update={"source": source}), company.config)


def test_spark_gives_the_same_tables_and_facts(session, tmp_path):
    files = opened(as_parquet(tmp_path))
    spark = opened(tmp_path, kind="spark")
    spark.check()
    assert spark.facts == files.facts
    for name in TABLES:
        pd.testing.assert_frame_equal(
            in_order(spark, name), in_order(files, name), check_dtype=False
        )


def test_the_features_are_the_same_cell_by_cell(company, on_spark):
    found = build_features(
        on_spark.tables, company.configuration, as_of=company.as_of, shards=3
    )
    assert list(found.catalogue) == list(company.features.catalogue)
    for part in dataclasses.fields(FeatureSet):
        expected = getattr(company.features, part.name)
        if isinstance(expected, pd.DataFrame):
            pd.testing.assert_frame_equal(getattr(found, part.name), expected)


def test_an_earlier_morning_in_hindsight_is_the_same(company, on_spark):
    late = company.hindsight(company.source)
    assert len(late) > 10
    pd.testing.assert_frame_equal(company.hindsight(on_spark), late)


def test_a_build_writes_the_same_bytes(company, on_spark, tmp_path):
    written = {}
    for name, source in {"files": company.source, "spark": on_spark}.items():
        folder = tmp_path / name
        folder.mkdir()
        write_in_shards(source.tables, company.configuration, folder, as_of=company.as_of)
        written[name] = {path.name: path.read_bytes() for path in sorted(folder.glob("*.*"))}
        # Every engine prints rows in its own way, and its prints are held against its own.
        mornings = json.loads(written[name].pop("mornings.json"))
        rows = {
            table: {day: print_[0] for day, print_ in days.items()}
            for table, days in mornings.pop("prints").items()
        }
        written[name]["mornings"] = (mornings, rows)
    assert len(written["files"]) > 5
    assert written["spark"] == written["files"]


def test_a_catalogue_is_read_by_the_name_of_its_schema(session, tmp_path):
    as_parquet(tmp_path)
    session.sql("CREATE DATABASE IF NOT EXISTS cs")
    for name in TABLES:
        rows = session.read.parquet(str(tmp_path / f"{name}.parquet"))
        rows.write.mode("overwrite").saveAsTable(f"cs.{name}")
    source = opened(tmp_path, kind="spark", schema="cs")
    source.check()
    assert source.facts["activity"].rows == 4
    with pytest.raises(DataError, match=r"no schema css \(did you mean `cs`\?\)"):
        opened(tmp_path, kind="spark", schema="css")


def test_a_folder_that_is_not_there_is_named_with_the_nearest(session, tmp_path):
    (tmp_path / "data").mkdir()
    with pytest.raises(DataError, match=r"no such folder \(did you mean `data`\?\)"):
        opened(tmp_path / "dta", kind="spark")


def test_without_java_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(ConfigError, match="needs Java, and there is none"):
        opened(Path(tmp_path), kind="spark")
