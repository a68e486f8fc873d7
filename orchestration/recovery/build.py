"""Whether the files of the last build are what was written. What is not, the next night builds anew from raw."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb

from foundation.seals import fault_of, sealed_hash, sha256_of
from foundation.settings import Settings

WORK = "work.duckdb"
MARTS = "kefu.duckdb"
REBUILT = "the next night builds it in full, kefu rebuild does at once; until then an older one may lie in versions/"


def is_sound(settings: Settings) -> bool:
    """Whether the last good build can be carried on; one of before there were seals is not, for nobody can tell."""
    if sealed_hash(settings.build / WORK) is None or not any((settings.published / "versions").glob(".*.sha256")):
        return False
    return work_fault(settings) is None and not any(path.name == MARTS for path, _ in published_faults(settings))


def work_fault(settings: Settings) -> tuple[Path, str] | None:
    """What is wrong with the work file of the last build; one that is missing is wrong where something is published."""
    path = settings.build / WORK
    if not path.exists():
        return (path, "is gone") if (settings.published / MARTS).exists() else None
    sha256 = sealed_hash(path)
    why = fault_of(path, sha256) if sha256 else unopened(path)
    return (path, why) if why else None


def published_faults(settings: Settings) -> Iterator[tuple[Path, str]]:
    """What is wrong with the published warehouse and the versions beside it."""
    current, folder = settings.published / MARTS, settings.published / "versions"
    versions = sorted(folder.glob("*.duckdb"))
    good = {sha256 for path in versions if (sha256 := sealed_hash(path))}
    if current.exists():
        why = fault_of(current, "") if good else unopened(current)
        if why and good and why.startswith("is not") and sha256_of(current) in good:
            why = None
        if why:
            yield current, why
    elif versions or good:
        yield current, "is gone"
    for path in versions:
        is_current = current.is_file() and path.samefile(current)
        sha256 = sealed_hash(path)
        if not is_current and sha256 and (why := fault_of(path, sha256)):
            yield path, why
    sealed = {seal.name.removeprefix(".").removesuffix(".sha256") for seal in folder.glob(".*.sha256")}
    for name in sorted(sealed - {path.name for path in versions}):
        yield folder / name, "is gone"


def published_day(settings: Settings) -> date | None:
    """The last day that the published warehouse speaks of; none where it cannot be read."""
    try:
        with duckdb.connect(str(settings.published / MARTS), read_only=True) as connection:
            row = connection.execute("select as_of_date from reporting.rpt_build").fetchone()
    except (duckdb.Error, OSError):
        return None
    return row[0] if row else None


def superseded(folder: Path, current: Path, keep: int) -> list[Path]:
    """Published versions beyond the newest ones. Where the clock jumped back, times tell nothing: none."""
    made = {path: path.stat().st_mtime for path in folder.glob("*.duckdb")}
    if any(at > made[current] for at in made.values()):
        return []
    others = sorted((path for path in made if path != current), key=lambda path: made[path])
    return others[: max(0, len(others) + 1 - keep)]


def unopened(path: Path) -> str | None:
    """Of a build of before there were seals: whether it opens at all."""
    try:
        if path.is_dir():
            return "is a folder"
        if path.stat().st_size == 0:
            return "is empty"
        with duckdb.connect(str(path), read_only=True) as connection:
            connection.execute("select count(*) from duckdb_tables()").fetchall()
    except (duckdb.Error, OSError) as error:
        return f"cannot be opened ({type(error).__name__})"
    return None
