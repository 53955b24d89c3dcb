"""A past morning speaks for today only if it had seen those leave who are like today's."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.asof import ordinal
from training.engine.periods import CENSORED, FollowUp
from training.proof.comparable import IN_WORDS, counting, left_by_term, remarks_on, seen_by
from training.proof.judged import Judged

MONTHS, _, YEARS, NO_END = IN_WORDS
EARLY, LATE = "2024-12-30", "2025-06-30"
HORIZONS = (30, 90)


def a_morning(on: str, *, followed: float = 90.0) -> Judged:
    """Two accounts, of which one leaves on the tenth day."""
    ids = ["a1", "a2"]
    about = pd.DataFrame({"account_id": ids, "family": ids, "segment": "one", "is_new": False})
    followup = FollowUp(np.array([10.0, followed]), np.array([0, CENSORED]))
    said = np.array([[0.4, 0.6], [0.1, 0.2]])
    return Judged(ordinal(date.fromisoformat(on)), HORIZONS, about, followup, said, {})


def today(*accounts: tuple[str, bool, float, float]) -> pd.DataFrame:
    """Each account's term, whether its like had left by the early morning, and its risks."""
    terms, seen, soon, later = zip(*accounts, strict=True)
    return pd.DataFrame(
        {
            "term": terms,
            "stage": [f"first {term}" for term in terms],
            "seen": True,
            f"seen_by.{EARLY}": seen,
            f"seen_by.{LATE}": True,
            "model.30d": soon,
            "model.90d": later,
        }
    )


@pytest.fixture(scope="module")
def project(company):
    return company.configuration.project.model_copy(
        update={
            "outcomes": company.configuration.project.outcomes.model_copy(
                update={"horizons_days": HORIZONS}
            )
        }
    )


def test_a_morning_that_had_seen_no_year_end_is_left_out_and_named(project):
    mornings = [a_morning(LATE), a_morning(EARLY)]
    said = today((MONTHS, True, 0.1, 0.2), (YEARS, False, 0.1, 0.6))
    for horizon in HORIZONS:
        (kept,) = counting(mornings, said, horizon)
        assert kept.said.tolist() == mornings[0].column(horizon).said.tolist()
    (told,) = remarks_on(mornings, said, project)
    assert told == (
        "the morning of 2024-12-30 does not count for the AUC expected today within 30 and 90 "
        "days: fewer than 30 accounts were known to have left a term of more than 200 days by "
        "then, where 50 to 75 % of those expected to leave now are"
    )


def test_a_term_that_ends_beyond_the_horizon_hinders_nobody_within_it(project):
    said = today((MONTHS, True, 0.1, 0.3), (YEARS, False, 0.005, 0.1))
    assert len(counting([a_morning(EARLY)], said, 30)) == 1
    assert counting([a_morning(EARLY)], said, 90) == []
    (told,) = remarks_on([a_morning(EARLY)], said, project)
    assert "within 90 days" in told
    assert "25 % of those" in told


def test_a_morning_that_is_not_followed_to_a_horizon_is_not_spoken_of(project):
    young = a_morning(EARLY, followed=40.0)
    said = today((YEARS, False, 0.1, 0.3))
    (told,) = remarks_on([young], said, project)
    assert "within 30 days" in told


def test_whose_like_have_not_left_yet_are_named_as_those_no_morning_tells_of(project):
    said = today((MONTHS, True, 0.1, 0.3), (YEARS, True, 0.1, 0.1))
    said = said.assign(stage=[f"later {MONTHS}", f"later {YEARS}"], seen=[True, False])
    (told,) = remarks_on([a_morning(LATE)], said, project)
    assert told == (
        "how well the 25 to 50 % of those expected to leave within 30 and 90 days are told "
        "apart who are in a later term of more than 200 days, no past morning can say: fewer "
        "than 30 such accounts are known to have left"
    )


@given(st.lists(st.tuples(st.booleans(), st.floats(0.001, 0.9)), min_size=1, max_size=20))
def test_a_morning_counts_exactly_if_at_most_a_twentieth_of_the_risk_is_of_a_new_kind(accounts):
    said = today(*((YEARS, seen, risk, risk) for seen, risk in accounts))
    new = sum(risk for seen, risk in accounts if not seen)
    whole = sum(risk for _, risk in accounts)
    counts = bool(counting([a_morning(EARLY)], said, 30))
    if abs(new / whole - 0.05) > 1e-9:
        assert counts == (new / whole < 0.05)


def test_who_left_which_term_is_counted_from_what_was_known_that_morning(company):
    """Against a count of its own: exits known by then, each by its account's last morning."""
    features, project = company.features, company.configuration.project
    day = company.day - 98
    snapshots, values = features.snapshots.reset_index(drop=True), features.values
    exits = features.exits.loc[features.exits["known_at"] < pd.Timestamp(day, unit="D")]
    known = exits.loc[exits["cause"] == "churn"]
    counted = np.zeros((len(IN_WORDS), 2), dtype=int)
    for leaver in known.itertuples():
        own = snapshots.loc[snapshots["account_id"] == leaver.account_id, "day"]
        # The mornings that teach are four weeks apart, counted back from the training day.
        own = own.loc[(own < day) & ((day - own) % project.snapshots.training_every_days == 0)]
        own = own.loc[own < leaver.exited_at.timestamp() / 86_400]
        if len(own):
            term = values.iloc[own.idxmax()]
            length = np.searchsorted([45, 200], term["term_days"])
            counted[length, int(term["terms_ended"] > 0)] += 1
    assert left_by_term(features, project, day).tolist() == counted.tolist()
    assert counted.sum() > 30


def test_where_nothing_is_known_of_terms_every_morning_has_seen_everybody(company):
    features = company.features
    kept = [n for n in features.values if n not in ("days_to_renewal", "term_days")]
    bare = replace(features, values=features.values[kept])
    days = [judged.origin_day for judged in company.tested.judged["churn"]]
    rows = np.arange(5)
    told = seen_by(bare, rows, company.configuration.project, origin_days=days)
    assert set(told["term"]) == {NO_END}
    assert told.filter(like="seen_by.").to_numpy().all()
