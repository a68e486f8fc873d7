"""What a source's file says under `pull:`. Reads nothing but the presets; where a secret is, never what it is."""

from __future__ import annotations

import json
import re
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from foundation.secrets import Hidden, Secret

PRESETS = Path(__file__).resolve().parent / "presets"
_NAME = r"^[A-Za-z0-9_-]+$"  # of an object: its files are called so
# of the presets, which the schema lists for editors
Preset = Literal["hubspot", "intercom", "salesforce", "shopify", "zendesk"]
Paging = Literal["single_page", "cursor", "header_link", "header_cursor", "json_link", "page_number", "offset"]


class Part(BaseModel):
    """A part of the declaration: what it does not know it refuses."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


# --- databases ----------------------------------------------------------------------------------------------


class Table(Part):
    """One table, or what a query gives."""

    table: str | None = Field(None, min_length=1)  # with its schema, if it is not the connection's: shop.orders
    query: str | None = Field(None, min_length=1)
    cursor: str | None = None  # a column that only grows: rows from its last value on. All rows where left out
    lag: int = Field(0, ge=0)  # seconds (or numbers) before the last value that are read again: what was committed late

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.table is None) == (self.query is None):
            raise ValueError("give either `table` or `query`")
        if self.lag and not self.cursor:
            raise ValueError("`lag` is of a `cursor`; name it")
        return self


def _database_url(value: Any) -> Any:
    if isinstance(value, str) and re.search(r"//[^/@]*:[^/@]*@|password=", value, re.IGNORECASE):
        raise ValueError("holds a password; write the whole URL elsewhere: {env: NAME} or {file: PATH}")
    return value


class Database(Part):
    """A database that SQLAlchemy can reach."""

    url: Annotated[str | Secret, BeforeValidator(_database_url)]
    objects: dict[Annotated[str, Field(pattern=_NAME)], Table] = Field(min_length=1)


# --- APIs ---------------------------------------------------------------------------------------------------


class Basic(Part):
    user: str
    password: Hidden


class Header(Part):
    name: str = Field(pattern=r"^[A-Za-z0-9-]+$")
    value: Hidden


class ClientCredentials(Part):
    """OAuth 2: a token is asked for by itself, and again when it has expired."""

    token_url: str
    client_id: str
    client_secret: Hidden
    scope: str | None = None


class Auth(Part):
    """How a request says who asks."""

    bearer: Hidden | None = None
    basic: Basic | None = None
    header: Header | None = None
    client_credentials: ClientCredentials | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise ValueError("give one of bearer, basic, header, client_credentials")
        return self


class Paginator(Part):
    """How one page leads to the next, in the words of dlt's REST client."""

    type: Paging = "single_page"
    cursor_path: str | None = None
    cursor_param: str | None = None
    cursor_body_path: str | None = None
    cursor_key: str | None = None
    next_url_path: str | None = None
    has_more_path: str | None = None
    base_page: int | None = None
    page_param: str | None = None
    limit: int | None = None
    limit_param: str | None = None
    offset_param: str | None = None
    total_path: str | None = None

    @property
    def shifts(self) -> bool:
        """Whether a row that moves can push another one over the border between two pages, unseen."""
        return self.type in ("page_number", "offset")


class Since(Part):
    """Which records are new, by a field of theirs: `{since}` in `params` or `body` stands for its greatest value."""

    field: str  # a path: updated_at, properties.hs_lastmodifieddate
    start: str  # before anything was pulled
    format: Literal["as_sent", "utc", "epoch_s", "epoch_ms"] = "as_sent"  # how the API wants it
    lag: int = Field(0, ge=0)  # seconds before it that are asked for again
    ordered: bool = True  # whether records come by that field: then each landed file is a step


class Resume(Part):
    """A place in the system's own log of changes, which it tells with each page and takes again the next day."""

    path: str  # in the answer
    param: str  # of the next request


class Endpoint(Part):
    """One list of records."""

    path: str
    method: Literal["GET", "POST"] = "GET"
    params: dict[str, str] = Field(default_factory=dict)
    body: dict[str, Any] | None = None
    records: str = "$"  # the path of the list in the answer; the answer itself where left out
    paginator: Paginator = Paginator()
    stop_when: str | None = None  # a field of the answer that is true on the last page
    since: Since | None = None
    resume: Resume | None = None
    start: dict[str, str] = Field(default_factory=dict)  # parameters of the first request ever, in place of `resume`

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.since and self.resume:
            raise ValueError("give either `since` or `resume`")
        if self.start and not self.resume:
            raise ValueError("`start` goes with `resume`")
        return self

    @field_validator("body", mode="before", json_schema_input_type=str | dict[str, Any])
    @classmethod
    def _as_json(cls, value: Any) -> Any:
        """As JSON text it keeps its numbers: every scalar of a mapping is a text."""
        return json.loads(value) if isinstance(value, str) else value

    @field_validator("path")
    @classmethod
    def _of_this_host(cls, value: str) -> str:
        if urlsplit(value).scheme or value.startswith("//"):
            raise ValueError("is a path below `url`, such as /api/v2/tickets")
        return value


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _web(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must begin with https:// and a host")
    if parts.username or parts.password or parts.query:
        raise ValueError("holds a user, a password or a query; take it out: `auth` says where secrets are")
    return value


def _is_open(url: str) -> bool:
    """Whether what is sent there can be read on the way."""
    parts = urlsplit(url)
    return parts.scheme == "http" and not _is_loopback(parts.hostname or "")


def _with_what_a_preset_fills(schema: dict[str, Any]) -> None:
    """For editors: objects of a preset are named, or stated in part."""
    whole = schema["properties"]["objects"]
    part = {
        "type": "object",
        "properties": dict.fromkeys(Endpoint.model_fields, True),
        "additionalProperties": False,
    }
    schema["properties"]["objects"] = {
        "anyOf": [whole, {"type": "array", "items": {"type": "string"}}, {**whole, "patternProperties": {_NAME: part}}]
    }
    schema["if"] = {"required": ["preset"]}
    schema["then"] = {"required": ["url"]}
    schema["else"] = {"required": schema.pop("required"), "properties": {"objects": whole}}


class Api(Part):
    """A REST API with JSON."""

    model_config = ConfigDict(json_schema_extra=_with_what_a_preset_fills)

    preset: Preset | None = None
    url: Annotated[str, BeforeValidator(_web, json_schema_input_type=str)]
    auth: Auth | None = None
    requests_per_minute: int | None = Field(None, ge=1)
    attempts: int = Field(8, ge=1, le=50)  # at one request, when the server is busy or breaks off
    timeout_seconds: float = Field(60, gt=0)
    objects: dict[Annotated[str, Field(pattern=_NAME)], Endpoint] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _of_the_preset(cls, data: Any) -> Any:
        """The objects of a preset are named (a list), or changed key by key (a mapping)."""
        if not isinstance(data, dict):
            return data
        known = _preset(str(data["preset"])) if data.get("preset") in _presets() else {}
        named = data.get("objects", list(known.get("objects", {})))
        asked: dict[str, Any] = {str(one): {} for one in named} if isinstance(named, list) else named
        if not isinstance(asked, dict):
            return data
        built_in = known.get("objects", {})
        if unknown := [name for name in asked if isinstance(named, list) and name not in built_in]:
            raise ValueError(f"objects: the preset has no {unknown[0]!r}; it has {', '.join(built_in) or 'none'}")
        merged = {
            name: {**built_in.get(name, {}), **(changed or {})} if isinstance(changed, dict | None) else changed
            for name, changed in asked.items()
        }
        return {**{key: value for key, value in known.items() if key != "description"}, **data, "objects": merged}

    @model_validator(mode="after")
    def _secrets_are_not_shown_on_the_way(self) -> Self:
        urls = [self.url]
        if self.auth and self.auth.client_credentials:
            urls.append(_web(self.auth.client_credentials.token_url))
        if self.auth and any(map(_is_open, urls)):
            raise ValueError("a secret would be sent over http:// for all to read; write https://")
        return self


class Pull(Part):
    """Where a source's files are pulled from."""

    database: Database | None = None
    api: Api | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.database is None) == (self.api is None):
            raise ValueError("give either `database` or `api`")
        return self

    @property
    def increments(self) -> tuple[str, ...]:
        """The objects of which a delivery holds the new and changed rows, not all of them."""
        tables = self.database.objects if self.database else {}
        endpoints = self.api.objects if self.api else {}
        by_cursor = (name for name, table in tables.items() if table.cursor)
        return (*by_cursor, *(name for name, one in endpoints.items() if one.since or one.resume))


@cache
def _presets() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in PRESETS.glob("*.yml")))


@cache
def _preset(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((PRESETS / f"{name}.yml").read_text(encoding="utf-8"))
    return found
