"""What the nights throw away: only what nothing stands on, and nothing where the clock cannot be trusted.

An issued report stands on the loads that the manifest names and on its own files, neither of which is touched. The
published versions are counted, not timed: orchestration/warehouse.py keeps the newest of them when it publishes.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from foundation.settings import Settings
from orchestration.ingestion.manifest import MANIFEST, PARTS, Manifest
from orchestration.ingestion.soundness import DAMAGED

_DAY = 24 * 60 * 60


@dataclass(frozen=True)
class Removed:
    """What one night threw away."""

    raw: int = 0
    quarantine: int = 0
    bytes: int = 0
    note: str = ""

    def __str__(self) -> str:
        if self.note:
            return self.note
        if not self.raw + self.quarantine:
            return "nothing to remove"
        return f"{self.raw} raw files, {self.quarantine} of quarantine removed, {self.bytes / 1e6:,.1f} MB"


def clean(settings: Settings, now: float | None = None) -> Removed:
    """Removes superseded Parquet and old quarantine. `now` is in seconds since the epoch."""
    now = time.time() if now is None else now
    manifest = Manifest.read(settings.raw)
    if manifest.newest is None:
        return Removed()
    newest = max((settings.raw / MANIFEST).stat().st_mtime, _midnight(manifest.newest))
    if now < newest - _DAY:
        return Removed(note="nothing removed: the clock says a day before the newest load; set it right")
    raw = list(_superseded(settings, manifest, now - settings.retention.raw_days * _DAY))
    quarantine = list(_old_quarantine(settings, manifest.newest - timedelta(days=settings.retention.quarantine_days)))
    size = sum(path.lstat().st_size for path in (*raw, *quarantine))
    for path in (*raw, *quarantine):
        path.unlink()
        _remove_empty(path.parent, settings)
    return Removed(len(raw), len(quarantine), size)


def _superseded(settings: Settings, manifest: Manifest, before: float) -> Iterator[Path]:
    """Parquet that no entry names, of days of which the manifest tells: of any other it may be all that is left."""
    reported = {(source, str(day)) for source, day in (one.part for one in manifest.files)}
    for path in settings.raw.glob("[!.]*/load_date=*/source=*/*.parquet"):
        name = path.relative_to(settings.raw).as_posix()
        part = (path.parent.name.partition("=")[2], path.parents[1].name.partition("=")[2])
        if name not in manifest.paths and part in reported and path.lstat().st_mtime < before:
            yield path
    for path in (settings.raw / DAMAGED).rglob("*"):
        if path.is_file() and path.lstat().st_mtime < before:
            yield path


def _old_quarantine(settings: Settings, before: date) -> Iterator[Path]:
    for folder in settings.quarantine.glob("*/*"):
        try:
            day = date.fromisoformat(folder.name)
        except ValueError:
            continue
        if day < before:
            yield from (path for path in folder.rglob("*") if path.is_file())


def _remove_empty(folder: Path, settings: Settings) -> None:
    roots = {settings.raw, settings.quarantine}
    while folder not in roots and PARTS not in folder.parts and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def _midnight(day: date) -> float:
    return (day - date(1970, 1, 1)).days * float(_DAY)
