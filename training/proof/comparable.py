"""Which past mornings tell how well today's accounts will be told apart?

Who leaves at the end of a year's term cannot be known before a year's term has ended. A model
of a morning before that tells accounts apart worse than one of today does, and its risks do not
say so. So a past morning counts, within a horizon, if of those expected to leave now nearly all
are in terms of a length that enough accounts were known to have left by then: as many as any
model asks for (``min_events``). Lengths are told apart as the engine tells them (``terms.py``).
Where nothing is known of terms, as of people who may leave any day, every morning counts.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from configs.project import Project
from features.asof import Ints, as_dates
from features.assemble import FeatureSet
from training.engine.followed import CHURN, follow
from training.engine.terms import LENGTHS, term_lengths
from training.proof.judged import MODEL, Judged, Pooled

MOST_UNSEEN = 0.05
"""If all of so few were ranked by a coin instead of perfectly, the AUC would be .025 lower."""
ENDED = "terms_ended"
SHORT, LONG = (f"{days:.0f}" for days in LENGTHS)
IN_WORDS = (
    f"term of up to {SHORT} days",
    f"term of {SHORT} to {LONG} days",
    f"term of more than {LONG} days",
    "term of no known end",
)
"""By length, the shortest first."""


def seen_by(
    features: FeatureSet, rows: Ints, project: Project, *, origin_days: Sequence[int]
) -> pd.DataFrame:
    """The term of each row, in words, and by which past mornings enough such had left.

    ``seen`` says whether enough have by the newest morning, first and later terms told apart.
    """
    kind, later = _terms(features.values.iloc[rows])
    needed = project.models.min_events
    names = np.array(IN_WORDS, dtype=object)[kind]
    stage = np.where(later, "later ", "first ").astype(object)
    newest = int(features.snapshots["day"].max())
    known = left_by_term(features, project, newest)[kind, later] >= needed
    columns: dict[str, object] = {"term": names, "stage": stage + names, "seen": known}
    for day in origin_days:
        left = left_by_term(features, project, day).sum(axis=1)
        columns[_seen(day)] = left[kind] >= needed
    return pd.DataFrame(columns)


def left_by_term(features: FeatureSet, project: Project, day: int) -> Ints:
    """How many accounts were known by a morning to have left a term.

    A row per length, a column for those of whom no term had ended before and one for the rest.
    """
    followed = follow(
        features,
        training_day=day,
        every_days=project.snapshots.training_every_days,
        min_events=project.models.min_events,
    )
    left = np.flatnonzero(followed.followup.cause == followed.causes.index(CHURN))
    kind, later = _terms(features.values.iloc[followed.rows[left]])
    told = {"account": followed.account[left], "day": followed.day[left]}
    told |= {"kind": kind, "later": later}
    newest = pd.DataFrame(told).sort_values("day").drop_duplicates("account", keep="last")
    counted = np.zeros((len(IN_WORDS), 2), dtype=np.int64)
    np.add.at(counted, (newest["kind"].to_numpy(), newest["later"].to_numpy()), 1)
    return counted


def counting(judged: Sequence[Judged], today: pd.DataFrame, horizon: int) -> list[Pooled]:
    """The past mornings that can be judged within a horizon, and count."""
    return [
        part
        for one in judged
        if (part := judgeable(one, horizon)) is not None
        and _unseen(today, _seen(one.origin_day), horizon) <= MOST_UNSEEN
    ]


def judgeable(judged: Judged, horizon: int) -> Pooled | None:
    """A morning from which all were followed to a horizon and some, not all, left by then."""
    part = judged.column(horizon)
    return part if part is not None and part.can_be_judged else None


def remarks_on(
    judged: Sequence[Judged], today: pd.DataFrame, project: Project
) -> Iterator[str]:
    """Name each past morning that does not count, and whose leaving none has seen."""
    needed = project.models.min_events
    for one in sorted(judged, key=lambda each: each.origin_day):
        told = [d for d in one.horizons if judgeable(one, d) is not None]
        over = _over(today, _seen(one.origin_day), told)
        if over:
            whom = _names(today.loc[~today[_seen(one.origin_day)], "term"])
            yield (
                f"the morning of {_date(one.origin_day)} does not count for the AUC expected "
                f"today within {_days(over)}: fewer than {needed} accounts were known to have "
                f"left a {whom} by then, where {_percents(over)} of those expected to leave "
                "now are"
            )
    over = _over(today, "seen", project.outcomes.horizons_days)
    if over:
        yield (
            f"how well the {_percents(over)} of those expected to leave within {_days(over)} "
            f"are told apart who are in a {_names(today.loc[~today['seen'], 'stage'])}, no "
            f"past morning can say: fewer than {needed} such accounts are known to have left"
        )


def _over(today: pd.DataFrame, column: str, horizons: Sequence[int]) -> dict[int, float]:
    """The horizons within which too many are unseen, with their share."""
    shares = {days: _unseen(today, column, days) for days in horizons}
    return {days: share for days, share in shares.items() if share > MOST_UNSEEN}


def _unseen(today: pd.DataFrame, column: str, horizon: int) -> float:
    """Share of those expected to leave of whose like too few had left."""
    said = today[f"{MODEL}.{horizon}d"].to_numpy(dtype=np.float64)
    seen = today[column].to_numpy(dtype=bool)
    return float(said[~seen].sum() / max(said.sum(), 1e-300))


def _terms(values: pd.DataFrame) -> tuple[Ints, Ints]:
    """Which length each term has, and 1 where one had ended before it."""
    ended = values.get(ENDED, pd.Series(0.0, index=values.index))
    return term_lengths(values), (ended.to_numpy(dtype=np.float64) > 0).astype(np.int64)


def _seen(origin_day: int) -> str:
    return f"seen_by.{_date(origin_day)}"


def _date(day: int) -> str:
    return as_dates(np.array([day]))[0].date().isoformat()


def _names(terms: "pd.Series[str]") -> str:
    return " or ".join(sorted(terms.unique()))


def _days(horizons: Mapping[int, float]) -> str:
    *others, last = map(str, horizons)
    return f"{', '.join(others)} and {last} days" if others else f"{last} days"


def _percents(shares: Mapping[int, float]) -> str:
    low, high = (f"{100 * end(shares.values()):.0f}" for end in (min, max))
    return f"{low} %" if low == high else f"{low} to {high} %"
