"""Every figure of a backtest is what the plain measure gives on the rows it names."""

from dataclasses import replace

import numpy as np
import pytest

from training.proof.concordance import concordance
from training.proof.foretold import counting_mornings, implied_auc
from training.proof.judged import ASKED, MODEL, Backtest
from training.proof.measures import MEASURES, intervals_of, measures_of
from training.proof.measures import _over_time as over_time
from training.proof.metrics import account_bootstrap, auc

HORIZON = 90


@pytest.fixture(scope="module")
def table(company):
    return measures_of(company.tested, company.configuration.project.outcomes.horizons_days)


def the_value(table, **asked) -> float:
    rows = table.fillna({"horizon_days": 0})
    for column, wanted in asked.items():
        rows = rows.loc[rows[column] == wanted]
    (found,) = rows["value"]
    return found


def test_the_figures_of_all_origins_are_the_measures_of_their_pooled_rows(company, table):
    pooled = company.tested.pooled("churn", HORIZON)
    asked = {"question": "churn", "origin": "all", "group_kind": "all"}
    for predictor, chance in pooled.told:
        for name, measure in MEASURES.items():
            value = the_value(
                table, **asked, horizon_days=HORIZON, predictor=predictor, measure=name
            )
            assert value == pytest.approx(measure(chance, pooled.happened), nan_ok=True)


def test_the_figures_of_a_segment_are_those_of_its_accounts_alone(company, table):
    pooled = company.tested.pooled("churn", HORIZON)
    segments = pooled.about["segment"]
    judged = table.query("group_kind == 'segment' and measure == 'auc' and question == 'churn'")
    assert len(judged)
    for line in judged.query("horizon_days == @HORIZON and predictor == 'model'").itertuples():
        own = (segments == line.group).to_numpy()
        assert line.value == pytest.approx(auc(pooled.said[own], pooled.happened[own]))
        assert line.events == pooled.happened[own].sum()


def test_lift_at_capacity_compares_the_lists_with_everybody(company, table):
    pooled = company.tested.pooled("churn", HORIZON)
    listed = pooled.listed[MODEL]
    assert 0 < listed.sum() < len(listed)
    expected = pooled.happened[listed].mean() / pooled.happened.mean()
    asked = {"question": "churn", "origin": "all", "group_kind": "all", "predictor": MODEL}
    value = the_value(table, **asked, horizon_days=HORIZON, measure="lift_at_capacity")
    assert value == pytest.approx(expected)


def test_every_interval_holds_its_figure_or_nearly(table):
    drawn = table.dropna(subset=["low"])
    assert set(drawn["predictor"]) == {MODEL}
    assert (drawn["low"] <= drawn["high"]).all()
    main = drawn.query("group_kind == 'all' and measure in ('auc', 'brier')")
    assert ((main["low"] <= main["value"]) & (main["value"] <= main["high"])).all()


def test_sorting_beforehand_and_drawing_for_all_measures_at_once_change_no_interval(company):
    pooled = company.tested.pooled("churn", HORIZON)
    said, came, families = pooled.said, pooled.happened, pooled.families
    for measure, found in zip(
        MEASURES.values(),
        intervals_of([*MEASURES.values()], said, came, families, draws=50),
        strict=True,
    ):

        def weighed(weights, measure=measure):
            return measure(said, came, weights=weights)

        plain = account_bootstrap(weighed, families, seed=0, draws=50)
        assert found == pytest.approx(plain)


def test_horizonless_figures_are_told_of_every_origin_and_predictor(company, table):
    for question, judged in company.tested.judged.items():
        of_question = table.loc[table["question"] == question]
        for name in ("integrated_brier", "c_index"):
            told = of_question.loc[of_question["measure"] == name]
            assert len(told) == sum(1 + len(each.rules) for each in judged)
            assert told["value"].between(0, 1).all()


def test_the_c_index_of_a_large_book_counts_every_account(company):
    few = company.tested.judged["churn"][0]
    rows = np.arange(9_000) % len(few.about)
    said = np.random.default_rng(5).random((len(rows), len(few.horizons)))
    many = replace(
        few,
        about=few.about.iloc[rows],
        followup=few.followup.take(rows),
        said=said,
        rules={},
    )
    told = over_time(Backtest({"churn": [many]}), "churn", few.horizons)
    (found,) = (line["value"] for line in told if line["measure"] == "c_index")
    assert found == concordance(said[:, -1], many.followup, cause=ASKED)


def test_the_auc_to_expect_today_is_what_its_risks_imply_and_what_mornings_did_beyond(
    company, table
):
    past, today = counting_mornings(company.tested, HORIZON), company.tested.today
    told = implied_auc(today[f"{MODEL}.{HORIZON}d"].to_numpy())
    beyond = [auc(one.said, one.happened) - implied_auc(one.said) for one in past]
    asked = {"question": "churn", "horizon_days": HORIZON, "predictor": MODEL}
    assert the_value(table, **asked, measure="mornings_counted") == len(past)
    value = the_value(table, **asked, measure="auc_expected_today")
    assert value == pytest.approx(told + sum(beyond) / (len(past) + 1))
    snapshots = company.features.snapshots
    live = snapshots.loc[snapshots["day"] == snapshots["day"].max(), "account_id"]
    assert set(today["account_id"]) == set(live)
