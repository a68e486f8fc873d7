"""What `kefu delivery` does: shows what was delivered, writes down what a person decides, previews what would go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from foundation.errors import CommandFailedError
from foundation.settings import Settings
from orchestration.assets.delivery import due
from orchestration.checks import SUITE, reasons_to_hold
from reports.delivery.ledger import Ledger
from reports.delivery.preview import write_preview
from reports.delivery.recipients import RecipientsError
from reports.delivery.records import DeliveryKey, DeliveryRecord, LedgerError
from reports.delivery.sending import report_messages
from reports.registry import DEFAULT

_RELEASE = "kefu delivery release {0.report} {0.period} {0.recipient} --by NAME --reason TEXT"
_CONFIRM = "kefu delivery confirm {0.report} {0.period} {0.recipient} --by NAME --reason TEXT"


@contextmanager
def _opened(settings: Settings) -> Iterator[Ledger]:
    """The ledger of a home; what is wrong with it is told to the person at the terminal."""
    try:
        with closing(Ledger(settings.ledger)) as ledger:
            yield ledger
    except (LedgerError, RecipientsError) as error:
        raise CommandFailedError(str(error)) from error


def show(settings: Settings, period: str | None = None) -> Iterator[str]:
    """A line per mail, newest period first; what needs a person says what may be done."""
    zone = settings.company.zone

    def local(moment: datetime) -> str:
        return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M")

    with _opened(settings) as ledger:
        found = ledger.deliveries(period=period)
        holds = [one for one in ledger.holds() if period in (None, one.period)]
    if not found and not holds:
        yield "nothing has been delivered yet"
    groups = {(one.key.period, one.key.report) for one in found} | {(one.period, one.report) for one in holds}
    for its_period, report in sorted(groups, reverse=True):
        yield f"{report} {its_period}"
        for hold in (one for one in holds if (one.period, one.report) == (its_period, report)):
            for reason in hold.open:
                yield f"  held back  {reason}"
            for reason in hold.reasons:
                if reason not in hold.open:
                    why = f"by {hold.released_by}, {local(hold.changed_at)}: {hold.release_reason}"
                    yield f"  let pass   {reason} ({why})"
            if hold.open:
                yield f"  -> kefu delivery release-hold {report} {its_period} --by NAME --reason TEXT"
        for one in (one for one in found if (one.key.period, one.key.report) == (its_period, report)):
            yield _line(one, local(one.changed_at))
            if one.needs_a_person:
                yield f"  -> {_RELEASE.format(one.key)}"
                if one.state != "failed":
                    yield f"     {_CONFIRM.format(one.key)}"


def _line(one: DeliveryRecord, changed: str) -> str:
    key, again = one.key, "" if one.attempts == 1 else f"{one.attempts} attempts"
    why = "; ".join(filter(None, (one.reason or one.via, again)))
    return f"  {one.state:<9}  {key.recipient:<24} {key.scope:<20} {key.language:<5} r{key.revision}  {changed}  {why}"


def history(settings: Settings) -> Iterator[str]:
    """Everything that was written down, oldest first."""
    with _opened(settings) as ledger:
        for one in ledger.history():
            at = one.at.astimezone(settings.company.zone).strftime("%Y-%m-%d %H:%M:%S")
            words = (at, one.report, one.period, one.recipient or "", one.happening, f"by {one.by}" if one.by else "")
            yield "  ".join(filter(None, (*words, one.reason)))


def release(
    settings: Settings, report: str, period: str, recipient: str, by: str, reason: str
) -> tuple[DeliveryKey, ...]:
    """Lets what failed or is unknown go again at the next run."""
    with _opened(settings) as ledger:
        return ledger.release(report, period, recipient, by=by, reason=reason, now=datetime.now(UTC))


def confirm(
    settings: Settings, report: str, period: str, recipient: str, by: str, reason: str
) -> tuple[DeliveryKey, ...]:
    """Writes down that a mail has arrived."""
    with _opened(settings) as ledger:
        return ledger.confirm(report, period, recipient, by=by, reason=reason, now=datetime.now(UTC))


def release_hold(settings: Settings, report: str, period: str, by: str, reason: str) -> tuple[str, ...]:
    """Lets the reasons pass that hold a report back; the next sending goes."""
    with _opened(settings) as ledger:
        return ledger.release_hold(report, period, by=by, reason=reason, now=datetime.now(UTC))


def preview(settings: Settings, period: str, report: str = DEFAULT) -> tuple[Path, int]:
    """Writes every mail that would go, as pages for the browser, and gives the first one and how many there are.

    Nothing is claimed and nothing sent.
    """
    with _opened(settings) as ledger:
        ready, lacking = report_messages(settings.reports, report, period, due(settings, report, period))
        holds = [one for one in ledger.holds() if (one.report, one.period) == (report, period)]
        passed = {reason for one in holds for reason in one.released}
        # the suite that is asked before the figures are frozen is known from its last run
        suite = (reason for one in holds if one.asked == SUITE for reason in one.reasons)
        asked = [*reasons_to_hold(settings, period, report), *suite]
        page = write_preview(
            settings.preview / report / period,
            ready,
            lacking,
            settings.mail,
            standing={one.key: one for one in ledger.deliveries(report=report, period=period)},
            held=[reason for reason in asked if reason not in passed],
            moment=datetime.now(UTC),
        )
    return page, len(ready)
