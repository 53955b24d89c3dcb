"""A company that never was: scores in the shape of a real run's, for reading its pages."""

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

from configs.load import Configuration
from configs.phrases import load_phrases
from features.catalogue import Catalogue, Feature
from serving.prioritise import at_stake, rank
from serving.reasons.timing import Timing
from serving.reasons.wording import reasons
from tests.serving.report_settings import a_run

AS_OF = dt.date(2025, 3, 9)
BASE_RISK = 0.083
FIRST = ("Alder", "Birch", "Cobalt", "Delta", "Ember", "Fjord", "Granite", "Harbor", "Iris")
LAST = ("Logistics", "Foods & Sons", "Labs", "Energy", "Health", "Retail", "Print <Works>")
OWNERS = ("Ana Ortiz", "Ben Okafor", "Chiara Rossi", "Dev Patel")


def a_catalogue() -> Catalogue:
    def feature(name: str, family: Any, measure: str, unit: Any = "count", **more: Any):
        return Feature(name, family, measure, f"meaning of {name}", unit, "never null", **more)

    return Catalogue(
        [
            feature("active_users_28d", "usage", "active_users", window_days=28),
            feature("activity_count_28d", "usage", "activity_count", window_days=28),
            feature(
                "activity_ratio_91d", "usage_trend", "activity_ratio", "ratio", window_days=91
            ),
            feature("capabilities_used_28d", "breadth", "capabilities_used", window_days=28),
            feature("days_since_active", "rhythm", "days_since_active", "days"),
            feature(
                "role_days_since_active_admin",
                "roles",
                "role_days_since_active",
                "days",
                subject="admin",
            ),
            feature("days_late", "ladder", "days_late", "days"),
            feature("days_to_renewal", "contract", "days_to_renewal", "days", is_clock=True),
            feature(
                "touch_count_ticket_28d",
                "touches",
                "touch_count",
                subject="ticket",
                window_days=28,
            ),
            feature("tenure_days", "account", "tenure_days", "days"),
            feature(
                "cohort_exit_rate_91d",
                "cohort",
                "cohort_exit_rate",
                "share",
                window_days=91,
            ),
        ]
    )


def _values(dice: np.random.Generator, count: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "active_users_28d": dice.poisson(7, count).astype(float),
            "activity_count_28d": dice.poisson(180, count).astype(float),
            "activity_ratio_91d": np.exp(dice.normal(-0.1, 0.5, count)),
            "capabilities_used_28d": dice.integers(0, 9, count).astype(float),
            "days_since_active": dice.integers(1, 60, count).astype(float),
            "role_days_since_active_admin": np.where(
                dice.random(count) < 0.2, np.nan, dice.integers(1, 90, count)
            ),
            "days_late": dice.integers(-30, 50, count).astype(float),
            "days_to_renewal": dice.integers(-10, 365, count).astype(float),
            "touch_count_ticket_28d": dice.poisson(1.2, count).astype(float),
            "tenure_days": dice.integers(20, 1500, count).astype(float),
            "cohort_exit_rate_91d": np.full(count, 0.04),
        }
    )


def a_timing(points: np.ndarray) -> Timing:
    """Points of timing where nothing but churn ends an account's time with us."""
    nothing = np.zeros(len(points))
    return Timing(
        points, competing=nothing, other_end=nothing, mean_day=nothing + 45, horizon_days=90
    )


def _scored(dice: np.random.Generator, count: int, currency: str) -> pd.DataFrame:
    """Risks whose reasons sum, from made-up contributions and true sentences."""
    catalogue = a_catalogue()
    values = _values(dice, count)
    typical = pd.DataFrame([values.median()] * count).reset_index(drop=True)
    pull = np.array([0.4, 0.1, 0.5, 0.3, 0.6, 0.3, 0.5, 0.5, 0.2, 0.2, 0.05])
    contributions = dice.normal(0, 1, (count, len(pull))) * pull
    total = contributions.sum(axis=1)
    timing = dice.normal(0, 0.003, count)
    risk = np.clip(BASE_RISK * np.exp(total), 0.002, 0.93)
    scale = (risk - BASE_RISK - timing) / total
    said = reasons(
        contributions,
        scale,
        timing=a_timing(timing),
        names=list(catalogue),
        values=values,
        typical=typical,
        catalogue=catalogue,
        phrases=load_phrases(),
        currency=currency,
    )
    return pd.DataFrame({"churn_risk": risk, "reasons": said, "base_risk": BASE_RISK})


def _accounts(
    configuration: Configuration, dice: np.random.Generator, count: int, *, has_arr: bool
) -> pd.DataFrame:
    project = configuration.project
    rows = _scored(dice, count, project.serving.currency)
    primary = project.outcomes.primary_horizon_days
    for days in project.outcomes.horizons_days:
        rows[f"churn_risk_{days}d"] = 1 - (1 - rows["churn_risk"]) ** (days / primary)
    rows["account_id"] = [f"acc-{i:04d}" for i in range(count)]
    rows["as_of"] = AS_OF
    rows["name"] = [f"{dice.choice(FIRST)} {dice.choice(LAST)}" for _ in range(count)]
    rows["segment"] = dice.choice(["enterprise", "startup", "everyone"], count)
    rows["owner"] = dice.choice(OWNERS, count)
    rows["arr"] = np.round(np.exp(dice.normal(10.2, 0.9, count)), -2) if has_arr else np.nan
    renews = [AS_OF + dt.timedelta(days=int(d)) for d in dice.integers(-10, 365, count)]
    rows["renews_on"] = renews if has_arr else None
    rows["status"] = "scored"
    rows["churn_risk_low"] = rows["churn_risk"] * 0.7
    rows["churn_risk_high"] = np.minimum(rows["churn_risk"] * 1.35, 0.99)
    before = rows["churn_risk"] * np.exp(dice.normal(0, 0.2, count))
    rows["previous_churn_risk"] = before.where(dice.random(count) < 0.9)
    rows["risk_source"] = "model"
    rows["expansion_chance"] = np.nan
    rows["model_version"] = "4"
    rows["is_held_out"] = False
    _leave_unscored(rows, project.outcomes.horizons_days)
    if not has_arr:
        rows["name"], rows["owner"] = None, None
    rows["arr_at_risk"] = at_stake(rows) if has_arr else np.nan
    rows["rank"] = rank(rows)
    return rows


def _leave_unscored(rows: pd.DataFrame, horizons: tuple[int, ...]) -> None:
    """The last three accounts have no score, each with its reason."""
    unscored = rows.index[-3:]
    rows.loc[unscored, "status"] = ["too_new", "not_enough_data", "too_new"]
    risks = ["churn_risk", "churn_risk_low", "churn_risk_high", "previous_churn_risk"]
    rows.loc[unscored, risks] = np.nan
    rows.loc[unscored, [f"churn_risk_{days}d" for days in horizons]] = np.nan
    for index in unscored:
        rows.at[index, "reasons"] = []


def _milestones(
    configuration: Configuration, accounts: pd.DataFrame, dice: np.random.Generator
) -> pd.DataFrame:
    lines = []
    for account in accounts.itertuples():
        reached = int(dice.integers(0, 4))
        applicable = [
            m for m in configuration.playbook.milestones if m.applies_to(account.segment)
        ]
        for position, step in enumerate(applicable):
            lines.append(
                _line(configuration, account, step.slug, dice, ahead=position - reached)
            )
    return pd.DataFrame(lines)


def _line(
    configuration: Configuration,
    account: Any,
    slug: str,
    dice: np.random.Generator,
    *,
    ahead: int,
) -> dict[str, Any]:
    state = "locked" if ahead > 0 else "open"
    if ahead < 0:
        state = "lost" if slug == "team_weekly" and dice.random() < 0.3 else "done"
    pace = ("on_track", "behind", "stuck")[int(dice.integers(0, 3))]
    median = int(dice.integers(10, 220))

    def eta(factor: float) -> dt.date | None:
        days = int(median * factor)
        return AS_OF + dt.timedelta(days=days) if state != "done" and days <= 180 else None

    line: dict[str, Any] = {
        "account_id": account.account_id,
        "as_of": AS_OF,
        "milestone": slug,
        "state": state,
        "achieved_at": pd.Timestamp("2024-11-05 13:20") if ahead < 0 else pd.NaT,
        "progress": {"done": 1.0, "locked": 0.0}.get(state, float(dice.random())),
        "opened_at": pd.Timestamp("2025-01-20"),
        "days_open": int(dice.integers(1, 90)),
        "due_on": AS_OF + dt.timedelta(days=int(dice.integers(-40, 60))),
        "pace": "done" if state == "done" else pace,
        "eta_p10_on": eta(0.4),
        "eta_p50_on": eta(1.0),
        "eta_p90_on": eta(2.2),
    }
    for days in configuration.project.outcomes.horizons_days:
        line[f"chance_{days}d"] = 1 - 0.5 ** (days / median)
        line[f"exit_first_{days}d"] = 0.0005 * days
    return line


def _next_steps(
    configuration: Configuration, accounts: pd.DataFrame, told: pd.DataFrame
) -> pd.DataFrame:
    """Each account's first open milestone, its counts and its pace."""
    steps = {m.slug: m for m in configuration.playbook.milestones}
    by_account = told.groupby("account_id", sort=False)
    first = told[told["state"] == "open"].drop_duplicates("account_id").set_index("account_id")
    slug = accounts["account_id"].map(first["milestone"])
    return accounts.assign(
        milestones_done=accounts["account_id"].map(
            by_account["state"].apply(lambda states: int((states == "done").sum()))
        ),
        milestones_total=accounts["account_id"].map(by_account.size()),
        pace=accounts["account_id"].map(first["pace"]).fillna("done"),
        next_milestone=slug,
        next_action=slug.map(
            lambda s: next(iter(steps[s].actions), None) if isinstance(s, str) else None
        ),
        nudge=slug.map(
            lambda s: (
                f"You're 60 % of the way to {steps[s].name}. Need help?"
                if isinstance(s, str)
                else None
            )
        ),
        next_effect_points=np.nan,
        next_effect_low=np.nan,
        next_effect_high=np.nan,
        next_evidence=slug.map(lambda s: "descriptive" if isinstance(s, str) else None),
    )


def _usage(accounts: pd.DataFrame, dice: np.random.Generator) -> pd.DataFrame:
    weeks = [AS_OF - dt.timedelta(days=7 * back) for back in range(26, 0, -1)]
    count = len(accounts)
    people = dice.poisson(6, (count, 26)) * (dice.random((count, 1)) > 0.05)
    return pd.DataFrame(
        {
            "account_id": np.repeat(accounts["account_id"].to_numpy(), 26),
            "week_on": weeks * count,
            "active_users": people.ravel(),
            "activity_count": (people * dice.integers(5, 40, (count, 26))).ravel(),
        }
    )


def a_world(
    configuration: Configuration,
    *,
    count: int = 60,
    has_arr: bool = True,
    has_skill: bool = True,
    seed: int = 5,
) -> dict[str, Any]:
    """Everything that ``write_report`` asks for."""
    dice = np.random.default_rng(seed)
    accounts = _accounts(configuration, dice, count, has_arr=has_arr)
    told = _milestones(configuration, accounts, dice)
    accounts = _next_steps(configuration, accounts, told)
    if not has_skill:
        accounts["risk_source"] = "baseline"
    return {
        "accounts": accounts,
        "milestones": told,
        "usage": _usage(accounts, dice),
        "run": a_run(has_skill=has_skill, promoted=has_skill),
        "configuration": configuration,
    }
