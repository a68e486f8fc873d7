"""What of a home is not what was written: the raw zone, the last build, issued reports, the ledger of deliveries.

Nothing is changed. Each fault says what mends it; most the next night mends by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from foundation.errors import CommandFailedError
from foundation.seals import fault_of, sealed_hash
from foundation.settings import Settings
from orchestration.ingestion.manifest import MANIFEST, Manifest, ManifestDamagedError, part_files
from orchestration.ingestion.soundness import delivered_days, part_faults, raw_faults
from orchestration.recovery.build import MARTS, REBUILT, published_faults, work_fault
from orchestration.recovery.copies import RESTORING
from reports.bundle.store import BundleDamagedError, read_bundle
from reports.delivery.ledger_tables import file_fault
from reports.issuing.revisions import HIDDEN_FILE, read_hidden, read_recorded

NIGHT = "the next night mends it"
BACKUP = "restore it from a backup (docs/recovery.md)"


@dataclass(frozen=True)
class Fault:
    """One file that is not what it should be, relative to the home, and what to do."""

    file: str
    what: str
    cure: str

    def __str__(self) -> str:
        return f"{self.file}: {self.what}; {self.cure}"


@dataclass(frozen=True)
class Looked:
    """What was found of one kind of files."""

    kind: str
    files: int
    faults: tuple[Fault, ...]


def look(settings: Settings) -> list[Looked]:
    """Looks at every file of a home against its hash."""
    return [looker(settings) for looker in (_home, _raw, _build, _reports, _ledger)]


def faults(settings: Settings) -> list[Fault]:
    return [fault for looked in look(settings) for fault in looked.faults]


def _shown(settings: Settings, path: Path) -> str:
    return path.relative_to(settings.home).as_posix()


def _home(settings: Settings) -> Looked:
    cut_off = settings.home / RESTORING
    cure = "run kefu restore again with the same backup"
    found = (Fault(RESTORING, "a restore was cut off", cure),) if cut_off.exists() else ()
    return Looked("home", 0, found)


def _raw(settings: Settings) -> Looked:
    raw, found = settings.raw, list[Fault]()
    parts = len(list(part_files(raw)))
    try:
        manifest = Manifest.read(raw)
    except ManifestDamagedError as error:
        found.append(Fault(f"raw/{MANIFEST}", _reason(error), NIGHT))
        manifest = _from_sound_parts(raw, found)
    except CommandFailedError as error:
        return Looked("raw", 1, (Fault(f"raw/{MANIFEST}", _reason(error), "see docs/recovery.md"),))
    else:
        if manifest.paths and not manifest.hashes:
            found.append(Fault(f"raw/{MANIFEST}", "is of before the hashes were kept", "the next night adds them"))
        else:
            found += [
                Fault(f"raw/.entries/{s}/{day}.json", why, NIGHT)
                for (s, day), why in part_faults(raw, manifest).items()
            ]
    damaged = raw_faults(raw, manifest, settings.engine.threads)
    owners = {feed.path: file for file in manifest.files for feed in file.feeds}
    for path, why in sorted(damaged.items()):
        owner = owners.get(path)
        landed = f"landing/{owner.source}/{owner.load_date}/{owner.file}" if owner else ""
        is_there = owner is None or (settings.home / landed).is_file()
        cure = f"the next night reads it again{' from ' + landed if landed else ''}"
        found.append(Fault(f"raw/{path}", why, cure if is_there else f"{landed} is gone too: put it back, or {BACKUP}"))
    found += [
        Fault(f"landing/{f.source}/{f.load_date}/{f.file}", str(f.error), "it is lost until then")
        for f in manifest.files
        if f.status == "lost"
    ]
    reported = {file.part for file in manifest.files}
    for source, day in sorted(delivered_days(raw) - reported):
        if found and not manifest.files:
            break
        why = "the manifest says nothing of its files in the raw zone"
        found.append(Fault(f"landing/{source}/{day}", why, "the next night reads it again, if it is there"))
    return Looked("raw", len(manifest.hashes) + parts + bool(manifest.files), tuple(found))


def _from_sound_parts(raw: Path, found: list[Fault]) -> Manifest:
    sound = []
    for _, path in part_files(raw):
        try:
            sound.append(Manifest.from_file(path))
        except ManifestDamagedError as error:
            found.append(Fault(f"raw/{path.relative_to(raw).as_posix()}", _reason(error), NIGHT))
    hashes = {path: sha256 for part in sound for path, sha256 in part.hashes.items()}
    return Manifest.of(
        (f for part in sound for f in part.files), (load for part in sound for load in part.loads), hashes
    )


def _build(settings: Settings) -> Looked:
    found = [
        Fault(_shown(settings, path), why, REBUILT if path.name == MARTS else "delete it; nothing stands on it")
        for path, why in published_faults(settings)
    ]
    work = work_fault(settings)
    if work:
        found.append(Fault(_shown(settings, work[0]), work[1], REBUILT))
    files = [
        *settings.published.glob("*.duckdb"),
        *settings.published.glob("versions/*.duckdb"),
        *settings.build.glob("*.duckdb"),
    ]
    return Looked("build", len(files), tuple(found))


def _reports(settings: Settings) -> Looked:
    checks: list[tuple[str, Callable[[Path], object]]] = [
        ("*/*/*/bundle.json", read_bundle),
        ("*/*/*/revisions/*.json", read_bundle),
        (f"*/*/{HIDDEN_FILE}", read_hidden),
        ("*/*/*/differences.json", read_recorded),
    ]
    found, files = list[Fault](), 0
    for pattern, read in checks:
        for path in sorted(settings.reports.glob(pattern)):
            files += 1
            try:
                read(path)
            except BundleDamagedError as error:
                found.append(Fault(_shown(settings, path), _reason(error), str(error).partition("; ")[2]))
    for page, sha256 in _sealed_pages(settings):
        files += 1
        why = fault_of(page, sha256)
        if why:
            period = page.parents[2].name
            option = "--month" if len(period) == len("2026-10") else "--day"
            cure = f"kefu report --report {page.parents[3].name} {option} {period} writes it again"
            found.append(Fault(_shown(settings, page), why, cure))
    return Looked("reports", files, tuple(found))


def _sealed_pages(settings: Settings) -> Iterator[tuple[Path, str]]:
    for seal in sorted(settings.reports.glob("*/*/*/*/.report.*.sha256")):
        page = seal.with_name(seal.name.removeprefix(".").removesuffix(".sha256"))
        yield page, sealed_hash(page) or ""


def _ledger(settings: Settings) -> Looked:
    path = settings.ledger
    if not isinstance(path, Path):
        return Looked("ledger", 0, ())  # a PostgreSQL looks after its own
    why = file_fault(path)
    found = (Fault(_shown(settings, path), why, f"{BACKUP}; nothing is sent until then"),) if why else ()
    return Looked("ledger", int(path.exists()), found)


def _reason(error: Exception) -> str:
    return str(error).partition(": ")[2].partition(";")[0]
