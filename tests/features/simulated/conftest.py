"""One small simulated company, read back from its files, for every test here."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from features.simulated import LAST_DAY, simulate

MORNING = pd.Timestamp(LAST_DAY) + pd.Timedelta(days=1)
TABLES = ("accounts", "users", "activity", "achievements", "contracts", "exits", "touches")
SEGMENT_OF = {
    "enterprise": "enterprise",
    "business": "mid_market",
    "team": "startup",
    "starter": "startup",
}


@dataclass(frozen=True)
class World:
    """The written tables and truths, dates as timestamps."""

    tables: dict[str, pd.DataFrame]
    truth: dict[str, pd.DataFrame]

    @property
    def first_accounts(self) -> pd.DataFrame:
        """Each account as it signed up, with its segment."""
        accounts = self.tables["accounts"].sort_values(["account_id", "known_at"])
        accounts = accounts.drop_duplicates("account_id").set_index("account_id")
        return accounts.assign(segment=accounts["plan"].map(SEGMENT_OF))


def read(folder: Path) -> World:
    truth = {
        name: _dated(pd.read_parquet(folder / "truth" / f"{name}.parquet"))
        for name in ("risks", "effects", "moments")
    }
    tables = {name: _dated(pd.read_parquet(folder / f"{name}.parquet")) for name in TABLES}
    return World(tables, truth)


def _dated(table: pd.DataFrame) -> pd.DataFrame:
    dates = [name for name in table.columns if name.endswith("_on") or name == "as_of"]
    return table.assign(**{name: pd.to_datetime(table[name]) for name in dates})


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("simulated")
    simulate(folder, accounts=150, seed=11)
    return read(folder)
