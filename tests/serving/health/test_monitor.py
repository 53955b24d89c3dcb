"""What an operator is told: what has decayed, drifted or dried up, and nothing that has not."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from configs.project import Project
from features.asof import ordinal
from serving.health.monitor import Health, Said, as_facts, as_tables, examine
from tests.serving.ledger_world import a_feature_set, left, said_on

TODAY = date(2026, 3, 2)
MORNING = ordinal(TODAY)
PROJECT = Project(name="acme", outcomes={"horizons_days": [30, 90], "primary_horizon_days": 30})
NOTHING = pd.DataFrame({"day": []})
STEADY = pd.DataFrame(
    {
        "table": "activity",
        "on": pd.to_datetime([TODAY - timedelta(days=back) for back in range(91, 0, -1)]),
        "rows": 40,
    }
)


@pytest.fixture(scope="module")
def champion(company):
    """A model whose backtest promised an AUC of .80 within 30 days."""
    record = {"churn": [{"origin": "all", "horizon_days": 30, "auc": 0.80}]}
    meta = {**company.models.meta, "backtest": record}
    return replace(company.models, meta={**meta, "training_day": MORNING - 100})


def looked_after(models, *, times: float = 1.0, blind: bool = False, arrivals=STEADY) -> Health:
    """Four hundred accounts leave as was said, or so many times as often; or at random."""
    chance = np.random.default_rng(2)
    risk = chance.beta(0.7, 4, 400)
    gone = chance.random(400) < np.minimum(risk * times, 1)
    told = np.full(400, risk.mean()) + chance.normal(0, 0.01, 400) if blind else risk
    names = [f"a{i}" for i in range(400)]
    return examine(
        said=Said(said_on(MORNING - 60, dict(zip(names, told, strict=True))), NOTHING),
        features=a_feature_set(
            exits=left({n: MORNING - 45 for n, g in zip(names, gone, strict=True) if g})
        ),
        arrivals=arrivals,
        models=models,
        project=PROJECT,
        as_of=TODAY,
    )


def kinds(health: Health) -> list[str]:
    return [finding.kind for finding in health.findings]


def test_a_model_whose_word_came_true_is_left_in_peace(champion):
    health = looked_after(champion)
    assert not health.has_decayed
    assert kinds(health) == []


def test_far_more_leaving_than_was_said_is_decay_and_told_with_its_interval(champion):
    health = looked_after(champion, times=2.5)
    assert health.has_decayed
    (finding,) = health.findings
    assert finding.text.startswith("within 30 days, ")
    assert "which should lie within 0.8 to 1.25" in finding.text


def test_no_longer_telling_apart_who_leaves_is_decay_too(champion):
    health = looked_after(champion, blind=True)
    assert health.has_decayed
    assert "told apart worse than in the backtest: AUC 0." in health.findings[0].text
    assert "against 0.80" in health.findings[0].text


def test_too_few_leaving_to_tell_is_not_decay(champion):
    assert not looked_after(champion, times=0.02).has_decayed


def test_before_there_is_a_model_nothing_can_decay():
    assert not looked_after(None, times=2.5).has_decayed


def test_a_thin_week_a_silent_table_and_one_that_never_came_are_called_out(champion):
    by_day = STEADY.set_index("on")["rows"]
    last_week = by_day.index >= pd.Timestamp(TODAY - timedelta(days=7))
    thin = STEADY.assign(rows=np.where(last_week, 10, 40))
    (finding,) = looked_after(champion, arrivals=thin).findings
    assert (finding.kind, finding.text) == (
        "volume",
        "activity: 70 rows in the last week, usually 280",
    )
    (finding,) = looked_after(champion, arrivals=STEADY.iloc[:-20]).findings
    assert finding.kind == "stale"
    assert finding.text.startswith("activity: the newest row is 21 days old")
    others = STEADY.assign(table="touches")
    (finding,) = looked_after(champion, arrivals=others).findings
    assert finding.text == "activity: not a row in the last quarter"


def test_inputs_of_the_model_that_have_drifted_are_named(company):
    changed = company.features.values.copy()
    today = (company.features.snapshots["day"] == company.day).to_numpy()
    changed.loc[today, "days_since_active"] = 500.0
    health = examine(
        said=Said(NOTHING, NOTHING),
        features=company.told(values=changed),
        arrivals=STEADY,
        models=company.models,
        project=company.configuration.project,
        as_of=company.as_of,
    )
    (finding,) = [each for each in health.findings if each.kind == "drifted"]
    assert finding.text.partition(": ")[2].startswith("days_since_active ")
    assert not health.has_decayed


def test_the_tables_have_the_same_columns_whether_or_not_there_is_anything_in_them(champion):
    full = as_tables(looked_after(champion))
    empty = as_tables(looked_after(None, arrivals=STEADY.iloc[:0]))
    assert {name: table.schema for name, table in full.items()} == {
        name: table.schema for name, table in empty.items()
    }
    assert full["matured"].schema.field("events").type == pa.int64()


def test_what_is_told_in_run_json_is_plain(champion):
    import json

    told = as_facts(looked_after(champion, times=2.5))
    json.dumps({**told, "inflow": None}, allow_nan=False)
    assert told["findings"][0]["kind"] == "decayed"
