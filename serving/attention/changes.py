"""Why is a risk not what it was when it was last told, in parts that add up?

The same facts are told to today's model one after the other: the previous morning as it was
known then, as it is known now, as it would have been had no row come late to it, with the time
passed since, with what others did, and today.
What each step adds to the risk is a part; whatever the model, the parts sum to the whole move.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa

from configs.load import Configuration
from features.catalogue import Catalogue, Feature
from features.families.account import EARLY_DAYS
from serving.attention.moves import Moved, Moves
from serving.morning import Morning
from serving.risks import chances_told
from serving.views import values_on
from training.engine.periods import Floats

PARTS = ("own", "others", "clock", "data", "model")
GROWING = frozenset({"tenure_days", "days_since_milestone", "days_since_touch", "days_late"})
"""Measures that rise by one a day while nothing happens; clocks fall by one. Days since the
last use are none of them: silence is the account's own doing.
"""
OTHERS = frozenset({"cohort", "parent"})
"""The families that tell of others alone."""
SEASON = "calendar"
PLACE = "peers_percentile"
NEXT_DUE, DONE = "days_to_next_due", "milestones_done"


def changes_schema(_: Configuration) -> pa.Schema:
    """Give the columns of changes.parquet: one row per account with a risk then and now."""
    return pa.schema(
        [
            ("account_id", pa.string()),
            ("as_of", pa.date32()),
            ("since", pa.date32()),
            ("previous_churn_risk", pa.float64()),
            ("churn_risk", pa.float64()),
            *((f"{part}_points", pa.float64()) for part in PARTS),
            ("main_part", pa.string()),
            ("text", pa.string()),
        ]
    )


def changes(morning: Morning, _: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Split every account's move since the previous morning; the parts sum to it."""
    told = morning.accounts.dropna(subset=["churn_risk", "previous_churn_risk"])
    mornings = morning.past.mornings()
    facts = _facts(morning, told["account_id"].to_numpy(), mornings[-1]) if mornings else None
    if facts is None:
        return pd.DataFrame(columns=changes_schema(morning.configuration).names)
    rows = told.set_index("account_id").loc[facts.account_ids].reset_index()
    parts, before = _split(rows, facts, morning)
    main = np.array(PARTS, dtype=object)[np.abs(parts).argmax(axis=1)]
    moves = Moves(
        change=(rows["churn_risk"] - rows["previous_churn_risk"]).to_numpy(),
        parts=parts,
        main=main,
        before=before,
        now=facts.now,
    )
    return rows[["account_id", "as_of", "previous_churn_risk", "churn_risk"]].assign(
        since=facts.since,
        **{f"{part}_points": parts[:, i] for i, part in enumerate(PARTS)},
        main_part=main,
        text=Moved(morning, since=facts.since).said(moves),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Facts:
    """Values of the same accounts on two mornings; one row each, in one order."""

    since: date
    account_ids: "pd.Index[str]"
    then: pd.DataFrame
    """The previous morning, as it was known then."""
    again: pd.DataFrame
    """The previous morning, as its point in time is known now."""
    in_time: pd.DataFrame
    """The previous morning, had the rows of the time before it that came since come in time."""
    now: pd.DataFrame
    is_kept: bool
    """Whether what was known then is still there."""


def _facts(morning: Morning, account_ids: np.ndarray, since: date) -> _Facts | None:
    """Gather the accounts' values; None where the previous morning is lost altogether."""
    now = values_on(morning.features, morning.as_of)
    again = values_on(morning.features, since)
    kept = morning.past.values(since)
    then = again if kept is None else kept
    then = then.reindex(columns=now.columns)
    ids = pd.Index(account_ids)
    known = ids[ids.isin(then.index)]
    if not len(known):
        return None
    found_again = again.reindex(known)
    lost = ~known.isin(again.index)
    if lost.any():
        found_again = found_again.astype(object).where(~lost[:, None], then.loc[known])
        found_again = found_again.astype(then.dtypes.to_dict())
    in_time = _with_late_rows(found_again, morning.past.hindsight())
    then, now = then.loc[known], now.loc[known]
    return _Facts(since, known, then, found_again, in_time, now, kept is not None)


def _with_late_rows(again: pd.DataFrame, late: pd.DataFrame) -> pd.DataFrame:
    """Put who has rows that came late in the place of what was known of them."""
    told = late.set_index("account_id").reindex(columns=again.columns)
    told = told.loc[told.index.isin(again.index)]
    if told.empty:
        return again
    rest = again.loc[~again.index.isin(told.index)]
    return pd.concat([rest, told.astype(again.dtypes.to_dict())]).loc[again.index]


def _split(rows: pd.DataFrame, facts: _Facts, morning: Morning) -> tuple[Floats, pd.DataFrame]:
    """Give the parts, a column each, and the values to which only the own doing was added."""
    catalogue = morning.features.catalogue
    days = (morning.as_of - facts.since).days
    later = with_dates_passed(aged(facts.in_time, catalogue, days=days), facts.now)
    later = later.assign(**{name: facts.now[name] for name in _of({SEASON}, later, catalogue)})
    beside = with_others(later, facts, catalogue)
    source = str(rows["risk_source"].iloc[0])
    primary = morning.configuration.project.outcomes.primary_horizon_days

    def risk(values: pd.DataFrame) -> Floats:
        assert morning.models is not None
        return chances_told(morning.models, values, source=source, horizon_days=primary)

    told = [rows["previous_churn_risk"].to_numpy(dtype=float), risk(facts.then)]
    told += [risk(facts.again), risk(facts.in_time), risk(later), risk(beside)]
    told.append(rows["churn_risk"].to_numpy(dtype=float))
    model, data, late, clock, others, own = np.diff(np.stack(told), axis=0)
    if not morning.past.built_alike(facts.since):
        model, data = model + data, np.zeros_like(data)
    elif not facts.is_kept and _same_model(rows, morning, facts.since):
        model, data = np.zeros_like(model), model + data
    return np.stack([own, others, clock, data + late, model], axis=1), beside


def _same_model(rows: pd.DataFrame, morning: Morning, since: date) -> bool:
    before = morning.past.scores(since, columns=["model_version"])
    versions = set() if before is None else set(before["model_version"].dropna())
    return versions == set(rows["model_version"])


def aged(values: pd.DataFrame, catalogue: Catalogue, *, days: int) -> pd.DataFrame:
    """Let so many days pass in which nothing happens but that they pass.

    >>> from dataclasses import replace
    >>> from features.families.account import SEGMENT
    >>> tenure = replace(SEGMENT, name="tenure_days", measure="tenure_days", unit="days")
    >>> values = pd.DataFrame({"tenure_days": [40.0]})
    >>> aged(values, Catalogue([tenure]), days=7)["tenure_days"].tolist()
    [47.0]
    """
    moved = {
        name: _moved(values[name], catalogue[name], days)
        for name in values.columns
        if name in catalogue and _drift(catalogue[name])
    }
    return values.assign(**moved)


def with_dates_passed(later: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    """Let the next due date be another where one has passed and nothing was reached since.

    That a date went by is time passing; that a milestone was reached is the account's doing.
    """
    if not {NEXT_DUE, DONE} <= set(later.columns):
        return later
    same = later[DONE].eq(now[DONE])
    return later.assign(**{NEXT_DUE: later[NEXT_DUE].where(~same, now[NEXT_DUE])})


def _moved(values: "pd.Series[float]", feature: Feature, days: int) -> "pd.Series[float]":
    later = values + _drift(feature) * days
    # The quarter after a kickoff ends the count of its days.
    return later.clip(lower=-EARLY_DAYS) if feature.measure == "days_to_kickoff" else later


def _drift(feature: Feature) -> int:
    if feature.is_clock:
        return -1
    return 1 if feature.measure in GROWING else 0


def with_others(values: pd.DataFrame, facts: _Facts, catalogue: Catalogue) -> pd.DataFrame:
    """Let others have done what they did by today, and the account itself nothing yet.

    Its place among its peers is theirs to move where the amount behind it is the same.
    """
    moved = {name: facts.now[name] for name in _of(OTHERS, values, catalogue)}
    for name in values.columns:
        feature = catalogue.get(name)
        if feature and feature.measure == PLACE and feature.subject in values:
            same = values[feature.subject].eq(facts.now[feature.subject])
            moved[name] = values[name].where(~same, facts.now[name])
    return values.assign(**moved)


def _of(families: Set[str], values: pd.DataFrame, catalogue: Catalogue) -> list[str]:
    return [n for n in values.columns if n in catalogue and catalogue[n].family in families]
