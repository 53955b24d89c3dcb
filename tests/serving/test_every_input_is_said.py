"""Whatever the features hold, of whatever account, a CSM can be told of it."""

import re
from pathlib import Path

import pytest

from configs.phrases import load_phrases
from features.assemble import FeatureSet
from features.catalogue import Catalogue
from features.specimen import specimen
from serving.reasons.sentences import Teller
from tests.builders import AnAccount, a_step, a_world

CONFIGS = Path(__file__).parents[2] / "configs"


@pytest.fixture(scope="module")
def features() -> FeatureSet:
    """One account of which everything is known, one that only signed up, four ordinary ones."""
    busy = (
        AnAccount("busy")
        .signed_up(90, kickoff=80, plan="team_plan", seats=9.0, parent_id="group")
        .has_user("ann", role="admin", since=85)
        .was_active(60, 33, 32, 12, 5, 2, user="ann")
        .was_active(40, 3, capability="workflow_run", user="ann")
        .has_contract(80, -200, arr=9_000.0)
        .was_touched(20, 3, kind="call")
        .was_touched(40, kind="nudge", milestone="late_step")
        .reached("kicked_off", 70)
        .planned("kicked_off", 75)
    )
    quiet = AnAccount("quiet").signed_up(30, plan=None, seats=None)
    others = [
        AnAccount(f"other{i}")
        .signed_up(88, plan="team_plan", parent_id="group")
        .was_active(9 + i, user=f"u{i}")
        for i in range(4)
    ]
    gone = AnAccount("gone").signed_up(89, plan="team_plan").was_active(50).left(20)
    world = a_world(
        busy,
        quiet,
        gone,
        *others,
        steps=[a_step(), a_step("kicked_off", done_when="recorded"), a_step("late_step")],
        accounts={"attributes": ["plan", "seats"]},
    )
    return world.build()


def catalogues(features: FeatureSet) -> list[Catalogue]:
    return [features.catalogue, features.step_catalogue]


@pytest.mark.parametrize("name", ["demo", "oulad"])
def test_every_measure_has_a_phrase(name):
    phrases = load_phrases(CONFIGS / name)
    for catalogue in catalogues(specimen()):
        assert {f.measure for f in catalogue.values()} <= phrases.measure.keys()
        assert {f.family for f in catalogue.values()} <= phrases.families.keys()


def test_every_phrase_has_a_measure():
    known = {f.measure for catalogue in catalogues(specimen()) for f in catalogue.values()}
    assert load_phrases().measure.keys() <= known | {"milestone"}


def test_what_a_sentence_refers_to_is_in_the_catalogue(features):
    phrases = load_phrases()
    for feature in features.catalogue.values():
        teller = Teller(feature, phrases, catalogue=features.catalogue, currency="USD")
        assert set(teller.others) <= features.catalogue.keys()


@pytest.mark.parametrize("name", ["demo", "oulad"])
def test_every_value_of_every_account_can_be_said(features, name):
    phrases = load_phrases(CONFIGS / name)
    parts = zip(catalogues(features), [features.values, features.steps], strict=True)
    for catalogue, values in parts:
        for column, feature in catalogue.items():
            teller = Teller(feature, phrases, catalogue=catalogue, currency="USD")
            for row in values.to_dict("records"):
                typical = None if feature.unit == "label" else 3.0
                text = teller.sentence(row[column], typical=typical, others=row)
                assert not re.search(r"[{}_]|\bnan\b|\bNone\b(?! of)", text), (column, text)
