"""What does reaching a milestone do to leaving, and how far may that be believed?

The question is put for each segment and milestone: of accounts that might or might not reach it
in the next days, how many points does reaching it now add to the chance of leaving within the
longest horizon, against going on as things are? Below zero it keeps customers. The answers are
kept in the model bundle; nothing here is needed to estimate them.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

Evidence = Literal["randomised", "adjusted", "descriptive", "too_few"]


@dataclass(frozen=True, slots=True)
class Effect:
    """What reaching one milestone does to leaving in one segment.

    The points are changes of a probability: -0.03 takes three points off the risk. They may be
    told as an effect only where ``is_shown``; ``remark`` says why not where they may not.
    """

    segment: str
    milestone: str
    evidence: Evidence
    points: float | None = None
    """Less what hidden engagement lends (``lent``), where that is known."""
    low: float | None = None
    high: float | None = None
    """Ends of the 95 % interval, accounts (or parents) drawn as wholes."""
    best: float | None = None
    """What to reckon with when steps are compared, not what to tell: the points drawn towards
    those of the other segments and milestones, by how little each is known."""
    lent: float | None = None
    """Points that engagement of which nothing told lends to it, taken off already; None where
    nobody can tell."""
    risk_without: float | None = None
    """The chance of leaving of the same accounts, going on as things are."""
    reached: int = 0
    """Accounts that reached it within a window after a morning on which it was open."""
    left: int = 0
    """Accounts that left within the horizon of such a morning."""
    effective: float = 0.0
    """How many accounts of each kind, at equal weights, the comparison is worth."""
    overlap: float | None = None
    """Share of the mornings on which reaching it and not reaching it were both plausible."""
    robustness: float | None = None
    """E-value (VanderWeele and Ding 2017): how many times as likely a hidden cause would have
    to make both reaching it and staying, to explain the points away."""
    robustness_low: float | None = None
    """The same for the end of the interval nearest to zero; 1 where that covers zero."""
    past_use: float | None = None
    """Negative control: what reaching it "does" to the use of the week *before*, in standard
    deviations. It should be nothing."""
    remark: str = ""

    @property
    def is_shown(self) -> bool:
        """Whether the points may be told as an effect."""
        return self.evidence in ("randomised", "adjusted")

    @property
    def keeps(self) -> bool:
        """Whether reaching it is known to take something off the risk."""
        return self.is_shown and self.high is not None and self.high < 0


@dataclass(frozen=True, slots=True)
class Effects:
    """Every effect that was looked for, by segment and milestone; none where nothing was."""

    found: tuple[Effect, ...] = ()
    placebo: tuple[Effect, ...] = ()
    """A busy month, put in the place of a milestone: it shows engagement and causes nothing, so
    that whatever it still "does" is engagement that was not taken off."""
    horizon_days: int = 0
    window_days: int = 0
    by_cell: Mapping[tuple[str, str], Effect] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        cells = {(effect.segment, effect.milestone): effect for effect in self.found}
        object.__setattr__(self, "by_cell", cells)

    def of(self, segment: str, milestone: str) -> Effect | None:
        """The effect of a milestone in a segment; None where none was looked for."""
        return self.by_cell.get((segment, milestone))

    def to_json(self) -> str:
        """All of it as a text; the same effects give the same text."""
        written: dict[str, Any] = {
            "horizon_days": self.horizon_days,
            "window_days": self.window_days,
            "found": [asdict(effect) for effect in self.found],
            "placebo": [asdict(effect) for effect in self.placebo],
        }
        return json.dumps(written, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        written = json.loads(text)
        found, placebo = (
            tuple(Effect(**effect) for effect in written[name]) for name in ("found", "placebo")
        )
        return cls(found, placebo, written["horizon_days"], written["window_days"])
