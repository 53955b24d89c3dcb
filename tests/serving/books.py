"""A book whose accounts leave, grow and shrink at known rates, for tests of what lies ahead."""

import numpy as np
import pandas as pd

from serving.outlook.amounts import Amounts
from serving.outlook.prospects import CHURNS, LEAVES, SIGNED, Prospects
from serving.outlook.voices import Voice
from training.book.level import SharedLevel
from training.questions.changes import DOWN, GROWS, SHRINKS, UP

CALM = SharedLevel(
    keep=np.array([0.999]),
    home=np.array([np.inf]),
    weight=np.array([1.0]),
    shape=np.array([1e7]),
    rate=np.array([1e7]),
)
NEVER = [Voice(np.zeros((50, 90)))]
MOODY = SharedLevel.learnt([20.0] * 8, [5.0, 40.0, 8.0, 30.0, 20.0, 45.0, 6.0, 20.0])


def a_book(
    *, size: int = 60, daily: float = 0.002, mood: SharedLevel = CALM, seed: int = 0
) -> Prospects:
    rng = np.random.default_rng(seed)
    accounts = pd.DataFrame(
        {
            "account_id": [f"a{i}" for i in range(size)],
            "segment": rng.choice(["large", "small"], size),
            "owner": rng.choice(["Ann", "Kim", None], size),
            "renews_on": pd.NaT,
            "arr": rng.choice([100.0, 400.0], size),
        }
    )
    days = {CHURNS: daily, LEAVES: 0.0005, GROWS: 0.002, SHRINKS: 0.001}
    moods = {name: mood for name in days if name != LEAVES}
    return Prospects(
        accounts,
        {n: [Voice(np.full((size, 90), rate), moods.get(n))] for n, rate in days.items()},
        {
            GROWS: Amounts(UP, np.full(size, 0.5), np.ones(1)),
            SHRINKS: Amounts(DOWN, np.full(size, 0.5), np.ones(1)),
        },
    )


def have_signed(*told: tuple[int, int, float]) -> pd.DataFrame:
    return pd.DataFrame(told, columns=list(SIGNED))
