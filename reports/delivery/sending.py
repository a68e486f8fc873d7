"""That each report leaves once for each recipient.

What is written down of it is ledger.py's part, how a mail leaves channels.py's, what it says mail.py's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path

from foundation.settings import Mail
from reports.bundle.store import BundleDamagedError, read_bundle
from reports.delivery.channels import MailRefusedError, MailTransport, OutcomeUnknownError, UnreachableError, size_of
from reports.delivery.ledger import Ledger
from reports.delivery.mail import Attachments, compose, content_hash
from reports.delivery.recipients import Recipient
from reports.delivery.records import DeliveryKey, DeliveryRecord


@dataclass(frozen=True)
class ReportMail:
    """One report for one recipient, made into a mail when it goes."""

    key: DeliveryKey
    recipient: Recipient
    folder: Path  # of the scope: bundle.json, and a folder per language

    def message(self, mail: Mail, moment: datetime, *, attach: bool = True) -> EmailMessage:
        """The mail.

        Raises OSError, ValueError or BundleDamagedError where the report is not whole, or its pages are not its
        bundle's.
        """
        bundle = read_bundle(self.folder / "bundle.json")
        folder = self.folder / self.recipient.language
        page = folder / "report.html"
        if not bundle.is_printed_on(page):
            raise ValueError(f"{page} is of another issue than its bundle; kefu report renders it anew")
        files: Attachments = {
            name: (folder / f"report.{name}").read_bytes() for name in self.recipient.formats if attach
        }
        return compose(
            bundle,
            self.recipient,
            files,
            sender=mail.sender,
            unsubscribe=mail.unsubscribe or mail.data_owner,
            archive=mail.archive,
            moment=moment,
            is_too_large=not attach,
        )

    def fitting(self, mail: Mail, moment: datetime) -> EmailMessage:
        """The mail with its attachments, or without them where it would be over the cap."""
        whole = self.message(mail, moment)
        return whole if size_of(whole) <= mail.max_bytes else self.message(mail, moment, attach=False)


@dataclass
class SendingResult:
    """What came of a sending."""

    sent: list[DeliveryKey] = field(default_factory=list)
    already: list[DeliveryKey] = field(default_factory=list)
    not_sent: list[str] = field(default_factory=list)  # a line each, for a person

    @property
    def text(self) -> str:
        parts = [f"{len(self.sent)} mails"]
        parts += [f"{len(self.already)} had theirs"] if self.already else []
        parts += [f"{len(self.not_sent)} not sent"] if self.not_sent else []
        return ", ".join(parts)


def report_mails(
    reports: Path, report: str, period: str, recipients: Sequence[Recipient]
) -> tuple[list[ReportMail], list[str]]:
    """A parcel per recipient whose report is there, and a line for each whose is not."""
    found, lacking = [], []
    for one in recipients:
        folder = reports / report / period / one.scope.folder
        try:
            revision = read_bundle(folder / "bundle.json").revision
        except (OSError, ValueError, BundleDamagedError) as error:
            lacking.append(f"{one.id}: no report of {one.scope.type} {one.scope.id} can be read: {error}")
            continue
        found.append(
            ReportMail(DeliveryKey(report, period, one.scope.folder, revision, one.id, one.language), one, folder)
        )
    return found, lacking


def deliver(
    mails: Iterable[ReportMail],
    way: MailTransport,
    ledger: Ledger,
    mail: Mail,
    *,
    now: Callable[[], datetime],
    pause: Callable[[float], None] = time.sleep,
) -> SendingResult:
    """Sends each parcel at most once and one by one; what one server or address refuses never stops the others.

    What was refused for the time being is tried again in rounds, with longer and longer waits between them. Raises
    LedgerError when the ledger cannot be written: then nothing more is sent.
    """
    tally = SendingResult()
    with ledger.sole_sender(), way:
        ledger.abandon(now())
        waiting = [(one, "") for one in mails]
        for attempt in range(mail.attempts):
            if not waiting:
                break
            if attempt:
                pause(mail.retry_seconds * 2 ** (attempt - 1))
            waiting = _round([one for one, _ in waiting], way, ledger, mail, now, tally)
        tally.not_sent += [f"{one.key.recipient}: {reason}; the next run tries again" for one, reason in waiting]
    return tally


def _round(
    mails: Sequence[ReportMail],
    way: MailTransport,
    ledger: Ledger,
    mail: Mail,
    now: Callable[[], datetime],
    tally: SendingResult,
) -> list[tuple[ReportMail, str]]:
    """One attempt at each; gives those that may be tried again, with the reason."""
    again: list[tuple[ReportMail, str]] = []
    unreachable: UnreachableError | None = None
    for one in mails:
        try:
            message = one.fitting(mail, now())
        except (OSError, ValueError, BundleDamagedError) as error:
            tally.not_sent.append(f"{one.key.recipient}: the mail cannot be made: {error}")
            continue
        claim = ledger.claim(
            one.key,
            address_hash=one.recipient.address_hash,
            content_sha256=content_hash(message),
            via=way.via,
            now=now(),
        )
        if isinstance(claim, DeliveryRecord):
            _tell_standing(claim, tally)
            continue
        try:
            if unreachable:
                raise unreachable
            most = way.most_bytes()
            if most and size_of(message) > most:
                message = one.message(mail, now(), attach=False)
            way.send(message)
        except UnreachableError as error:
            unreachable = error
            ledger.finish(claim, "failed", now=now(), reason=str(error), may_send=True)
            again.append((one, str(error)))
        except MailRefusedError as error:
            ledger.finish(claim, "failed", now=now(), reason=str(error), may_send=not error.lasting)
            if error.lasting:
                tally.not_sent.append(f"{one.key.recipient}: refused for good: {error}")
            else:
                again.append((one, str(error)))
        except OutcomeUnknownError as error:
            ledger.finish(claim, "unknown", now=now(), reason=str(error))
            tally.not_sent.append(f"{one.key.recipient}: unknown whether it arrived: {error}")
        else:
            ledger.finish(claim, "sent", now=now(), content_sha256=content_hash(message))
            tally.sent.append(one.key)
    if unreachable and unreachable.lasting:
        tally.not_sent += [f"{one.key.recipient}: {reason}" for one, reason in again]
        return []
    return again


def _tell_standing(standing: DeliveryRecord, tally: SendingResult) -> None:
    """Why a mail is not sent once more."""
    if standing.state == "sent":
        tally.already.append(standing.key)
        return
    reported = "refused for good" if standing.state == "failed" else "unknown whether it arrived"
    tally.not_sent.append(f"{standing.key.recipient}: {reported}: {standing.reason}")
