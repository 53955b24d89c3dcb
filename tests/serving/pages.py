"""How does a test read a page: its words, its addresses, and whether every tag is closed?"""

import re
from html.parser import HTMLParser
from pathlib import Path

VOID = {"meta", "link", "input", "br", "rect", "path"}


class Page(HTMLParser):
    """What a page holds: its words, its addresses, and whether every tag is closed."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.anchors: set[str] = set()
        self.words: list[str] = []
        self._open: list[str] = []
        self.html = path.read_text(encoding="utf-8")
        self.feed(self.html)
        assert not self._open, self._open

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.addresses += [given[k] for k in ("href", "src", "action", "data") if k in given]
        if "id" in given:
            self.anchors.add(given["id"])
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self._open.pop() == tag, tag

    def handle_data(self, data):
        if not self._open or self._open[-1] not in ("style", "script"):
            self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))


def pages(folder: Path) -> list[Path]:
    """Every page of a report."""
    return sorted(folder.rglob("*.html"))
