"""Which known name did somebody most likely mean?"""

from collections.abc import Iterable
from difflib import get_close_matches

SHOWN = 12


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Give the known name that looks most like ``word``, if any looks like it at all.

    >>> nearest("every_day", ["every_days", "first_on"])
    'every_days'
    """
    by_folded = {_folded(name): name for name in known}
    close = get_close_matches(_folded(word), by_folded, n=1, cutoff=0.6)
    return by_folded[close[0]] if close else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Say the nearest known name in brackets, or else which names there are.

    >>> did_you_mean("every_day", ["every_days", "first_on"])
    ' (did you mean `every_days`?)'
    >>> did_you_mean("colour", ["every_days", "first_on"])
    ' (known here: `every_days`, `first_on`)'
    """
    names = list(dict.fromkeys(known))
    close = nearest(word, names)
    if close is not None:
        return f" (did you mean `{close}`?)"
    if not names:
        return " (nothing is known here)"
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f" (known here: {', '.join(f'`{name}`' for name in names[:SHOWN])}{more})"


def _folded(word: str) -> str:
    return word.lower().replace("-", "_").replace(" ", "_")
