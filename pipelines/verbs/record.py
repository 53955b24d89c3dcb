"""The verbs that tell how well the models have done, and decide which of them speaks."""

from typing import Annotated

import typer

from pipelines.verbs.options import HERE, Config, LakeDir, out


def models(config: Config, lake: LakeDir = HERE) -> None:
    """List the models, and why each was or was not put to use."""
    from configs.load import load
    from pipelines.models import told_models

    for line in told_models(load(config).project, lake):
        out.print(line, markup=False)


def rollback(
    config: Config,
    lake: LakeDir = HERE,
    reason: Annotated[
        str, typer.Option("--reason", help="Kept with the model that goes.")
    ] = "somebody took it out of use",
) -> None:
    """Put the model before this one back to use."""
    from configs.load import load
    from pipelines.models import rolled_back

    out.print(rolled_back(load(config).project, lake, reason=reason), markup=False)


VERBS = (models, rollback)
