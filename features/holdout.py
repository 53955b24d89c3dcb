"""Who is left out of the programme by lot, so that what it earns can be seen?

The lot of an account is drawn from its name alone, or from its parent's: it is the same on
every machine and on every morning, whoever else there is. Whoever is held out at some share is
held out at every larger one.
"""

from datetime import date
from hashlib import sha256

import numpy as np
import pandas as pd

from configs.sections import Programme
from features.asof import Bools, Floats

SALT = "milepost: held out of the programme"
LOTS = 2.0**64


def families(accounts: pd.DataFrame) -> "pd.Series[str]":
    """Whom each account belongs to: its parent, or itself. Reads account_id and parent_id."""
    own = accounts["account_id"].astype(object)
    if "parent_id" not in accounts:
        return own
    return accounts["parent_id"].astype(object).where(accounts["parent_id"].notna(), own)


def lots(names: "pd.Series[str]", *, salt: str = SALT) -> Floats:
    """Draw a number from 0 to 1 for each name."""
    drawn = {name: _lot(f"{salt}:{name}") for name in set(names)}
    return np.array([drawn[name] for name in names], dtype=np.float64)


def held_out(accounts: pd.DataFrame, share: float, *, salt: str = SALT) -> Bools:
    """Tell which accounts are held out: about ``share`` of the families, each as a whole."""
    return lots(families(accounts), salt=salt) < share


def held_out_on(accounts: pd.DataFrame, programme: Programme, morning: date) -> Bools:
    """Tell which accounts are held out on a morning; nobody before the holdout began."""
    since = programme.held_out_since
    if since is None or morning < since:
        return np.zeros(len(accounts), dtype=bool)
    return held_out(accounts, programme.holdout_share)


def _lot(text: str) -> float:
    return int.from_bytes(sha256(text.encode()).digest()[:8], "big") / LOTS
