"""That each report leaves once for each recipient.

What is written down of it is ledger.py's part, how a mail leaves channels.py's, what it says mail.py's; how a card
leaves webhook.py's, what it says card.py's, what it looks like its channel's in chats/.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Generic, TypeVar

from foundation.settings import Mail
from reports.bundle.model import Bundle
from reports.bundle.store import BundleDamagedError, read_bundle
from reports.delivery import webhook
from reports.delivery.addresses import read_address
from reports.delivery.card import Card, report_card
from reports.delivery.channels import MailTransport, size_of
from reports.delivery.chats import channel
from reports.delivery.ledger import Ledger
from reports.delivery.mail import Attachments, compose, content_hash
from reports.delivery.outcomes import OutcomeUnknownError, RefusedError, UnreachableError
from reports.delivery.recipients import Recipient
from reports.delivery.records import DeliveryKey, DeliveryRecord
from reports.delivery.webhook import Channel, Json, written

MOST_WAITED = 300  # seconds that a run waits for a server that asks to be left alone; the next run tries again
Message = TypeVar("Message")


@dataclass(frozen=True)
class ReportMessage(ABC, Generic[Message]):
    """One report for one recipient, made into a message when it goes."""

    key: DeliveryKey
    recipient: Recipient
    folder: Path  # of the scope: bundle.json, and a folder per language

    def bundle(self) -> Bundle:
        """The bundle in force. Raises OSError, ValueError or BundleDamagedError, also where the pages are not its."""
        bundle = read_bundle(self.folder / "bundle.json")
        page = self.folder / self.recipient.language / "report.html"
        if not bundle.is_printed_on(page):
            raise ValueError(f"{page} is of another issue than its bundle; kefu report renders it anew")
        return bundle

    @abstractmethod
    def fitting(self, mail: Mail, moment: datetime) -> Message:
        """The message, as large as its channel allows. Raises as `bundle` does."""

    @abstractmethod
    def content_hash(self, message: Message) -> str:
        """Of what it says."""

    @abstractmethod
    def via(self, way: MailTransport) -> str:
        """Through what it goes, for the ledger."""

    @abstractmethod
    def hand_over(self, message: Message, way: MailTransport, mail: Mail, moment: datetime) -> Message:
        """Sends it and gives what was sent. Raises RefusedError, UnreachableError, OutcomeUnknownError."""


@dataclass(frozen=True)
class ReportMail(ReportMessage[EmailMessage]):
    """A report as a mail."""

    def message(self, mail: Mail, moment: datetime, *, attach: bool = True) -> EmailMessage:
        """The mail, with or without its files."""
        bundle = self.bundle()
        folder = self.folder / self.recipient.language
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

    def content_hash(self, message: EmailMessage) -> str:
        return content_hash(message)

    def via(self, way: MailTransport) -> str:
        return way.via

    def hand_over(self, message: EmailMessage, way: MailTransport, mail: Mail, moment: datetime) -> EmailMessage:
        most = way.most_bytes()
        if most and size_of(message) > most:
            message = self.message(mail, moment, attach=False)
        way.send(message)
        return message


@dataclass(frozen=True)
class ReportCard(ReportMessage[Json]):
    """A report as a card in a chat's room."""

    @property
    def channel(self) -> Channel:
        return channel(self.recipient.channel)

    def card(self, mail: Mail) -> Card:
        ask = read_address(mail.unsubscribe or mail.data_owner).addr_spec
        return report_card(self.bundle(), self.recipient.language, archive=mail.archive, ask=ask)

    def fitting(self, mail: Mail, moment: datetime) -> Json:  # noqa: ARG002 - a card says the same at any moment
        self.recipient.signature  # noqa: B018 - a secret that is not there is told before anything is claimed
        return written(self.channel, self.card(mail))

    def content_hash(self, message: Json) -> str:
        return webhook.content_hash(message)

    def via(self, way: MailTransport) -> str:  # noqa: ARG002 - a card goes to its room however mails go
        return self.channel.name

    def hand_over(self, message: Json, way: MailTransport, mail: Mail, moment: datetime) -> Json:  # noqa: ARG002
        one = self.recipient
        webhook.post(self.channel, one.room, message, secret=one.signature, timeout=mail.timeout_seconds, now=moment)
        return message


@dataclass
class SendingResult:
    """What came of a sending."""

    sent: list[DeliveryKey] = field(default_factory=list)
    already: list[DeliveryKey] = field(default_factory=list)
    not_sent: list[str] = field(default_factory=list)  # a line each, for a person

    @property
    def text(self) -> str:
        parts = [f"{len(self.sent)} sent"]
        parts += [f"{len(self.already)} had theirs"] if self.already else []
        parts += [f"{len(self.not_sent)} not sent"] if self.not_sent else []
        return ", ".join(parts)


def report_messages(
    reports: Path, report: str, period: str, recipients: Sequence[Recipient]
) -> tuple[list[ReportMail | ReportCard], list[str]]:
    """A message per recipient whose report is there, and a line for each whose is not."""
    found: list[ReportMail | ReportCard] = []
    lacking = []
    for one in recipients:
        folder = reports / report / period / one.scope.folder
        try:
            revision = read_bundle(folder / "bundle.json").revision
        except (OSError, ValueError, BundleDamagedError) as error:
            lacking.append(f"{one.id}: no report of {one.scope.type} {one.scope.id} can be read: {error}")
            continue
        kind = ReportMail if one.is_mail else ReportCard
        found.append(kind(DeliveryKey(report, period, one.scope.folder, revision, one.id, one.language), one, folder))
    return found, lacking


def deliver(
    ready: Iterable[ReportMessage[Any]],
    way: MailTransport,
    ledger: Ledger,
    mail: Mail,
    *,
    now: Callable[[], datetime],
    pause: Callable[[float], None] = time.sleep,
) -> SendingResult:
    """Sends each message at most once and one by one; what one server, room or address refuses never stops the others.

    What was refused for the time being is tried again in rounds, with longer and longer waits between them, or as long
    as a server asks for. Raises LedgerError when the ledger cannot be written: then nothing more is sent.
    """
    tally = SendingResult()
    with ledger.sole_sender(), way:
        ledger.abandon(now())
        waiting = [_Waiting(one) for one in ready]
        for attempt in range(mail.attempts):
            due = [one for one in waiting if one.after <= MOST_WAITED]
            if not due:
                break
            if attempt:
                pause(max(mail.retry_seconds * 2 ** (attempt - 1), *(one.after for one in due)))
            left = [one for one in waiting if one.after > MOST_WAITED]
            waiting = left + _round([one.message for one in due], way, ledger, mail, now, tally)
        tally.not_sent += [f"{one.message.key.recipient}: {one.reason}; the next run tries again" for one in waiting]
    return tally


@dataclass(frozen=True)
class _Waiting:
    """What may be tried again: why it was refused, and after how many seconds at the earliest."""

    message: ReportMessage[Any]
    reason: str = ""
    after: float = 0


def _round(
    ready: Sequence[ReportMessage[Any]],
    way: MailTransport,
    ledger: Ledger,
    mail: Mail,
    now: Callable[[], datetime],
    tally: SendingResult,
) -> list[_Waiting]:
    """One attempt at each; gives those that may be tried again."""
    again: list[_Waiting] = []
    unreachable: dict[str, UnreachableError] = {}
    for one in ready:
        via = one.via(way)
        try:
            message, address = one.fitting(mail, now()), one.recipient.address_hash
        except (OSError, ValueError, BundleDamagedError) as error:
            tally.not_sent.append(f"{one.key.recipient}: the message cannot be made: {error}")
            continue
        claim = ledger.claim(
            one.key, address_hash=address, content_sha256=one.content_hash(message), via=via, now=now()
        )
        if isinstance(claim, DeliveryRecord):
            _tell_standing(claim, tally)
            continue
        try:
            if via in unreachable:
                raise unreachable[via]
            message = one.hand_over(message, way, mail, now())
        except UnreachableError as error:
            unreachable[via] = error
            ledger.finish(claim, "failed", now=now(), reason=str(error), may_send=True)
            if error.lasting:
                tally.not_sent.append(f"{one.key.recipient}: {error}")
            else:
                again.append(_Waiting(one, str(error)))
        except RefusedError as error:
            ledger.finish(claim, "failed", now=now(), reason=str(error), may_send=not error.lasting)
            if error.lasting:
                tally.not_sent.append(f"{one.key.recipient}: refused for good: {error}")
            else:
                again.append(_Waiting(one, str(error), error.after))
        except OutcomeUnknownError as error:
            ledger.finish(claim, "unknown", now=now(), reason=str(error))
            tally.not_sent.append(f"{one.key.recipient}: unknown whether it arrived: {error}")
        else:
            ledger.finish(claim, "sent", now=now(), content_sha256=one.content_hash(message))
            tally.sent.append(one.key)
    return again


def _tell_standing(standing: DeliveryRecord, tally: SendingResult) -> None:
    """Why a mail is not sent once more."""
    if standing.state == "sent":
        tally.already.append(standing.key)
        return
    reported = "refused for good" if standing.state == "failed" else "unknown whether it arrived"
    tally.not_sent.append(f"{standing.key.recipient}: {reported}: {standing.reason}")
