"""The verbs that only look, and write nothing."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from pipelines.verbs.options import HERE, AsOf, Config, LakeDir, as_day, out


def check(
    config: Config,
    as_of: AsOf = None,
    _lake: Annotated[
        Path,
        typer.Option("--lake", help="Taken as by every verb, and not touched."),
    ] = HERE,
) -> None:
    """Validate configuration and data, and say what can be learnt from them."""
    from pipelines.check import readiness

    for line in readiness(config, as_day(as_of), today=date.today()):
        out.print(line, markup=False)


def features(
    config: Annotated[
        Path | None, typer.Option("--config", help="Folder whose newest build is looked at.")
    ] = None,
    lake: LakeDir = HERE,
    page: Annotated[bool, typer.Option("--page", help="As Markdown, for a page.")] = False,
) -> None:
    """List what models read: every input's name, unit, window, meaning and absence."""
    from configs.phrases import load_phrases
    from features import listing
    from pipelines.catalogue import catalogues

    shown = listing.page if page else listing.lines
    for line in shown(*catalogues(config, lake), load_phrases(config)):
        out.print(line, markup=False)


def expectations(
    config: Config,
    as_of: AsOf = None,
    lake: LakeDir = HERE,
    diff: Annotated[
        bool, typer.Option("--diff", help="Only the change of playbook.toml, for `git apply`.")
    ] = False,
) -> None:
    """Hold the playbook's expected days against history, and propose better ones."""
    from pipelines.expectations import proposal, told

    if diff:
        typer.echo(proposal(config, lake, as_day(as_of)), nl=False)
        return
    for line in told(config, lake, as_day(as_of)):
        out.print(line, markup=False)


VERBS = (check, features, expectations)
