"""``milepost study`` and ``milepost compare``: figures that anybody gets again."""

import json
import shutil
from pathlib import Path

import pytest

from configs.errors import ConfigError, DataError, LakeError
from configs.study import find_study, load_study
from pipelines.compare import compared
from pipelines.study import EXPERIMENTS, ROOT, new_study, run_study
from tests.pipelines.commands import typed
from training.registry import Registry

PRINTS = 'import sys\nprint("| days | AUC | 95 % |\\n|---|---|---|")\n'
PRINTS += 'print(f"| 30 | {float(sys.argv[1])} | 0.6 to 0.8 |")\n'


@pytest.fixture
def experiments(tmp_path) -> Path:
    folder = tmp_path / "experiments" / "0003-how-good"
    folder.mkdir(parents=True)
    (folder / "study.py").write_text(PRINTS)
    (folder / "study.toml").write_text(
        'question = "How good?"\ncommand = ["study.py", "0.{seed}"]\nseed = 7\n'
    )
    shutil.copytree(EXPERIMENTS / "template", tmp_path / "experiments" / "template")
    return tmp_path / "experiments"


def test_a_study_is_run_as_its_manifest_says_and_its_figures_are_kept(experiments, lake):
    heard: list[str] = []
    said = list(run_study("0003", lake, heard=heard.append, experiments=experiments))
    results = experiments / "0003-how-good" / "results.json"
    assert said == [f"3 figures: {results}"]
    assert heard[-1] == "| 30 | 0.7 | 0.6 to 0.8 |"
    told = json.loads(results.read_text("utf-8"))
    assert told["figures"] == {"30: AUC": 0.7, "30: AUC low": 0.6, "30: AUC high": 0.8}
    assert told["question"] == "How good?"
    assert told["settings"] == {"seed": 7}
    assert told["code_version"]
    (run,) = Registry(lake).runs("studies")
    assert run.tags["study"] == "0003-how-good"
    assert run.metrics["30: AUC"] == 0.7
    assert run.params == {"seed": "7"}


def test_other_data_than_the_manifest_expects_are_called_out(experiments, lake, company, capfd):
    manifest = experiments / "0003-how-good" / "study.toml"
    told = f'config = "{company.config}"\ndata_print = "{company.source.fingerprint()}"\n'
    manifest.write_text(manifest.read_text() + told)
    (only,) = run_study("0003", lake, heard=print, experiments=experiments)
    assert only.startswith("3 figures")
    manifest.write_text(manifest.read_text().replace('print = "', 'print = "0'))
    beware, _ = run_study("0003", lake, heard=print, experiments=experiments)
    assert beware.startswith("Beware: the data are not those it was written about (")
    results = json.loads((manifest.parent / "results.json").read_text("utf-8"))
    assert results["settings"]["models.trees"] == 30
    assert results["data"]["fingerprint"] == company.source.fingerprint()


def test_a_study_that_breaks_leaves_no_results(experiments, lake):
    (experiments / "0003-how-good" / "study.py").write_text("raise SystemExit(3)")
    with pytest.raises(DataError, match="study 0003-how-good: ended with status 3"):
        list(run_study("0003-how-good", lake, heard=print, experiments=experiments))
    assert not (experiments / "0003-how-good" / "results.json").exists()


def test_a_new_study_has_the_next_number_and_runs_as_it_is(experiments, lake):
    said = list(new_study("why-so-quiet", experiments=experiments))
    assert said[-1] == "| [0004](0004-why-so-quiet/README.md) | … | not run yet |"
    assert load_study(find_study(experiments, "0004")).seed == 11
    (last,) = run_study("0004", lake, heard=print, experiments=experiments)
    assert last.startswith("3 figures")
    with pytest.raises(ConfigError, match=r"'Why\?' is no name for a study"):
        list(new_study("Why?", experiments=experiments))


def test_a_study_that_is_not_there_is_told_with_the_nearest(experiments, lake):
    with pytest.raises(ConfigError, match=r"no study '0003-how-god' .*0003-how-good"):
        list(run_study("0003-how-god", lake, heard=print, experiments=experiments))


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("sed = 3", "`sed` is not a key here"),
        ("seed = -1", "`seed` must be at least 0"),
        ("command = []", "`command`"),
        ("seed = ", "is not TOML"),
    ],
)
def test_nonsense_in_a_manifest_is_told_with_its_place(experiments, written, told):
    folder = experiments / "0003-how-good"
    (folder / "study.toml").write_text(written)
    with pytest.raises(ConfigError, match=told):
        load_study(folder)


def test_every_study_here_can_be_found_and_asked():
    assert (EXPERIMENTS / "template" / "study.py").is_file()
    for name in [path.parent.name for path in EXPERIMENTS.glob("[0-9]*/study.py")]:
        study = load_study(find_study(EXPERIMENTS, name))
        assert study.config is None or (ROOT / study.config).is_dir()


def test_two_runs_are_laid_side_by_side_what_differs_first(experiments, lake):
    folder = experiments / "0003-how-good"
    list(run_study("0003", lake, heard=print, experiments=experiments))
    shutil.copytree(folder, experiments / "before")
    manifest = folder / "study.toml"
    manifest.write_text(manifest.read_text().replace("seed = 7", "seed = 9"))
    list(run_study("0003", lake, heard=print, experiments=experiments))
    lines = list(compared(str(experiments / "before"), str(folder), lake))
    assert "settings: 0 the same, 1 other" in lines
    assert "  seed  7  9" in lines
    assert lines[-1].split("  ")[1:] == [
        "30: AUC",
        "0.7 (0.6 to 0.8)",
        "0.9 (0.6 to 0.8)",
        "+0.2000",
    ]
    runs = [run.id for run in Registry(lake).runs("studies")]
    assert any("30: AUC" in line for line in compared(runs[0], runs[1][:8], lake))


def test_a_model_is_compared_with_the_morning_it_spoke_on(
    company, first_run, capfd, monkeypatch
):
    lake = first_run[0]
    morning = lake / "acme" / "scores" / f"as_of={company.as_of}"
    said = typed(capfd, monkeypatch, "compare", "acme/1", morning, "--lake", lake)
    assert said.status == 0
    assert "data (the same)" in said.out
    assert "model (the same)" in said.out
    assert "settings: 0 the same" not in said.out
    assert ", 0 other" in said.out
    assert "read by both" in said.out
    (line,) = [each for each in said.out.splitlines() if "churn, 90 days: auc" in each]
    assert line.count(" to ") == 2
    assert line.endswith("+0.0000")


def test_a_name_that_no_run_has_is_told_what_to_name(lake):
    with pytest.raises(LakeError, match=r"names no run that is known here\. Name a folder"):
        list(compared("nobody", "nobody", lake))
