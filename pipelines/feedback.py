"""What did people say of the scores, and when?

One line for each thing said, in ``<lake>/<name>/feedback/said.jsonl``; lines are added, and
never changed. What was said of a morning's scores counts on that morning's list and on later
ones. It moves no risk and no rank.
"""

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from configs.errors import ConfigError, LakeError
from pipelines.lake import Lake
from serving.attention.feedback import COLUMNS, Said

FILE = "said.jsonl"


def keep(lake: Lake, said: Said, *, now: datetime) -> None:
    """Write down one thing said; ConfigError where that morning's scores lack the account."""
    scored = lake.read("scores", said.about, file="accounts.parquet", columns=["account_id"])
    if said.account_id not in set(scored["account_id"]):
        problem = f"{said.account_id!r} is no live account on {said.about}"
        raise ConfigError("--account", problem, "Name one as it stands in accounts.parquet")
    line = {
        "account_id": said.account_id,
        "kind": said.kind,
        "because": said.because,
        "until": None if said.until is None else said.until.isoformat(),
        "by": said.by,
        "about": said.about.isoformat(),
        "known_at": now.isoformat(timespec="seconds"),
    }
    where = _file(lake)
    where.parent.mkdir(parents=True, exist_ok=True)
    with where.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")


def feedback(lake: Lake, *, up_to: date) -> pd.DataFrame:
    """Everything said of the scores of a morning or earlier ones, in the order it was said."""
    where = _file(lake)
    lines = where.read_text("utf-8").splitlines() if where.is_file() else []
    rows = [_read(line, f"{where}, line {number}") for number, line in enumerate(lines, 1)]
    known = [row for row in rows if row["about"] <= up_to]
    return pd.DataFrame(known, columns=list(COLUMNS))


def _read(line: str, where: str) -> dict[str, Any]:
    try:
        told = json.loads(line)
        until = told["until"]
        return {
            **{name: told[name] for name in COLUMNS},
            "until": None if until is None else date.fromisoformat(until),
            "about": date.fromisoformat(told["about"]),
            "known_at": datetime.fromisoformat(told["known_at"]).replace(tzinfo=None),
        }
    except (ValueError, KeyError, TypeError) as wrong:
        raise LakeError(where, "cannot be read", "Mend the line, or take it out") from wrong


def _file(lake: Lake) -> Path:
    return lake.home / "feedback" / FILE
