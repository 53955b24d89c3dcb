"""How do the facts become pages that open anywhere: one folder, no network, no server?

No arithmetic, no sorting, no choice here or in the templates: only ink. Every page carries its
own style and script, so that one page can be sent to somebody alone.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from configs.load import Configuration
from configs.phrases import load_phrases
from serving import formats
from serving.report.glossary import ladder, shown
from serving.report.site import Site, site

HERE = Path(__file__).parent


def write_report(
    folder: Path,
    *,
    accounts: pd.DataFrame,
    milestones: pd.DataFrame,
    usage: pd.DataFrame,
    run: Mapping[str, Any],
    configuration: Configuration,
    roles: pd.DataFrame | None = None,
    tables: Mapping[str, pd.DataFrame] | None = None,
) -> None:
    """Write index.html, the chapters, definitions.html and a page for each first account.

    ``accounts`` and ``milestones`` have the columns of their Parquet files; ``usage`` has
    ``account_id``, ``week_on``, ``active_users`` and ``activity_count``; ``run`` is run.json;
    ``roles``, where known, has ``account_id``, ``role``, ``active_people`` (of the last four
    weeks), ``quarter_people`` and ``last_active_on``; ``tables`` are the other outputs of the
    morning, by name. The same inputs give the same bytes.
    """
    facts = site(
        accounts=accounts,
        milestones=milestones,
        usage=usage,
        roles=roles,
        run=run,
        configuration=configuration,
        phrases=load_phrases(configuration.folder),
        tables=tables or {},
    )
    (folder / "accounts").mkdir(parents=True, exist_ok=True)
    _write_pages(folder, facts, configuration)


def _write_pages(folder: Path, facts: Site, configuration: Configuration) -> None:
    ink = environment(configuration.project.serving.currency)
    _write(folder / "index.html", ink, "index.html", facts, home="")
    for chapter, said in facts.chapters:
        _write(folder / chapter.file, ink, chapter.file, facts, home="", said=said)
        for name, text in chapter.files(said).items():
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
    meanings = {
        "words": shown(facts.terms, book=facts.book),
        "ladder": ladder(configuration.playbook.milestones),
    }
    _write(folder / "definitions.html", ink, "definitions.html", facts, home="", **meanings)
    for page in facts.pages():
        where = folder / "accounts" / str(page.content.row.page)
        _write(where, ink, "account.html", facts, home="../", page=page)


def environment(currency: str) -> Environment:
    """Give the templates their four filters, and nothing to compute with."""
    ink = Environment(
        loader=PackageLoader("serving.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    ink.filters.update(
        money=partial(formats.money, currency=currency),
        percent=lambda share: formats.unbroken(formats.percent(share)),
        day=formats.day,
        days=formats.days,
    )
    ink.globals.update(style=_asset("report.css"), script=_asset("report.js"))
    return ink


def _asset(name: str) -> Markup:
    return Markup((HERE / "assets" / name).read_text(encoding="utf-8"))


def _write(where: Path, ink: Environment, template: str, facts: Site, **more: Any) -> None:
    text = ink.get_template(template).render(
        book=facts.book, trust=facts.trust, terms=facts.terms, site=facts, **more
    )
    where.write_text(text, encoding="utf-8", newline="\n")
