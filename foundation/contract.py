"""The contract as typed objects, read from the dbt source definitions, its only home.

No rule about a particular entity lives here: whatever distinguishes one from another is said in the YAML.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from typing import Any, Literal

import yaml

from foundation.settings import DBT_PROJECT_DIR

LoadMode = Literal["snapshot", "delta", "append"]
STAGING = DBT_PROJECT_DIR / "models" / "staging"


@dataclass(frozen=True)
class Column:
    """One column of an entity. A value outside of its limits is lost where the column may be null, else its row is."""

    name: str
    data_type: str
    key: bool = False
    required: bool = False
    pii: bool = False
    technical: bool = False  # added by ingestion, never mapped
    version: bool = False
    identifier: bool = False  # a `source:id` though it references no one entity
    required_without: str | None = None  # required where that other column is empty
    unit: str | None = None
    references: str | None = None
    accepted_values: tuple[str, ...] = ()
    minimum: str | None = None
    maximum: str | None = None
    past: bool = False  # cannot lie after the day it was delivered, which also says what a year of two digits means


@dataclass(frozen=True)
class Rule:
    """What the columns of one row of an entity must agree on; a row of which it cannot be told is fine."""

    holds: str  # an SQL condition over columns of the entity
    column: str  # the one it is about
    says: str  # what is wrong with that column's value where it does not hold
    without: tuple[str, ...] = ()  # the row is loaded with these null; where there are none it is put aside


@dataclass(frozen=True)
class Entity:
    """One table of the raw zone."""

    name: str
    load_mode: LoadMode
    event_time: str | None
    columns: tuple[Column, ...]
    rules: tuple[Rule, ...] = ()
    rate_time: str | None = None  # whose day money is converted by, where it is not the event time

    @cached_property
    def by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    @cached_property
    def mapped(self) -> tuple[Column, ...]:
        """The columns a mapping fills."""
        return tuple(column for column in self.columns if not column.technical)

    @cached_property
    def keys(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.key)

    @cached_property
    def digest(self) -> str:
        """Changes whenever a column or its rules do."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    def is_prefixed(self, column: Column) -> bool:
        """Whether values are stored as `source:id`: references, identifiers and keys that stand alone."""
        return bool(column.references) or column.identifier or self.keys == (column,)

    def ddl(self) -> str:
        return ", ".join(f"{quote(column.name)} {column.data_type}" for column in self.columns)


def quote(name: str) -> str:
    """The name as a SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """The text as a SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def _meta(node: dict[str, Any]) -> dict[str, Any]:
    meta: dict[str, Any] = node.get("config", {}).get("meta", {})
    return meta


def _entity(table: dict[str, Any]) -> Entity:
    columns = []
    for node in table["columns"]:
        meta = dict(_meta(node))
        meta["accepted_values"] = tuple(str(value) for value in meta.get("accepted_values", ()))
        columns.append(Column(name=node["name"], data_type=node["data_type"], **meta))
    meta = _meta(table)
    rules = tuple(Rule(**{**rule, "without": tuple(rule.get("without", ()))}) for rule in meta.get("rules", ()))
    return Entity(
        name=table["name"],
        load_mode=meta.get("load_mode", "append"),
        event_time=meta.get("event_time"),
        columns=tuple(columns),
        rules=rules,
        rate_time=meta.get("rate_time"),
    )


def _tables(file_name: str) -> dict[str, Entity]:
    # libyaml, where the wheel has it, is ten times faster
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    document = yaml.load((STAGING / file_name).read_text(encoding="utf-8"), loader)  # noqa: S506 - both are safe
    return {table["name"]: _entity(table) for source in document["sources"] for table in source["tables"]}


@lru_cache(maxsize=1)
def contract() -> dict[str, Entity]:
    """All entities by name."""
    return _tables("_sources.yml")


@lru_cache(maxsize=1)
def control_tables() -> dict[str, Entity]:
    """The tables that tell a build what it stands on, by name."""
    return _tables("_control.yml")
