"""The command line: one verb for each thing a person or a scheduler asks of Milepost.

Whatever was foreseen to go wrong is one line on standard error and exit status 2; anything else
is one line and status 1, and ``--debug`` shows where it came from.
"""

import os
import signal
import sys
import traceback
from collections.abc import Callable

import typer

from configs.errors import MilepostError
from pipelines.verbs import VERBS

MISUSED = 2
"""The exit status where the configuration, the data or the command are at fault."""

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
    words = [word for word in sys.argv[1:] if word != "--debug"]
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "INFO" if debug else "CRITICAL")
    signal.signal(signal.SIGTERM, _end)
    ended = _status(lambda: app(words or ["--help"], standalone_mode=False), debug=debug)
    sys.exit(ended if words else MISUSED)


def _end(number: int, _frame: object) -> None:
    """End as by itself: else the server that Prefect started would live on without us."""
    sys.exit(128 + number)


def _status(command: Callable[[], object], *, debug: bool) -> int:
    try:
        ended = command()
    except typer.TyperException as misused:
        _tell(_in_words(misused), misused)
        return MISUSED
    except MilepostError as foreseen:
        if debug:
            raise
        _tell(str(foreseen), foreseen)
        return MISUSED
    except Exception as unforeseen:
        if debug:
            raise
        said = " ".join(str(unforeseen).split()) or type(unforeseen).__name__
        _tell(f"milepost: {said}. Run it again with --debug to see where.", unforeseen)
        return 1
    return ended if isinstance(ended, int) else 0


def _in_words(misused: typer.TyperException) -> str:
    """Say what is wrong with a command as it was typed: ``where: problem. remedy.``"""
    context = getattr(misused, "ctx", None)
    where = context.command_path if context is not None else app.info.name
    problem, _, hint = misused.format_message().rstrip(".").partition(". Did you mean ")
    nearest = f" (did you mean {hint.rstrip('?')}?)" if hint else ""
    return f"{where}: {problem}{nearest}. `{where} --help` says what it takes."


def _tell(line: str, wrong: Exception) -> None:
    print(" ".join(line.split()), file=sys.stderr)  # noqa: T201
    _let_go(wrong)


def _let_go(wrong: BaseException) -> None:
    """Free all that an error holds: Prefect keeps it, and DuckDB complains of it at the end."""
    traceback.clear_frames(wrong.__traceback__)
    under, wrong.__cause__, wrong.__context__ = wrong.__cause__ or wrong.__context__, None, None
    if under is not None:
        _let_go(under)
