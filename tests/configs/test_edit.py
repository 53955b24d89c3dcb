"""A number is written into a file, and everything else stays to the letter."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.edit import with_numbers, write_numbers
from configs.errors import ConfigError

FOUND = {"trees": 120, "learning_rate": 0.034}
WRITTEN = """\
# Ours.
name = "acme"   # the lake's folder

[models]        # measured in spring
seed = 7
trees   =   200   # enough
# the next one is about backtests

[backtest]
origins = 4
"""


def test_values_change_and_comments_order_and_spaces_stay():
    assert with_numbers(WRITTEN, "models", FOUND) == WRITTEN.replace(
        "trees   =   200   # enough", "trees   =   120   # enough"
    ).replace("about backtests\n", "about backtests\nlearning_rate = 0.034\n")


@pytest.mark.parametrize("text", ["", 'name = "a"', 'name = "a"\n', "[a]\nb = 1\n\n"])
def test_a_section_that_is_not_there_is_added_at_the_end(text):
    found = with_numbers(text, "models", FOUND)
    assert found.startswith(text)
    assert tomllib.loads(found) == {**tomllib.loads(text), "models": FOUND}


names = st.from_regex(r"[a-z][a-z_]{0,8}", fullmatch=True)
numbers = st.one_of(st.integers(-999, 999), st.floats(0.001, 999, allow_nan=False))


@given(
    st.dictionaries(names, numbers, max_size=4),
    st.dictionaries(names, numbers, min_size=1, max_size=4),
    st.booleans(),
)
def test_what_comes_out_says_the_old_and_the_new_and_nothing_else(held, values, has_comment):
    comment = "  # why = not" if has_comment else ""
    lines = "".join(f"{name} = {value!r}{comment}\n" for name, value in held.items())
    text = f"top = 1\n[models]\n{lines}\n[other]\ntrees = 1\n"
    found = with_numbers(text, "models", values)
    assert tomllib.loads(found) == {
        "top": 1,
        "models": {**held, **values},
        "other": {"trees": 1},
    }
    assert found.count(comment) >= (len(held) if has_comment else 0)


@pytest.mark.parametrize(
    "odd",
    [
        "models = { trees = 200 }\n",
        "models.trees = 200\n",
        'words = """\n[models]\ntrees = 1\n"""\n',
        "[models]\ntrees = [\n1 ]\n",
    ],
)
def test_a_file_written_in_another_way_is_left_alone_and_the_change_is_said(tmp_path, odd):
    path = tmp_path / "project.toml"
    path.write_text(odd)
    with pytest.raises(ConfigError, match=r"Write it by hand: trees = 120, learning_rate"):
        write_numbers(path, "models", FOUND)
    assert path.read_text() == odd
    assert [each.name for each in tmp_path.iterdir()] == ["project.toml"]


def test_the_file_holds_it_afterwards(tmp_path):
    path = tmp_path / "project.toml"
    path.write_text(WRITTEN)
    write_numbers(path, "models", FOUND)
    assert tomllib.loads(path.read_text())["models"] == {"seed": 7, **FOUND}
