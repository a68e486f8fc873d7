"""`kefu demo`: the demo company from its exports to its last report."""

from __future__ import annotations

from collections.abc import Iterator

from demo import DELIVERIES, furnish, generate
from foundation.settings import Settings
from orchestration import commands
from orchestration.assets.reports import report_folder
from orchestration.progress import step
from orchestration.warehouse import MARTS_FILE


def run_demo(settings: Settings, size: str) -> Iterator[str]:
    """Generates, backfills, reports and mails; then yields the lines that say where everything lies."""
    with step("exports") as running:
        facts = generate(settings.landing, size, progress=lambda what, rows: running.count(f"{what} {rows:,} rows"))
        running.count(f"{len(facts.files):,} files, {sum(file.rows for file in facts.files):,} rows")
    furnish(settings.home)
    month = f"{DELIVERIES[-1]:%Y-%m}"
    commands.nightly(settings, DELIVERIES[0], DELIVERIES[-1])
    commands.report(settings, month, send=True)
    folder = report_folder(settings, month)
    for label, name in (("HTML", "report.html"), ("PDF", "report.pdf"), ("appendix", "appendix.pdf")):
        for path in sorted(folder.glob(f"*/{name}")):  # a PDF is made where somebody wants one
            yield f"{label:<10} {path}"
    yield f"{'mail':<10} {settings.outbox}"
    yield f"{'warehouse':<10} {settings.published / MARTS_FILE}"
