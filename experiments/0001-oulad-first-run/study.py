"""Does the main job, run on real students, know more than a rule, and is it quick enough?

Runs ``milepost run`` on the Open University data in a process of its own and prints, from the
run.json that it writes, the backtest on origins the models were not trained on.
"""

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
AS_OF = "2014-04-26"


def main(lake: Path) -> None:
    """Run, then print the figures as Markdown."""
    start, load = time.perf_counter(), os.getloadavg()[0]
    command = [str(ROOT / ".venv/bin/milepost"), "run", "--config", "configs/oulad"]
    subprocess.run([*command, "--as-of", AS_OF, "--lake", str(lake)], cwd=ROOT, check=True)
    spent = time.perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor, peak = used.ru_utime + used.ru_stime, used.ru_maxrss / 2**20
    told = json.loads((lake / f"oulad/scores/as_of={AS_OF}/run.json").read_text("utf-8"))
    print(
        f"\n{spent:.0f} s ({processor:.0f} CPU seconds; the load was {load:.1f} before and "
        f"{os.getloadavg()[1]:.1f} over the last five minutes), at most {peak:.2f} GiB, "
        f"{told['rows']['accounts']} live students\n"
    )
    print(
        f"In use: {told['models']['gate']['promoted']}. "
        + "; ".join(told["models"]["gate"]["reasons"])
    )
    for question in ("churn", "milestones"):
        print(f"\n### {question}\n")
        _table(told["backtest"][question])


def _table(rows: list[dict[str, Any]]) -> None:
    rules = sorted({name for row in rows for name in row["baseline_auc"]})
    head = ["origin", "days", "students", "events", "AUC", "95 %", *rules, "ECE", "pred./obs."]
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        cells = [
            row["origin"],
            row["horizon_days"],
            row["accounts"],
            row["events"],
            f"{row['auc']:.3f}",
            f"{row['auc_low']:.3f} to {row['auc_high']:.3f}",
            *(f"{row['baseline_auc'].get(name, float('nan')):.3f}" for name in rules),
            f"{row['ece']:.4f}",
            f"{row['predicted_over_observed']:.2f}",
        ]
        print("| " + " | ".join(map(str, cells)) + " |")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "lake").absolute())
