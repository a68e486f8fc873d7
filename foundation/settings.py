"""Every setting, typed, from the environment (KEFU_*) or KEFU_HOME/kefu.toml; no other file reads the environment.

What the measures use (windows, cuts, limits) has its defaults in dbt_project.yml, the limits of the expectations theirs
in expectations/checks.yml; `measures` and `expectations` here only override them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from foundation.languages import SOURCE, LanguageCode
from foundation.secrets import Hidden

REPOSITORY = Path(__file__).resolve().parent.parent
DBT_PROJECT_DIR = REPOSITORY / "dbt_project"
BUILT_IN_MAPPINGS = REPOSITORY / "orchestration" / "mappings"


_ROWS_A_THREAD = 1_000_000


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Company(_Section):
    """Whose warehouse this is."""

    name: str = "Kefu"
    time_zone: str = "Asia/Shanghai"
    currency: str = Field("CNY", pattern=r"^[A-Z]{3}$")

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"{value!r} is no IANA time zone; write one such as Asia/Shanghai")
        return value

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def end_of(self, day: date) -> datetime:
        """The first instant after the company's local day, UTC without zone."""
        local = datetime.combine(day + timedelta(days=1), time(), self.zone)
        return local.astimezone(UTC).replace(tzinfo=None)


class Ingestion(_Section):
    """Limits beyond which a load is refused rather than accepted in part."""

    max_bad_share: float = Field(0.01, ge=0, le=1)  # share of a file's rows that may go to quarantine
    bad_rows_allowed: int = Field(5, ge=0)  # so many never refuse a file that has a good row, however small it is
    max_deleted_share: float = Field(0.05, ge=0, le=1)  # share of a snapshot's keys that may vanish unasked
    settle_seconds: float = Field(
        2, ge=0, le=3600
    )  # a file that was touched so lately is looked at again; 0: it is not
    fx_max_age_days: int = Field(7, ge=0, le=3660)  # a day without a rate takes the last one, if it is no older


class Engine(_Section):
    """How much of the machine DuckDB may use."""

    threads: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1)
    memory_limit: str = Field("70%", pattern=r"^\d+(\.\d+)?\s*(%|[KMGT]i?B)$")
    keep_published: int = Field(3, ge=1)  # published versions kept on disk for readers that still hold one

    @property
    def duckdb(self) -> dict[str, Any]:
        """For every connection that works; DuckDB takes memory in bytes and knows no share of the machine."""
        limit = self.memory_limit
        if limit.endswith("%"):
            machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
            limit = f"{int(machine * float(limit[:-1]) / 100) >> 20}MiB"
        return {"threads": self.threads, "memory_limit": limit}

    def threads_a_query(self, rows: int) -> int:
        """How many threads a query may use where the largest table has so many rows and models are built side by side.

        DuckDB deals out row groups of 122,880 rows. Where there are few, a second thread finds little to do, and the
        one that waits for the other spins and asks for Python's lock: a quarter of the CPU time of a build of size s.
        """
        return min(self.threads, 1 + rows // _ROWS_A_THREAD)


class Retention(_Section):
    """How many days the nights keep what nothing stands on any more."""

    raw_days: int = Field(30, ge=1)  # Parquet that the manifest no longer names, and damaged files put aside
    quarantine_days: int = Field(400, ge=1)  # rows put aside, by the day of their delivery
    runs_days: int = Field(90, ge=1)  # Dagster's finished runs with their events


class Disclosure(_Section):
    """What reports may show."""

    small_cell: int = Field(5, ge=1)  # a figure of fewer cases is suppressed, and what would tell it


class Mail(_Section):
    """Where mails go: files in KEFU_HOME/outbox, or an SMTP server."""

    transport: Literal["file", "smtp"] = "file"
    sender: str = "Kefu <kefu@localhost>"
    data_owner: str = "data-owner@localhost"  # gets the run failures
    language: LanguageCode = SOURCE  # of the mails to the data owner
    host: str = "localhost"
    port: int = Field(587, ge=1, le=65535)
    security: Literal["none", "starttls", "tls"] = "starttls"
    user: str | None = None
    password: SecretStr | None = None
    timeout_seconds: float = Field(30, gt=0)
    ca_file: Path | None = None  # certificates to trust instead of the system's, for a server of one's own
    attempts: int = Field(4, ge=1)  # rounds of a sending in which a refusal for the time being is tried again
    retry_seconds: float = Field(15, ge=0)  # before the second round, twice as long before each further one
    max_bytes: int = Field(10_000_000, ge=100_000)  # a larger mail goes without its attachments
    unsubscribe: str | None = None  # address in List-Unsubscribe; the data owner's where there is none
    archive: str | None = Field(None, pattern=r"^https?://\S+$")  # where the archive of reports is served, for links
    ledger: SecretStr | None = None  # URL of a PostgreSQL database; KEFU_HOME/delivery.db where there is none

    @model_validator(mode="before")
    @classmethod
    def _recipients_have_a_file(cls, given: Any) -> Any:
        if isinstance(given, dict) and "recipients" in given:
            raise ValueError("recipients stand in KEFU_HOME/recipients.yml now (docs/delivery.md); take them out here")
        return given


class Alarms(_Section):
    """A chat's room that is told beside the data owner when a run fails or a report is held back."""

    channel: str | None = None  # wecom, dingtalk, feishu, slack or teams; without one only the mail goes
    webhook: Hidden | None = None  # where the address of the room is, which is a secret
    secret: Hidden | None = None  # what a room that asks for signatures gave

    @model_validator(mode="after")
    def _has_a_room(self) -> Self:
        if (self.channel is None) != (self.webhook is None):
            raise ValueError("alarms.channel and alarms.webhook go together: which chat, and where its address is")
        return self


class Settings(BaseSettings):
    """All settings of one Kefu home. Raises pydantic.ValidationError, naming the setting, when one makes no sense."""

    model_config = SettingsConfigDict(
        env_prefix="KEFU_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
    )

    home: Path = Path("var")
    company: Company = Company()
    ingestion: Ingestion = Ingestion()
    engine: Engine = Field(default_factory=Engine)
    mail: Mail = Mail()
    alarms: Alarms = Alarms()
    disclosure: Disclosure = Disclosure()
    retention: Retention = Retention()
    measures: dict[str, Any] = Field(default_factory=dict)
    expectations: dict[str, dict[str, Any]] = Field(default_factory=dict)  # severity and limits by expectation

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  pydantic passes all five by name
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        named = init_settings().get("home") or env_settings().get("home") or cls.model_fields["home"].default
        toml = TomlConfigSettingsSource(settings_cls, Path(named).expanduser() / "kefu.toml")
        return init_settings, env_settings, toml

    @field_validator("home")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().resolve()

    @field_validator("measures")
    @classmethod
    def _sensible_measures(cls, value: dict[str, Any]) -> dict[str, Any]:
        defaults = measure_defaults()
        return {name: _sensible_measure(name, given, defaults) for name, given in value.items()}

    @cached_property
    def dbt_vars(self) -> dict[str, Any]:
        """The variables of one dbt call: the defaults in dbt_project.yml with this home's overrides."""
        return {
            **measure_defaults(),
            **self.measures,
            "reporting_time_zone": self.company.time_zone,
            "company_currency": self.company.currency,
        }

    @property
    def landing(self) -> Path:
        return self.home / "landing"

    @property
    def sources(self) -> Path:
        return self.home / "sources"

    @property
    def pulls(self) -> Path:
        return self.home / "pulls"

    @property
    def raw(self) -> Path:
        return self.home / "raw"

    @property
    def reference(self) -> Path:
        return self.home / "reference"

    @property
    def quarantine(self) -> Path:
        return self.home / "quarantine"

    @property
    def build(self) -> Path:
        return self.home / "build"

    @property
    def published(self) -> Path:
        return self.home / "published"

    @property
    def reports(self) -> Path:
        return self.home / "reports"

    @property
    def recipients(self) -> Path:
        return self.home / "recipients.yml"

    @property
    def ledger(self) -> str | Path:
        """Where deliveries are written down: a file, or the URL of a PostgreSQL."""
        return self.mail.ledger.get_secret_value() if self.mail.ledger else self.home / "delivery.db"

    @property
    def preview(self) -> Path:
        return self.home / "preview"

    @property
    def outbox(self) -> Path:
        return self.home / "outbox"

    @property
    def dagster_home(self) -> Path:
        return self.home / "dagster"


_LENGTH = "(years|months|weeks|days|hours|minutes|seconds)"
# What a measure's setting may be, by its name: the first pattern that fits decides. Kind, least, most, in words.
_MEASURE_RULES: tuple[tuple[str, type, float, float, str], ...] = (
    (r".*_quantile", float, 1e-9, 1 - 1e-9, "a number between 0 and 1, neither of them"),
    (r"false_discovery_rate|.*_discount", float, 0, 1 - 1e-9, "a number from 0 to below 1"),
    (r".*_(share|rate|threshold|points)", float, 0, 1, "a share from 0 to 1"),
    (r".*_multiple", float, 1, 1e6, "a number of at least 1"),
    (r"short_abandon_seconds|growth_tenure_months", int, 0, 1e6, "a whole number of at least 0"),
    (rf"(.*_)?{_LENGTH}(_.*)?", int, 1, 1e6, "a whole number of at least 1"),
    (r"(.*_)?(min|max|passes)(_.*)?|promises_per_.*", int, 1, 1e9, "a whole number of at least 1"),
    (r"(.*_)?(cost|price|value)(_.*)?", float, 0, 1e12, "an amount of at least 0"),
)
_MEASURE_CHOICES = {"ipa_crosshair": ("means", "middle"), "customer_grain": ("person", "record")}
_OF_COMPANY = {"reporting_time_zone": "company.time_zone", "company_currency": "company.currency"}
_FIXED = {"scope_types", "report_scopes"}  # lists that dbt and the reports share; part of the code


def measure_rule(name: str) -> tuple[type, float, float, str] | None:
    """What a number by that name may be; None where no pattern fits."""
    return next((rule[1:] for rule in _MEASURE_RULES if re.fullmatch(rule[0], name)), None)


def _sensible_measure(name: str, given: Any, defaults: Mapping[str, Any]) -> Any:
    """The value in the kind of the default. Raises ValueError naming the setting and what would do."""
    if name not in defaults:
        raise ValueError(f"no such setting {name}; the known ones are {', '.join(sorted(defaults))}")
    if name in _FIXED:
        raise ValueError(f"{name} is no setting of a company; take it out")
    if name in _OF_COMPANY:
        raise ValueError(f"{name} is the company's: set {_OF_COMPANY[name]}")
    default = defaults[name]
    value = yaml.safe_load(given) if isinstance(given, str) and not isinstance(default, str) else given
    if name in _MEASURE_CHOICES:
        if value not in _MEASURE_CHOICES[name]:
            raise ValueError(f"{name} is {given!r}; it may be {' or '.join(_MEASURE_CHOICES[name])}")
        return value
    rule = measure_rule(name)
    if rule is None or isinstance(default, bool | str | list | dict):
        if not isinstance(value, type(default)) or value in ("", [], {}):
            raise ValueError(f"{name} is {given!r}; it must be a {type(default).__name__} like {default!r}")
        return value
    kind, least, most, words = rule
    kinds = (int,) if kind is int else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not least <= value <= most:
        raise ValueError(f"{name} is {given!r}; it must be {words}, as the default {default!r}")
    return value


@cache
def measure_defaults() -> Mapping[str, Any]:
    """The measures' settings as dbt_project.yml documents them, by name."""
    project = yaml.safe_load((DBT_PROJECT_DIR / "dbt_project.yml").read_text(encoding="utf-8"))
    return MappingProxyType(project["vars"])
