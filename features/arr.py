"""What did each account pay, from which day on, and since when do we know?

A renewal is often entered some days after the old term has ended. A pause within the renewal
grace is therefore none: the account is taken to pay what it paid. Only after the grace has
passed without a new term has it stopped paying, from the day on which the last one ended.
"""

import numpy as np
import pandas as pd

from features.asof import Floats, Ints, day_number

STEP_COLUMNS = ("account_id", "day", "known_day", "before", "arr")
_FAR = 10**6
"""More days than any calendar here has."""


def arr_steps(
    contracts: pd.DataFrame | None, *, as_of_day: int, grace_days: int
) -> pd.DataFrame:
    """Give a row for every day on which an account's ARR began, changed or ended.

    ``arr`` holds from ``day`` on; ``before`` is what held until then (NaN at the first);
    ``known_day`` is the day on which the step became known: what a new term brings is known
    once it is signed, and takes the place of all that ends on the day on which it begins.
    ``contracts`` are the lines known by the as-of date; those without an ARR tell nothing.
    """
    if contracts is None or contracts["arr"].isna().all():
        return _typed(pd.DataFrame(columns=list(STEP_COLUMNS)))
    lines = contracts.loc[contracts["arr"].notna()]
    code, ids = pd.factorize(lines["account_id"], sort=True)
    steps = _running(lines.assign(account_id=code))
    next_day = steps.groupby("account_id")["day"].shift(-1).fillna(_FAR)
    pauses = steps["lines"] == 0
    goes_on = pauses & (next_day - steps["day"] <= grace_days)
    is_open = pauses & (steps["day"] + grace_days >= as_of_day)
    steps = steps.loc[~(goes_on | is_open)]
    stops = steps["lines"] == 0
    known = steps["known_day"].where(~stops, steps["day"] + grace_days)
    steps = steps.assign(known_day=known, arr=steps["arr"].mask(stops, 0.0))
    before = steps.groupby("account_id")["arr"].shift()
    moved = before.isna() | (before != steps["arr"])
    told = steps.assign(before=before).loc[moved, list(STEP_COLUMNS)]
    return _typed(told.assign(account_id=np.asarray(ids, dtype=object)[told["account_id"]]))


def _running(lines: pd.DataFrame) -> pd.DataFrame:
    """Sum the lines in force, after each day on which any begins or ends."""
    arr = lines["arr"].astype(float).round(6)
    starts = pd.DataFrame(
        {
            "account_id": lines["account_id"],
            "day": day_number(lines["starts_on"]),
            "known_day": day_number(lines["known_at"]),
            "arr": arr,
            "lines": 1,
        }
    )
    ends = starts.assign(day=day_number(lines["ends_on"]), known_day=-1, arr=-arr, lines=-1)
    moves = pd.concat([starts, ends], ignore_index=True)
    by_day = moves.groupby(["account_id", "day"], as_index=False).agg(
        known_day=("known_day", "max"), arr=("arr", "sum"), lines=("lines", "sum")
    )
    by_day[["arr", "lines"]] = by_day.groupby("account_id")[["arr", "lines"]].cumsum()
    # Where nothing begins, somebody may still sign until that very day.
    known = by_day["known_day"].where(by_day["known_day"] >= 0, by_day["day"])
    return by_day.assign(known_day=known, arr=by_day["arr"].round(6))


def _typed(steps: pd.DataFrame) -> pd.DataFrame:
    kinds = {"day": "int64", "known_day": "int64", "before": "float64", "arr": "float64"}
    return steps.astype({"account_id": object, **kinds}).reset_index(drop=True)


def arr_on(steps: pd.DataFrame, account_ids: "pd.Series[str]", day: Ints) -> Floats:
    """What each account pays on a day of its own, as known today; NaN before it ever paid."""
    accounts = pd.Index(steps["account_id"].unique())
    held = accounts.get_indexer(pd.Index(steps["account_id"])) * _FAR + steps["day"].to_numpy()
    code = accounts.get_indexer(pd.Index(account_ids))
    at = np.searchsorted(held, code * _FAR + day, side="right") - 1
    is_own = (code >= 0) & (at >= 0)
    at = np.where(is_own, at, 0)
    if not len(steps):
        return np.full(len(code), np.nan)
    is_own &= held[at] // _FAR == code
    return np.where(is_own, steps["arr"].to_numpy()[at], np.nan)
