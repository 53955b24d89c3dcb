"""What do exact point-in-time features cost, against the ways one would compute them by hand?

Usage: .venv/bin/python experiments/benchmarks/benchmark.py [--accounts N] [--repeats R]

Every figure is CPU time of one thread, in a process of its own, on the same files, after the
way has been run once on a tiny company; ratios are of medians over repeats that take turns. The
columns are the same and are asserted equal.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

THREADS = ("OMP_NUM_THREADS", "POLARS_MAX_THREADS", "NUMBA_NUM_THREADS")
WAYS = Path(__file__).with_name("ways.py")
ROWS_PER_ACCOUNT = 500
WAYS_ASKED = ("floor", "pandas", "polars", "milepost", "everything", "one_more_day")
FEW = "everything, a tenth of the rows"
RATIOS = (
    ("pandas over ours, 24 dates", "at least 5", "pandas 24", "milepost 24"),
    ("pandas over ours, 104 dates", "at least 15", "pandas 104", "milepost 104"),
    ("Polars over ours, 24 dates", "at least 5", "polars 24", "milepost 24"),
    ("Polars over ours, 104 dates", "at least 15", "polars 104", "milepost 104"),
    ("ours over the floor, 24 dates", "at most 2.5", "milepost 24", "floor"),
    ("ours over the floor, 104 dates", "at most 3.5", "milepost 104", "floor"),
    ("all families over the floor, 24 dates", "at most 8", "everything 24", "floor"),
    ("10x the rows, all families", "at most 6", "everything 24", FEW),
    ("4x the dates, the same columns", "at most 1.5", "milepost 104", "milepost 24"),
    ("4x the dates, all families", "at most 1.5", "everything 104", "everything 24"),
    ("one more day, 24 dates", "at most 0.05", "one_more_day 24", "everything 24"),
    ("one more day, 104 dates", "at most 0.05", "one_more_day 104", "everything 104"),
)
"""What is asked, the bound, and which runs are held against each other."""
TINY = 60
"""Accounts of the company on which each way is run once before it is measured."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=2000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--memory", default="4GB")
    parser.add_argument("--company", help="where the company is, or is to be, kept")
    parser.add_argument("--dates", type=int, nargs="+", default=[24, 104])
    parser.add_argument("--ways", nargs="+", default=list(WAYS_ASKED), choices=WAYS_ASKED)
    parser.add_argument("--polars", help="a folder into which Polars was installed")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(asked.company or folder)
        data, few = home / "data", home / "few"
        if not few.is_dir():
            _simulated(data, few, asked.accounts)
        if not (home / "tiny").is_dir():
            _simulated(home / "tiny", home / "fewer", TINY)
        ways = [way for way in asked.ways if way != "polars" or asked.polars]
        runs = _runs(data, few, asked.memory, asked.dates, ways)
        told: dict[str, list[dict[str, float]]] = {name: [] for name in runs}
        for _ in range(asked.repeats):
            for name, arguments in runs.items():
                told[name].append(_run(arguments, Path(folder), asked.polars or ""))
    _print(told, asked.accounts)


def _simulated(data: Path, few: Path, accounts: int) -> None:
    """A company of so many rows per account, and the same with a tenth of its people."""
    import duckdb

    from features.simulated import simulate

    simulate(data, accounts=accounts, seed=7, months=27)
    engine, file = duckdb.connect(), data / "activity.parquet"
    engine.execute(f"CREATE TABLE rows AS SELECT * FROM '{file}'")
    found = engine.execute("SELECT count(*) FROM rows").fetchall()[0][0]
    few.mkdir()
    for path in data.glob("*.parquet"):
        (few / path.name).write_bytes(path.read_bytes())
    for folder, share in ((data, 1.0), (few, 0.1)):
        kept = int(1e6 * share * min(ROWS_PER_ACCOUNT * accounts / found, 1.0))
        where = f"WHERE hash(user_id) % 1000000 < {kept}"
        engine.execute(f"COPY (FROM rows {where}) TO '{folder / 'activity.parquet'}'")


def _runs(
    data: Path, few: Path, memory: str, every: list[int], ways: list[str]
) -> dict[str, list[str]]:
    """What is measured: way, data, dates, memory."""
    runs = {"floor": ["floor", str(data), "24", memory]}
    for dates in every:
        for way in (way for way in ways if way != "floor"):
            runs[f"{way} {dates}"] = [way, str(data), str(dates), memory]
    if "everything" in ways:
        runs[FEW] = ["everything", str(few), "24", memory]
    return runs


def _run(arguments: list[str], folder: Path, polars: str) -> dict[str, float]:
    environment = os.environ | dict.fromkeys(THREADS, "1")
    # Where it is set, libraries are compiled again while they are measured.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment["PYTHONPATH"] = polars
    done = subprocess.run(
        [sys.executable, str(WAYS), *arguments, str(folder)],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    print(*arguments[::2], done.stdout.strip(), flush=True)
    return dict(json.loads(done.stdout))


def _print(told: dict[str, list[dict[str, float]]], accounts: int) -> None:
    cpu = {name: statistics.median(r["cpu"] for r in runs) for name, runs in told.items()}
    peak = {name: max(r["peak_mb"] for r in runs) for name, runs in told.items()}
    print(f"\n{accounts:,} accounts, {told['floor'][0]['rows']:,.0f} rows of activity\n")
    print("| run | CPU s | peak MB |\n|---|---|---|")
    for name in told:
        print(f"| {name} | {cpu[name]:.2f} | {peak[name]:.0f} |")
    print("\n| ratio | asked | found |\n|---|---|---|")
    for question, asked, over, under in RATIOS:
        if over in cpu and under in cpu:
            print(f"| {question} | {asked} | {cpu[over] / cpu[under]:.2f} |")


if __name__ == "__main__":
    main()
