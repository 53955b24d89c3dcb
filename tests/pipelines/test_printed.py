"""A study's tables are its figures: every number has a name, also when it is an interval."""

from hypothesis import given
from hypothesis import strategies as st

from pipelines.printed import figures_of

PAGE = """\
3000 accounts, seed 11

### churn

| origin | days | AUC | 95 % | days since last use | said/came |
|---|---|---|---|---|---|
| 2013-10-07 | 28 | **0.812** | 0.79 to 0.83 | 0.701 | 1.02 |
| all | 28 | 0.800 | 0.78 to 0.82 | 0.690 | n/a |
| all | 56 | 0.780 | 0.77 to 0.79 | 0.650 | 0.97 |

## cost

| what | seconds | as often |
|---|---|---|
| ours | 1,234.5 s | 0.98 (0.90 to 1.06) |
| theirs | 5 s | n/a |
"""


def test_each_number_is_named_by_heading_row_and_column():
    found = figures_of(PAGE)
    assert found["churn, all 28: AUC"] == 0.8
    assert found["churn, 2013-10-07 28: days since last use"] == 0.701
    assert found["cost, ours: seconds"] == 1234.5
    assert "churn, all 28: said/came" not in found
    assert "cost, theirs: as often" not in found


def test_an_interval_belongs_to_the_number_on_its_left_or_before_it():
    found = figures_of(PAGE)
    assert (found["churn, all 56: AUC low"], found["churn, all 56: AUC high"]) == (0.77, 0.79)
    assert found["cost, ours: as often"] == 0.98
    assert found["cost, ours: as often low"] == 0.9


def test_a_page_without_tables_has_no_figures():
    assert figures_of("It took 3 s.\n\n| not | a table") == {}


@given(st.text(alphabet="|-# ab1.%\n", max_size=200))
def test_whatever_is_printed_can_be_read(text):
    assert all(isinstance(value, float) for value in figures_of(text).values())


@given(
    st.lists(st.integers(-999, 999), min_size=2, max_size=8, unique=True),
    st.lists(st.floats(-1e6, 1e6), min_size=8, max_size=8),
)
def test_every_number_of_a_table_is_found_again(days, values):
    rows = "\n".join(f"| {d} | {v!r} |" for d, v in zip(days, values, strict=False))
    found = figures_of(f"| days | score |\n|---|---|\n{rows}\n")
    assert found == {f"{day}: score": value for day, value in zip(days, values, strict=False)}
