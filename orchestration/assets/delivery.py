"""The asset that sends the monthly report: what may go, to whom, and what came of it."""

from datetime import UTC, date, datetime

import dagster as dg

from orchestration.assets.reports import FILES, GROUP
from orchestration.partitions import monthly
from orchestration.progress import step
from orchestration.reporting import REPORT
from orchestration.settings import Settings
from reports.delivery import Tally, deliver, parcels, post
from reports.ledger import Ledger
from reports.recipients import Recipient, read_recipients

DELIVERY = dg.AssetKey(["reports", REPORT, "delivery"])


class NotDeliveredError(RuntimeError):
    """Some recipients have no report, or nobody knows whether they do; the others have theirs."""


def delivery_asset(settings: Settings) -> dg.AssetsDefinition:
    """Sends what files.py made. Without a retry policy: the sending has its own, which knows what may go again."""

    @dg.asset(
        key=DELIVERY,
        group_name=GROUP,
        partitions_def=monthly(settings),
        deps=[FILES],
        required_resource_keys={"writer"},
    )
    def delivery(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        """A mail per recipient, once."""
        home: Settings = context.resources.writer
        with step("deliver") as running:
            tally = send_report(home, REPORT, context.partition_key)
            running.count(tally.text if due(home, REPORT, context.partition_key) else f"{home.recipients} names nobody")
            if tally.not_sent:
                raise NotDeliveredError(
                    "\n".join([f"{len(tally.sent)} sent, {len(tally.not_sent)} not:", *sorted(tally.not_sent)])
                    + "\nkefu delivery shows each"
                )
        return dg.MaterializeResult(metadata={"sent": len(tally.sent), "already": len(tally.already)})

    return delivery


def due(home: Settings, report: str, period: str) -> list[Recipient]:
    """Who gets the report of a period (2026-10, or a day). Raises RecipientsError."""
    first = date.fromisoformat(f"{period}-01" if len(period) == len("2026-10") else period)
    return [one for one in read_recipients(home.recipients) if one.report == report and one.is_due(first)]


def send_report(home: Settings, report: str, period: str) -> Tally:
    """Sends the issued report of a period to all who are due and have not had it."""
    ready, lacking = parcels(home.reports, report, period, due(home, report, period))
    ledger = Ledger(home.ledger)
    try:
        tally = deliver(ready, post(home.mail, home.outbox), ledger, home.mail, now=lambda: datetime.now(UTC))
    finally:
        ledger.close()
    tally.not_sent += lacking
    return tally
