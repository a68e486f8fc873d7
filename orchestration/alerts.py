"""The mail to the data owner when something needs a person. What it looks like is the reports package's work."""

from collections.abc import Sequence
from datetime import UTC, datetime

import dagster as dg

from orchestration.settings import Settings
from reports.delivery import send
from reports.mail import Failure, compose_failure


def tell_data_owner(settings: Settings, job: str, run_id: str, failures: Sequence[Failure]) -> None:
    """Sends one mail that names each failure and its reason; the reasons hold no personal data."""
    message = compose_failure(
        settings.mail.language,
        failures,
        company=settings.company.name,
        job=job,
        run_id=run_id,
        sender=settings.mail.sender,
        recipient=settings.mail.data_owner,
        moment=datetime.now(UTC),
    )
    send(message, settings.mail, settings.outbox)


def mail_on_failure(settings: Settings) -> dg.HookDefinition:
    """A hook for jobs. A failed blocking check fails its own step, so it is mailed like any other failure."""

    @dg.failure_hook(name="mail_data_owner")
    def mail_data_owner(context: dg.HookContext) -> None:
        failure = Failure(context.op.name, str(context.op_exception))
        tell_data_owner(settings, context.job_name, context.run_id, [failure])

    return mail_data_owner
