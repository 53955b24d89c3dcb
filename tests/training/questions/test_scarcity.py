"""What is too small is named, with how many more are needed and what stands in for it."""

import numpy as np
import pytest

from training.engine.followed import CHURN, follow
from training.questions.scarcity import borrowing, scarce


@pytest.fixture(scope="module")
def followed(company):
    return follow(company.features, training_day=company.day, every_days=28, min_events=30)


def test_every_segment_with_too_few_exits_of_its_own_is_named(company, followed):
    said = list(scarce(company.features, followed, company.configuration.project))
    segment = company.features.snapshots["segment"].iloc[followed.rows].to_numpy()
    for name in np.unique(segment):
        own = followed.followup.cause[segment == name] == followed.causes.index(CHURN)
        count = len(np.unique(followed.account[segment == name][own]))
        told = [line for line in said if line.startswith(f"segment {name}: {count} accounts")]
        assert bool(told) == (count < 30)
        assert all(f"(30, {30 - count} more)" in line for line in told)


def test_with_too_few_exits_in_all_that_is_said_and_no_segment_is_blamed(company):
    early = follow(
        company.features, training_day=company.day - 500, every_days=28, min_events=30
    )
    (said,) = scarce(company.features, early, company.configuration.project)
    assert said.startswith(f"{early.exited()} accounts are known to have churned by 20")
    assert said.endswith(f"a model needs 30, {30 - early.exited()} more")


def test_a_company_of_one_kind_borrows_from_nobody():
    assert not list(borrowing({"everyone": 3}, needed=30))
    assert not list(borrowing({"one": 40, "other": 30}, needed=30))


def test_the_models_and_their_page_tell_it(company):
    remarks = company.models.meta["remarks"]
    assert any("its risks borrow from all accounts" in remark for remark in remarks)
