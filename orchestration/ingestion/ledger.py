"""The manifest: what was read, what became of it, which Parquet files are live. It moves atomically.

It holds no wall-clock time, so that the same deliveries in any order leave the same manifest.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from foundation.contract import LoadMode
from foundation.settings import Settings

Status = Literal["loaded", "refused", "held", "waits"]  # waits: a file is still being written


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Feed(_Entry):
    """What one file gave to one entity."""

    entity: str
    path: str  # Parquet, relative to the raw zone
    rows: int
    nulled: int = 0  # of them: loaded without a value that a rule of the contract took
    event_from: datetime | None = None  # UTC
    event_to: datetime | None = None  # UTC
    filled: tuple[str, ...] | None = None  # columns that hold a value; None in a manifest older than the field
    quarantined_keys: tuple[str, ...] = ()  # of a snapshot: keys that are not gone, only unreadable


class FileEntry(_Entry):
    """One file of one delivery. read = accepted + filtered + duplicate + quarantined + refused.

    A file whose money was converted has an entry more for each later day on which rates arrived that convert it
    otherwise: `known_from` is that day. What was known before is still had from the entry before.
    """

    source: str
    load_date: date
    mapping_file: str  # its name under `files` in the mapping
    file: str  # relative to the folder of the delivery
    sha256: str
    mapping_version: str
    inputs: str  # hash of all else the result depends on, but rates: mapping, contract, joined files, limits
    status: Status
    entities: dict[str, LoadMode]
    read: int = 0
    accepted: int = 0
    filtered: int = 0
    duplicate: int = 0
    quarantined: int = 0
    refused: int = 0
    feeds: tuple[Feed, ...] = ()
    unknown_columns: tuple[str, ...] = ()
    error: str | None = None
    known_from: date | None = None  # of a later reading; None: the day of the delivery
    rates_used: dict[str, tuple[date, date]] = {}  # by foreign currency: first and last day a rate was looked up for
    rates_digest: str = ""  # hash of the rates that those days could have
    earlier_rate: int = 0  # rows converted by the rate of a day before theirs, for want of one
    without_rate: int = 0  # of the quarantined ones: rows for which there is no rate

    def balances(self) -> bool:
        return self.read == self.accepted + self.filtered + self.duplicate + self.quarantined + self.refused


class LoadEntry(_Entry):
    """One row of control.loads: an entity's delivery from one source on one day."""

    entity: str
    source: str
    load_date: date
    load_mode: LoadMode
    status: Status
    mapping_version: str
    rows_read: int = 0
    rows_loaded: int = 0
    rows_filtered: int = 0
    rows_duplicate: int = 0
    rows_quarantined: int = 0
    rows_nulled: int = 0
    rows_refused: int = 0
    event_from: datetime | None = None
    event_to: datetime | None = None
    error: str | None = None
    filled: tuple[str, ...] | None = None  # columns of the entity that hold a value; None in an older manifest
    known_from: date | None = None  # of a later reading by other rates; None: load_date
    rows_earlier_rate: int = 0
    rows_without_rate: int = 0
    deletions_accepted: bool = False  # by a person, of a snapshot that lost many keys
    basis: str = ""  # hash of what the entry was made of
    live: tuple[str, ...] = ()  # Parquet in the raw zone; of a refused load its last good version

    @property
    def arrived(self) -> date:
        """From when on it was known."""
        return self.known_from or self.load_date


class Manifest(_Entry):
    """All of the raw zone."""

    files: tuple[FileEntry, ...] = ()
    loads: tuple[LoadEntry, ...] = ()

    @classmethod
    def read(cls, raw: Path) -> Manifest:
        path = raw / "manifest.json"
        return cls.model_validate_json(path.read_bytes()) if path.exists() else cls()

    @classmethod
    def of(cls, files: Iterable[FileEntry], loads: Iterable[LoadEntry]) -> Manifest:
        """In the order that does not depend on when each part arrived."""
        return cls(
            files=tuple(
                sorted(
                    files, key=lambda f: (f.source, f.load_date, f.mapping_file, f.file, f.known_from or f.load_date)
                )
            ),
            loads=tuple(sorted(loads, key=lambda load: (load.entity, load.source, load.load_date, load.arrived))),
        )

    def write(self, raw: Path) -> None:
        """Replaces the manifest in one step: whoever dies meanwhile leaves the old one."""
        raw.mkdir(parents=True, exist_ok=True)
        aside = raw / ".manifest.json"
        with aside.open("w", encoding="utf-8") as out:
            out.write(self.model_dump_json(indent=1, exclude_defaults=True))
            out.flush()
            os.fsync(out.fileno())
        aside.replace(raw / "manifest.json")
        sync_directory(raw)

    def known(self, known_at: date) -> tuple[LoadEntry, ...]:
        """One entry per entity, source and day of delivery: the newest reading known by then."""
        newest = {(load.entity, load.source, load.load_date): load for load in self.loads if load.arrived <= known_at}
        return tuple(newest.values())

    @property
    def newest(self) -> date | None:
        return max((load.load_date for load in self.loads), default=None)


def sync_directory(path: Path) -> None:
    """Makes the renames in a folder durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def live_files(settings: Settings, entity: str, known_at: date) -> list[Path]:
    """The Parquet files of an entity as known at the end of a day, in a stable order."""
    manifest = Manifest.read(settings.raw)
    return [settings.raw / path for load in manifest.known(known_at) if load.entity == entity for path in load.live]
