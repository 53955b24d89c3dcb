"""…? The question, in a sentence; below it, how it is answered and what that leaves out."""

import sys

import numpy as np


def main(seed: int) -> None:
    """Print Markdown: every number of every table becomes a figure of the run."""
    drawn = np.random.default_rng(seed).normal(size=1000)
    print(f"Seed {seed}\n")
    print("| draws | mean | 95 % |")
    print("|---|---|---|")
    half = 1.96 * drawn.std() / np.sqrt(len(drawn))
    print(
        f"| {len(drawn)} | {drawn.mean():.3f} "
        f"| {drawn.mean() - half:.3f} to {drawn.mean() + half:.3f} |"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 11)
