"""Who of a simulated company's accounts leaves, asked on one of its mornings?

Writes the same question for everyone: what was known of past mornings' accounts teaches (many
rows an account, as mornings roll on, each censored at the training day), those alive on that
morning are judged by what came within the last horizon. The project answers with the models
that it would have trained then; and whoever knows the hidden state of every account and the
laws of the company answers too: nobody can do better, but by luck.
"""

import os
import time
from pathlib import Path

import numpy as np
import pandas as pd
from folds import answer_path, read_task, write_answer

from configs.load import Configuration, load
from features.asof import as_dates
from features.assemble import FeatureSet, build_features
from features.simulated import simulate
from features.simulated.leaving import chance_of_leaving
from features.simulated.mornings import outlooks
from features.simulated.world import lived
from features.sources import open_source
from pipelines.asof import default_as_of
from training.engine.followed import CHURN, Followed, follow
from training.proof.backtest import at_origin
from training.questions.exits import fit_exits

ROOT = Path(__file__).parents[2]
ACCOUNTS, SEED, EVERY_DAYS = 2000, 11, 28
TABLE = "company"


def ask_and_answer(folder: Path) -> None:
    """Write the question, and what the project says."""
    answered = answer_path(folder, TABLE, 0, "engine")
    if answered.exists():
        return
    features, configuration = _features(folder)
    horizons = configuration.project.outcomes.horizons_days
    origin = _last_judged(features.snapshots["day"].to_numpy(), max(horizons))
    followed = follow(features, training_day=origin, every_days=EVERY_DAYS, min_events=30)
    start = time.process_time()
    exits = fit_exits(features, followed, configuration.project, bags=0)
    spent = time.process_time() - start
    rows, came = at_origin(features, followed)
    inputs = exits.matrix(features.values)
    names = [f"x{number}" for number in range(len(inputs.names))]
    taught, asked = _told(followed, 1), _told(came, 0)
    whole = pd.DataFrame(inputs.values[np.concatenate([followed.rows, rows])], columns=names)
    told = pd.concat([taught, asked], ignore_index=True)
    table = whole.join(told).assign(last=float(max(horizons)))
    table.to_parquet(folder / f"{TABLE}.parquet", index=False)
    task = read_task(folder, TABLE, 0)
    curves = exits.curves(features.values.iloc[rows])
    days = task.grid.tolist()
    by_cause = {
        cause: np.stack([curves.incidence_at(cause, day) for day in days], axis=1)
        for cause in followed.causes
    }
    others = np.sum([by_cause[cause] for cause in followed.causes if cause != CHURN], axis=0)
    incidence = np.stack([by_cause[CHURN], np.broadcast_to(others, by_cause[CHURN].shape)])
    ids = features.snapshots["account_id"].iloc[rows].astype(str).to_numpy()
    truth = answer_path(folder, TABLE, 0, "truth")
    write_answer(truth, _true_incidence(ids, origin, task.grid), fit_seconds=0.0)
    write_answer(answered, incidence, fit_seconds=spent)


def _true_incidence(ids: np.ndarray, origin: int, grid: np.ndarray) -> np.ndarray:
    """The chance of churn by each day, given the hidden states; of other ends nothing."""
    lives = lived(accounts=ACCOUNTS, seed=SEED)
    morning = as_dates(np.array([origin]))[0].date()
    week = np.array([lives.span.day_number(morning) // 7])
    seen = outlooks(
        lives.company, lives.journeys, span=lives.span, shock_day=lives.shock_day, weeks=week
    )
    place = pd.Index(lives.company.account_id[seen.account]).get_indexer(pd.Index(ids))
    days, of_day = np.unique(np.ceil(grid).astype(np.int64), return_inverse=True)
    later = [chance_of_leaving(seen, horizon_days=int(day)) for day in days if day > 0]
    by_day = np.stack([np.zeros(len(seen)), *later], axis=1)
    churn = by_day[place][:, of_day]
    # Who is not yet seen by the laws, in the first week of all, is given no chance.
    churn[place < 0] = 0.0
    return np.stack([churn, np.zeros_like(churn)])


def _last_judged(day: np.ndarray, horizon: int) -> int:
    """The last morning of which all that came within the horizon is known."""
    return int(day[day <= day.max() - horizon].max())


def _features(folder: Path) -> tuple[FeatureSet, Configuration]:
    data = folder / "company"
    simulate(data, accounts=ACCOUNTS, seed=SEED)
    os.environ["MILEPOST_DEMO_DATA"] = str(data)
    configuration = load(ROOT / "configs/demo")
    source = open_source(configuration.project, configuration.folder)
    as_of = default_as_of(source, today=pd.Timestamp.max.date())
    return build_features(source.tables, configuration, as_of=as_of), configuration


def _told(followed: Followed, fold: int) -> pd.DataFrame:
    came = followed.followup
    # Churn, and all other ends as one.
    cause = np.minimum(came.cause, 1)
    return pd.DataFrame({"days": came.days, "cause": cause, "fold": fold})
