"""The tables of the delivery ledger, and a database that holds them. What is written to them is ledger.py's part."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from reports.delivery.records import LedgerError

_metadata = sa.MetaData()
KEY = ("report", "period", "scope", "revision", "recipient", "language")


def _key_columns() -> list[sa.Column[Any]]:
    kinds = {"revision": sa.Integer()}
    return [sa.Column(name, kinds.get(name, sa.Text()), primary_key=True) for name in KEY]


delivery = sa.Table(
    "delivery",
    _metadata,
    *_key_columns(),
    sa.Column("state", sa.Text(), nullable=False),
    sa.Column("may_send", sa.Boolean(), nullable=False),  # a refusal for the time being, or released by a person
    sa.Column("via", sa.Text(), nullable=False),
    sa.Column("address_hash", sa.Text(), nullable=False),
    sa.Column("content_sha256", sa.Text(), nullable=False),
    sa.Column("claim_id", sa.Text(), nullable=False),
    sa.Column("attempts", sa.Integer(), nullable=False),
    sa.Column("changed_at", sa.Text(), nullable=False),
    sa.Column("reason", sa.Text(), nullable=False),
    # a mailbox that gets another id in the recipients file is still the same mailbox
    sa.UniqueConstraint("report", "period", "scope", "revision", "language", "address_hash"),
    sa.CheckConstraint("state in ('claimed', 'sent', 'failed', 'unknown')", name="known_state"),
)
hold = sa.Table(
    "hold",
    _metadata,
    sa.Column("report", sa.Text(), primary_key=True),
    sa.Column("period", sa.Text(), primary_key=True),
    sa.Column("asked", sa.Text(), primary_key=True),  # by which check
    sa.Column("reasons", sa.Text(), nullable=False),  # JSON, as found last
    sa.Column("released", sa.Text(), nullable=False),  # JSON, those that a person has let pass
    sa.Column("changed_at", sa.Text(), nullable=False),
    sa.Column("released_by", sa.Text()),
    sa.Column("release_reason", sa.Text()),
)
_MAX_SCHEMAS = 10_000  # a greater number is no number of a schema but noise
SCHEMA = 1  # of these tables; a ledger of before this was written down is the same
_schema = sa.Table("ledger_schema", _metadata, sa.Column("version", sa.Integer(), primary_key=True))
history = sa.Table(
    "history",
    _metadata,
    sa.Column("number", sa.Integer(), primary_key=True, autoincrement=True),
    sa.Column("at", sa.Text(), nullable=False),
    sa.Column("happening", sa.Text(), nullable=False),
    *(sa.Column(name, sa.Text() if name != "revision" else sa.Integer()) for name in KEY),
    sa.Column("by_name", sa.Text()),
    sa.Column("reason", sa.Text(), nullable=False),
)


def file_fault(path: Path) -> str | None:
    """What is wrong with a file of deliveries; its lock tells that there was one."""
    was_used = path.with_name(f"{path.name}.lock").exists()
    if not path.exists():
        return "is gone" if was_used else None
    if path.is_dir():
        return "is a folder"
    try:
        if path.stat().st_size == 0:
            return "is empty" if was_used else None
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            (answer,) = connection.execute("pragma integrity_check(1)").fetchone()
            tables = {name for (name,) in connection.execute("select name from sqlite_master")}
            ((pages,), (size,)) = (connection.execute(f"pragma {of}").fetchone() for of in ("page_count", "page_size"))
            versions = connection.execute("select version from ledger_schema") if "ledger_schema" in tables else ()
            is_known = all(isinstance(one, int) and 0 < one < _MAX_SCHEMAS for (one,) in versions)
            is_whole = pages * size == path.stat().st_size
    except sqlite3.Error as error:
        return f"is no sound SQLite database ({error})"
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    if answer != "ok" or not (is_known and is_whole):
        return "does not pass SQLite's own check"
    return None if {"delivery", "hold", "history"} <= tables else "lacks its tables"


def opened(url: str | Path) -> sa.Engine:
    """A database with all tables in it: a SQLite file by its path, PostgreSQL by its URL.

    Raises LedgerError where the file is damaged, nothing can be opened, or a newer version of Kefu wrote it.
    """
    engine = _sqlite(url) if isinstance(url, Path) else _postgresql(url)
    try:
        _metadata.create_all(engine)
        with engine.begin() as connection:
            found = connection.scalar(sa.select(sa.func.max(_schema.c.version)))
            if found is None:
                connection.execute(sa.insert(_schema).values(version=SCHEMA))
    except sa.exc.IntegrityError:
        found = SCHEMA  # another process has just written it
    except sa.exc.DBAPIError as error:
        raise LedgerError(f"the ledger cannot be opened ({type(error.orig).__name__}); see mail.ledger") from error
    if found is not None and found > SCHEMA:
        engine.dispose()
        raise LedgerError(
            f"the ledger is of schema {found}, and this version of Kefu knows {SCHEMA}: a newer version wrote it; "
            "install that version again (docs/recovery.md)"
        )
    return engine


def _sqlite(path: Path) -> sa.Engine:
    path.parent.mkdir(parents=True, exist_ok=True)
    why = file_fault(path)
    if why:
        raise LedgerError(
            f"{path}: {why}. It says who had which report, so nothing is sent without it: restore it "
            "from a backup; to begin anew, move it and its .lock away, and reports may go out twice "
            "(docs/recovery.md)"
        )
    return sa.create_engine(f"sqlite:///{path}")


def _postgresql(url: str) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
        if parsed.drivername not in ("postgresql", "postgres", "postgresql+psycopg"):
            raise LedgerError(f"mail.ledger is a URL of {parsed.drivername}; write postgresql://user@host/database")
        return sa.create_engine(parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
    except sa.exc.ArgumentError:
        raise LedgerError("mail.ledger is no URL; write postgresql://user@host/database") from None
    except ModuleNotFoundError as error:
        raise LedgerError("mail.ledger needs psycopg; install it with pip install 'kefu[postgresql]'") from error
