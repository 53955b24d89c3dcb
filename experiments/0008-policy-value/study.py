"""What are the recommended next milestones worth, beside those of somebody who knows the truth?

Simulates companies, learns from each what a run learns (exits, steps, effects), and lets every
way of choosing name one open milestone for each live account of the last morning. A choice is
worth its true chance of being reached within 90 days times the points that reaching it truly
takes off the chance of leaving within 180, against going on as things are; and, for whoever can
see a step through, the points alone. The oracle knows both for every account.
"""

import os
import shutil
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from configs.load import Configuration, load
from configs.phrases import load_phrases
from features.asof import ordinal
from features.assemble import FeatureSet, build_features
from features.simulated import LAST_DAY, simulate
from features.simulated.ladder import RUNGS
from features.simulated.leaving import chance_of_leaving
from features.simulated.mornings import Outlooks, outlooks
from features.simulated.reaching import chance_of_reaching
from features.simulated.truth import EFFECT_DAYS, reached_now
from features.simulated.world import lived
from features.sources import open_source
from serving.next_steps.recommend import candidates
from serving.score import score
from training.effects.estimate import estimate_effects
from training.effects.landmarks import landmark_book
from training.engine.followed import follow
from training.models import Models
from training.questions.exits import fit_exits
from training.questions.steps import fit_steps

ROOT = Path(__file__).parents[2]
ACCOUNTS = 1500
AS_OF = LAST_DAY + timedelta(days=1)
NO_EFFECT = "dashboards_polished"
CHANCE_DAYS = 90
CHANCE = f"chance_{CHANCE_DAYS}d"
KEYS = ["account_id", "milestone"]
WAYS = ("recommended", "most popular", "first open", "naive lift", "random", "worst")
GROUNDS = ("proven", "unproven", "filler")
"""As ``ground`` numbers them: with evidence; by the playbook's order; nothing else is open."""
FIGURES = ["value", "effect", "is_idle", "is_passing", "is_told", *GROUNDS]
MEASURES = {"value": "chance x effect", "effect": "effect alone"}


def main(first: int, last: int, kept: Path) -> None:
    """Print, for each measure, a line per way of choosing and a column per company.

    Each company's open steps are kept in a folder, so that several runs can share the work.
    """
    kept.mkdir(parents=True, exist_ok=True)
    told = pd.concat(
        [_chosen(_kept_steps(s, kept)).assign(seed=s) for s in range(first, last + 1)]
    )
    seeds = sorted(told["seed"].unique())
    for measure, name in MEASURES.items():
        worth = told.pivot_table(index="way", columns="seed", values=measure)
        oracle = worth.loc[f"oracle of {measure}"]
        print(f"\n### {name}: share of the oracle's\n")
        print(f"| chosen by | {' | '.join(f'seed {s}' for s in seeds)} | all |")
        print("|---" * (len(seeds) + 2) + "|")
        for way in WAYS:
            shares = worth.loc[way] / oracle
            print(f"| {way} | {' | '.join(f'{s:.3f}' for s in shares)} | {shares.mean():.3f} |")
        print(f"\nThe oracle's own, points an account: {100 * oracle.mean():.2f}")
    named = told.groupby("way")[["is_idle", "is_passing", "is_told"]].mean()
    print("\n### How often the step without effect is named\n")
    print("| chosen by | of all accounts | where another was open |\n|---|---|---|")
    for way in WAYS[:5]:
        print(f"| {way} | {named['is_idle'][way]:.1%} | {named['is_passing'][way]:.1%} |")
    as_effect = named["is_told"]["recommended"]
    print(f"\nRecommended, and called an effect: {as_effect:.1%} of all accounts")
    print("\n### Of the recommended steps, how many rest on what\n")
    print("| ground | of all accounts |\n|---|---|")
    grounds = told.loc[told["way"] == "recommended", list(GROUNDS)].mean()
    for name in GROUNDS:
        print(f"| {name} | {grounds[name]:.1%} |")


def _chosen(steps: pd.DataFrame) -> pd.DataFrame:
    """What each way's choice is worth on the mean, and how often it is idle."""
    chosen = {
        "recommended": steps.sort_values("order").groupby("account_id").head(1),
        "most popular": _best(steps, CHANCE),
        "first open": _best(steps, "earliness"),
        "naive lift": _best(steps, "naive"),
        "oracle of value": _best(steps, "value"),
        "oracle of effect": _best(steps, "effect"),
        "worst": _best(steps.assign(loss=-steps["value"]), "loss"),
    }
    rows = [_worth(way, own) for way, own in chosen.items()]
    each = steps.groupby("account_id")[FIGURES].mean()
    return pd.DataFrame([*rows, _worth("random", each)])


def _worth(way: str, own: pd.DataFrame) -> dict[str, object]:
    return {"way": way} | own[FIGURES].mean().to_dict()


def _best(steps: pd.DataFrame, by: str) -> pd.DataFrame:
    return steps.loc[steps.groupby("account_id")[by].idxmax()]


def _kept_steps(seed: int, kept: Path) -> pd.DataFrame:
    file = kept / f"{ACCOUNTS}-{seed}.csv"
    if not file.exists():
        _open_steps(seed).to_csv(file, index=False)
    return pd.read_csv(file)


def _open_steps(seed: int) -> pd.DataFrame:
    """Every open step of every live account: what is said of it, and what is true of it."""
    features, configuration = _company(seed)
    models = _learnt(features, configuration)
    scored = score(
        features, models, configuration, as_of=AS_OF, version="1", is_promoted=True,
        phrases=load_phrases(),
    )  # fmt: skip
    segments = scored.accounts.set_index("account_id")["segment"]
    ordered = candidates(
        scored.milestones, configuration.playbook,
        effects=models.effects, segments=segments, chance=CHANCE,
    )  # fmt: skip
    place = {m.slug: -n for n, m in enumerate(configuration.playbook.milestones)}
    lift = _naive_lift(features, configuration)
    cell = pd.MultiIndex.from_arrays(
        [ordered["account_id"].map(segments), ordered["milestone"]]
    )
    steps = ordered.assign(
        earliness=ordered["milestone"].map(place),
        naive=ordered[CHANCE].to_numpy() * -lift.reindex(cell).fillna(0.0).to_numpy(),
        is_idle=(ordered["milestone"] == NO_EFFECT).astype(float),
    )
    steps["is_told"] = steps["is_idle"] * steps["points"].notna()
    for number, name in enumerate(GROUNDS):
        steps[name] = (steps["ground"] == number).astype(float)
    both = steps.merge(_truth(seed), on=KEYS, how="inner")
    asked = both.loc[both[CHANCE].notna()].reset_index(drop=True)
    is_alone = asked.groupby("account_id")["milestone"].transform("size") == 1
    return asked.assign(is_passing=asked["is_idle"] * ~is_alone)


def _company(seed: int) -> tuple[FeatureSet, Configuration]:
    with tempfile.TemporaryDirectory() as folder:
        simulate(Path(folder) / "tables", accounts=ACCOUNTS, seed=seed)
        os.environ["MILEPOST_DEMO_DATA"] = str(Path(folder) / "tables")
        shutil.copytree(ROOT / "configs" / "demo", Path(folder) / "demo")
        configuration = load(Path(folder) / "demo")
        source = open_source(configuration.project, configuration.folder)
        return build_features(source.tables, configuration, as_of=AS_OF), configuration


def _learnt(features: FeatureSet, configuration: Configuration) -> Models:
    project = configuration.project
    followed = follow(
        features,
        training_day=ordinal(AS_OF),
        every_days=project.snapshots.training_every_days,
        min_events=project.models.min_events,
    )
    exits = fit_exits(features, followed, project)
    steps = fit_steps(features, followed, exits, project)
    effects = estimate_effects(features, project, training_day=ordinal(AS_OF))
    return Models(exits, steps, None, {"skill": {}}, effects)


def _naive_lift(features: FeatureSet, configuration: Configuration) -> "pd.Series[float]":
    """By segment and milestone: how much rarer those that reached it left, nothing adjusted."""
    book = landmark_book(
        features,
        training_day=ordinal(AS_OF),
        horizon_days=EFFECT_DAYS,
        min_events=configuration.project.models.min_events,
    )
    lifts = {}
    for marks in book.milestones():
        for segment in np.unique(marks.segment.astype(str)):
            own = marks.segment == segment
            reached, waited = own & marks.is_reached, own & ~marks.is_reached
            if reached.any() and waited.any():
                lift = marks.left[reached].mean() - marks.left[waited].mean()
                lifts[segment, marks.milestone] = lift
    return pd.Series(lifts)


def _truth(seed: int) -> pd.DataFrame:
    lives = lived(accounts=ACCOUNTS, seed=seed)
    seen = outlooks(
        lives.company,
        lives.journeys,
        span=lives.span,
        shock_day=lives.shock_day,
        weeks=np.array([lives.span.weeks]),
    )
    parts = []
    for slug in RUNGS:
        rows = seen.where(seen.is_open(slug))
        effect = _takes_off(rows, slug)
        parts.append(
            pd.DataFrame(
                {
                    "account_id": lives.company.account_id[rows.account],
                    "milestone": slug,
                    "effect": effect,
                    "value": effect * chance_of_reaching(rows, slug, horizon_days=CHANCE_DAYS),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _takes_off(rows: Outlooks, slug: str) -> np.ndarray:
    if slug == NO_EFFECT:
        return np.zeros(len(rows))
    with_it = chance_of_leaving(reached_now(rows, slug), horizon_days=EFFECT_DAYS)
    return chance_of_leaving(rows, horizon_days=EFFECT_DAYS) - with_it


if __name__ == "__main__":
    first, last, *folder = sys.argv[1:] or ("4", "4")
    main(int(first), int(last), Path(folder[0] if folder else tempfile.mkdtemp()))
