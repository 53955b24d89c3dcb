"""One file in features/families/ is all it takes: the input is learnt from, said and listed."""

import numpy as np
import pytest

import features.families
from configs.phrases import load_phrases
from features import listing
from features.assemble import FeatureSet
from serving.risks import model_risks
from tests.builders import MORNING, AnAccount, a_world
from training.engine.followed import CHURN, follow
from training.models import Models
from training.questions.exits import fit_exits

A_FILE = '''
"""How much comes of each use?"""

import numpy as np

from features.catalogue import Feature
from features.family import Family, Own
from features.history import Columns


def depth_columns(own: Own) -> Columns:
    columns = Columns()
    uses, amount = own.activity.rows(91), own.activity.quantity(91)
    columns.add(
        Feature(
            name="quantity_per_use_91d",
            family="depth_of_use",
            measure="quantity_per_use",
            meaning="amount done per use in the last 91 days",
            unit="count",
            absence="not used in the last 91 days",
            window_days=91,
        ),
        np.divide(amount, uses, out=np.full(len(uses), np.nan), where=uses > 0),
    )
    return columns


FAMILY = Family(depth_columns)
'''
DAY = (MORNING - np.datetime64(0, "D")).days


@pytest.fixture
def with_the_file(tmp_path, monkeypatch) -> FeatureSet:
    """Of 240 accounts, those leave of whose uses less comes; nothing else tells them apart."""
    (tmp_path / "depth.py").write_text(A_FILE, encoding="utf-8")
    places = [*features.families.__path__, str(tmp_path)]
    monkeypatch.setattr(features.families, "__path__", places)
    accounts = []
    for number in range(240):
        account = AnAccount(f"a{number}").signed_up(120)
        account.was_active(110, 90, 60, 30, quantity=1.0 + 4.0 * (number % 2))
        accounts.append(
            account.left(5 + number % 50) if number < 220 and number % 2 else account
        )
    return a_world(*accounts, models={"trees": 20, "min_rows_in_leaf": 20}).build()


def test_a_feature_in_one_file_is_learnt_from_said_and_listed(with_the_file):
    built, phrases = with_the_file, load_phrases()
    project = a_world(models={"trees": 20, "min_rows_in_leaf": 20}).configuration.project
    followed = follow(built, training_day=DAY, every_days=7, min_events=30)
    exits = fit_exits(built, followed, project, bags=2)
    assert "quantity_per_use_91d" in exits.encoder.columns

    today = (built.snapshots["day"] == DAY).to_numpy()
    values = built.values.loc[today].reset_index(drop=True)
    risks = model_risks(
        Models(exits, None, None, {"exits": {CHURN: 110}}),
        values,
        built.catalogue,
        horizons=(30, 60, 90, 180),
        primary=90,
        phrases=phrases,
        currency="USD",
    )
    told = [next(r for r in own if r.family == "depth_of_use") for own in risks.reasons]
    is_deep = values["quantity_per_use_91d"] > 2
    assert min(r.points for r, deep in zip(told, is_deep, strict=True) if deep) > 0
    assert max(r.points for r, deep in zip(told, is_deep, strict=True) if not deep) < 0
    assert told[int(np.argmax(is_deep))].text.startswith(
        "Amount done per use in the last 91 days: 5"
    )
    assert phrases.family_name("depth_of_use") == "Depth of use"

    page = "\n".join(listing.page(built.catalogue, built.step_catalogue, phrases))
    assert "## Depth of use" in page
    assert (
        "| `quantity_per_use_91d` | count | 91 days | amount done per use in the last 91 days "
        "| not used in the last 91 days |" in page
    )


def test_a_file_without_a_family_is_named(tmp_path, monkeypatch):
    (tmp_path / "forgotten.py").write_text('"""What was forgotten?"""\n', encoding="utf-8")
    monkeypatch.setattr(features.families, "__path__", [str(tmp_path)])
    with pytest.raises(TypeError, match=r"features\.families\.forgotten gives no FAMILY"):
        features.families.families()
