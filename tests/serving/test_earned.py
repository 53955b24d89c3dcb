"""The programme's effect, as the page *Outlook* tells it."""

from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd

from configs.phrases import load_phrases
from serving.formats import MINUS
from serving.outlook.programme import FEWER, NO_CLAIM, REDUCES
from serving.report.earned import earned, in_words
from tests.company import DEMO

WORDS = load_phrases(DEMO).words


def a_row(comparison="holdout", measure="left", **told):
    span = {"since": date(2025, 1, 6), "until": date(2025, 7, 7)}
    counts = {"accounts": 900, "accounts_compared": 100}
    figures = {"happened": 0.10, "compared": 0.18, "effect": -0.078, "low": -0.14}
    rest = {"high": -0.016, "smallest": 0.081, "verdict": REDUCES, "remark": ""}
    return {
        "comparison": comparison,
        "measure": measure,
        **span,
        **counts,
        **figures,
        **rest,
    } | told


def material(*rows):
    book = SimpleNamespace(words=WORDS)
    return SimpleNamespace(book=book, tables={"programme": pd.DataFrame(list(rows))})


def test_an_effect_is_said_with_both_shares_and_its_interval():
    said = in_words(pd.DataFrame([a_row()]), WORDS)
    assert "10 % of the accounts in the programme left and 18 % of those held out" in said
    assert f"since 6 Jan 2025: fewer leave, by {MINUS}14.0 to {MINUS}1.6 points" in said


def test_no_claim_says_why_and_names_no_size():
    why = "too small to tell: it would need 2,000 accounts, or 8 more months"
    said = in_words(pd.DataFrame([a_row(verdict=NO_CLAIM, remark=why)]), WORDS)
    assert f"no claim ({why})" in said
    assert "points" not in said


def test_a_holdout_too_small_to_compare_is_still_told_of():
    nothing = dict.fromkeys(
        ("happened", "compared", "effect", "low", "high", "smallest"), np.nan
    )
    row = a_row(verdict=NO_CLAIM, remark="too small to tell", **nothing)
    (figure,) = earned(material(row))
    assert len(figure.lines[0].cells) == len(figure.heads) - 1
    assert "held out of the programme" in in_words(pd.DataFrame([row]), WORDS)


def test_before_and_after_is_told_beside_what_was_expected():
    row = a_row("before_after", accounts_compared=np.nan, verdict=FEWER)
    said = in_words(pd.DataFrame([row]), WORDS)
    assert "were expected to by what was known then: fewer left than expected, by" in said


def test_every_measure_has_its_line_and_the_file_behind_it_all_figures():
    kept = a_row(measure="arr_kept", verdict=None, remark=None)
    reached = a_row(measure="milestones_reached", verdict=None, remark=None, effect=0.3)
    (figure,) = earned(material(a_row(), reached, kept))
    assert [line.cells[-1].text for line in figure.lines] == ["Fewer leave", "", ""]
    assert len(figure.behind) == 3


def test_without_a_programme_nothing_is_said():
    assert list(earned(material())) == []
    assert in_words(None, WORDS) == ""
