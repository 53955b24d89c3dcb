"""Which milestone should each account reach next, and what can a CSM do to help?

Steps with evidence come first: of those that are open, the one whose chance of being reached,
times what reaching it is reckoned to take off the risk, is greatest. What is at stake is the
same for all milestones of an account, so it orders accounts and never steps. Then come steps
that open others or of which too little is known: there the playbook's order rules, which
people thought about, and not an estimate that may be luck. Last come steps that open nothing
and of which no effect can be measured, by the same reckoning as proven ones: such a step is
recommended only where no other is open.
"""

import numpy as np
import pandas as pd

from configs.playbook import Milestone, Playbook
from serving.next_steps.verdict import is_filler
from training.effects.effect import Effect, Effects

NOTHING_KNOWN = Effect("", "", "too_few")
PROVEN, UNPROVEN, FILLER = 0, 1, 2
"""How well founded it is to recommend a step: what comes first is worked on first."""


def candidates(
    standing: pd.DataFrame,
    playbook: Playbook,
    *,
    effects: Effects | None = None,
    segments: "pd.Series[str] | None" = None,
    chance: str = "",
) -> pd.DataFrame:
    """Order every account's open milestones, the best next step first.

    ``segments`` is indexed by account_id; ``chance`` names the column of ``standing`` that says
    how likely each milestone is to be reached. Added are ``order`` (1 is next), ``ground``
    (``PROVEN``, ``UNPROVEN`` or ``FILLER``), ``worth`` (the points it is reckoned to take off,
    times the chance; 0 where the playbook's order rules), ``action``, ``evidence``, and the
    effect's ``points``, ``low`` and ``high`` where they may be told.
    """
    steps = {milestone.slug: milestone for milestone in playbook.milestones}
    place = {slug: number for number, slug in enumerate(steps)}
    actions = {m.slug: m.actions[0] if m.actions else None for m in playbook.milestones}
    is_open = standing.loc[standing["state"] == "open"]
    known = [_effect(row, effects, segments) for row in _keys(is_open)]
    slugs = is_open["milestone"]
    grounds = [ground(e, steps[s], playbook) for e, s in zip(known, slugs, strict=True)]
    takes_off = [
        max(-(e.best or 0.0), 0.0) if g != UNPROVEN else 0.0
        for e, g in zip(known, grounds, strict=True)
    ]
    chances = is_open[chance].to_numpy(dtype=np.float64) if chance in is_open else np.nan
    ordered = is_open.assign(
        place=slugs.map(place),
        action=slugs.map(actions),
        ground=np.array(grounds, dtype=np.int64),
        worth=np.nan_to_num(chances * np.array(takes_off, dtype=np.float64)),
        evidence=pd.Series([e.evidence for e in known], index=is_open.index, dtype=object),
        **{name: _told(known, name) for name in ("points", "low", "high")},
    ).sort_values(
        ["account_id", "ground", "worth", "place"], ascending=[True, True, False, True]
    )
    order = ordered.groupby("account_id").cumcount() + 1
    return ordered.assign(order=order).drop(columns="place")


def next_milestones(
    standing: pd.DataFrame,
    playbook: Playbook,
    *,
    effects: Effects | None = None,
    segments: "pd.Series[str] | None" = None,
    chance: str = "",
) -> pd.DataFrame:
    """Choose one open milestone for each account that has any, indexed by account_id.

    The columns are those of ``candidates``. An account at the top of its ladder, or with
    everything locked, is not in it.
    """
    ordered = candidates(standing, playbook, effects=effects, segments=segments, chance=chance)
    first = ordered.loc[ordered["order"] == 1]
    return first.drop(columns="order").set_index("account_id")


def ground(effect: Effect, step: Milestone, playbook: Playbook) -> int:
    """How well founded it is to recommend a step."""
    if effect.keeps:
        return PROVEN
    return FILLER if is_filler(step, effect, playbook) else UNPROVEN


def _keys(rows: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(rows["account_id"], rows["milestone"], strict=True))


def _effect(
    key: tuple[str, str], effects: Effects | None, segments: "pd.Series[str] | None"
) -> Effect:
    if effects is None or segments is None:
        return NOTHING_KNOWN
    account, milestone = key
    return effects.of(str(segments[account]), milestone) or NOTHING_KNOWN


def _told(known: list[Effect], name: str) -> np.ndarray:
    """A figure of the effects that may be told; NaN for the others."""
    figures = [getattr(effect, name) if effect.is_shown else None for effect in known]
    return np.array(figures, dtype=np.float64)
