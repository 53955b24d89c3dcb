"""What may each section of ``project.toml`` hold, and what stands where nothing is written?

Every key has a default; what each one means to a person is written in ``configs/README.md``. A
new section is a class here and a field of ``configs.project.Project``.
"""

from datetime import date
from typing import Annotated, Literal, Self
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from configs.nearest import did_you_mean

Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Count = Annotated[int, Field(strict=True, ge=1)]
Days = Annotated[int, Field(strict=True, ge=1, le=3650)]
Positive = Annotated[float, Field(strict=True, gt=0)]
Share = Annotated[float, Field(strict=True, gt=0, le=1)]
Cron = Annotated[str, Field(pattern=r"^\S+( \S+){4}$")]
Text = Annotated[str, Field(min_length=1)]

LEAST_MEMORY = 10**9
"""What the libraries and one shard of accounts take, however small."""

TableName = Literal[
    "accounts", "users", "activity", "achievements", "plans", "contracts", "exits", "touches"
]


class Strict(BaseModel):
    """A section of a file: read once, never changed, no key we do not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(Strict):
    """Where the tables are. A path is relative to the folder of the configuration."""

    kind: Literal["files", "duckdb", "sql", "spark"] = "files"
    path: Text = "data"
    url: Annotated[Text | None, Field(repr=False)] = None
    schema_: Annotated[Text | None, Field(alias="schema")] = None
    tables: dict[TableName, Text] = {}
    columns: dict[TableName, dict[Text, Text]] = {}

    @model_validator(mode="after")
    def _says_where(self) -> Self:
        if self.kind == "sql" and self.url is None:
            raise ValueError('lacks `url`, which kind = "sql" needs')
        return self

    def stored_name(self, table: str) -> str:
        """Under which name the customer keeps a table of the contract."""
        return {str(ours): theirs for ours, theirs in self.tables.items()}.get(table, table)

    def stored_columns(self, table: str) -> dict[str, str]:
        """The columns of a table that have another name there: ours to theirs."""
        return {str(ours): theirs for ours, theirs in self.columns.items()}.get(table, {})


class Accounts(Strict):
    """What of an account may become a model input besides what it did."""

    attributes: tuple[Text, ...] = ()


class Snapshots(Strict):
    """On which mornings we look back and ask what followed."""

    every_days: Days = 7
    first_on: date | None = None
    training_every_days: Days = 28


class Outcomes(Strict):
    """What we want to know in advance, and how far."""

    horizons_days: Annotated[tuple[Days, ...], Field(min_length=1)] = (30, 60, 90, 180)
    primary_horizon_days: Days = 90
    renewal_grace_days: Annotated[int, Field(strict=True, ge=0, le=3650)] = 30

    @model_validator(mode="after")
    def _horizons_make_sense(self) -> Self:
        if list(self.horizons_days) != sorted(set(self.horizons_days)):
            raise ValueError("`horizons_days` must rise, each named once")
        if self.primary_horizon_days not in self.horizons_days:
            listed = ", ".join(map(str, self.horizons_days))
            raise ValueError(
                f"`primary_horizon_days` is {self.primary_horizon_days}, "
                f"which is not among horizons_days ({listed})"
            )
        return self


class Serving(Strict):
    """Who reads the scores, and how many accounts they can work."""

    capacity_per_owner: Count = 12
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "USD"
    account_pages: Annotated[int, Field(strict=True, ge=0)] = 1000


class Models(Strict):
    """How the hazards are learnt; `milepost tune` looks for what suits a company better."""

    seed: Annotated[int, Field(strict=True, ge=0)] = 7
    trees: Count = 200
    learning_rate: Share = 0.05
    leaves: Annotated[int, Field(strict=True, ge=2, le=64)] = 8
    lambda_l2: Annotated[float, Field(strict=True, ge=0)] = 20.0
    feature_fraction: Share = 0.8
    min_rows_in_leaf: Count = 200
    quiet_share: Share = 0.25
    min_events: Count = 30
    max_drift: Positive | None = None
    monotone: dict[Text, Literal["rising", "falling"]] = {}


class Backtest(Strict):
    """On which past mornings a model must prove itself."""

    origins: Count = 4
    every_days: Days = 91


class Gate(Strict):
    """What a model must prove, and what would be too good to be true, before it is used."""

    max_ece: Share = 0.05
    min_predicted_over_observed: Positive = 0.8
    max_predicted_over_observed: Positive = 1.25
    max_auc_of_one_input: Share = 0.95
    max_rate_ratio: Annotated[float, Field(strict=True, gt=1)] = 20.0

    @model_validator(mode="after")
    def _leaves_room(self) -> Self:
        if not self.min_predicted_over_observed < 1 < self.max_predicted_over_observed:
            raise ValueError(
                "`min_predicted_over_observed` must be below 1 and "
                "`max_predicted_over_observed` above 1, or no model can pass"
            )
        return self


class Monitor(Strict):
    """From when on a model has decayed, its inputs have drifted, or a table has dried up."""

    max_auc_drop: Share = 0.05
    recent_days: Days = 91
    max_drift: Positive = 0.25
    stale_days: Days = 7
    min_volume: Share = 0.5
    max_volume: Annotated[float, Field(strict=True, ge=1)] = 2.0
    retrain_every_days: Days = 7


class Alerts(Strict):
    """What is worth an alarm, and how many of them one owner can hear."""

    accounts_per_owner_per_week: Count | None = None
    renewal_days: Days = 60
    decay_share: Share = 0.5
    fewest_people: Count = 2
    fewest_active_days: Count = 4
    quiet_days: Days = 28


class Nudges(Strict):
    """How often a customer may hear from us, of what, and where."""

    per_account_per_week: Count = 1
    spacing_days: Days = 5
    milestone_spacing_days: Days = 14
    fewest_peers: Count = 5
    channels: dict[Literal["approaching", "stalled", "achieved", "peers"], Text] = {}


class Priorities(Strict):
    """What moves an account up or down the week's list, and what leaves it where it is."""

    margin: Share = 0.15
    renewal_days: Days = 60
    renewal_weight: Annotated[float, Field(strict=True, ge=1)] = 1.25
    handled_days: Days = 14


class Expectations(Strict):
    """What expected days stand for, and from how many accounts they are learnt."""

    share: Share = 0.5
    least_reached: Count = 30


class Programme(Strict):
    """From when on accounts are looked after by this, and who is left out to compare with."""

    started_on: date | None = None
    holdout_share: Annotated[float, Field(strict=True, ge=0, le=0.5)] = 0.0
    holdout_since: date | None = None
    worthwhile_share: Share = 0.25

    @model_validator(mode="after")
    def _says_from_when(self) -> Self:
        if self.holdout_share > 0 and self.held_out_since is None:
            raise ValueError(
                "holds accounts out without saying from when on; write `holdout_since`"
            )
        return self

    @property
    def held_out_since(self) -> date | None:
        """From when on accounts are held out, where any are."""
        since = self.holdout_since or self.started_on
        return since if self.holdout_share > 0 else None


class Publish(Strict):
    """Where the scores go besides the lake."""

    folder: Text | None = None
    url: Annotated[Text | None, Field(repr=False)] = None
    table: Slug = "milepost_scores"
    schema_: Annotated[Text | None, Field(alias="schema")] = None


class Limits(Strict):
    """How much of the machine a run may take."""

    memory: Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)? ?(MB|GB)$")] = "4GB"

    @field_validator("memory")
    @classmethod
    def _is_enough(cls, memory: str) -> str:
        if _bytes_of(memory) < LEAST_MEMORY:
            raise ValueError(f"must be at least 1GB; found {memory!r}")
        return memory

    @property
    def memory_bytes(self) -> int:
        return _bytes_of(self.memory)


def _bytes_of(memory: str) -> int:
    """Read 1GB as a thousand million bytes."""
    number, unit = memory[:-2], memory[-2:]
    return int(float(number) * (10**6 if unit == "MB" else 10**9))


class Deploy(Strict):
    """When the pipeline runs by itself."""

    score_cron: Cron = "0 5 * * *"
    train_cron: Cron = "0 3 * * 0"
    monitor_cron: Cron = "30 4 * * *"
    timezone: Text = "UTC"
    watch_every_seconds: Count = 60

    @field_validator("timezone")
    @classmethod
    def _is_on_the_map(cls, name: str) -> str:
        known = available_timezones() | {"UTC"}
        if name not in known:
            raise ValueError(f"is no time zone; found {name!r}{did_you_mean(name, known)}")
        return name
