"""The manifest: what was read, what became of it, which Parquet files are live. It moves atomically.

It holds no wall-clock time, so that the same deliveries in any order leave the same manifest. A seal, the hash of all
that follows it, tells a damaged one from a sound one. Each source and day has its part of it in a file of its own, a
second copy from which a damaged manifest is made again.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from foundation.contract import LoadMode
from foundation.errors import CommandFailedError, newer_schema
from foundation.settings import Settings

SCHEMA = 2  # of a manifest; 1 had neither seal nor hashes and is migrated by the next run that takes anything in
MANIFEST = "manifest.json"
PARTS = ".entries"
_HEAD = re.compile(rb'\{\n "schema": (\d+),\n "seal": "([0-9a-f]{64})",\n')
# waits: a file is still being written; lost: of a file alone, its Parquet is damaged and its delivery gone
Status = Literal["loaded", "refused", "held", "waits", "lost"]
Part = tuple[str, date]  # a source and a day of delivery


class ManifestDamagedError(CommandFailedError):
    """A manifest, or a part of it, that is not what was written."""


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FeedCounts(_Entry):
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
    feeds: tuple[FeedCounts, ...] = ()
    unknown_columns: tuple[str, ...] = ()
    error: str | None = None
    known_from: date | None = None  # of a later reading; None: the day of the delivery
    rates_used: dict[str, tuple[date, date]] = {}  # by foreign currency: first and last day a rate was looked up for
    rates_digest: str = ""  # hash of the rates that those days could have
    earlier_rate: int = 0  # rows converted by the rate of a day before theirs, for want of one
    without_rate: int = 0  # of the quarantined ones: rows for which there is no rate

    @property
    def part(self) -> Part:
        return self.source, self.load_date

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
    def part(self) -> Part:
        return self.source, self.load_date

    @property
    def arrived(self) -> date:
        """From when on it was known."""
        return self.known_from or self.load_date


class Manifest(_Entry):
    """All of the raw zone, or the part of one source and day."""

    files: tuple[FileEntry, ...] = ()
    loads: tuple[LoadEntry, ...] = ()
    hashes: dict[str, str] = {}  # SHA-256 of every Parquet file named above; an older manifest has none

    @classmethod
    def read(cls, raw: Path) -> Manifest:
        """Raises ManifestDamagedError for one that is damaged, or gone while its parts are there."""
        path = raw / MANIFEST
        if not path.exists() and not any((raw / PARTS).glob("*/*.json")):
            return cls()
        return cls.from_file(path)

    @classmethod
    def from_file(cls, path: Path) -> Manifest:
        """Raises ManifestDamagedError, and CommandFailedError for one that a newer Kefu wrote."""
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ManifestDamagedError(f"{path}: cannot be read ({error.strerror}); {_NEXT_NIGHT}") from error
        head = _HEAD.match(content)
        if head and int(head[1]) == SCHEMA:
            rest = content[head.end() :]
            if hashlib.sha256(rest).hexdigest() != head[2].decode():
                raise ManifestDamagedError(f"{path}: its content does not give the hash written in it; {_NEXT_NIGHT}")
            return cls.model_validate_json(b"{\n" + rest)
        _refuse_newer(path, content)
        try:
            return cls.model_validate_json(content)  # of schema 1
        except ValidationError:
            raise ManifestDamagedError(f"{path}: {_what_it_is(content)}; {_NEXT_NIGHT}") from None

    @classmethod
    def of(
        cls, files: Iterable[FileEntry], loads: Iterable[LoadEntry], hashes: Mapping[str, str] | None = None
    ) -> Manifest:
        """In the order that does not depend on when each part arrived."""
        made = cls(
            files=tuple(
                sorted(
                    files, key=lambda f: (f.source, f.load_date, f.mapping_file, f.file, f.known_from or f.load_date)
                )
            ),
            loads=tuple(sorted(loads, key=lambda load: (load.entity, load.source, load.load_date, load.arrived))),
        )
        known = hashes or {}
        named = {path: known[path] for path in sorted(made.paths) if path in known}
        return made.model_copy(update={"hashes": named})

    @property
    def entries(self) -> tuple[FileEntry | LoadEntry, ...]:
        return (*self.files, *self.loads)

    @property
    def paths(self) -> frozenset[str]:
        """Every Parquet file that is named, relative to the raw zone."""
        fed = {feed.path for file in self.files for feed in file.feeds}
        return frozenset(fed | {path for load in self.loads for path in load.live})

    def write(self, raw: Path, before: Manifest | None = None) -> None:
        """Replaces the parts that differ from `before` (all, where none is given), then the manifest in one step:
        whoever dies meanwhile leaves the old one."""
        for (source, day), part in self.parts(before).items():
            path = raw / PARTS / source / f"{day}.json"
            if not (part.files or part.loads):
                path.unlink(missing_ok=True)
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            part._to_file(path)
        raw.mkdir(parents=True, exist_ok=True)
        self._to_file(raw / MANIFEST, lasting=True)
        sync_directory(raw)

    def parts(self, before: Manifest | None = None) -> dict[Part, Manifest]:
        """By source and day: the part that an entry or load belongs to which is not of `before`, the same object."""
        earlier = before.entries if before else ()
        same = {id(one) for one in earlier} & {id(one) for one in self.entries}
        touched = {one.part for one in (*self.entries, *earlier) if id(one) not in same}
        return {
            part: Manifest.of(
                (file for file in self.files if file.part == part),
                (load for load in self.loads if load.part == part),
                self.hashes,
            )
            for part in sorted(touched)
        }

    def _to_file(self, path: Path, *, lasting: bool = False) -> None:
        body = self.model_dump_json(indent=1, exclude_defaults=True).encode().removeprefix(b"{\n")
        if body == b"{}":
            body = b' "files": []\n}'
        seal = hashlib.sha256(body).hexdigest()
        aside = path.with_name(f".{path.name}")
        make_way(aside)
        with aside.open("wb") as out:
            out.write(f'{{\n "schema": {SCHEMA},\n "seal": "{seal}",\n'.encode() + body)
            if lasting:
                out.flush()
                os.fsync(out.fileno())
        make_way(path)
        aside.replace(path)

    def known(self, known_at: date) -> tuple[LoadEntry, ...]:
        """One entry per entity, source and day of delivery: the newest reading known by then."""
        newest = {(load.entity, load.source, load.load_date): load for load in self.loads if load.arrived <= known_at}
        return tuple(newest.values())

    @property
    def newest(self) -> date | None:
        return max((load.load_date for load in self.loads), default=None)


_NEXT_NIGHT = "the next night (or kefu ingest) makes it again from its parts; kefu verify names every file concerned"


def _refuse_newer(path: Path, content: bytes) -> None:
    """A schema that this program does not know is not damage, and must not be mended."""
    try:
        found = json.loads(content)
    except ValueError:
        return
    schema = found.get("schema") if isinstance(found, dict) else None
    if isinstance(schema, int) and schema > SCHEMA:
        raise newer_schema(path, schema, SCHEMA)


def _what_it_is(content: bytes) -> str:
    return "is no manifest" if content.strip(b"\0 \n") else "is empty"


def make_way(path: Path) -> None:
    """Moves a folder away that stands where a file belongs; it is nothing that Kefu made."""
    if path.is_dir() and not path.is_symlink():
        numbered = (path.with_name(f"{path.name}.moved-{number}") for number in range(1, 10_000))
        path.rename(next(one for one in numbered if not one.exists()))


def part_files(raw: Path) -> Iterator[tuple[Part, Path]]:
    """The files of parts that are there, by source and day."""
    for path in sorted((raw / PARTS).glob("*/*.json")):
        if not path.name.startswith("."):
            yield (path.parent.name, date.fromisoformat(path.stem)), path


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
