"""What does whoever ran the job see when it is done?"""

from collections.abc import Iterator
from datetime import date

from pipelines.lake import Lake

SHOWN = 10


def newest_scores(lake: Lake, as_of: date) -> Iterator[str]:
    """The first accounts of the list, with their strongest reason, and where all of it is."""
    accounts = lake.read("scores", as_of, file="accounts.parquet")
    yield f"{len(accounts)} live accounts as of {as_of}, first to work:"
    for row in accounts.head(SHOWN).to_dict("records"):
        who = f"  {row['rank']:>3}  {row['name'] or row['account_id']}"
        if row["status"] != "scored":
            yield f"{who}: {row['status'].replace('_', ' ')}"
            continue
        why = max(row["reasons"], key=lambda reason: reason["points"])["text"]
        yield f"{who}: {row['churn_risk']:.0%} likely to leave. {why}"
    yield f"Report: {lake.path('scores', as_of) / 'report' / 'index.html'}"
    yield f"Tables: {lake.path('scores', as_of)}"
