"""What do all verbs ask for in the same words: a configuration, a morning, a lake?"""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from configs.errors import ConfigError
from pipelines import environment

out = Console(highlight=False, soft_wrap=True)

Config = Annotated[
    Path, typer.Option("--config", help="Folder of project.toml and playbook.toml.")
]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", metavar="YYYY-MM-DD", help="Morning of the statement."),
]
LakeDir = Annotated[Path, typer.Option("--lake", help="Folder that all outputs go to.")]
HERE = Path("lake")


def ready(config: Path, lake: Path) -> None:
    """Refuse what is wrong with the files at once, before Prefect starts."""
    from configs.load import load
    from features.sources import open_source

    configuration = load(config)
    open_source(configuration.project, configuration.folder).close()
    environment.prepare(lake)


def as_text(as_of: str | None) -> str | None:
    """Give a day as flows take it; ConfigError where it is none."""
    day = as_day(as_of)
    return None if day is None else day.isoformat()


def as_day(written: str | None, *, option: str = "--as-of") -> date | None:
    """Read a day; ConfigError where it is none."""
    try:
        return None if written is None else date.fromisoformat(written)
    except ValueError:
        raise ConfigError(option, f"{written!r} is no date", "Write it as 2026-01-31") from None
