"""The columns as one would compute them by hand: a morning at a time, by pandas or Polars."""

from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd
from task import WINDOWS, Task

from features.asof import NEVER


def by_pandas(task: Task) -> pd.DataFrame:
    """A morning at a time: only its quarter of rows, keys as small numbers, sorted once."""
    plan = task.plan
    rows = pd.read_parquet(task.data / "activity.parquet")
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


def by_polars(task: Task) -> pd.DataFrame:
    """The same in Polars: one lazy read, then a morning at a time, one group-by a window."""
    pl: Any = import_module("polars")
    plan = task.plan
    ids = pl.LazyFrame({"account_id": list(plan.live.account_ids)}).with_row_index("account")
    day = pl.col("occurred_at").dt.epoch("d")
    rows = (
        pl.scan_parquet(task.data / "activity.parquet")
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
