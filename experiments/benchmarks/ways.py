"""One way to the columns, in a process of its own: prints its CPU seconds and peak memory.

The columns: rows, summed quantity, active days and active people of the last 7, 28 and 91 days,
the rows of each capability in the last 28, and the last active day, of every live account on
every morning, from what was known that morning.
"""

import json
import resource
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from by_hand import by_pandas, by_polars
from task import AS_OF, WINDOWS, Task

from configs.load import Configuration, load
from features.further import Stands
from features.shards import at_hand
from features.sources import Source, open_source
from features.stream import write_in_shards
from features.windows import Activity

ONE_DAY = timedelta(days=1)
STEPS = {24: 30, 104: 7}


def main() -> None:
    way, data, dates, memory, folder = sys.argv[1:]
    # Libraries are loaded, and compiled code with them, before anything is measured.
    with tempfile.TemporaryDirectory() as few:
        _run(way, Path(data).parent / "tiny", Path(few), int(dates), memory)
    spent, task, rows = _run(way, Path(data), Path(folder), int(dates), memory)
    print(json.dumps({"cpu": spent, "peak_mb": _peak_mb(), "rows": task.rows}))
    if isinstance(rows, pd.DataFrame):
        _assert_as_others(rows, Path(folder) / f"{dates}-dates.parquet")


def _run(
    way: str, data: Path, folder: Path, dates: int, memory: str
) -> tuple[float, Task, pd.DataFrame | None]:
    """What a way cost, what it was handed, and what it found."""
    configuration, yesterdays = _configuration(data, dates, memory), folder / f"{dates}-before"
    source = _opened(configuration)
    if way == "one_more_day":
        source, configuration = _after_a_day(data, configuration, folder, yesterdays)
    task = Task(data, source, configuration, yesterdays)
    if way in TO_COLUMNS:
        _ = task.plan
    before = _cpu()
    rows = WAYS[way](task)
    return _cpu() - before, task, rows


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _peak_mb() -> float:
    """Most memory held so far; `ru_maxrss` would count what the parent held at the start."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def _configuration(data: Path, dates: int, memory: str) -> Configuration:
    demo = load(Path(__file__).parents[2] / "configs" / "demo")
    step, project = STEPS[dates], demo.project
    looked = {"every_days": step, "first_on": AS_OF - timedelta(days=step * (dates - 1))}
    changed = {
        "source": project.source.model_copy(update={"path": str(data)}),
        "snapshots": project.snapshots.model_copy(update=looked),
        "backtest": project.backtest.model_copy(update={"origins": 1, "every_days": 3650}),
        "limits": type(project.limits)(memory=memory),
    }
    return replace(demo, project=project.model_copy(update=changed))


def floor(task: Task) -> None:
    """One group-by over the same file: account x user x day."""
    file = task.source.connection.con
    file.sql(
        "SELECT account_id, user_id, epoch_us(occurred_at) // 86400000000 AS day, count(*) "
        "FROM stored_activity GROUP BY ALL"
    ).to_arrow_table()


def milepost(task: Task) -> pd.DataFrame:
    """The engine of this project, from the file on."""
    plan, live = task.plan, task.plan.live
    activity_alone = {"activity": task.source.tables["activity"]}
    rows = at_hand(plan, activity_alone, first=0, last=plan.accounts)
    reduced = rows.reduced(plan.mornings, rows.names, counted=len(plan.capabilities))
    activity = Activity(reduced, live)
    columns: dict[str, np.ndarray] = {}
    for window in WINDOWS:
        columns[f"rows_{window}"] = activity.rows(window)
        columns[f"quantity_{window}"] = activity.quantity(window)
        columns[f"days_{window}"] = activity.days(window)
        columns[f"users_{window}"] = activity.users(window)
    for place, name in enumerate(plan.capabilities):
        columns[name] = activity.capability_rows(place, 28)
    columns["last_day"] = activity.last_day()
    return pd.DataFrame(columns, copy=False)


def everything(task: Task) -> None:
    """All families, milestones and frames, written to a folder as `milepost build` does."""
    with tempfile.TemporaryDirectory() as folder:
        _build(task.source, task.configuration, Path(folder), as_of=AS_OF)


def one_more_day(task: Task) -> None:
    """The same after the build of the day before, of which what stands is taken over."""
    source, configuration, before = task.source, task.configuration, task.yesterdays
    with tempfile.TemporaryDirectory() as folder:
        stands = _build(source, configuration, Path(folder), as_of=AS_OF, before=before)
    if stands.why_not is not None:
        raise SystemExit(f"made anew: {stands.why_not}")


def _after_a_day(
    whole: Path, configuration: Configuration, folder: Path, yesterdays: Path
) -> tuple[Source, Configuration]:
    """Build yesterday's morning; then a file comes with the rows of one day, and is opened."""
    data, yesterday = folder / f"{yesterdays.name}-day-by-day", AS_OF - ONE_DAY
    for leftover in (data, yesterdays):
        shutil.rmtree(leftover, ignore_errors=True)
    shutil.copytree(whole, data)
    activity = data / "activity.parquet"
    (data / "activity").mkdir()
    known = "SELECT *, greatest(known_at, occurred_at) AS day FROM"
    for name, days in (
        ("until_yesterday", f"day < DATE '{yesterday}'"),
        ("today", f"day >= DATE '{yesterday}' AND day < DATE '{AS_OF}'"),
    ):
        rows = f"SELECT * EXCLUDE day FROM ({known} '{activity}') WHERE {days}"
        duckdb.sql(f"COPY ({rows}) TO '{data / name}.parquet'")
    activity.unlink()
    (data / "until_yesterday.parquet").rename(data / "activity" / "1.parquet")
    project = configuration.project
    there = project.source.model_copy(update={"path": str(data)})
    moved = replace(configuration, project=project.model_copy(update={"source": there}))
    source = _opened(moved)
    _build(source, moved, yesterdays, as_of=yesterday)
    source.close()
    (data / "today.parquet").rename(data / "activity" / "2.parquet")
    return _opened(moved), moved


def _opened(configuration: Configuration) -> Source:
    source = open_source(configuration.project, configuration.folder)
    source.connection.con.execute("SET threads = 1")
    return source


def _build(
    source: Source,
    configuration: Configuration,
    folder: Path,
    *,
    as_of: date,
    before: Path | None = None,
) -> Stands:
    folder.mkdir(exist_ok=True)
    return write_in_shards(
        source.tables, configuration, folder, as_of=as_of, before=before, filed=source.filed
    )


def _assert_as_others(rows: pd.DataFrame, path: Path) -> None:
    """Hold the columns against those of whoever computed them first."""
    rows = rows.drop(columns=["account", "morning"], errors="ignore").astype(np.float64)
    rows = rows.sort_index(axis=1)
    if path.is_file():
        pd.testing.assert_frame_equal(rows, pd.read_parquet(path), check_exact=True)
    else:
        rows.to_parquet(path)


TO_COLUMNS: dict[str, Callable[[Task], pd.DataFrame | None]] = {
    "milepost": milepost,
    "pandas": by_pandas,
    "polars": by_polars,
}
WAYS = TO_COLUMNS | {"floor": floor, "everything": everything, "one_more_day": one_more_day}

if __name__ == "__main__":
    main()
