"""What does the programme earn: fewer accounts leaving, more milestones, more ARR kept?

Against accounts held out by lot, where there are any: whoever was drawn stays where it was
drawn, whatever was done (intention to treat). And before against after, which whatever else
happened is part of. The one is asked once a quarter from the day it began, the other once for
each horizon that has passed; a claim is made of leaving alone, and only where its interval
leaves no doubt. What could not have been seen is not called nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa

from configs.load import Configuration
from features.asof import Bools, as_dates, ordinal
from features.assemble import FeatureSet
from features.holdout import held_out
from serving.morning import Morning
from serving.outlook.before_after import Surprise, surprises
from serving.outlook.cohort import (
    Cohort,
    arr_kept,
    came_in,
    chances,
    has_left,
    learnt_before,
    milestones,
)
from training.effects.arms import Arms, Gap, gap
from training.engine.followed import lag_known_by
from training.questions.exits import ExitModel

LOOK_DAYS = 91
MONTH_DAYS = 30.4
HOLDOUT, BEFORE_AFTER = "holdout", "before_after"
LEFT, REACHED, ARR_KEPT = "left", "milestones_reached", "arr_kept"
REDUCES, RAISES = "reduces leaving", "raises leaving"
FEWER, MORE = "fewer left than expected", "more left than expected"
NO_EFFECT, NO_CLAIM = "no measurable effect", "no claim"
FEWEST_LEFT = 10
"""With fewer accounts that left than this, in both arms together, nothing is claimed."""


def programme_schema(_: Configuration) -> pa.Schema:
    """Give the columns of programme.parquet: one row per comparison and measure."""
    return pa.schema(
        [
            ("comparison", pa.string()),
            ("measure", pa.string()),
            ("since", pa.date32()),
            ("until", pa.date32()),
            ("accounts", pa.int32()),
            ("accounts_compared", pa.int32()),
            ("happened", pa.float64()),
            ("compared", pa.float64()),
            ("effect", pa.float64()),
            ("low", pa.float64()),
            ("high", pa.float64()),
            ("smallest", pa.float64()),
            ("verdict", pa.string()),
            ("remark", pa.string()),
        ]
    )


def programme(morning: Morning, _: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Give the rows of programme.parquet; none where no programme is configured."""
    rows = [*_against_holdout(morning), *_before_after(morning)]
    return pd.DataFrame(rows, columns=programme_schema(morning.configuration).names)


@dataclass(frozen=True, slots=True)
class Look:
    """From when to when is looked, and whether a claim may be made of it."""

    since: int
    until: int
    is_due: bool

    @property
    def first_on(self) -> str:
        return as_dates(np.array([self.since + LOOK_DAYS]))[0].date().isoformat()


def look(since: int, *, known_until: int) -> Look | None:
    """The last whole quarter since a day; before the first, what is known so far.

    >>> look(100, known_until=290)
    Look(since=100, until=282, is_due=True)
    >>> look(100, known_until=150)
    Look(since=100, until=150, is_due=False)
    """
    quarters = (known_until - since) // LOOK_DAYS
    if quarters >= 1:
        return Look(since, since + quarters * LOOK_DAYS, is_due=True)
    return Look(since, known_until, is_due=False) if known_until > since else None


def _against_holdout(morning: Morning) -> Iterator[dict[str, object]]:
    settings = morning.configuration.project.programme
    seen = _look(settings.held_out_since, morning)
    if seen is None:
        return
    features = morning.features
    cohort = came_in(features, since=seen.since, until=seen.until)
    model = learnt_before(features, morning.configuration.project, day=seen.since)
    treated = ~held_out(cohort.accounts, settings.holdout_share)
    told = told_apart(features, cohort, treated, model, until=seen.until)
    for measure, (arms, found) in told.items():
        row = _dated(HOLDOUT, measure, seen) | {
            "accounts": int(arms.is_treated.sum()),
            "accounts_compared": int((~arms.is_treated).sum()),
        }
        if measure == LEFT:
            row |= judged(arms, found, seen, worthwhile=settings.worthwhile_share)
        yield row if found is None else row | _of_gap(found)


def told_apart(
    features: FeatureSet,
    cohort: Cohort,
    treated: Bools,
    model: ExitModel | None,
    *,
    until: int,
) -> dict[str, tuple[Arms, Gap | None]]:
    """Compare the treated of a cohort with the others, measure by measure."""
    count, family = len(cohort.day), cohort.family
    equal, nothing = np.ones(count), np.zeros(count)
    before = nothing if model is None else chances(model, features, cohort, until=until)
    had, reached = milestones(features, cohort, until=until)
    arr, kept = arr_kept(features, cohort, until=until)
    left = has_left(features, cohort, until=until)
    arms = {
        LEFT: Arms(treated, family, left, before, equal),
        REACHED: Arms(treated, family, reached, had, equal),
        ARR_KEPT: Arms(treated, family, kept, before, arr).take(arr > 0),
    }
    return {name: (one, gap(one)) for name, one in arms.items() if len(one.outcome)}


def judged(arms: Arms, found: Gap | None, seen: Look, *, worthwhile: float) -> dict[str, str]:
    """Say what the comparison of leaving allows to be said."""
    left = int(arms.outcome.sum())
    if not seen.is_due:
        return _no_claim(f"asked for the first time on {seen.first_on}")
    if found is None or left < FEWEST_LEFT:
        return _no_claim(f"too small to tell: {left} accounts have left so far")
    rate = found.held_out if found.held_out > 0 else float(arms.outcome.mean())
    return _verdict(
        found.interval,
        smallest=found.smallest,
        wanted=worthwhile * rate,
        accounts=len(arms.outcome),
        days=seen.until - seen.since,
    )


def _before_after(morning: Morning) -> Iterator[dict[str, object]]:
    project, features = morning.configuration.project, morning.features
    began = project.programme.started_on
    day = features.snapshots["day"].to_numpy(dtype=np.int64)
    if began is None or not (day <= ordinal(began)).any():
        return
    since = int(day[day <= ordinal(began)].max())
    passed = _known_until(morning) - since
    horizons = [days for days in project.outcomes.horizons_days if days <= passed]
    model = learnt_before(features, project, day=since) if horizons else None
    if model is None:
        return
    share = project.programme.holdout_share
    until = since + max(horizons)
    found = surprises(features, model, project, since=since, until=until, share_held_out=share)
    seen = Look(since, until, is_due=True)
    for measure, one in found.items():
        row = _dated(BEFORE_AFTER, measure, seen) | {"accounts": one.accounts}
        if measure == LEFT:
            row |= before_and_after(
                one, worthwhile=project.programme.worthwhile_share, seen=seen
            )
        yield row | _of_surprise(one)


def before_and_after(one: Surprise, *, worthwhile: float, seen: Look) -> dict[str, str]:
    """Say what before and after allow to be said; never that the programme did it."""
    told = _verdict(
        (one.low, one.high),
        smallest=one.smallest,
        wanted=worthwhile * one.expected,
        accounts=0,
        days=seen.until - seen.since,
    )
    other = "whatever else changed since then is part of it"
    # What came after is not what came of it: no effect is ever claimed of before and after.
    seen_as = {REDUCES: FEWER, RAISES: MORE}.get(told["verdict"], told["verdict"])
    remark = "; ".join(filter(None, (told["remark"], other)))
    return {"verdict": seen_as, "remark": remark}


def _verdict(
    interval: tuple[float, float], *, smallest: float, wanted: float, accounts: int, days: int
) -> dict[str, str]:
    low, high = interval
    if high < 0:
        return {"verdict": REDUCES, "remark": ""}
    if low > 0:
        return {"verdict": RAISES, "remark": ""}
    if smallest <= wanted:
        return {"verdict": NO_EFFECT, "remark": ""}
    return _no_claim(missing(smallest / wanted, accounts=accounts, days=days))


def missing(times: float, *, accounts: int, days: int) -> str:
    """Say how much more it would take, if what can be seen is so many times too coarse.

    >>> missing(1.5, accounts=400, days=182)
    'too small to tell: it would need 900 accounts, or 8 more months'
    """
    if accounts == 0:
        return "a book moves by more than a worthwhile effect by itself"
    months = days / MONTH_DAYS * (times**2 - 1)
    needed = f"{_rounded(accounts * times**2):,} accounts"
    later = f"{_rounded(months):,} more months" if _rounded(months) != 1 else "1 more month"
    return f"too small to tell: it would need {needed}, or {later}"


def _rounded(amount: float) -> int:
    """Two figures are more than anybody can know of it."""
    return int(float(f"{max(np.ceil(amount), 1.0):.2g}"))


def _no_claim(why: str) -> dict[str, str]:
    return {"verdict": NO_CLAIM, "remark": why}


def _dated(comparison: str, measure: str, seen: Look) -> dict[str, object]:
    since, until = (as_dates(np.array([d]))[0].date() for d in (seen.since, seen.until))
    return {"comparison": comparison, "measure": measure, "since": since, "until": until}


def _of_gap(found: Gap) -> dict[str, float]:
    low, high = found.interval
    return {
        "happened": found.treated,
        "compared": found.held_out,
        "effect": found.points,
        "low": low,
        "high": high,
        "smallest": found.smallest,
    }


def _of_surprise(one: Surprise) -> dict[str, float]:
    return {
        "happened": one.happened,
        "compared": one.expected,
        "effect": one.points,
        "low": one.low,
        "high": one.high,
        "smallest": one.smallest,
    }


def _look(since: date | None, morning: Morning) -> Look | None:
    return None if since is None else look(ordinal(since), known_until=_known_until(morning))


def _known_until(morning: Morning) -> int:
    today = ordinal(morning.as_of)
    return today - lag_known_by(today, morning.features.exits)
