"""The verb by which people answer to the scores."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from configs.errors import ConfigError
from pipelines.verbs.options import HERE, AsOf, Config, LakeDir, as_day, out


def feedback(
    config: Config,
    account: Annotated[str, typer.Option("--account", metavar="ID", help="Of which account.")],
    as_of: AsOf = None,
    lake: LakeDir = HERE,
    right: Annotated[bool, typer.Option("--right", help="What is said of it is so.")] = False,
    wrong: Annotated[
        str | None, typer.Option("--wrong", metavar="BECAUSE", help="It is not so, and why.")
    ] = None,
    handled: Annotated[
        bool, typer.Option("--handled", help="Taken care of; off the list for a while.")
    ] = False,
    snooze_until: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="Off the list until then.")
    ] = None,
    because: Annotated[str | None, typer.Option(help="More about it.")] = None,
    by: Annotated[str | None, typer.Option(metavar="WHO", help="Who says so.")] = None,
) -> None:
    """Say of an account that its scores are right or wrong, or that it can wait."""
    from configs.load import load
    from pipelines.feedback import keep
    from pipelines.lake import Lake
    from serving.feedback import Kind, Said

    until = as_day(snooze_until, option="--snooze-until")
    said: dict[Kind, bool] = {
        "right": right,
        "wrong": wrong is not None,
        "handled": handled,
        "snoozed": until is not None,
    }
    chosen = [kind for kind, is_said in said.items() if is_said]
    if len(chosen) != 1:
        ways = "--right, --wrong BECAUSE, --handled or --snooze-until DATE"
        raise ConfigError("feedback", f"{len(chosen)} things are said", f"Say one of {ways}")
    store = Lake(lake, load(config).project.name)
    about = store.found("scores", as_day(as_of))
    if until is not None and until <= about:
        problem = f"{until} is not after the scores of {about}"
        raise ConfigError("--snooze-until", problem, "Name a later day")
    told = Said(account, chosen[0], about, because=wrong or because, until=until, by=by)
    keep(store, told, now=datetime.now(UTC))
    out.print(f"Kept of {account}: {chosen[0]}. The next scores heed it.", markup=False)


VERBS = (feedback,)
