"""Were the dates right, and were those who left named in time?"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from configs.playbook import Playbook
from training.engine.periods import CENSORED, Floats
from training.proof.judged import ASKED, DATES, MODEL, Backtest, Bools, Judged
from training.proof.metrics import account_bootstrap
from training.proof.replay import SEEN_ON

TOGETHER = "all"
EARLY_DAYS = 28
"""A CSM who has four weeks can still do something."""
NAMED = {"model": "eta_p50_days", "due date": "due_days", "playbook date": "playbook_days"}
"""Who names a date, and under which name it is kept."""

Line = dict[str, Any]


def date_measures(tested: Backtest, question: str) -> Iterator[Line]:
    """How far off dates were, and how often what came lay where it was said to."""
    told = [_dated(judged) for judged in tested.judged[question] if DATES[1] in judged.about]
    if not told:
        return
    steps = pd.concat(told, ignore_index=True)
    for group_kind, group, rows in _groups(steps):
        common = {"origin": TOGETHER, "group_kind": group_kind, "group": group}
        for line in (*_errors(rows), *_coverage(rows)):
            yield common | line


def lead_measures(leavers: pd.DataFrame | None) -> Iterator[Line]:
    """How many of those who left had been in their owner's list, and for how long."""
    if leavers is None or leavers.empty:
        return
    for kind, group, rows in _groups(leavers):
        common = {
            "origin": TOGETHER,
            "group_kind": kind,
            "group": group,
            "accounts": len(rows),
            "events": len(rows),
        }
        for predictor in _predictors(rows):
            lead = (rows["exited_on"] - rows[predictor]).dt.days
            named = lead.dropna()
            early = (lead >= EARLY_DAYS).to_numpy(dtype=np.float64)
            found = {
                "leavers_listed": float(lead.notna().mean()),
                "leavers_listed_early": float(early.mean()),
                "lead_days": float(named.median()) if len(named) else np.nan,
            }
            for measure, value in found.items():
                yield common | {"predictor": predictor, "measure": measure, "value": value}


def playbook_days(
    steps: pd.DataFrame, segment: "pd.Series[str]", playbook: Playbook | None
) -> Floats:
    """Days from the morning to the day by which the playbook expects each milestone."""
    if playbook is None:
        return np.full(len(steps), np.nan)
    by_slug = {milestone.slug: milestone for milestone in playbook.milestones}
    expected = [
        by_slug[slug].expected_days_in(own) if slug in by_slug else None
        for slug, own in zip(steps["milestone"], segment, strict=True)
    ]
    days: Floats = np.asarray(expected, dtype=np.float64)
    return days - column_of(steps, "days_open")


def column_of(steps: pd.DataFrame, name: str) -> Floats:
    """What open milestones say of themselves; NaN where they do not."""
    absent = pd.Series(np.nan, index=steps.index)
    return np.asarray(steps.get(name, absent), dtype=np.float64)


def _dated(judged: Judged) -> pd.DataFrame:
    """Steps of one origin, with the day each was reached and how far everybody was watched."""
    followup = judged.followup
    censored = followup.days[followup.cause == CENSORED]
    watched = float(censored.min()) if len(censored) else float(judged.horizons[-1])
    about = judged.about.reindex(columns=[*judged.about, *(set(_WANTED) - set(judged.about))])
    return about.assign(
        reached=np.where(followup.cause == ASKED, np.floor(followup.days), np.inf),
        watched=min(watched, float(judged.horizons[-1])),
    )


_WANTED = (*DATES, "due_days", "playbook_days")


def _groups(rows: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    yield "all", "all", rows
    for kind in ("segment", "milestone"):
        if kind in rows:
            for name, own in rows.groupby(rows[kind].astype(str), sort=True):
                yield kind, str(name), own


def _errors(steps: pd.DataFrame) -> Iterator[Line]:
    """Median of how many days off each kind of date was, on the same reached milestones.

    Only what was reached while everybody was watched counts; where the model named no date
    within its longest horizon, it is held to the last day of it.
    """
    came = steps.loc[steps["reached"] < steps["watched"]]
    came = came.dropna(subset=["due_days", "playbook_days"], how="all")
    if came.empty:
        return
    model = came[DATES[1]].fillna(came["watched"])
    dates = {**{name: came[column] for name, column in NAMED.items()}, MODEL: model}
    known = np.logical_and.reduce([days.notna() for days in dates.values()])
    if not known.any():
        dates.pop("playbook date")
        known = np.logical_and.reduce([days.notna() for days in dates.values()])
    for name, days in dates.items():
        off = (days - came["reached"]).abs()[known]
        if len(off):
            yield {
                "predictor": name,
                "measure": "days_off",
                "value": float(off.median()),
                "accounts": int(came.loc[known, "account_id"].nunique()),
                "events": len(off),
            }


def _coverage(steps: pd.DataFrame) -> Iterator[Line]:
    """Share of milestones reached within their 80 % interval, and by each of its dates.

    Of the rows whose date was named early enough to be checked on everybody: that choice looks
    at what was said only, so the shares should be .8, and .1, .5 and .9. Dates are whole days,
    and many reach it on one day: the middle one is right where before it there are at most
    half, and by its end at least.
    """
    reached, watched = steps["reached"], steps["watched"]
    for name, column in (("by_p10", DATES[0]), ("by_p50", DATES[1]), ("by_p90", DATES[2])):
        checked = (steps[column] < watched).to_numpy()
        yield from _share(steps, checked, (reached <= steps[column]).to_numpy(), name)
        if column == DATES[1]:
            before = (reached < steps[column]).to_numpy()
            yield from _share(steps, checked, before, "before_p50")
    checked = (steps[DATES[2]] < watched).to_numpy()
    inside = ((reached >= steps[DATES[0]]) & (reached <= steps[DATES[2]])).to_numpy()
    yield from _share(steps, checked, inside, "coverage_80")


def _share(steps: pd.DataFrame, checked: Bools, hit: Bools, name: str) -> Iterator[Line]:
    rows = steps.loc[checked]
    if not len(rows):
        return
    hits: Floats = hit[checked].astype(np.float64)
    families = pd.factorize(rows["family"])[0].astype(np.int64)
    low, high = account_bootstrap(
        lambda weights: float((weights * hits).sum() / max(weights.sum(), 1e-300)),
        families,
        seed=0,
        draws=100,
    )
    yield {
        "predictor": MODEL,
        "measure": name,
        "value": float(hits.mean()),
        "low": low,
        "high": high,
        "accounts": int(rows["account_id"].nunique()),
        "events": len(rows),
    }


def _predictors(leavers: pd.DataFrame) -> Sequence[str]:
    """The model first, then the rules."""
    facts = ("account_id", "segment", "exited_on", SEEN_ON)
    named = [str(column) for column in leavers if column not in facts]
    return sorted(named, key=lambda name: name != MODEL)
