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
from importlib import import_module
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from configs.load import Configuration, load
from configs.project import Project
from features.further import Stands
from features.plan import Plan, plan_of
from features.shards import at_hand
from features.sources import Source, open_source
from features.stream import write_in_shards
from features.windows import Activity

AS_OF, WINDOWS, NEVER = date(2026, 6, 29), (7, 28, 91), -(10**6)
ONE_DAY = timedelta(days=1)
STEPS = {24: 30, 104: 7}


def main() -> None:
    way, _, dates, *rest = sys.argv[1:]
    folder = Path(rest[-1])
    configuration = _configuration(int(dates), rest[0] if len(rest) > 1 else "4GB")
    source = _opened(configuration.project, configuration)
    warm = plan_of(source.tables, configuration, AS_OF)
    if way == "one_more_day":
        source = _after_a_day(configuration, folder, dates)
    before = _cpu()
    rows = WAYS[way](source, configuration, warm)
    spent = _cpu() - before
    print(json.dumps({"cpu": spent, "peak_mb": _peak_mb(), "rows": warm.rows}))
    if isinstance(rows, pd.DataFrame):
        _assert_as_others(rows, folder / f"{dates}-dates.parquet")


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _peak_mb() -> float:
    """Most memory held so far; `ru_maxrss` would count what the parent held at the start."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def _configuration(dates: int, memory: str) -> Configuration:
    demo = load(Path(__file__).parents[2] / "configs" / "demo")
    step, project = STEPS[dates], demo.project
    looked = {"every_days": step, "first_on": AS_OF - timedelta(days=step * (dates - 1))}
    changed = {
        "snapshots": project.snapshots.model_copy(update=looked),
        "backtest": project.backtest.model_copy(update={"origins": 1, "every_days": 3650}),
        "limits": type(project.limits)(memory=memory),
    }
    return replace(demo, project=project.model_copy(update=changed))


def floor(source: Source, configuration: Configuration, plan: Plan) -> None:
    """One group-by over the same file: account x user x day."""
    file = source.connection.con
    file.sql(
        "SELECT account_id, user_id, epoch_us(occurred_at) // 86400000000 AS day, count(*) "
        "FROM stored_activity GROUP BY ALL"
    ).to_arrow_table()


def milepost(source: Source, configuration: Configuration, plan: Plan) -> pd.DataFrame:
    """The engine of this project, from the files on."""
    plan = plan_of(source.tables, configuration, AS_OF)
    live = plan.live
    rows = at_hand(plan, source.tables, first=0, last=plan.accounts)
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
    return pd.DataFrame(columns)


def by_pandas(source: Source, configuration: Configuration, plan: Plan) -> pd.DataFrame:
    """A morning at a time: only its quarter of rows, keys as small numbers, sorted once."""
    rows = pd.read_parquet(Path(sys.argv[2]) / "activity.parquet")
    rows["account"] = plan.live.code_of(rows["account_id"])
    rows = rows.loc[rows["account"] >= 0]
    rows["user"] = pd.factorize(rows["user_id"])[0]
    rows["day"] = rows["occurred_at"].to_numpy().astype("datetime64[D]").astype(np.int64)
    known = rows["known_at"].to_numpy().astype("datetime64[D]").astype(np.int64)
    rows["known"] = np.maximum(known, rows["day"])
    rows["capability"] = rows["capability"].astype("category")
    rows = rows.drop(columns=["account_id", "user_id", "occurred_at", "known_at"])
    rows = rows.sort_values("day", kind="stable", ignore_index=True)
    days = rows["day"].to_numpy()
    last = np.full(len(plan.live.account_ids), NEVER)
    parts = []
    for number, morning in enumerate(plan.mornings.days):
        start, end = np.searchsorted(days, (morning - WINDOWS[-1], morning))
        quarter = rows.iloc[start:end]
        quarter = quarter.loc[quarter["known"] < morning]
        accounts = plan.live.account[plan.live.morning == number]
        part = _windows(quarter, int(morning), accounts, list(plan.capabilities))
        # Rows that became known lately may lie further back than the quarter.
        so_far = rows.iloc[:end]
        newest = so_far.loc[so_far["known"] < morning].groupby("account")["day"].max()
        last[newest.index] = newest
        part["last_day"] = last[accounts]
        parts.append(part.assign(account=accounts, morning=number))
    told = pd.concat(parts, ignore_index=True)
    return told.sort_values(["account", "morning"], ignore_index=True)


def _windows(
    quarter: pd.DataFrame, morning: int, accounts: np.ndarray, capabilities: list[str]
) -> pd.DataFrame:
    columns = {}
    for window in WINDOWS:
        recent = quarter.loc[quarter["day"] >= morning - window]
        grouped = recent.groupby("account")
        columns[f"rows_{window}"] = grouped.size()
        columns[f"quantity_{window}"] = grouped["quantity"].sum()
        for name, of in (("days", "day"), ("users", "user")):
            once = recent[["account", of]].drop_duplicates()
            columns[f"{name}_{window}"] = once.groupby("account").size()
        if window == 28:
            by_capability = recent.groupby(["account", "capability"], observed=True).size()
            wide = by_capability.unstack(fill_value=0).reindex(columns=capabilities)
            columns |= {name: wide[name] for name in capabilities}
    frame = pd.DataFrame(columns).reindex(accounts).fillna(0)
    return frame.reset_index(drop=True)


def by_polars(source: Source, configuration: Configuration, plan: Plan) -> pd.DataFrame:
    """The same in Polars: one lazy read, then a morning at a time, one group-by a window."""
    pl: Any = import_module("polars")
    ids = pl.LazyFrame({"account_id": list(plan.live.account_ids)}).with_row_index("account")
    day = pl.col("occurred_at").dt.epoch("d")
    rows = (
        pl.scan_parquet(Path(sys.argv[2]) / "activity.parquet")
        .join(ids, on="account_id")
        .select(
            pl.col("account").cast(pl.Int32),
            pl.col("user_id").cast(pl.Categorical).to_physical().alias("user"),
            pl.col("capability").cast(pl.Categorical),
            "quantity",
            day.alias("day"),
            pl.max_horizontal(day, pl.col("known_at").dt.epoch("d")).alias("known"),
        )
        .sort("day")
        .collect()
    )
    days, parts = rows["day"].to_numpy(), []
    for number, morning in enumerate(plan.mornings.days.tolist()):
        start, end = np.searchsorted(days, (morning - WINDOWS[-1], morning))
        quarter = rows.slice(start, end - start).filter(pl.col("known") < morning)
        accounts = plan.live.account[plan.live.morning == number].astype(np.int32)
        told = pl.DataFrame({"account": accounts})
        for window in WINDOWS:
            recent = quarter.filter(pl.col("day") >= morning - window)
            asked = _asked_of_polars(pl, window, plan.capabilities)
            told = told.join(recent.group_by("account").agg(asked), on="account", how="left")
        so_far = rows.slice(0, end).filter(pl.col("known") < morning)
        newest = so_far.group_by("account").agg(pl.col("day").max().alias("last_day"))
        told = told.fill_null(0).join(newest, on="account", how="left")
        parts.append(told.with_columns(pl.col("last_day").fill_null(NEVER), morning=number))
    every = pl.concat(parts).sort("account", "morning")
    return pd.DataFrame({name: every[name].to_numpy() for name in every.columns})


def _asked_of_polars(pl: Any, window: int, capabilities: tuple[str, ...]) -> list[Any]:
    asked = [
        pl.len().alias(f"rows_{window}"),
        pl.col("quantity").sum().alias(f"quantity_{window}"),
        pl.col("day").n_unique().alias(f"days_{window}"),
        pl.col("user").n_unique().alias(f"users_{window}"),
    ]
    if window == 28:
        asked += [(pl.col("capability") == name).sum().alias(name) for name in capabilities]
    return asked


def everything(source: Source, configuration: Configuration, plan: Plan) -> None:
    """All families, milestones and frames, written to a folder as `milepost build` does."""
    with tempfile.TemporaryDirectory() as folder:
        _build(source, configuration, Path(folder), as_of=AS_OF)


def one_more_day(source: Source, configuration: Configuration, plan: Plan) -> None:
    """The same after the build of the day before, of which what stands is taken over."""
    before = _yesterdays(Path(sys.argv[-1]), sys.argv[3])
    with tempfile.TemporaryDirectory() as folder:
        stands = _build(source, configuration, Path(folder), as_of=AS_OF, before=before)
    if stands.why_not is not None:
        raise SystemExit(f"made anew: {stands.why_not}")


def _after_a_day(configuration: Configuration, folder: Path, dates: str) -> Source:
    """Build yesterday's morning; then a file comes with the rows of one day, and is opened."""
    data, yesterday = folder / f"{dates}-day-by-day", AS_OF - ONE_DAY
    for leftover in (data, _yesterdays(folder, dates)):
        shutil.rmtree(leftover, ignore_errors=True)
    shutil.copytree(sys.argv[2], data)
    whole = data / "activity.parquet"
    (data / "activity").mkdir()
    known = "SELECT *, greatest(known_at, occurred_at) AS day FROM"
    for name, days in (
        ("until_yesterday", f"day < DATE '{yesterday}'"),
        ("today", f"day >= DATE '{yesterday}' AND day < DATE '{AS_OF}'"),
    ):
        rows = f"SELECT * EXCLUDE day FROM ({known} '{whole}') WHERE {days}"
        duckdb.sql(f"COPY ({rows}) TO '{data / name}.parquet'")
    whole.unlink()
    (data / "until_yesterday.parquet").rename(data / "activity" / "1.parquet")
    told = configuration.project
    there = told.source.model_copy(update={"path": str(data)})
    project = told.model_copy(update={"source": there})
    source = _opened(project, configuration)
    _build(source, configuration, _yesterdays(folder, dates), as_of=yesterday)
    source.close()
    (data / "today.parquet").rename(data / "activity" / "2.parquet")
    return _opened(project, configuration)


def _opened(project: Project, configuration: Configuration) -> Source:
    source = open_source(project, configuration.folder)
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


def _yesterdays(folder: Path, dates: str) -> Path:
    return folder / f"{dates}-yesterday"


def _assert_as_others(rows: pd.DataFrame, path: Path) -> None:
    """Hold the columns against those of whoever computed them first."""
    rows = rows.drop(columns=["account", "morning"], errors="ignore").astype(np.float64)
    rows = rows.sort_index(axis=1)
    if path.is_file():
        pd.testing.assert_frame_equal(rows, pd.read_parquet(path), check_exact=True)
    else:
        rows.to_parquet(path)


WAYS: dict[str, Callable[[Source, Configuration, Plan], pd.DataFrame | None]] = {
    "floor": floor,
    "milepost": milepost,
    "pandas": by_pandas,
    "polars": by_polars,
    "everything": everything,
    "one_more_day": one_more_day,
}

if __name__ == "__main__":
    main()
