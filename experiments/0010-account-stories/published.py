"""What did the main job publish of two mornings, a week apart?"""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
from world import World

from configs.load import Configuration, load
from configs.phrases import Phrases, load_phrases
from serving.records import records
from serving.report.dossier import Dossier, dossier
from serving.report.site import Site, site

ROOT = Path(__file__).parents[2]
MORNINGS = {
    "company": ("demo", date(2026, 6, 22), date(2026, 6, 29)),
    "students": ("oulad", date(2014, 4, 19), date(2014, 4, 26)),
}


@dataclass(frozen=True)
class Told:
    """What a morning published."""

    world: World
    configuration: Configuration
    accounts: pd.DataFrame
    before: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]
    phrases: Phrases
    site: Site

    def page(self, account: Mapping[str, Any]) -> Dossier:
        """What the page of an account says, also of one beyond those that are written."""
        name = str(account["account_id"])
        row = next(one for one in self.site.rows if one.account_id == name)
        return dossier(account, row, book=self.site.book, sources=self.site.sources)

    def of(self, table: str, account_id: str) -> list[dict[str, Any]]:
        rows = self.tables[table]
        return [dict(row) for row in records(rows.loc[rows["account_id"] == account_id])]


def published(which: str, lake: Path) -> Told:
    """Run the main job and score the week after, where that was not done; read both."""
    name, earlier, today = MORNINGS[which]
    config = ROOT / "configs" / name
    home = lake / name / "scores"
    if not (home / f"as_of={today}").is_dir():
        for verb, day in (("run", earlier), ("score", today)):
            milepost = str(Path(sys.executable).with_name("milepost"))
            asked = [verb, "--config", str(config), "--lake", str(lake), "--as-of", str(day)]
            subprocess.run([milepost, *asked], check=True, stdout=subprocess.DEVNULL)
    folder = home / f"as_of={today}"
    tables = {file.stem: pd.read_parquet(file) for file in sorted(folder.glob("*.parquet"))}
    configuration = load(config)
    phrases = load_phrases(configuration.folder)
    others = {n: t for n, t in tables.items() if n not in ("accounts", "milestones")}
    pages = site(
        accounts=tables["accounts"],
        milestones=tables["milestones"],
        usage=pd.DataFrame(columns=["account_id", "week_on", "active_users", "activity_count"]),
        roles=None,
        run=json.loads((folder / "run.json").read_text("utf-8")),
        configuration=configuration,
        phrases=phrases,
        tables=others,
    )
    path = configuration.folder / configuration.project.source.path
    world = World(path, configuration, tables["accounts"])
    before = pd.read_parquet(home / f"as_of={earlier}" / "accounts.parquet")
    return Told(world, configuration, tables["accounts"], before, tables, phrases, pages)
