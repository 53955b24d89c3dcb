"""Would the dates be better, moved by what earlier mornings show of them?

At each origin of the backtest the milestones' model learns again and dates every open milestone
by many chances. Those by whose dates one, five and nine tenths had come at the earlier origins,
as far as was known by then, take the place of one, five and nine tenths.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from study import AS_OF, CONFIG

from configs.load import load
from features.asof import as_dates, ordinal
from features.plan import origins
from features.store import read_features
from pipelines.lake import Lake
from training.engine.followed import follow
from training.engine.periods import CENSORED, Floats, FollowUp
from training.proof.backtest import MOST_STEPS_JUDGED, QUANTILES, at_origin
from training.proof.judged import ASKED
from training.questions.exits import fit_exits
from training.questions.steps import fit_steps, follow_steps

CHANCES = tuple(np.round(np.arange(0.02, 0.99, 0.02), 2).tolist())
FEWEST = 200


@dataclass(frozen=True, eq=False)
class Dated:
    """The day of each chance for each step of an origin, and the day it was reached."""

    day: int
    waits: dict[float, Floats]
    reached: Floats
    watched: float

    def by(self, chance: float, *, known_on: int | None = None) -> np.ndarray:
        """Whether each step dated early enough to be checked was reached by then."""
        watched = self.watched if known_on is None else min(self.watched, known_on - self.day)
        checked = self.waits[chance] < watched
        return self.reached[checked] <= self.waits[chance][checked]


def main(lake: Path) -> None:
    """Print the shares that came by each date, as said and as moved."""
    head = ["origin", "dates", "at chances of", "by the tenth", "half", "nine tenths"]
    print("| " + " | ".join([*head, "interval holds"]) + " |\n" + "|---" * 7 + "|")
    earlier: list[Dated] = []
    for dated in _origins(lake):
        if earlier:
            moved = tuple(_moved(earlier, dated.day, goal) for goal in QUANTILES)
            _line(dated, "as said", QUANTILES)
            _line(dated, "moved", moved)
        earlier.append(dated)


def _origins(lake: Path) -> Iterator[Dated]:
    project = load(CONFIG).project
    features = read_features(Lake(lake, project.name).path("builds", AS_OF))
    for origin in sorted(origins(project, features.exits, AS_OF)):
        learnt = follow(features, training_day=ordinal(origin), every_days=28, min_events=30)
        exits = fit_exits(features, learnt, project, bags=0)
        model = fit_steps(features, learnt, exits, project)
        today, came = at_origin(features, learnt)
        asked = follow_steps(features, came, most_rows=MOST_STEPS_JUDGED)
        values = features.values.iloc[today]
        curves = model.curves(exits.rates(exits.matrix(values)), values, asked.steps)
        levels = sorted({*CHANCES, *QUANTILES})
        waits = model.waits(curves, values, asked.steps, levels)
        yield _dated(ordinal(origin), dict(zip(levels, waits, strict=True)), asked.followup)


def _dated(day: int, waits: dict[float, Floats], came: FollowUp) -> Dated:
    watched = came.days[came.cause == CENSORED].min(initial=np.inf)
    reached = np.where(came.cause == ASKED, np.floor(came.days), np.inf)
    longest = load(CONFIG).project.outcomes.horizons_days[-1]
    return Dated(day, waits, reached, min(float(watched), float(longest)))


def _moved(earlier: list[Dated], day: int, goal: float) -> float:
    """The chance by whose date as many as the goal had come at the earlier origins."""
    found = {}
    for chance in CHANCES:
        hits = np.concatenate([dated.by(chance, known_on=day) for dated in earlier])
        if len(hits) >= FEWEST:
            found[chance] = abs(hits.mean() - goal)
    return min(found, key=found.__getitem__)


def _line(dated: Dated, name: str, chances: tuple[float, ...]) -> None:
    shares = [f"{dated.by(chance).mean():.3f}" for chance in chances]
    low, high = dated.waits[chances[0]], dated.waits[chances[-1]]
    checked = high < dated.watched
    inside = ((dated.reached >= low) & (dated.reached <= high))[checked]
    told = ", ".join(f"{chance:g}" for chance in chances)
    origin = as_dates(np.array([dated.day]))[0].date()
    holds = f"{inside.mean():.3f} of {len(inside)}"
    print(f"| {origin} | {name} | {told} | {' | '.join(shares)} | {holds} |", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "lake").absolute())
