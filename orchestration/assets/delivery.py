"""The assets that send the reports: what may go, to whom, and what came of it."""

from datetime import UTC, datetime

import dagster as dg

from foundation.settings import Settings
from orchestration.assets.reports import GROUP, files_key
from orchestration.partitions import of_schedule
from orchestration.progress import step
from reports.delivery.channels import transport
from reports.delivery.ledger import Ledger
from reports.delivery.recipients import Recipient, read_recipients
from reports.delivery.sending import SendingResult, deliver, report_messages
from reports.periods import first_day
from reports.registry import DEFAULT, report, reports


def delivery_key(report_id: str) -> dg.AssetKey:
    return dg.AssetKey(["reports", report_id, "delivery"])


class NotDeliveredError(RuntimeError):
    """Some recipients have no report, or nobody knows whether they do; the others have theirs."""


def delivery_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    """One per report."""
    return [delivery_asset(settings, report_id) for report_id in reports()]


def delivery_asset(settings: Settings, report_id: str = DEFAULT) -> dg.AssetsDefinition:
    """Sends the files. Without a retry policy: the sending has its own, which knows what may go again."""

    @dg.asset(
        key=delivery_key(report_id),
        group_name=GROUP,
        partitions_def=of_schedule(settings, report(report_id).schedule),
        deps=[files_key(report_id)],
        required_resource_keys={"writer"},
    )
    def delivery(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        """A mail per recipient, once."""
        home: Settings = context.resources.writer
        with step("deliver") as running:
            tally = send_report(home, report_id, context.partition_key)
            anybody = due(home, report_id, context.partition_key)
            running.count(tally.text if anybody else f"{home.recipients} names nobody")
            if tally.not_sent:
                raise NotDeliveredError(
                    "\n".join([f"{len(tally.sent)} sent, {len(tally.not_sent)} not:", *sorted(tally.not_sent)])
                    + "\nkefu delivery shows each"
                )
        return dg.MaterializeResult(metadata={"sent": len(tally.sent), "already": len(tally.already)})

    return delivery


def due(home: Settings, report_id: str, period: str) -> list[Recipient]:
    """Who gets the report of a period (2026-10, or a day). Raises RecipientsError."""
    return [
        one for one in read_recipients(home.recipients) if one.report == report_id and one.is_due(first_day(period))
    ]


def send_report(home: Settings, report_id: str, period: str) -> SendingResult:
    """Sends the issued report of a period to all who are due and have not had it."""
    ready, lacking = report_messages(home.reports, report_id, period, due(home, report_id, period))
    ledger = Ledger(home.ledger)
    try:
        tally = deliver(ready, transport(home.mail, home.outbox), ledger, home.mail, now=lambda: datetime.now(UTC))
    finally:
        ledger.close()
    tally.not_sent += lacking
    return tally
