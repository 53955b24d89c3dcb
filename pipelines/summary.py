"""What does whoever ran the job see when it is done?"""

from collections.abc import Iterator, Sequence
from datetime import date

from configs.phrases import Phrases
from configs.project import Project
from pipelines.lake import Lake
from serving import formats
from serving.records import Record, reasons_of, records
from serving.report.facts import why

SHOWN = 10
GAP = "  "


def newest_scores(
    lake: Lake, as_of: date, *, project: Project, phrases: Phrases
) -> Iterator[str]:
    """The first accounts of the list, with their strongest reason, and where all of it is."""
    accounts = lake.read("scores", as_of, file="accounts.parquet")
    one, many = phrases.words.account
    yield f"{_counted(len(accounts), one, many)} as of {formats.day(as_of)}, first to work:"
    first = records(accounts.head(SHOWN))
    head = ("", "Risk", "At risk", one.capitalize(), "Owner", "Why")
    yield from _aligned([head, *(_cells(account, project) for account in first)])
    yield f"Report: {lake.path('scores', as_of) / 'report' / 'index.html'}"
    yield f"Tables: {lake.path('scores', as_of)}"


def _counted(count: int, one: str, many: str) -> str:
    return f"{formats.count(count)} live {one if count == 1 else many}"


def _cells(account: Record, project: Project) -> tuple[str, ...]:
    risk, stake = account["churn_risk"], account["arr_at_risk"]
    who = str(account["name"] or account["account_id"])
    owner = str(account["owner"] or "")
    if risk is None:
        note = str(account["status"]).replace("_", " ")
        return (str(account["rank"]), formats.NOTHING, "", who, owner, f"not scored: {note}")
    told = why(reasons_of(account), risk=risk, base=account["base_risk"])
    return (
        str(account["rank"]),
        formats.percent(risk),
        "" if stake is None else formats.money(stake, project.serving.currency),
        who,
        owner,
        f"{told[0].mark} {told[0].text}" if told else "",
    )


def _aligned(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Set the rows in columns, numbers to the right; a column without any entry goes."""
    columns = [
        (len(max(column, key=len)), place < 3)
        for place, column in enumerate(zip(*rows, strict=True))
    ]
    kept = [i for i in range(len(columns)) if any(row[i] for row in rows[1:])]
    for row in rows:
        cells = [
            row[i].rjust(columns[i][0]) if columns[i][1] else row[i].ljust(columns[i][0])
            for i in kept
        ]
        yield GAP + GAP.join(cells).rstrip()
