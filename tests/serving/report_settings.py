"""The playbooks, settings and run.json of companies that never were."""

from pathlib import Path
from typing import Any

from configs.load import Configuration
from configs.playbook import Milestone, Playbook
from configs.project import Project

RUNS = "workflow_run"
STEPS: tuple[dict[str, Any], ...] = (
    {
        "slug": "source_connected",
        "name": "Data source connected",
        "purpose": "Nothing can be automated before the data flow in",
        "done_when": {"capability": "source_synced", "role": "admin"},
        "expected_days": 10,
    },
    {
        "slug": "first_workflow",
        "name": "First workflow automated",
        "stage": "implementation",
        "purpose": "The first hours saved are what convinces the rest of the team",
        "requires": ["source_connected"],
        "done_when": {"capability": RUNS, "at_least": 10},
        "expected_days": {"default": 21, "enterprise": 45},
        "actions": ["Book the 30-minute working session"],
    },
    {
        "slug": "team_weekly",
        "name": "A team works in it every week",
        "stage": "post_onboarding",
        "requires": ["first_workflow"],
        "done_when": {"capability": RUNS, "measure": "weeks_in_a_row", "at_least": 4},
        "lost_when": {"capability": RUNS, "silent_days": 42},
        "expected_days": 45,
    },
    {
        "slug": "seats_half_used",
        "name": "Half of the seats in use",
        "stage": "post_onboarding",
        "segments": ["enterprise"],
        "requires": ["first_workflow"],
        "done_when": {"capability": RUNS, "measure": "share_of_seats", "at_least": 0.5},
        "expected_days": 90,
    },
)
RULES = {"days since last use": 0.72, "Kaplan-Meier by segment": 0.55, "CoxPH": 0.78}


def a_configuration(folder: Path, **serving: Any) -> Configuration:
    project = Project(
        name="acme",
        segments={"enterprise": {"seats_at_least": 200}, "startup": {"seats_below": 20}},
        serving={"capacity_per_owner": 5, **serving},
    )
    return Configuration(
        folder,
        project=project,
        playbook=Playbook.model_validate({"version": 3, "milestones": STEPS}),
        fingerprint="f" * 64,
    )


def students(folder: Path, **serving: Any) -> Configuration:
    project = Project(
        name="open-university",
        outcomes={"horizons_days": [14, 28, 56, 112], "primary_horizon_days": 56},
        serving=serving,
    )
    step = Milestone(slug="tma_1", name="First marked assignment", done_when="recorded")
    playbook = Playbook(version=1, milestones=(step,))
    return Configuration(folder, project=project, playbook=playbook, fingerprint="e" * 64)


def a_run(*, has_skill: bool = True, promoted: bool = True) -> dict[str, Any]:
    origins = ("2024-03-11", "2024-06-10", "2024-09-09", "2024-12-09", "all")
    backtest = [_test(origin, horizon) for origin in origins for horizon in (30, 60, 90, 180)]
    skill = {
        "has_skill": has_skill,
        "best_baseline": "CoxPH",
        "margin": 0.03 if has_skill else -0.004,
        "low": 0.012 if has_skill else -0.021,
        "high": 0.049 if has_skill else 0.013,
        "measure": "Brier score, relative to the best baseline",
    }
    reasons = ["AUC 0.81 against 0.79 of version 3", "ECE 0.012 is below 0.05"]
    return {
        "as_of": "2025-03-09",
        "data": {"newest_activity_at": "2025-03-08T17:12:00"},
        "models": {
            "churn": "4",
            "milestones": "3",
            "trained_on": "2025-03-02",
            "gate": {"promoted": promoted, "reasons": reasons},
        },
        "skill": {"churn": skill, "milestones": skill},
        "backtest": {"churn": backtest, "milestones": backtest[:4]},
        "too_small": ["Only 24 accounts left by a cause other than churn: they are pooled."],
    }


def _test(origin: str, horizon: int) -> dict[str, Any]:
    return {
        "origin": origin,
        "horizon_days": horizon,
        "accounts": 580,
        "events": horizon // 2,
        "auc": 0.81,
        "auc_low": 0.77,
        "auc_high": 0.85,
        "brier": 0.06,
        "ece": 0.012,
        "predicted_over_observed": 0.97,
        "best_baseline": "CoxPH",
        "baseline_auc": RULES,
    }
