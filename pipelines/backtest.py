"""What would have been said on past mornings, and where is that kept?

A backtest lies in the lake beside what it was made from: every chance that was told and what
came (``churn.parquet``, ``milestones.parquet``), when those who left had been listed
(``leavers.parquet``), what is said of today's accounts (``today.parquet``), and every figure of
it (``measures.parquet``). Training reads it from there, so that nothing is learnt twice.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

import configs
import features
import serving
import training
from configs.load import Configuration, load
from features.asof import ordinal
from features.assemble import FeatureSet
from features.plan import origins
from pipelines.build import build, built, code_print, left_out
from pipelines.lake import MEASURES, Lake, write_parquet
from pipelines.manifest import is_whole, note_files, read_manifest, write_manifest
from pipelines.progress import Progress
from serving.prioritise import rank, this_week
from training.proof.backtest import backtest as judge_origins
from training.proof.foretold import COUNTED
from training.proof.judged import MODEL, QUESTIONS, Backtest
from training.proof.measures import measures_of

LEAVERS, TODAY = "leavers.parquet", "today.parquet"


def judged(features: FeatureSet, configuration: Configuration, as_of: date) -> Backtest:
    """Learn and judge at every past origin, and draw up every list in between."""
    project = configuration.project
    capacity = project.serving.capacity_per_owner
    return judge_origins(
        features,
        project,
        origin_days=[ordinal(day) for day in origins(project, features.exits, as_of)],
        playbook=configuration.playbook,
        listing=lambda book: this_week(book.assign(rank=rank(book)), capacity=capacity),
    )


def write_backtest(
    folder: Path, tested: Backtest, configuration: Configuration, facts: Mapping[str, Any]
) -> None:
    """Write what was told and what came, every figure of it, and what it was made of."""
    for question in QUESTIONS:
        table = tested.to_frame(question)
        if len(table):
            write_parquet(table, folder / f"{question}.parquet")
    if tested.leavers is not None and len(tested.leavers):
        write_parquet(tested.leavers, folder / LEAVERS)
    if tested.today is not None:
        write_parquet(tested.today, folder / TODAY)
    measures = measures_of(tested, configuration.project.outcomes.horizons_days)
    write_parquet(measures, folder / MEASURES)
    write_manifest(folder, {**facts, "remarks": list(tested.remarks)})
    note_files(folder)


def kept_backtest(lake: Lake, as_of: date) -> Backtest:
    """Read back the backtest of an as-of date, to the last bit."""
    folder = lake.path("backtests", as_of)

    def table(file: str) -> pd.DataFrame:
        there = (folder / file).is_file()
        return lake.read("backtests", as_of, file=file) if there else pd.DataFrame()

    return Backtest.from_frames(
        {question: table(f"{question}.parquet") for question in QUESTIONS},
        remarks=read_manifest(folder)["remarks"],
        leavers=table(LEAVERS),
        today=table(TODAY) if (folder / TODAY).is_file() else None,
    )


def made_from(build_facts: Mapping[str, Any]) -> dict[str, Any]:
    """What a backtest depends on; where it is the same, so is the backtest."""
    code = code_print(configs, features, training, serving)
    return {**build_facts, "backtest_code": code}


def is_kept(lake: Lake, as_of: date, wanted: Mapping[str, Any]) -> bool:
    """Whether the lake holds a whole backtest of the same tables, configuration and code."""
    folder = lake.path("backtests", as_of)
    try:
        found = read_manifest(folder)
    except (OSError, ValueError):
        return False
    same = ("configuration", "backtest_code")
    return (
        all(found.get(key) == wanted[key] for key in same)
        and found["data"]["fingerprint"] == wanted["data"]["fingerprint"]
        and is_whole(folder)
    )


judge = task(name="backtest", cache_policy=NO_CACHE)(judged)
keep = task(name="keep the backtest", cache_policy=NO_CACHE)(write_backtest)


@flow(name="backtest")
def backtest(config: str, lake: str, as_of: str | None = None) -> date:
    """Judge the models on mornings they were not taught, and keep every figure in the lake."""
    configuration, progress = load(Path(config)), Progress()
    store = Lake(Path(lake), configuration.project.name)
    day = build(config, lake, as_of)
    facts = made_from(read_manifest(store.path("builds", day)))
    if is_kept(store, day, facts):
        return day
    said = left_out(store, day, configuration.project)
    for line in said:
        progress.say(line)
    with progress.step("backtest on past mornings"):
        tested = judge(built(store, day, configuration.project), configuration, day)
        tested = replace(tested, remarks=(*tested.remarks, *said))
    with progress.step("keep the backtest"), store.replace("backtests", day) as folder:
        keep(folder, tested, configuration, facts)
    told = "\n".join(f"- {line}" for line in figures(store, day, configuration))
    create_markdown_artifact(f"## Backtest as of {day}\n\n{told}", key="backtest")
    return day


def figures(lake: Lake, as_of: date, configuration: Configuration) -> Iterator[str]:
    """Say each question's figures at the primary horizon, over all origins, a line each."""
    horizon = configuration.project.outcomes.primary_horizon_days
    table = lake.read("backtests", as_of, file=MEASURES)
    of_all = (table["origin"] == "all") & (table["group_kind"] == "all")
    for question in QUESTIONS:
        asked = table.loc[of_all & (table["question"] == question)]
        for predictor, own in asked.groupby("predictor", sort=False):
            shown = own.loc[own["horizon_days"].isna() | (own["horizon_days"] == horizon)]
            told = ", ".join(_figure(line) for line in shown.to_dict("records"))
            yield f"{question}, {horizon} days, {predictor}: {told}"
    yield from (str(remark) for remark in lake.read_json("backtests", as_of)["remarks"])


def _figure(line: Mapping[Any, Any]) -> str:
    name = str(line["measure"]).replace("_", " ")
    interval = ""
    if line["predictor"] == MODEL and pd.notna(line["low"]):
        interval = f" ({line['low']:.3f} to {line['high']:.3f})"
    value = f"{line['value']:.0f}" if line["measure"] == COUNTED else f"{line['value']:.3f}"
    return f"{name} {value}{interval}"
