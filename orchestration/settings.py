"""Every setting, typed, from the environment (KEFU_*) or KEFU_HOME/kefu.toml; no other file reads the environment.

What the measures use (windows, cuts, limits) has its defaults in dbt_project.yml, the limits of the expectations theirs
in expectations/checks.yml; `measures` and `expectations` here only override them.
"""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, available_timezones

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

REPOSITORY = Path(__file__).resolve().parent.parent
DBT_PROJECT_DIR = REPOSITORY / "dbt_project"
BUILT_IN_MAPPINGS = REPOSITORY / "orchestration" / "mappings"


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


class Ingestion(_Section):
    """Limits beyond which a load is refused rather than accepted in part."""

    max_bad_share: float = Field(0.01, ge=0, le=1)  # share of a file's rows that may go to quarantine
    max_deleted_share: float = Field(0.05, ge=0, le=1)  # share of a snapshot's keys that may vanish unasked


class Engine(_Section):
    """How much of the machine DuckDB may use."""

    threads: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1)
    memory_limit: str = Field("70%", pattern=r"^\d+(\.\d+)?\s*(%|[KMGT]i?B)$")
    keep_published: int = Field(3, ge=1)  # published versions kept on disk for readers that still hold one


class Mail(_Section):
    """Where mails go: files in KEFU_HOME/outbox, or an SMTP server."""

    transport: Literal["file", "smtp"] = "file"
    sender: str = "Kefu <kefu@localhost>"
    data_owner: str = "data-owner@localhost"  # gets the run failures
    recipients: tuple[str, ...] = ("executives@localhost",)  # get the monthly report
    language: Literal["en", "zh-CN"] = "en"
    host: str = "localhost"
    port: int = Field(587, ge=1, le=65535)
    security: Literal["none", "starttls", "tls"] = "starttls"
    user: str | None = None
    password: SecretStr | None = None
    timeout_seconds: float = Field(30, gt=0)


class Settings(BaseSettings):
    """All settings of one Kefu home. Raises pydantic.ValidationError, naming the setting, when one makes no sense."""

    model_config = SettingsConfigDict(
        env_prefix="KEFU_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    home: Path = Path("var")
    company: Company = Company()
    ingestion: Ingestion = Ingestion()
    engine: Engine = Field(default_factory=Engine)
    mail: Mail = Mail()
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

    @model_validator(mode="after")
    def _measures_exist(self) -> Settings:
        unknown = sorted(set(self.measures) - set(measure_defaults()))
        if unknown:
            known = ", ".join(sorted(measure_defaults()))
            raise ValueError(f"measures: no such setting {', '.join(unknown)}; the known ones are {known}")
        return self

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
    def raw(self) -> Path:
        return self.home / "raw"

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
    def outbox(self) -> Path:
        return self.home / "outbox"

    @property
    def dagster_home(self) -> Path:
        return self.home / "dagster"


def measure_defaults() -> dict[str, Any]:
    """The measures' settings as dbt_project.yml documents them, by name."""
    project = yaml.safe_load((DBT_PROJECT_DIR / "dbt_project.yml").read_text(encoding="utf-8"))
    return dict(project["vars"])
