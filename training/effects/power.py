"""What could a holdout of some share tell, before anybody is held out?"""

import numpy as np
from scipy.stats import norm

from training.effects.arms import FEWEST_FAMILIES, LEVEL, POWER


def smallest_prevented(families: int, *, share: float, rate: float) -> float | None:
    """The smallest part of the leaving whose prevention would be seen four times out of five.

    ``rate`` is the share that would leave in the time looked at. From 1 on, even a programme
    that keeps everybody would not be seen. None where the holdout is too small to be compared.

    >>> round(smallest_prevented(2000, share=0.2, rate=0.15), 2)
    0.43
    >>> smallest_prevented(100, share=0.1, rate=0.15)
    """
    held_out = share * families
    if min(held_out, families - held_out) < FEWEST_FAMILIES or not 0 < rate < 1:
        return None
    error = np.sqrt(rate * (1 - rate) * (1 / held_out + 1 / (families - held_out)))
    return float((norm.ppf((1 + LEVEL) / 2) + norm.ppf(POWER)) * error / rate)
