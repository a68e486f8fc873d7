"""Dagster's own records: history, which no figure stands on. Old ones go, damaged ones make way for new ones."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg

_DATABASES = ("history/runs.db", "history/runs/index.db", "schedules/schedules.db")
_FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
_A_NIGHT = 200  # runs removed at most: a home that kept them for years is not cleaned in one go


def move_damaged(home: Path) -> list[str]:
    """Moves databases aside that SQLite cannot read; Dagster makes new ones. Gives their names."""
    moved = []
    for name in _DATABASES:
        path = home / name
        if path.exists() and not _is_sound(path):
            for one in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
                if one.exists():
                    numbered = (one.with_name(f"{one.name}.damaged-{number}") for number in range(1, 10_000))
                    one.rename(next(free for free in numbered if not free.exists()))
            moved.append(name)
    return moved


def _is_sound(path: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            tables = connection.execute("select count(*) from sqlite_master").fetchone()[0]
            (answer,) = connection.execute("pragma quick_check(1)").fetchone()
            return bool(tables) and answer == "ok"
    except sqlite3.Error:
        return False


def old_runs(instance: dg.DagsterInstance, days: int, now: datetime | None = None) -> int:
    """Removes runs that ended long ago with their events, the oldest first; none where a run is of the future, for then
    the clock jumped back. Gives how many."""
    now = now or datetime.now(UTC)
    newest = instance.get_run_records(limit=1)
    if newest and newest[0].create_timestamp.replace(tzinfo=UTC) > now + timedelta(days=1):
        return 0
    wanted = dg.RunsFilter(statuses=_FINISHED, created_before=now - timedelta(days=days))
    found = instance.get_run_records(wanted, limit=_A_NIGHT, ascending=True)
    for record in found:
        run_id = record.dagster_run.run_id
        instance.delete_run(run_id)
        shard = Path(instance.root_directory) / "history" / "runs" / f"{run_id}.db"
        for path in (shard, shard.with_name(f"{shard.name}-wal"), shard.with_name(f"{shard.name}-shm")):
            path.unlink(missing_ok=True)
    return len(found)
