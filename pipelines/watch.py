"""How do scores stay minutes fresh without anybody asking for them?

The source is glanced at every so many seconds. Where rows have arrived the accounts are scored
again; once a week of as-of dates has gone by the models learn anew. A source that is away, or a
table that is wrong for a moment, is said once and tried again.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from configs.errors import MilepostError
from configs.load import load
from features.sources import open_source
from pipelines.run import run
from pipelines.score import score_accounts

LEARN_EVERY_DAYS = 7


@dataclass(frozen=True, slots=True)
class Seen:
    """What the last look found, and what was made of it."""

    glance: str = ""
    scored: date | None = None
    learnt: date | None = None
    complaint: str = ""


def watch(
    config: str,
    lake: str,
    *,
    every_seconds: float,
    say: Callable[[str], None],
    wait: Callable[[float], None] = time.sleep,
) -> None:
    """Keep the scores as fresh as the data until somebody interrupts."""
    seen = Seen()
    try:
        while True:
            seen = _look(config, lake, seen, say)
            wait(every_seconds)
    except KeyboardInterrupt:
        stands = "nothing was scored" if seen.scored is None else f"scores as of {seen.scored}"
        say(f"Stopped watching; {stands}")


def _look(config: str, lake: str, seen: Seen, say: Callable[[str], None]) -> Seen:
    glance = ""
    try:
        glance = glanced(config)
        if glance == seen.glance:
            return Seen(glance, seen.scored, seen.learnt)
        found = _refreshed(config, lake, seen)
    except MilepostError as wrong:
        if str(wrong) != seen.complaint:
            say(f"{wrong} Trying again until it is right.")
        return Seen(seen.glance, seen.scored, seen.learnt, complaint=str(wrong))
    except Exception:
        # An engine may stumble in any way over a file that is replaced while it reads; where
        # nothing was replaced, it is no passing fault and rises.
        if not _moved_since(config, glance):
            raise
        say("The tables changed while they were read; reading them again.")
        return seen
    again = "" if found.learnt == seen.learnt else ", by models that learnt anew"
    say(f"Scores as of {found.scored} are fresh{again}")
    return Seen(glance, found.scored, found.learnt)


def glanced(config: str) -> str:
    """What changes whenever configuration or data do, for next to nothing."""
    configuration = load(Path(config))
    source = open_source(configuration.project, configuration.folder)
    try:
        return f"{configuration.fingerprint} {source.glance()}"
    finally:
        source.close()


def _moved_since(config: str, glance: str) -> bool:
    try:
        return bool(glance) and glanced(config) != glance
    except MilepostError:
        return True


def _refreshed(config: str, lake: str, seen: Seen) -> Seen:
    """Score, or do all of the main job where it is time to learn."""
    if seen.learnt is None:
        day = run(config, lake)
        return Seen(scored=day, learnt=day)
    day = score_accounts(config, lake)
    if (day - seen.learnt).days < LEARN_EVERY_DAYS:
        return Seen(scored=day, learnt=seen.learnt)
    run(config, lake)
    return Seen(scored=day, learnt=day)
