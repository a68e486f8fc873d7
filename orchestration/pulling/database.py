"""Rows of a database. dlt's loader streams them over SQLAlchemy; the query asks for what comes after the state's place.

dlt's own incremental loading keeps its state in a folder of its own and advances it when a resource was read; ours has
to advance when a file has landed.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from dlt.sources.sql_database.helpers import TableLoader

from foundation.secrets import Secret
from foundation.settings import Settings
from orchestration.pulling.declaration import Database, Table
from orchestration.pulling.errors import PullError
from orchestration.pulling.reading import Batch, Reading, Row, before
from orchestration.pulling.secrets import place as where
from orchestration.pulling.secrets import reveal
from orchestration.pulling.state import Place

_ROWS = 20_000  # of one fetch
# SQLSTATE, the longest beginning that fits: what it means and what to do
_MEANINGS = {
    "28": "the user or password is refused; correct them",
    "3D": "there is no such database; correct the URL",
    "3F": "there is no such schema; correct `table`",
    "42P01": "there is no such table; correct `table` or `query`",
    "42703": "there is no such column; correct `cursor` or `query`",
    "42501": "the user may not read it; grant select",
    "42601": "the query is no SQL of this database; correct it",
    "42": "the query cannot be run; try it in the database",
    "53": "the server has no room for another connection or query; try again later",
    "57014": "the server ended the query, for it took too long; pull less at once, or raise its limit for this user",
    "57": "the server ended the connection, or is starting; pull again, it goes on where it was",
    "08": "the connection broke; pull again, it goes on where it was",
    "22": "a value cannot be read as the query wants it; correct the query",
}


@contextmanager
def connected(settings: Settings, database: Database) -> Iterator[sa.Engine]:
    """The database. Errors of SQLAlchemy and its drivers come out as PullError without their text."""
    with _reported(), warnings.catch_warnings(action="ignore", category=sa.exc.SAWarning):  # types it does not know
        engine = _engine(settings, database)
        try:
            yield engine
        finally:
            engine.dispose()


def _engine(settings: Settings, database: Database) -> sa.Engine:
    url = reveal(settings, database.url) if isinstance(database.url, Secret) else database.url
    named = where(database.url) if isinstance(database.url, Secret) else "`url`"
    try:
        return sa.create_engine(url, hide_parameters=True)
    except (sa.exc.NoSuchModuleError, ModuleNotFoundError):
        raise PullError(
            f"no driver is installed for the database of {named}; for PostgreSQL: pip install 'kefu[postgresql]'"
        ) from None
    except (sa.exc.ArgumentError, ValueError):
        raise PullError(f"{named} holds no URL of a database, such as postgresql://user:password@host/name") from None


@contextmanager
def _reported() -> Iterator[None]:
    try:
        yield
    except sa.exc.NoSuchTableError:
        raise PullError("there is no such table; correct `table`, with its schema: shop.orders") from None
    except sa.exc.DBAPIError as error:
        raise PullError(_meaning(error)) from None
    except sa.exc.SQLAlchemyError as error:
        raise PullError(f"SQLAlchemy cannot do it ({type(error).__name__}); try the query in the database") from None


def _meaning(error: sa.exc.DBAPIError) -> str:
    state = str(getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None) or "")
    for length in (5, 2):
        if said := _MEANINGS.get(state[:length]):
            return f"{said} (SQLSTATE {state})"
    if state:
        return f"the database answered with an error (SQLSTATE {state}); try the query in the database"
    if error.connection_invalidated or isinstance(error, sa.exc.OperationalError):
        return "the database cannot be reached, refuses the user, or lacks what is asked; check the URL, and `table`"
    return f"the database answered with an error ({type(error.orig).__name__}); try the query in the database"


def read(engine: sa.Engine, table: Table, place: Place | None) -> Reading:
    """The rows of a table or a query: all, or from a place of its cursor on, in that order."""
    if table.cursor is None:
        return Reading(_batches(engine, table, None), whole=True)
    return Reading(_batches(engine, table, place), whole=False, steps=True, is_sorted=True, lag=table.lag)


def _batches(engine: sa.Engine, table: Table, place: Place | None) -> Iterator[Batch]:
    with _reported():
        asked, cursor = _reflected(engine, table) if table.table else _subquery(engine, table)
        if cursor is not None:
            _has_no_gaps(engine, asked, cursor)
            if place:
                asked = asked.where(cursor >= before(place.value, table.lag))
            asked = asked.order_by(cursor)
        loader = _Loader(
            engine, "sqlalchemy", sa.Table("pulled", sa.MetaData()), {}, _ROWS, query_adapter_callback=lambda *_: asked
        )
        for rows in loader.load_rows():
            yield Batch(rows, [row[table.cursor] for row in rows] if table.cursor else ())


class _Loader(TableLoader):
    """Rows as dictionaries under plain names, made in a third of the time."""

    def _convert_result(self, result: Any, backend_kwargs: dict[str, Any]) -> Iterator[list[Row]]:  # noqa: ARG002
        names = list(map(str, result.keys()))  # SQLAlchemy's own kind of text is none for JSON
        for rows in result.partitions(self.chunk_size):
            yield [dict(zip(names, row, strict=True)) for row in rows]


def _reflected(engine: sa.Engine, table: Table) -> tuple[sa.Select[Any], sa.ColumnElement[Any] | None]:
    schema, _, name = str(table.table).rpartition(".")
    found = sa.Table(name, sa.MetaData(), schema=schema or None, autoload_with=engine)
    if engine.dialect.name == "sqlite":  # its times are texts, compared as such
        for column in found.columns:
            column.type = sa.types.NullType()
    if table.cursor and table.cursor not in found.columns:
        raise PullError(f"the table has no column {table.cursor!r}; `cursor` must be one of its own")
    return sa.select(found), found.columns[table.cursor] if table.cursor else None


def _subquery(engine: sa.Engine, table: Table) -> tuple[sa.Select[Any], sa.ColumnElement[Any] | None]:
    text = str(table.query).strip().rstrip(";").replace(":", r"\:")  # a colon in it names no parameter of ours
    asked = sa.select(sa.text("*")).select_from(sa.text(f"({text}) pulled"))
    if table.cursor is None:
        return asked, None
    with engine.connect() as connection:
        names = list(connection.execute(asked.limit(0)).keys())
    if table.cursor not in names:
        raise PullError(f"the query gives no column {table.cursor!r}; `cursor` must be one of its own")
    return asked, sa.literal_column(engine.dialect.identifier_preparer.quote(table.cursor))


def _has_no_gaps(engine: sa.Engine, asked: sa.Select[Any], cursor: sa.ColumnElement[Any]) -> None:
    """A row without a cursor would never come."""
    with engine.connect() as connection:
        if connection.execute(asked.where(cursor.is_(None)).limit(1)).first() is not None:
            raise PullError(
                f"there are rows without {cursor.name}, which would never be pulled; take another `cursor`, a `query` "
                "with coalesce(...), or all rows each time by leaving `cursor` out"
            )
