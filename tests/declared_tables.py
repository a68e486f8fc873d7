"""Tables as the dbt project declares them: what a fixture fills has the columns and types that the models give."""

from __future__ import annotations

from functools import cache
from typing import Any

import duckdb
import yaml

from foundation.settings import DBT_PROJECT_DIR


def create(con: duckdb.DuckDBPyConnection, table: str, schema: str = "") -> None:
    """An empty table of a model or of a seed, in a schema if it is named."""
    columns = ", ".join(f'"{name}" {kind}' for name, kind in declared(table).items())
    if schema:
        con.execute(f"create schema if not exists {schema}")
    con.execute(f"create table {f'{schema}.' if schema else ''}{table} ({columns})")


def declared(table: str) -> dict[str, str]:
    """The type of each column by its name, in the order in which they are declared."""
    found = _tables()[table]
    return dict(found.get("config", {}).get("column_types") or {c["name"]: c["data_type"] for c in found["columns"]})


@cache
def _tables() -> dict[str, dict[str, Any]]:
    """All of them by name; read as a whole, since one file may declare several."""
    return {
        table["name"]: table
        for kind in ("models", "seeds")
        for path in (DBT_PROJECT_DIR / kind).rglob("*.yml")
        for table in yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader).get(kind) or ()
    }
