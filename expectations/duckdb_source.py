"""Great Expectations' way into DuckDB: a data source whose engine keeps one connection. No check is here.

Stock GX opens a connection per query and reads the rows after closing it, which DuckDB answers with nothing.
Importing this module imports GX (seconds) and registers `context.data_sources.add_duckdb`.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import great_expectations as gx
import sqlalchemy as sa
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.datasource.fluent.sql_datasource import SQLDatasource
from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine


class DuckDBExecutionEngine(SqlAlchemyExecutionEngine):
    """One connection from the first query to `close`, so that results can be read when GX comes to it."""

    @contextmanager
    def get_connection(self) -> Iterator[sa.Connection]:
        if self._connection is None:
            self._connection = self.engine.connect()
        yield self._connection

    def close(self) -> None:
        """Let go of the database; the base class disposes of the pool, which spares a connection in use."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        super().close()


class DuckDBDatasource(SQLDatasource):
    """A DuckDB database as a GX data source."""

    type: Literal["duckdb"] = "duckdb"  # type: ignore[assignment]  # GX tells its sources apart by it

    @property
    def execution_engine_type(self) -> builtins.type[DuckDBExecutionEngine]:
        return DuckDBExecutionEngine

    def get_engine(self) -> sa.Engine:
        """The engine of the execution engine: a second one would be a second set of handles to close."""
        engine: sa.Engine = self.get_execution_engine().engine
        return engine


@contextmanager
def attached(
    databases: Mapping[str, Path], config: Mapping[str, str | int]
) -> Iterator[tuple[DuckDBDatasource, sa.Connection]]:
    """A DuckDB in memory with the files attached read-only: a data source for GX and its connection for SQL.

    Nothing stays open afterwards, nothing leaves the machine. Raises FileNotFoundError for a missing file.
    """
    for name, path in databases.items():
        if not path.is_file():
            raise FileNotFoundError(f"the database {name} that is to be checked is not at {path}")
    context = gx.get_context(
        mode="ephemeral",
        project_config=DataContextConfig(
            store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
            progress_bars=ProgressBarsConfig(globally=False),
            analytics_enabled=False,
        ),
    )
    source: DuckDBDatasource = context.data_sources.add_duckdb(
        name="kefu",
        connection_string="duckdb:///:memory:",
        kwargs={"isolation_level": "AUTOCOMMIT", "connect_args": {"config": dict(config)}},
    )
    engine = source.get_execution_engine()
    try:
        with engine.get_connection() as connection:
            for name, path in databases.items():
                escaped = str(path).replace("'", "''")
                connection.exec_driver_sql(f"attach '{escaped}' as {name} (read_only)")
            yield source, connection
    finally:
        engine.close()
