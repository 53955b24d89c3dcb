"""What was sealed is whole until a byte of it is another, and what is no seal never is."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from features.sealed import are_whole, sealed

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner, min_size=1),
)


def test_a_file_is_whole_until_it_is_changed(tmp_path):
    path = tmp_path / "kept"
    path.write_bytes(b"nine bytes")
    seals = sealed([path])
    assert are_whole(tmp_path, seals)
    path.write_bytes(b"nine Bytes")
    assert not are_whole(tmp_path, seals)
    path.unlink()
    assert not are_whole(tmp_path, seals)


@given(ANY)
def test_whatever_is_no_seal_is_not_whole(told):
    assert not are_whole(Path("nowhere"), told)
