"""`kefu backup` and `kefu restore`: a copy of a home that is consistent though nights run, checked before it is used.

What is copied never changes in place: files are replaced by rename, the manifest names Parquet that stays as it is. The
build and Dagster's records are left out; the next night makes the first again, the second is history. The ledger of
deliveries goes last, so that it knows of every mail whose report the copy holds.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from foundation.errors import CommandFailedError, newer_schema
from foundation.seals import fault_of, sealed_hash, sha256_of, write_seal
from foundation.settings import Settings
from orchestration.ingestion.manifest import Manifest
from orchestration.lock import single_writer
from orchestration.recovery.build import MARTS, unopened
from reports.delivery.ledger_tables import file_fault

SCHEMA = 1  # of a backup
INDEX = "backup.json"
RESTORING = ".restoring"  # in a home: what a restore brings, until all of it is in its place
_CONFIGURATION = ("kefu.toml", "recipients.yml", "sources", "reference")
_DATA = ("pulls", "landing", "quarantine", "reports", "outbox")
_ATTEMPTS = 5  # a night that runs may replace a file while it is copied


def backup(settings: Settings, target: Path) -> str:
    """Copies the home into a new folder and says what it came to. Who dies leaves a folder called TARGET.part."""
    target = target.expanduser().resolve()
    if target.is_relative_to(settings.home):
        raise CommandFailedError(f"{target}: lies in the home that it is to be a copy of; name a folder elsewhere")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise CommandFailedError(f"{target}: is there already; name a new folder, one for each backup")
    aside = target.with_name(f"{target.name}.part")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True, mode=0o700)
    for name in (*_CONFIGURATION, *_DATA):
        _copy_all(settings.home / name, aside / name)
    _copy_raw(settings, aside / "raw")
    left_out = _copy_published(settings, aside / "published")
    _copy_ledger(settings, aside)
    files = {path.relative_to(aside).as_posix(): sha256_of(path) for path in sorted(_files(aside))}
    index = {"schema": SCHEMA, "kefu": version("kefu"), "made_at": datetime.now(UTC).isoformat(timespec="seconds")}
    _write_index(aside / INDEX, {**index, "files": files})
    for path in _files(aside):
        path.chmod(0o600)
    for folder in [aside, *(path for path in aside.rglob("*") if path.is_dir())]:
        folder.chmod(0o700)
    if target.exists():
        target.rmdir()
    aside.rename(target)
    size = sum(path.stat().st_size for path in _files(target))
    return f"{len(files):,} files, {size / 1e6:,.1f} MB in {target}; build/ and dagster/ are left out{left_out}"


def restore(settings: Settings, source: Path) -> Iterator[str]:
    """Puts a backup in the place of what the home holds, which is moved aside; yields what a person should know.

    Nothing is touched before every file of the backup gave its hash. A restore that died is finished by another.
    """
    source = source.expanduser().resolve()
    index = _checked(source)
    with single_writer(settings):
        incoming = settings.home / RESTORING
        shutil.rmtree(incoming, ignore_errors=True)
        incoming.mkdir(parents=True, mode=0o700)
        for name, sha256 in index["files"].items():
            path = incoming / name
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            shutil.copyfile(source / name, path)
            path.chmod(0o600)
            if sha256_of(path) != sha256:
                raise CommandFailedError(f"{path}: was not copied as it is in {source}; nothing of the home is changed")
        for folder in (path for path in incoming.rglob("*") if path.is_dir()):
            folder.chmod(0o700)
        replaced = _folder_aside(settings)
        (settings.build / "work.duckdb").unlink(missing_ok=True)
        names = dict.fromkeys((*_CONFIGURATION, *_DATA, "raw", "published", "delivery.db", "delivery.db.lock"))
        for name in names:  # each a rename; the home's own first, so that nothing of two homes is mixed
            _move(settings.home / name, replaced / name)
        for name in names:
            _move(incoming / name, settings.home / name)
        incoming.rmdir()
        if (settings.home / "delivery.db").exists():
            (settings.home / "delivery.db.lock").touch(0o600)
    yield f"{len(index['files']):,} files of {index['made_at']} are in their place"
    if replaced.exists():
        yield f"what was there before lies in {replaced}; delete it when you no longer need it"
    yield "mails sent since then are not known to the ledger: before you send again, see kefu delivery"
    yield "the next night builds in full; kefu rebuild does at once"


def _copy_all(source: Path, target: Path) -> None:
    """A file or folder as it is now; what vanishes meanwhile was on its way."""
    if source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)
        return
    hidden = []
    for path in sorted(source.rglob("*")):
        if path.is_symlink() or not path.is_file() or path.suffix == ".part":
            continue
        if path.name.startswith(".") and source.name != "pulls":  # seals, after what they seal
            hidden.append(path)
            continue
        _copy_one(path, target / path.relative_to(source))
    for path in hidden:
        sealed = path.with_name(path.name.removeprefix(".").removesuffix(".sha256"))
        if path.name.endswith(".sha256") and (target / sealed.relative_to(source)).exists():
            _seal_copy(sealed, target / sealed.relative_to(source))


def _copy_one(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        shutil.copy2(source, target)
    except FileNotFoundError:
        target.unlink(missing_ok=True)


def _seal_copy(source: Path, target: Path) -> None:
    """The copy of a sealed file with its seal; once more where both were replaced between the two copies."""
    for _ in range(_ATTEMPTS):
        sha256 = sealed_hash(source)
        if sha256 is None:
            return
        if sha256_of(target) == sha256:
            write_seal(target, sha256)
            return
        _copy_one(source, target)
    write_seal(target, sealed_hash(source) or "")  # damaged in the home: the copy says so too


def _copy_raw(settings: Settings, target: Path) -> None:
    """The manifest first, then what it names: Parquet stays until the manifest no longer does."""
    for attempt in range(_ATTEMPTS):
        manifest = Manifest.read(settings.raw)
        try:
            for path in sorted(manifest.paths):
                (target / path).parent.mkdir(parents=True, exist_ok=True)
                if not (target / path).exists():
                    shutil.copy2(settings.raw / path, target / path)
        except FileNotFoundError:
            if attempt == _ATTEMPTS - 1:
                reported = f"{settings.raw}: a file that the manifest names is gone; see kefu verify"
                raise CommandFailedError(reported) from None
            continue
        damaged = [path for path, sha256 in manifest.hashes.items() if sha256_of(target / path) != sha256]
        if damaged:
            reported = f"{settings.raw / damaged[0]}: is not what was written ({len(damaged)} such files)"
            raise CommandFailedError(
                f"{reported}; run kefu ingest, which mends it, before you keep a copy (kefu verify)"
            )
        if manifest.entries:
            manifest.write(target)
        return


def _copy_published(settings: Settings, target: Path) -> str:
    """The version that readers open, under both of its names; says so where it is damaged, for it can be made again."""
    current = settings.published / MARTS
    if not current.is_file():
        return ""
    (target / "versions").mkdir(parents=True)
    with current.open("rb") as file, (target / MARTS).open("wb") as copy:  # the open file stays the same
        shutil.copyfileobj(file, copy)
        same = [
            path
            for path in (settings.published / "versions").glob("*.duckdb")
            if os.path.samestat(path.stat(), os.fstat(file.fileno()))
        ]
    sha256 = sha256_of(target / MARTS)
    # a home that was copied has the file twice; the seal of either says whether it is what was written
    same = same or [path for path in settings.published.glob("versions/*.duckdb") if sealed_hash(path) == sha256]
    sealed = sealed_hash(same[0]) if same else None
    if sealed not in (None, sha256) or (sealed is None and unopened(target / MARTS)):
        shutil.rmtree(target)
        return f"; {current} is damaged and left out too (kefu rebuild)"
    version_path = target / "versions" / (same[0].name if same else "restored.duckdb")
    os.link(target / MARTS, version_path)
    write_seal(version_path, sha256)
    return ""


def _copy_ledger(settings: Settings, target: Path) -> None:
    path = settings.ledger
    if not isinstance(path, Path) or not path.exists():
        return
    why = file_fault(path)
    if why:
        raise CommandFailedError(f"{path}: {why}; restore it from an earlier backup before you keep a copy")
    with (
        closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as old,
        closing(sqlite3.connect(target / path.name)) as new,
    ):
        old.backup(new)


def _checked(source: Path) -> dict[str, Any]:
    """What a backup says of itself. Raises CommandFailedError where a file is not what was copied."""
    path = source / INDEX
    try:
        index = json.loads(path.read_bytes())
        seal = index.pop("seal")
        schema, files = index["schema"], index["files"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise CommandFailedError(f"{path}: is gone or damaged, so {source} is no backup to restore") from None
    if schema > SCHEMA:
        raise newer_schema(path, schema, SCHEMA)
    if _index_hash(index) != seal or any(Path(name).is_absolute() or ".." in Path(name).parts for name in files):
        raise CommandFailedError(f"{path}: is not what was written, so {source} is no backup to restore")
    faults = [name for name, sha256 in files.items() if fault_of(source / name, sha256)]
    if faults:
        listed = "\n".join(f"{source / name}: is gone, or not what was copied" for name in faults)
        raise CommandFailedError(f"{listed}\nnothing was restored; use another backup")
    return dict(index)


def _write_index(path: Path, index: dict[str, Any]) -> None:
    path.write_text(json.dumps({**index, "seal": _index_hash(index)}, indent=1), encoding="utf-8")


def _index_hash(index: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(index, sort_keys=True).encode()).hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _folder_aside(settings: Settings) -> Path:
    numbered = (settings.home / f"replaced-{number}" for number in range(1, 10_000))
    return next(path for path in numbered if not path.exists())


def _move(source: Path, target: Path) -> None:
    if source.exists():
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        source.rename(target)
