"""`kefu ingest`: days of deliveries into the raw zone, for which nobody waits for dbt or Dagster to start.

The night does the same as the first step of its job (assets/raw.py), where the days become partitions of an asset.
"""

from __future__ import annotations

from datetime import date

from foundation.errors import CommandFailedError
from foundation.settings import Settings
from orchestration.ingestion.deliveries import IngestReport
from orchestration.ingestion.deliveries import ingest as read
from orchestration.ingestion.ledger import FileEntry
from orchestration.lock import single_writer
from orchestration.progress import step


def ingest(settings: Settings, first: date, last: date) -> None:
    """Reads the days `first` to `last` into the raw zone. Raises CommandFailedError when a load was refused, once the
    data owner is told."""
    with single_writer(settings):
        report = read_days(settings, first, last)
    refused = [refusal.message for refusal in report.refusals]
    if refused:
        from orchestration.alerts import tell_data_owner
        from reports.delivery.mail import Failure

        days = f"{first}" if first == last else f"{first} to {last}"
        tell_data_owner(settings, "ingest", days, [Failure("ingest", message) for message in refused])
        raise CommandFailedError("\n".join(refused))


def read_days(settings: Settings, first: date, last: date) -> IngestReport:
    """Reads the days, and shows how far that is, what it came to and what is worth a look."""
    with step("ingest") as running:

        def on_file(_: FileEntry, done: int, total: int) -> None:
            running.count(f"{done:,} of {total:,} files")

        report = read(settings, first, last, on_file)
        running.count(summary(report))
    for note in report.notes:
        with step("note") as told:
            told.count(note)
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
