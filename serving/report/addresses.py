"""Under which file name does an account's page stand, whatever its id looks like?"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}")
_TAKEN = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)
"""Names that Windows keeps for its devices."""


def page_names(account_ids: Iterable[str]) -> dict[str, str]:
    """Give every account a file name that any disk and any browser can hold.

    A plain id is its own name. Any other (odd characters, too long, or the same as another but
    for its capitals) keeps what is plain of it and gets a print of the whole; only such names
    hold a tilde, so that the two kinds never meet.

    >>> page_names(["acme-1", "Ünï/cørp"])
    {'acme-1': 'acme-1.html', 'Ünï/cørp': 'n-c-rp~958866983c.html'}
    """
    ids = list(account_ids)
    alike = Counter(account_id.lower() for account_id in ids)
    return {i: f"{_name(i, is_alone=alike[i.lower()] == 1)}.html" for i in ids}


def _name(account_id: str, *, is_alone: bool) -> str:
    if is_alone and _PLAIN.fullmatch(account_id) and not _TAKEN.fullmatch(account_id):
        return account_id
    plain = re.sub(r"[^A-Za-z0-9_]+", "-", account_id).strip("-")[:40]
    print_ = hashlib.sha256(account_id.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    return f"{plain}~{print_}"
