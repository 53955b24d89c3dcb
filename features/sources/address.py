"""What of a database's address may be said aloud?"""

import re

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError

SECRET = re.compile("pass|token|secret|key|credential", re.IGNORECASE)
LOGIN = re.compile(r"^[^/]*//(?P<login>[^/]*)@")
"""As it is written, whatever may be wrong with it."""


def place(url: str) -> str:
    """Name the database and its host, and nobody's name or password."""
    parsed = _parsed(url)
    if parsed is None:
        return "the database"
    host = parsed.query.get("host") or parsed.host or "this machine"
    return f"database {parsed.database or 'of that name'} at {host}"


def tidy(said: str, url: str) -> str:
    """Leave out of a message whatever of the address is nobody's business.

    >>> tidy("no user ann with pa%20ss (pa ss)", "postgresql://ann:pa%20ss@db/cs")
    'no user ann with … (…)'
    """
    secrets = [url, url.partition("?")[2]]
    if written := LOGIN.match(url):
        secrets.append(written["login"].partition(":")[2])
    if parsed := _parsed(url):
        hidden = [value for key, value in parsed.query.items() if SECRET.search(key)]
        secrets += [str(value) for value in (parsed.password, *hidden) if value]
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        said = said.replace(secret, "…")
    return said


def _parsed(url: str) -> sa.URL | None:
    try:
        return sa.make_url(url)
    except (ArgumentError, ValueError):
        return None
