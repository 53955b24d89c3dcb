"""How much of an estimate is lent to it by engagement that nothing told of?

Whoever reaches a milestone is more engaged than alike accounts that do not, in ways that no
history shows, and would have stayed more often anyway. How much that is can be seen by its
other traces. A busy week causes nothing: whatever it "does" to leaving, and to the use of the
product afterwards, is engagement, and tells how much of the one goes with how much of the
other. By as much as those who reached a milestone use the product more afterwards than alike
accounts, by so much their staying is engagement too. That is taken off, and what is not known
of it widens the interval (double negative control; Miao, Shi, Li and Tchetgen Tchetgen 2020).

Where reaching the milestone itself brings more use, what that use does is taken off with it:
the effect is then told too small, never too large. Where it brings less (what had to be done
for it is done), nobody takes that for a lack of engagement: nothing is added to any effect.
"""

from dataclasses import dataclass, replace

import numpy as np

from training.effects.contrast import Contrast
from training.engine.periods import Floats

LEAST_CLEAR = 3.2
"""Standard errors by which a busy week must show in later use: beneath, the ratio of two
differences has no normal interval (an F of 10; Staiger and Stock 1997)."""


@dataclass(frozen=True, slots=True, eq=False)
class Bridge:
    """What engagement that shows as one more unit of later use does to leaving."""

    points: float
    parts: Floats
    """What each account (or parent) adds to its error."""


def bridge(on_leaving: Contrast, on_later: Contrast) -> Bridge | None:
    """Read it from what a busy week "does" to both; None where it hardly shows later."""
    if not abs(on_later.points) > LEAST_CLEAR * on_later.error:
        return None
    points = on_leaving.points / on_later.points
    parts = _sum(on_leaving.parts, -points * on_later.parts) / on_later.points
    return Bridge(points, parts)


def lent(later: Contrast, over: Bridge) -> float:
    """The points of an estimate that are engagement, by what shows of it in later use.

    They never raise the risk: reaching a milestone is no sign of being less engaged.
    """
    return min(later.points * over.points, 0.0)


def without_lent(found: Contrast, later: Contrast, over: Bridge) -> Contrast:
    """Take what engagement lends off an estimate, and count the errors of both."""
    if lent(later, over) == 0.0:
        return found
    known = _sum(found.parts, -over.points * later.parts)
    return replace(
        found,
        points=found.points - lent(later, over),
        parts=_sum(known, -later.points * over.parts),
    )


def _sum(one: Floats, other: Floats) -> Floats:
    longest = max(len(one), len(other))
    total: Floats = np.pad(one, (0, longest - len(one))) + np.pad(
        other, (0, longest - len(other))
    )
    return total
