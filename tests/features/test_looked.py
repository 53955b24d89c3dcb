"""Of files that were looked at and are as they were, nothing is found out again."""

import json
from pathlib import Path

import pandas as pd
import pytest

from configs.errors import DataError
from configs.project import Project
from features.sources import Looked, Source, open_source
from tests.builders import MORNING, AnAccount, World, a_world
from tests.features.test_arrived import as_files, unreadable

DAY = MORNING.date()


def a_company() -> World:
    busy = AnAccount().signed_up(90).has_user("ann").was_active(40, 30, 21, 12, 9, 2)
    stranger = AnAccount("zz").was_active(20, 3)
    return a_world(busy, AnAccount("a0").signed_up(70).was_touched(60), stranger)


def opened(files: Path, looked: Looked | None = None) -> Source:
    told = {"name": "acme", "source": {"kind": "files", "path": str(files)}}
    return open_source(Project.model_validate(told), files, looked=looked)


def looked_at(files: Path) -> Looked:
    source = opened(files)
    source.check()
    return source.looked()


def found(source: Source) -> tuple[object, ...]:
    source.check()
    return source.fingerprint(), source.facts, source.newest_known(DAY), source.looked()


def more_activity(files: Path, **changed: object) -> Path:
    rows = pd.read_parquet(files / "activity" / "2.parquet").assign(**changed)
    rows.to_parquet(files / "activity" / "new.parquet", index=False)
    return files / "activity" / "new.parquet"


def test_nothing_of_a_file_that_is_as_it_was_is_read(tmp_path):
    files = as_files(dict(a_company().frames), tmp_path / "files")
    before = found(opened(files))
    looked = looked_at(files)
    for path in files.rglob("*.parquet"):
        unreadable(path)
    assert found(opened(files, looked)) == before
    assert opened(files, looked).looked_at_whole() == []


def test_a_new_file_is_looked_at_alone_and_says_what_a_look_at_all_would(tmp_path):
    files = as_files(dict(a_company().frames), tmp_path / "files")
    looked = looked_at(files)
    new = more_activity(files)
    anew = found(opened(files))
    for path in (files / "users").iterdir():
        unreadable(path)
    for path in set((files / "activity").iterdir()) - {new}:
        unreadable(path)
    assert found(opened(files, looked)) == anew


@pytest.mark.parametrize("what", ["changed", "gone", "accounts"])
def test_where_a_file_is_not_as_it_was_its_table_is_looked_at_whole(what, tmp_path):
    files = as_files(dict(a_company().frames), tmp_path / "files")
    looked = looked_at(files)
    table, second = "activity", files / "activity" / "1.parquet"
    if what == "changed":
        pd.read_parquet(second).assign(quantity=3.0).to_parquet(second, index=False)
    elif what == "gone":
        second.unlink()
    else:
        table, path = "accounts", files / "accounts.parquet"
        pd.read_parquet(path).head(1).to_parquet(path, index=False)
    source = opened(files, looked)
    assert source.looked_at_whole() == [table]
    assert found(source) == found(opened(files))


def test_a_new_file_that_breaks_a_promise_is_refused(tmp_path):
    files = as_files(dict(a_company().frames), tmp_path / "files")
    looked = looked_at(files)
    more_activity(files, capability=None)
    with pytest.raises(DataError, match=r"activity\.capability: \d+ rows? .*null"):
        opened(files, looked).check()


def test_a_new_file_that_lacks_a_column_of_the_others_is_refused(tmp_path):
    files = as_files(dict(a_company().frames), tmp_path / "files")
    looked = looked_at(files)
    new = more_activity(files)
    pd.read_parquet(new).drop(columns="capability").to_parquet(new, index=False)
    with pytest.raises(DataError, match=r"activity\.capability: \d+ rows? .*null"):
        opened(files, looked).check()


def test_a_key_is_held_against_all_files_not_only_the_new_one(tmp_path):
    files = as_files(dict(a_company().frames), tmp_path / "files")
    looked = looked_at(files)
    whole = pd.concat([pd.read_parquet(path) for path in (files / "users").iterdir()])
    whole.to_parquet(files / "users" / "again.parquet", index=False)
    with pytest.raises(DataError, match=r"users: .* rows share their account_id and user_id"):
        opened(files, looked).check()


def test_rows_known_only_later_are_not_the_newest_of_an_earlier_morning(tmp_path):
    files = as_files(dict(a_company().frames), tmp_path / "files")
    looked = looked_at(files)
    earlier = (MORNING - pd.Timedelta(days=10)).date()
    told = opened(files, looked).newest_known(earlier)
    assert told == opened(files).newest_known(earlier)
    assert told["activity"] < pd.Timestamp(earlier)


def test_what_was_found_is_read_as_it_was_written(tmp_path):
    looked = looked_at(as_files(dict(a_company().frames), tmp_path / "files"))
    looked.write(tmp_path / "looked.json")
    again = Looked.read(tmp_path / "looked.json")
    assert json.dumps(again.facts) == json.dumps(looked.facts)
    assert (again.marks, again.digests, again.newest) == (
        looked.marks,
        looked.digests,
        looked.newest,
    )


@pytest.mark.parametrize("content", ["", "{", "[]", '{"odd": 1}'])
def test_where_it_is_damaged_nothing_is_known(content, tmp_path):
    (tmp_path / "looked.json").write_text(content)
    assert Looked.read(tmp_path / "looked.json") == Looked()
