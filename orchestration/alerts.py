"""The mail to the data owner, and the card to a room, when something needs a person.

What they look like is the reports package's work.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import dagster as dg

from foundation.secrets import reveal
from foundation.settings import Settings
from reports.delivery.card import Card, RunFailure, failure_card, hold_card
from reports.delivery.channels import send
from reports.delivery.chats import channel
from reports.delivery.mail import compose_failure, compose_hold
from reports.delivery.webhook import post, written
from reports.registry import report

HELD = "held"  # metadata of a check that holds a report back: which one, and why


def notify_data_owner(settings: Settings, job: str, run_id: str, failures: Sequence[RunFailure]) -> None:
    """Sends one mail that names each failure and its reason; the reasons hold no personal data."""
    code, company = settings.mail.language, settings.company.name
    message = compose_failure(
        code,
        failures,
        company=company,
        job=job,
        run_id=run_id,
        sender=settings.mail.sender,
        recipient=settings.mail.data_owner,
        moment=datetime.now(UTC),
    )
    _tell(settings, message, failure_card(code, failures, company=company, job=job, run_id=run_id))


def notify_of_hold(settings: Settings, report_id: str, period: str, reasons: Sequence[str]) -> None:
    """Sends one mail that says which report is held back, why, and how it is released."""
    code, company = settings.mail.language, settings.company.name
    message = compose_hold(
        code,
        report_id,
        period,
        reasons,
        company=company,
        sender=settings.mail.sender,
        recipient=settings.mail.data_owner,
        moment=datetime.now(UTC),
    )
    _tell(settings, message, hold_card(code, report(report_id).title, period, reasons, company=company))


def _tell(settings: Settings, message: EmailMessage, card: Card) -> None:
    """The mail, and the card to the room of alarms where there is one; what fails of one does not stop the other."""
    try:
        send(message, settings.mail, settings.outbox)
    finally:
        _post(settings, card)


def _post(settings: Settings, card: Card) -> None:
    """Once: an alarm is not tried again, for the mail says the same. Nothing where there is no room."""
    alarms = settings.alarms
    if not (alarms.channel and alarms.webhook):
        return
    room = channel(alarms.channel)
    post(
        room,
        reveal(settings.home, alarms.webhook),
        written(room, card),
        secret=reveal(settings.home, alarms.secret) if alarms.secret else None,
        timeout=settings.mail.timeout_seconds,
        now=datetime.now(UTC),
    )


def mail_on_failure(settings: Settings) -> dg.HookDefinition:
    """A hook for jobs. A failed blocking check fails its own step; the mail says what the check found."""

    @dg.failure_hook(name="mail_data_owner")
    def mail_data_owner(context: dg.HookContext) -> None:
        found = list(_failed_checks(context))
        held = [reported for check in found if isinstance(reported := check.metadata.get(HELD), dg.JsonMetadataValue)]
        for reported in held:
            data: Any = reported.data
            notify_of_hold(settings, data["report"], data["period"], data["reasons"])
        failures = [RunFailure(check.check_name, check.description or "") for check in found]
        if not held:
            notify_data_owner(
                settings,
                context.job_name,
                context.run_id,
                failures or [RunFailure(context.op.name, str(context.op_exception))],
            )

    return mail_data_owner


def _failed_checks(context: dg.HookContext) -> Iterator[dg.AssetCheckEvaluation]:
    """What the blocking checks of the failed step found; nothing when the step failed by itself."""
    kinds = {dg.DagsterEventType.ASSET_CHECK_EVALUATION}
    for record in context.instance.get_records_for_run(context.run_id, of_type=kinds).records:
        event = record.event_log_entry.get_dagster_event()
        evaluation = event.asset_check_evaluation_data
        if event.step_key == context.step_key and not evaluation.passed:
            yield evaluation
