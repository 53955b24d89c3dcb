"""How do the newest scores get to where the customer success team works?

Into the sinks of ``[publish]`` in project.toml: a folder with CSV and JSON files, a SQL table,
or both; without any, into ``<lake>/<name>/published``. What would change is always said first,
and done only when asked for. Publishing the same scores twice changes nothing the second time.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from prefect import Task, flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State, TaskRun

from configs.errors import UnreachableError
from configs.load import Configuration, load
from pipelines.lake import Lake
from serving.sinks.folder import FolderSink
from serving.sinks.protocol import Change, Plan, Sink
from serving.sinks.rows import scorecards
from serving.sinks.sql import SqlSink

EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class SinkReport:
    """What publishing does, or did, to one sink."""

    sink: str
    new: int
    changed: int
    gone: int
    unchanged: int
    newer: int
    examples: tuple[str, ...]

    @property
    def sentence(self) -> str:
        counts = f"{self.new} new, {self.changed} changed, {self.unchanged} unchanged"
        gone = f", {self.gone} no longer there" if self.gone else ""
        newer = f", {self.newer} left alone (newer scores are there)" if self.newer else ""
        return f"{self.sink}: {counts}{gone}{newer}"


@dataclass(frozen=True, slots=True)
class PublishReport:
    """What publishing would do, or has done."""

    as_of: date
    applied: bool
    sinks: tuple[SinkReport, ...]

    def lines(self) -> tuple[str, ...]:
        """What an operator reads on a terminal."""
        done = "Published" if self.applied else "Nothing was written. Would publish"
        inside = (
            line
            for report in self.sinks
            for line in (f"  {report.sentence}", *(f"    {each}" for each in report.examples))
        )
        hint = () if self.applied else ("Add --apply to write.",)
        return (f"{done} the scores of {self.as_of}:", *inside, *hint)

    def markdown(self) -> str:
        """What an operator reads on a phone."""
        title = f"## Scores of {self.as_of}: {'published' if self.applied else 'dry run'}"
        return "\n".join([title, "", *(f"- {report.sentence}" for report in self.sinks)])


def publish_scores(
    configuration: Configuration, lake: Lake, *, apply: bool, as_of: date | None = None
) -> PublishReport:
    """Tell what publishing would change; with `apply`, also do it."""
    day = lake.found("scores", as_of)
    cards = scorecards(lake.read_arrow("scores", day, file="accounts.parquet"), as_of=day)
    planned = [(sink, sink.plan(cards)) for sink in sinks(configuration, lake)]
    if apply:
        for sink, plan in planned:
            sink.apply(plan.changes, scorecards=cards)
    reports = tuple(_report(sink, plan) for sink, plan in planned)
    return PublishReport(as_of=day, applied=apply, sinks=reports)


def sinks(configuration: Configuration, lake: Lake) -> tuple[Sink, ...]:
    """The sinks of a configuration; the lake's own folder where it names none."""
    wanted = configuration.project.publish
    named: list[Sink] = []
    if wanted.folder is not None:
        named.append(FolderSink(configuration.path(wanted.folder)))
    if wanted.url is not None:
        named.append(SqlSink(wanted.url, table=wanted.table, schema=wanted.schema_))
    return tuple(named) or (FolderSink(lake.published),)


def _report(sink: Sink, plan: Plan) -> SinkReport:
    new = sum(change.before is None for change in plan.changes)
    gone = sum(change.after is None for change in plan.changes)
    return SinkReport(
        sink=sink.name,
        new=new,
        changed=len(plan.changes) - new - gone,
        gone=gone,
        unchanged=plan.unchanged,
        newer=plan.newer,
        examples=tuple(map(_in_words, plan.changes[:EXAMPLES])),
    )


def _in_words(change: Change) -> str:
    if change.before is None:
        return f"{change.account_id} is new"
    if change.after is None:
        return f"{change.account_id} is no longer there"
    moved = "; ".join(
        f"{name} {change.before.get(name)} -> {change.after.get(name)}"
        for name in change.fields[:EXAMPLES]
    )
    return f"{change.account_id}: {moved or 'only the date'}"


def _did_not_answer(task: "Task[Any, Any]", run: TaskRun, state: "State[Any]") -> bool:
    return isinstance(state.result(raise_on_failure=False), UnreachableError)


send = task(
    name="publish scores",
    retries=2,
    retry_delay_seconds=[2, 15],
    retry_condition_fn=_did_not_answer,
)(publish_scores)


@flow(name="publish")
def publish(
    config: str, lake: str, *, apply: bool = False, as_of: str | None = None
) -> PublishReport:
    """Send the newest scores of a project to its sinks; by default only say what would."""
    configuration = load(Path(config))
    day = None if as_of is None else date.fromisoformat(as_of)
    report = send(
        configuration, Lake(Path(lake), configuration.project.name), apply=apply, as_of=day
    )
    create_markdown_artifact(report.markdown(), key="publish")
    return report
