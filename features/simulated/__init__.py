"""A company that does not exist, with known laws, to judge what a run says of it."""

from features.simulated.weeks import LAST_DAY
from features.simulated.world import simulate

__all__ = ["LAST_DAY", "simulate"]
