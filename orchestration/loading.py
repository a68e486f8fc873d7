"""`kefu pull` and `kefu ingest`: into the landing folder, and from there into the raw zone, for which nobody waits for
dbt or Dagster to start.

The night does the same as the first step of its job (assets/raw.py), where the days become partitions of an asset.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from foundation.errors import CommandFailedError
from foundation.settings import Settings
from orchestration.ingestion.deliveries import IngestReport
from orchestration.ingestion.deliveries import ingest as read
from orchestration.ingestion.manifest import FileEntry
from orchestration.lock import single_writer
from orchestration.progress import step


def ingest(settings: Settings, first: date, last: date) -> None:
    """Reads the days `first` to `last` into the raw zone. Raises CommandFailedError when a load was refused, once the
    data owner is told."""
    with single_writer(settings):
        report = read_days(settings, first, last)
    days = f"{first}" if first == last else f"{first} to {last}"
    _fail(settings, "ingest", days, [refusal.message for refusal in report.refusals])


def pull(settings: Settings, day: date, sources: Sequence[str]) -> None:
    """`kefu pull`: sources into the landing folder of a day. Raises CommandFailedError when one was refused, once the
    data owner is told."""
    from orchestration.pulling.run import pull as pulled

    with step("pull") as running:
        report = pulled(settings, day, sources, running.count)
        running.count(report.summary)
    _show_notes(report.notes)
    _fail(settings, "pull", str(day), report.refusals)


def pull_first(settings: Settings, day: date) -> list[str]:
    """What the night does before it reads; the refusals."""
    from orchestration.pulling.run import pull_of_night, pulled_sources

    if not pulled_sources(settings):
        return []
    with step("pull") as running:
        report = pull_of_night(settings, day, running.count)
        running.count(report.summary)
    _show_notes(report.notes)
    return report.refusals


def _show_notes(notes: Sequence[str]) -> None:
    for note in notes:
        with step("note") as reported:
            reported.count(note)


def _fail(settings: Settings, job: str, days: str, refused: Sequence[str]) -> None:
    if refused:
        from orchestration.alerts import notify_data_owner
        from reports.delivery.card import RunFailure

        notify_data_owner(settings, job, days, [RunFailure(job, message) for message in refused])
        raise CommandFailedError("\n".join(refused))


def read_days(settings: Settings, first: date, last: date) -> IngestReport:
    """Reads the days, and shows how far that is, what it came to and what is worth a look."""
    with step("ingest") as running:

        def on_file(_: FileEntry, done: int, total: int) -> None:
            running.count(f"{done:,} of {total:,} files")

        report = read(settings, first, last, on_file)
        running.count(summary(report))
    _show_notes(report.notes)
    return report


def summary(report: IngestReport) -> str:
    """One line: files, rows, and what was put aside."""
    parts = [f"{len(report.files):,} files", f"{sum(file.read for file in report.files):,} rows"]
    quarantined = sum(file.quarantined for file in report.files)
    if quarantined:
        parts.append(f"{quarantined:,} quarantined")
    nulled = sum(feed.nulled for file in report.files for feed in file.feeds)
    if nulled:
        parts.append(f"{nulled:,} without a value")
    waiting = sum(load.rows_without_rate for load in report.loads)
    if waiting:
        parts.append(f"{waiting:,} of them wait for a rate of exchange")
    if report.refusals:
        parts.append(f"{len(report.refusals)} refused")
    return ", ".join(parts)
