"""Which milestone should each account reach next, and what can a CSM do to help?

Of the milestones that are open, the one whose chance of being reached, times what reaching it
is reckoned to take off the risk, is greatest. What is at stake is the same for all milestones
of an account, so it orders accounts and never steps. Where nothing is reckoned to help, or
nothing is known, it is the first open one of the ladder. Only an effect with evidence is told
as one.
"""

import numpy as np
import pandas as pd

from configs.playbook import Playbook
from training.effects.effect import Effect, Effects

NOTHING_KNOWN = Effect("", "", "too_few")


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
    how likely each milestone is to be reached. Added are ``order`` (1 is next), ``worth`` (the
    points it is reckoned to take off, times the chance), ``action``, ``evidence``, and the
    effect's ``points``, ``low`` and ``high`` where they may be told.
    """
    place = {milestone.slug: number for number, milestone in enumerate(playbook.milestones)}
    actions = {m.slug: m.actions[0] if m.actions else None for m in playbook.milestones}
    is_open = standing.loc[standing["state"] == "open"]
    known = [_effect(row, effects, segments) for row in _keys(is_open)]
    takes_off = np.array([max(-(effect.best or 0.0), 0.0) for effect in known])
    chances = is_open[chance].to_numpy(dtype=np.float64) if chance in is_open else np.nan
    ordered = is_open.assign(
        place=is_open["milestone"].map(place),
        action=is_open["milestone"].map(actions),
        worth=np.nan_to_num(chances * takes_off),
        evidence=pd.Series([e.evidence for e in known], index=is_open.index, dtype=object),
        **{name: _told(known, name) for name in ("points", "low", "high")},
    ).sort_values(["account_id", "worth", "place"], ascending=[True, False, True])
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
