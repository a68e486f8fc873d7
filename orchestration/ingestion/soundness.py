"""Whether the raw zone is what was written: each Parquet file against its hash, the manifest and its parts.

Nothing is changed here but what `recovered` gives to its caller; deliveries.py mends.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from foundation.seals import fault_of, sha256_of
from orchestration.ingestion.manifest import (
    MANIFEST,
    FileEntry,
    LoadEntry,
    Manifest,
    ManifestDamagedError,
    Part,
    make_way,
    part_files,
)

DAMAGED = ".damaged"  # in the raw zone: files that were not what was written
_FOLDER = re.compile(r"load_date=(\d{4}-\d{2}-\d{2})/source=(.+)")


@dataclass(frozen=True)
class Recovered:
    """The manifest as far as it is known, and what is not."""

    manifest: Manifest
    is_written: bool  # whether it is what lies on disk, with its hashes
    notes: tuple[str, ...] = ()
    unknown: frozenset[Part] = frozenset()  # days whose entries are gone: to be read again


def put_aside(raw: Path, path: str) -> None:
    """Moves a damaged file out of the way of the one that takes its place; a person may want to look at it."""
    damaged, kept = raw / path, raw / DAMAGED / path
    if damaged.exists() or damaged.is_symlink():
        kept.parent.mkdir(parents=True, exist_ok=True)
        make_way(kept)
        if damaged.is_dir():
            kept.unlink(missing_ok=True)
        damaged.replace(kept)


def raw_faults(raw: Path, manifest: Manifest, threads: int) -> dict[str, str]:
    """What is wrong with the Parquet files that the manifest names, by path in the raw zone."""
    with ThreadPoolExecutor(threads) as pool:  # hashing leaves Python's lock
        checked = pool.map(lambda path: fault_of(raw / path, manifest.hashes[path]), manifest.hashes)
    return {path: fault for path, fault in zip(manifest.hashes, checked, strict=True) if fault}


def hashed(raw: Path, files: Iterable[FileEntry], loads: Iterable[LoadEntry], before: Manifest) -> dict[str, str]:
    """The hash of every file named: as it was known for entries that are of `before`, worked out for new ones."""
    made = Manifest.of(files, loads)
    same = {id(one) for one in before.entries}
    new = {feed.path for file in made.files if id(file) not in same for feed in file.feeds}
    new |= {path for load in made.loads if id(load) not in same for path in load.live}
    known = {path: before.hashes[path] for path in made.paths - new if path in before.hashes}
    kept = {path: before.hashes[path] for path in new if path in before.hashes and not (raw / path).is_file()}
    missing = [path for path in made.paths if path not in known and path not in kept]
    found = known | kept | {path: sha256_of(raw / path) for path in missing if (raw / path).is_file()}
    return dict(sorted(found.items()))


def recovered(raw: Path) -> Recovered:
    """The manifest on disk; where that is damaged or gone, what its parts come to, and which days they do not tell.

    Raises CommandFailedError for a manifest of a newer Kefu.
    """
    try:
        manifest = Manifest.read(raw)
    except ManifestDamagedError as error:
        return _from_parts(raw, str(error).partition(";")[0])
    if not manifest.files and not manifest.loads and delivered_days(raw):
        return _from_parts(raw, f"{raw / MANIFEST}: is gone")
    # one of before the hashes were kept: what lies there counts as sound
    hashes = manifest.hashes or hashed(raw, manifest.files, manifest.loads, Manifest())
    is_whole = bool(manifest.hashes) or not manifest.paths
    reported = {one.part for one in manifest.files}
    return Recovered(
        manifest.model_copy(update={"hashes": hashes}),
        is_whole and not part_faults(raw, manifest),
        unknown=frozenset(delivered_days(raw) - reported),
    )


def part_faults(raw: Path, manifest: Manifest) -> dict[Part, str]:
    """Which second copies of the manifest's parts are not to be relied on."""
    found = dict(part_files(raw))
    reported = {one.part for one in manifest.entries}
    faults = dict.fromkeys(reported - found.keys(), "is gone")
    for part in reported & found.keys():
        try:
            Manifest.from_file(found[part])
        except ManifestDamagedError as error:
            faults[part] = str(error).partition(": ")[2].partition(";")[0]
    return faults


def delivered_days(raw: Path) -> set[Part]:
    """Sources and days of which Parquet files lie in the raw zone, named or not."""
    folders = (path.parent.relative_to(raw).as_posix().partition("/")[2] for path in raw.glob("[!.]*/*/*/*.parquet"))
    found = (_FOLDER.fullmatch(folder) for folder in folders)
    return {(match[2], date.fromisoformat(match[1])) for match in found if match}


def _from_parts(raw: Path, why: str) -> Recovered:
    files: list[FileEntry] = []
    loads: list[LoadEntry] = []
    hashes: dict[str, str] = {}
    unknown = delivered_days(raw)
    damaged: set[Part] = set()
    for part, path in part_files(raw):
        try:
            reported = Manifest.from_file(path)
        except ManifestDamagedError:
            damaged.add(part)
            continue
        files += reported.files
        loads += reported.loads
        hashes |= reported.hashes
        unknown.discard(part)
    unknown |= damaged
    from_parts = len({one.part for one in files})
    note = f"{why}; made again from {from_parts} parts" + (f", {len(unknown)} days to be read again" if unknown else "")
    return Recovered(Manifest.of(files, loads, hashes), is_written=False, notes=(note,), unknown=frozenset(unknown))
