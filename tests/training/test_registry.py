import os
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from configs.errors import LakeError
from features.catalogue import Catalogue, Feature
from features.encode import Encoder
from training.bundle import Bundle
from training.engine.followed import CHURN
from training.engine.hazard import HazardSettings, fit_hazard
from training.engine.matrix import Matrix
from training.engine.periods import FollowUp, Periods
from training.models import Models
from training.questions.exits import ExitModel
from training.registry import Registry

NAME = "acme-churn"


def a_bundle(said: str = "tree") -> Bundle:
    return Bundle({"meta.json": '{"question": "churn"}', "churn.txt": said})


def registered(registry: Registry, said: str = "tree") -> int:
    with registry.track("acme") as run:
        return registry.register(NAME, bundle=a_bundle(said), run=run)


@pytest.fixture(scope="module")
def three_versions(tmp_path_factory) -> Path:
    """A lake with three challengers; laid out once, because MLflow takes seconds to do it."""
    lake = tmp_path_factory.mktemp("registry") / "lake"
    registry = Registry(lake)
    for said in ("one", "two", "three"):
        registered(registry, said)
    return lake


@pytest.fixture
def registry(three_versions: Path, tmp_path: Path) -> Registry:
    """A lake of one's own, and moved from where it was written."""
    shutil.copytree(three_versions, tmp_path / "lake")
    return Registry(tmp_path / "lake")


def test_there_is_no_champion_before_one_is_promoted(registry):
    assert registry.champion(NAME) is None
    assert registry.champion("never trained") is None
    assert registry.versions("never trained") == []
    assert [each.promoted for each in registry.versions(NAME)] == [None, None, None]


def test_the_newest_version_is_the_challenger(registry):
    assert [each.aliases for each in registry.versions(NAME)] == [(), (), ("challenger",)]


def test_the_champion_is_the_bundle_that_was_promoted(registry):
    registry.promote(NAME, version=2, reasons=["beats the baselines by .04"])
    champion = registry.champion(NAME)
    assert champion is not None
    assert champion.version == 2
    assert champion.bundle == a_bundle("two")


def test_why_a_version_was_promoted_or_not_can_be_read_later(registry):
    registry.promote(NAME, version=1, reasons=["the first one"])
    registry.decline(NAME, version=2, reasons=["ECE .08 is above .05", "AUC .61 < .63"])
    one, two, three = registry.versions(NAME)
    assert (one.promoted, one.reasons) == (True, ("the first one",))
    assert (two.promoted, two.reasons) == (False, ("ECE .08 is above .05", "AUC .61 < .63"))
    assert (three.promoted, three.reasons) == (None, ())
    assert one.fingerprint == a_bundle("one").fingerprint


def test_a_promoted_challenger_is_no_challenger_any_more(registry):
    registry.promote(NAME, version=3, reasons=[])
    assert [each.aliases for each in registry.versions(NAME)] == [(), (), ("champion",)]


def test_rolling_back_goes_through_the_champions_not_the_versions(registry):
    for version in (1, 3, 3):
        registry.promote(NAME, version=version, reasons=[])
    assert registry.rollback(NAME, reasons=["alerts went quiet"]) == 1
    assert registry.champion(NAME).bundle == a_bundle("one")
    assert registry.versions(NAME)[2].reasons == ("alerts went quiet",)
    with pytest.raises(LakeError, match="has no earlier champion"):
        registry.rollback(NAME, reasons=[])


def test_a_version_that_is_not_there_is_named_with_those_that_are(registry):
    with pytest.raises(LakeError, match=r"'acme-churn': there is no version 9 \(.*1, 2, 3\)"):
        registry.promote(NAME, version=9, reasons=[])


def test_a_bundle_that_was_changed_behind_our_back_is_refused(registry):
    registry.promote(NAME, version=2, reasons=[])
    for part in registry.home.rglob("bundle/churn.txt"):
        part.write_text("somebody else's tree")
    with pytest.raises(LakeError, match="version 2 is not what was registered"):
        registry.champion(NAME)


def test_a_bundle_whose_files_are_gone_is_said_to_be_gone(registry):
    registry.promote(NAME, version=2, reasons=[])
    shutil.rmtree(registry.home / "artifacts")
    with pytest.raises(LakeError, match="files are gone"):
        registry.champion(NAME)


def test_a_lake_that_was_moved_goes_on_where_it_is_now(registry):
    assert registered(registry, "four") == 4
    assert registry.bundle(NAME, version=4) == a_bundle("four")
    assert registry.bundle(NAME, version=1) == a_bundle("one")


def test_a_run_keeps_what_it_was_told(registry):
    with registry.track("acme", tags={"data_print": "abc"}) as run:
        run.params({"trees": 200, "segments": ("startup", "a&b")})
        run.metrics({f"auc in {segment}": 0.7 for segment in ("startup", "R&D (EU)")})
        for step, auc in enumerate((0.70, 0.72)):
            run.metrics({"auc by origin": auc}, step=step)
        run.metrics({str(each): 1.0 for each in range(250)})
        run.tags({"code_version": "0.1.0"})
        run.text("a remark", "remarks.txt")
        figure = Figure()
        figure.subplots().plot([0, 1], [0, 1])
        run.figure(figure, "curves/reliability.png")
    kept = run.client.get_run(run.id)
    assert kept.info.status == "FINISHED"
    assert kept.data.params["trees"] == "200"
    assert {"auc in startup", "auc in R_D _EU_", "249"} <= kept.data.metrics.keys()
    assert {"data_print": "abc", "code_version": "0.1.0"}.items() <= kept.data.tags.items()
    curve = run.client.get_metric_history(run.id, "auc by origin")
    assert [(each.step, each.value) for each in curve] == [(0, 0.70), (1, 0.72)]
    files = {path.name for path in (registry.home / "artifacts").rglob("*.*")}
    assert {"reliability.png", "remarks.txt"} <= files


def test_a_run_that_raises_is_kept_as_failed(registry):
    with pytest.raises(ZeroDivisionError), registry.track("acme") as run:
        raise ZeroDivisionError
    assert run.client.get_run(run.id).info.status == "FAILED"


def test_a_store_of_another_release_is_named_with_the_command_that_mends_it(registry):
    with sqlite3.connect(registry.home / "mlflow.db") as store:
        store.execute("UPDATE alembic_version SET version_num = 'of long ago'")
    with pytest.raises(
        LakeError, match=r"mlflow\.db: .*`mlflow db upgrade sqlite:///"
    ) as wrong:
        registry.champion(NAME)
    assert "\n" not in str(wrong.value)


def test_a_store_that_is_no_database_is_said_to_be_none(tmp_path):
    (tmp_path / "mlflow").mkdir()
    (tmp_path / "mlflow" / "mlflow.db").write_text("these are not the tables you look for")
    with pytest.raises(LakeError, match=r"mlflow\.db: .*file is not a database"):
        Registry(tmp_path).champion(NAME)


def test_anyone_can_load_the_model_with_mlflow_alone_and_without_pickle(registry, tmp_path):
    models, values = fitted_models()
    with registry.track("acme") as run:
        registry.register(NAME, bundle=models.to_bundle(), run=run)
    (model,) = (p for p in registry.home.rglob("MLmodel") if [*p.parent.rglob("exits-*.txt")])
    values.to_parquet(tmp_path / "values.parquet")
    script = (
        "import sys, mlflow, pandas\n"
        "model = mlflow.pyfunc.load_model(sys.argv[1])\n"
        "model.predict(pandas.read_parquet('values.parquet')).to_parquet('said.parquet')"
    )
    subprocess.run(
        [sys.executable, "-c", script, str(model.parent)],
        env={**os.environ, "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false"},
        cwd=tmp_path,
        check=True,
    )
    curves = models.exits.curves(values)
    expected = {f"churn_risk_{h}d": curves.incidence_at(CHURN, h) for h in (30, 90)}
    said = pd.read_parquet(tmp_path / "said.parquet")
    pd.testing.assert_frame_equal(said, pd.DataFrame(expected, index=values.index))
    assert (said["churn_risk_90d"] > said["churn_risk_30d"]).all()


def test_no_file_of_the_registry_is_a_pickle(registry):
    files = [path for path in registry.home.rglob("*") if path.is_file()]
    assert not [path for path in files if re.search(r"\.(pkl|pickle|joblib|skops)$", path.name)]
    assert not [path for path in files if path.read_bytes()[:1] == b"\x80"]


def test_registering_says_nothing_on_the_screen(tmp_path):
    script = (
        "import sys; from pathlib import Path\n"
        "from training.registry import Registry; from training.bundle import Bundle\n"
        "registry = Registry(Path(sys.argv[1]))\n"
        "with registry.track('acme') as run:\n"
        "    registry.register('m', bundle=Bundle({'meta.json': '{}'}), run=run)\n"
        "registry.promote('m', version=1, reasons=[])\n"
        "assert registry.champion('m')"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "lake")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.stdout, ran.stderr, ran.returncode) == ("", "", 0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lake"]


def fitted_models() -> tuple[Models, pd.DataFrame]:
    """Models of four hundred accounts, of which the silent leave sooner."""
    chance = np.random.default_rng(7)
    silent = chance.integers(0, 60, 400).astype(float)
    values = pd.DataFrame({"days_since_active": silent}, index=range(100, 500))
    about = {"family": "rhythm", "measure": "m", "meaning": "m", "unit": "days", "absence": "a"}
    encoder = Encoder.fit(values, Catalogue([Feature(name="days_since_active", **about)]))
    left = chance.exponential(3000 / (1 + silent))
    followup = FollowUp(np.minimum(left, 90.0), np.where(left < 90, 0, -1))
    hazard = fit_hazard(
        Matrix(encoder.matrix(values), encoder.columns),
        followup,
        cause=0,
        periods=Periods.covering([30, 90]),
        settings=HazardSettings(trees=5, min_rows_in_leaf=20, threads=1),
    )
    meta = {"horizons": [30, 90], "skill": {"churn": {"has_skill": True}}}
    return Models(ExitModel(encoder, (), {CHURN: hazard}, ()), None, None, meta), values
