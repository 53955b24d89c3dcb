"""The command line: one verb for each thing a person or a scheduler asks of Milepost.

Whatever was foreseen to go wrong is one line on standard error and exit status 2; anything else
is one line and status 1, and ``--debug`` shows where it came from.
"""

import os
import sys
import traceback
from collections.abc import Callable

import typer

from configs.errors import MilepostError
from pipelines.verbs import VERBS

app = typer.Typer(
    name="milepost",
    help="When will each customer reach its next milestone, how likely is it to leave, "
    "why, and what helps?",
    epilog="With --debug, an error shows where in the code it came from.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for verb in VERBS:
    app.command()(verb)


def main() -> None:
    """Run one verb and turn what goes wrong into one line."""
    debug = "--debug" in sys.argv
    sys.argv = [word for word in sys.argv if word != "--debug"]
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "INFO" if debug else "CRITICAL")
    sys.exit(_status(app, debug=debug))


def _status(command: Callable[[], object], *, debug: bool) -> int:
    try:
        command()
    except MilepostError as foreseen:
        if debug:
            raise
        _tell(str(foreseen), foreseen)
        return 2
    except Exception as unforeseen:
        if debug:
            raise
        said = " ".join(str(unforeseen).split()) or type(unforeseen).__name__
        _tell(f"milepost: {said}. Run it again with --debug to see where.", unforeseen)
        return 1
    return 0


def _tell(line: str, wrong: Exception) -> None:
    print(" ".join(line.split()), file=sys.stderr)  # noqa: T201
    # Else Prefect keeps the frames, they keep DuckDB, and DuckDB complains of it at the end.
    traceback.clear_frames(wrong.__traceback__)
