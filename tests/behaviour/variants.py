"""The small company, told otherwise: its tables with something changed, read like any other."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

from tests.company import Company, a_config

Frames = dict[str, pd.DataFrame]


def frames_of(company: Company) -> Frames:
    return {
        path.stem: pd.read_parquet(path) for path in sorted(company.tables.glob("*.parquet"))
    }


def told_otherwise(
    company: Company, folder: Path, change: Callable[[Frames], Mapping[str, pd.DataFrame]]
) -> Company:
    """Write the changed tables, and give the company that a source reads from them."""
    (folder / "tables").mkdir()
    for name, frame in change(frames_of(company)).items():
        frame.to_parquet(folder / "tables" / f"{name}.parquet", index=False)
    return Company(folder / "tables", a_config(folder / "configs", folder / "tables"))


def risks(company: Company, told: Company) -> "pd.Series[float]":
    """What the first company's model says of the second's accounts, by account."""
    scored = company.scores(company.speaking, features=told.features)
    return scored.accounts.set_index("account_id")["churn_risk"].sort_index()
