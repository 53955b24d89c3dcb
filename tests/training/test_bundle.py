import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.errors import LakeError
from training.bundle import Bundle

names = st.from_regex(r"\A[a-z][a-z0-9_]{0,8}\.(json|txt|toml)\Z")
texts = st.text(st.characters(exclude_categories=["Cs"]))
parts = st.dictionaries(names, texts).map(lambda some: {"meta.json": "{}", **some})


@given(parts)
def test_a_bundle_comes_back_as_it_was_written(tmp_path_factory, parts):
    folder = tmp_path_factory.mktemp("bundle")
    bundle = Bundle(parts)
    bundle.write(folder)
    back = Bundle.read(folder)
    assert back == bundle
    assert back.fingerprint == bundle.fingerprint


@given(parts)
def test_the_order_of_the_parts_does_not_change_the_fingerprint(parts):
    assert Bundle(parts).fingerprint == Bundle(dict(reversed(parts.items()))).fingerprint


@given(parts, parts)
def test_different_bundles_have_different_fingerprints(one, other):
    assert (one == other) == (Bundle(one).fingerprint == Bundle(other).fingerprint)


@pytest.mark.parametrize("name", ["model.pkl", "../up.json", "a/b.json", "run.py", ".json"])
def test_nothing_but_text_and_json_gets_into_a_bundle(name):
    with pytest.raises(ValueError, match=r"holds \.json, \.txt and \.toml"):
        Bundle({"meta.json": "{}", name: ""})


def test_a_bundle_without_its_meta_file_is_none():
    with pytest.raises(ValueError, match=r"needs meta\.json"):
        Bundle({"booster.txt": "tree"})


def test_the_parts_that_are_json_are_read_as_such():
    bundle = Bundle({"meta.json": '{"horizons_days": [30]}', "encoder.json": '{"plan": 1}'})
    assert bundle.meta == {"horizons_days": [30]}
    assert bundle.json("encoder.json") == {"plan": 1}


def test_a_folder_with_something_binary_in_it_is_refused(tmp_path):
    (tmp_path / "meta.json").write_text("{}")
    (tmp_path / "booster.txt").write_bytes(b"\x80\x05\x95")
    with pytest.raises(LakeError, match=r"is no model bundle.*Train again"):
        Bundle.read(tmp_path)
    (tmp_path / "booster.txt").rename(tmp_path / "booster.pkl")
    with pytest.raises(LakeError, match="is no model bundle"):
        Bundle.read(tmp_path)


def test_a_folder_that_is_gone_is_said_to_be_gone(tmp_path):
    with pytest.raises(LakeError, match="files are gone"):
        Bundle.read(tmp_path / "bundle")
