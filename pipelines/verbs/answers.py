"""The verb by which people answer to the scores."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from configs.errors import ConfigError
from pipelines.verbs.options import HERE, AsOf, Config, LakeDir, as_day, out

if TYPE_CHECKING:
    from serving.attention.feedback import Kind


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
    from serving.attention.feedback import Said

    until = as_day(snooze_until, option="--snooze-until")
    kinds: dict[Kind, object] = {"right": right, "wrong": wrong, "handled": handled}
    kind = _only(kinds | {"snoozed": until})
    store = Lake(lake, load(config).project.name)
    about = store.found("scores", as_day(as_of))
    if until is not None and until <= about:
        problem = f"{until} is not after the scores of {about}"
        raise ConfigError("--snooze-until", problem, "Name a later day")
    told = Said(account, kind, about, because=wrong or because, until=until, by=by)
    keep(store, told, now=datetime.now(UTC))
    out.print(f"Kept of {account}: {kind}. The next scores heed it.", markup=False)


def _only(kinds: "Mapping[Kind, object]") -> "Kind":
    """Tell which of the things that can be said was said; ConfigError where not just one."""
    said = [kind for kind, value in kinds.items() if value is not None and value is not False]
    if len(said) != 1:
        ways = "--right, --wrong BECAUSE, --handled or --snooze-until DATE"
        raise ConfigError("feedback", f"{len(said)} things are said", f"Say one of {ways}")
    return said[0]


VERBS = (feedback,)
