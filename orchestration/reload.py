"""Reading the landed files of one source again, after its mapping was changed; nothing else of the home is touched."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from foundation.errors import CommandFailedError
from foundation.settings import Settings
from orchestration.ingestion import FileEntry, Manifest, ingest
from orchestration.ingestion.deliveries import day_of
from orchestration.lock import single_writer


def reload(settings: Settings, source: str, first: date, last: date) -> Iterator[str]:
    """Takes in the days `first` to `last` of a source by its mapping of now; says what became of each file.

    A file whose mapping, contract and joined files are as they were is not read again. Raises CommandFailedError where
    there is nothing to read, and after all else when something was refused.
    """
    days = {day_of(folder) for folder in (settings.landing / source).glob("*")}
    if not any(day and first <= day <= last for day in days):
        raise CommandFailedError(
            f"nothing of {source!r} lies in {settings.landing / source} from {first} to {last}; `kefu source reload` "
            "reads what was landed, so keep the files or put them there again"
        )
    with single_writer(settings):
        before = _entries(settings, source, first, last)
        report = ingest(settings, first, last, only=source)
        after = _entries(settings, source, first, last)
    anew = [key for key, entry in after.items() if before.get(key) != entry]
    for key in anew:
        yield _reported(after[key], before.get(key))
    for key in before.keys() - after.keys():
        yield f"{key[0]} {key[2]}: no longer there, or no longer wanted by the mapping"
    yield from report.notes
    yield f"{len(anew):,} of {len(after):,} files read anew; the figures follow with the next night, or kefu backfill"
    if report.refusals:
        raise CommandFailedError("\n".join(refusal.message for refusal in report.refusals))


_Key = tuple[date, str, str]


def _entries(settings: Settings, source: str, first: date, last: date) -> dict[_Key, FileEntry]:
    return {
        (entry.load_date, entry.mapping_file, entry.file): entry
        for entry in Manifest.read(settings.raw).files
        if entry.source == source and first <= entry.load_date <= last and not entry.known_from
    }


def _reported(now: FileEntry, before: FileEntry | None) -> str:
    counts = f"{now.read:,} read, {now.accepted:,} taken in, {now.quarantined + now.refused:,} not"
    was = f" ({before.accepted:,} taken in before)" if before else ""
    return f"{now.load_date} {now.file}: {now.status}, {counts}{was}"
