"""How does a CS tool that imports files pick up the newest scores?

From ``milepost_scores.csv`` or ``milepost_scores.json``, each put in place in one step, so that
an import that runs at the wrong moment reads the old file or the new one. Where nothing has
changed, neither is touched. The JSON file is written last: it is the record of what was done.
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from configs.errors import LakeError
from serving.sinks.protocol import Change, Plan, Row, Scorecards, Value, compare


class FolderSink:
    """A folder with the newest scores of all live accounts, and of nobody else."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._csv = folder / "milepost_scores.csv"
        self._json = folder / "milepost_scores.json"

    @property
    def name(self) -> str:
        return str(self._folder)

    def plan(self, scorecards: Scorecards) -> Plan:
        shown = self._shown(scorecards.columns)
        plan = compare(scorecards, shown=shown)
        if plan.newer:
            return Plan([], unchanged=plan.unchanged, newer=len(scorecards.rows))
        live = {str(row["account_id"]) for row in scorecards.rows}
        gone = [
            Change(left, before=row, after=None)
            for left, row in shown.items()
            if left not in live
        ]
        return Plan([*plan.changes, *gone], unchanged=plan.unchanged)

    def apply(self, changes: Sequence[Change], *, scorecards: Scorecards) -> None:
        if not changes:
            return
        rows = self._shown(scorecards.columns)
        for change in changes:
            rows.pop(change.account_id, None)
            if change.after is not None:
                rows[change.account_id] = change.after
        ordered = sorted(rows.values(), key=_place)
        self._folder.mkdir(parents=True, exist_ok=True)
        _put(self._csv, _as_csv(ordered, scorecards.columns))
        _put(self._json, _as_json(ordered, scorecards.as_of))

    def _shown(self, columns: Mapping[str, type]) -> dict[str, Row]:
        if not (self._csv.exists() and self._json.exists()):
            return {}
        try:
            accounts = json.loads(self._json.read_text("utf-8"))["accounts"]
            return {row["account_id"]: _read(row, columns) for row in accounts}
        except (ValueError, KeyError, TypeError, AttributeError) as wrong:
            problem = f"was not written by Milepost ({wrong!r})"
            raise LakeError(
                str(self._json), problem, "Move it away, or name another publish.folder"
            ) from wrong


def _place(row: Row) -> tuple[float, str]:
    rank = row.get("rank")
    return (float(rank) if isinstance(rank, int) else float("inf"), str(row["account_id"]))


def _read(row: Mapping[str, Value], columns: Mapping[str, type]) -> Row:
    """A row as it was before it went through JSON, which knows no dates."""
    return {
        name: date.fromisoformat(value)
        if columns.get(name) is date and isinstance(value, str)
        else value
        for name, value in row.items()
    }


def _as_csv(rows: Sequence[Row], columns: Mapping[str, type]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _as_json(rows: Sequence[Row], as_of: date) -> str:
    content = {"as_of": as_of.isoformat(), "accounts": rows}
    text = json.dumps(content, ensure_ascii=False, indent=1, default=date.isoformat)
    return text + "\n"


def _put(path: Path, text: str) -> None:
    unfinished = path.with_name(f".{path.name}.writing")
    unfinished.write_bytes(text.encode("utf-8"))
    unfinished.replace(path)
