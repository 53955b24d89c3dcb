"""What is the run doing, and how long did each step take?

Shown on standard error, one line per finished step, with a spinner while it goes on where a
person is watching; what is measured goes into run.json.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from pipelines.manifest import Timings


class Progress:
    """Says each step aloud and keeps its time."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False)
        self.timings = Timings()

    def say(self, line: str) -> None:
        """Tell of something that is done, in a line of its own."""
        self._console.print(f"  {line}", markup=False, soft_wrap=True)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Show that a step is under way, and once it is done how long it took."""
        with self._console.status(name), self.timings.step(name):
            yield
        self._console.print(f"  {name}  [dim]{self.timings.seconds[name]:.1f} s[/dim]")
