"""How a mail leaves, as a file in the outbox or through an SMTP server, and that each leaves once.

What is written down of it is ledger.py's part, what a mail says mail.py's.
"""

from __future__ import annotations

import re
import smtplib
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTPUTF8
from pathlib import Path
from typing import Protocol, Self

from orchestration.settings import Mail
from reports.bundle.store import BundleDamagedError, read_bundle, write_whole
from reports.delivery.ledger import OUTBOX, Delivery, Key, Ledger
from reports.delivery.mail import Attachments, compose, content_hash
from reports.delivery.recipients import Recipient

LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_ANY_ADDRESS = re.compile(r"[^\s<>\"'(),;:]+@[^\s<>\"'(),;:]+")
_LONGEST_REASON = 300  # characters of a server's answer that are kept
_SERVICE_CLOSING = 421


class RefusedError(Exception):
    """The server said no before it took the mail: nobody has it. Asking again later may help, if not `lasting`."""

    def __init__(self, reason: str, *, lasting: bool) -> None:
        super().__init__(reason)
        self.lasting = lasting


class UnreachableError(Exception):
    """No mail can be handed over at all. Asking again soon may help, if not `lasting` (a setting is wrong)."""

    def __init__(self, reason: str, *, lasting: bool = False) -> None:
        super().__init__(reason)
        self.lasting = lasting


class OutcomeUnknownError(Exception):
    """The mail was handed over and no answer came: it may have arrived or not."""


class Post(Protocol):
    """A way out for many mails."""

    via: str  # for the ledger

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def most_bytes(self) -> int | None:
        """The largest mail that is taken, where that is known. Raises UnreachableError."""

    def send(self, message: EmailMessage) -> str:
        """Hands one mail over and says where it went. Raises RefusedError, UnreachableError, OutcomeUnknownError."""


class Outbox(Post):
    """Mails as files in a folder: nobody gets them."""

    via = OUTBOX

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def most_bytes(self) -> int | None:
        return None

    def send(self, message: EmailMessage) -> str:
        self._folder.mkdir(parents=True, exist_ok=True)
        recipient = re.sub(r"[^A-Za-z0-9.@-]+", "_", message["To"].addresses[0].addr_spec)[:80]
        digest = message["Message-ID"].strip("<>")[:12]
        path = self._folder / f"{message['Date'].datetime:%Y%m%dT%H%M%S}-{recipient}-{digest}.eml"
        write_whole(path, message.as_bytes())
        return str(path)


class SmtpServer(Post):
    """One connection for many mails, opened when the first one goes and again when the server closed it."""

    def __init__(self, mail: Mail) -> None:
        self._mail = mail
        self._connection: smtplib.SMTP | None = None
        self.via = f"smtp://{mail.host}:{mail.port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        with suppress(OSError):  # the mails are away; how the server says goodbye is its own
            connection.quit()
        connection.close()

    def most_bytes(self) -> int | None:
        told = self._connected().esmtp_features.get("size", "")
        return int(told) if told.isdigit() and int(told) else None  # 0 is no limit

    def send(self, message: EmailMessage) -> str:
        sender, recipient = (message[name].addresses[0].addr_spec for name in ("From", "To"))
        was_open = self._connection is not None
        connection = self._connected()
        content, options = _on_the_wire(message, connection, recipient)
        try:
            self._command(connection.mail, sender, options, recipient=recipient)
        except RefusedError:
            if (
                not was_open or self._connection is not None
            ):  # a fresh one, or one that still stands: that is the answer
                raise
            connection = self._connected()  # the server had closed the one left from the mail before
            self._command(connection.mail, sender, options, recipient=recipient)
        self._command(connection.rcpt, recipient, recipient=recipient)
        self._command(connection.docmd, "DATA", recipient=recipient, wanted=3)
        try:
            connection.send(content)
        except OSError as error:  # without its last line no server takes a mail
            self._drop()
            raise RefusedError(
                f"connection lost while the mail was handed over: {_told(error)}", lasting=False
            ) from error
        try:
            connection.send(b".\r\n")
            code, text = connection.getreply()
        except OSError as error:
            self._drop()
            raise OutcomeUnknownError(f"no answer after the mail was handed over: {_told(error)}") from error
        self._judge(code, text, recipient, wanted=2, otherwise=OutcomeUnknownError)
        return self.via

    def _command(
        self, command: Callable[..., tuple[int, bytes]], *words: object, recipient: str, wanted: int = 2
    ) -> None:
        """One command and its answer, of the kind that is wanted."""
        try:
            code, text = command(*words)
        except OSError as error:  # smtplib's own errors are of this kind
            self._drop()
            raise RefusedError(f"connection lost: {_told(error)}", lasting=False) from error
        self._judge(code, text, recipient, wanted=wanted)

    def _judge(
        self,
        code: int,
        text: bytes,
        recipient: str,
        *,
        wanted: int,
        otherwise: type[OutcomeUnknownError] | None = None,
    ) -> None:
        if code // 100 == wanted:
            return
        reason = scrubbed(f"{code} {text.decode('utf-8', 'replace')}", recipient)
        if code == _SERVICE_CLOSING:
            self._drop()
        elif self._connection is not None:
            with suppress(OSError):  # ready for the next mail; a lost connection shows there
                self._connection.rset()
        if code // 100 in (4, 5):
            raise RefusedError(reason, lasting=code // 100 == 5)
        self._drop()
        if otherwise:
            raise otherwise(f"an answer that is none: {reason}")
        raise RefusedError(f"an answer that is none: {reason}", lasting=False)

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> smtplib.SMTP:
        if self._connection is None:
            self._connection = self._connect()
        return self._connection

    def _connect(self) -> smtplib.SMTP:
        mail = self._mail
        if mail.user and mail.security == "none" and mail.host not in LOOPBACK:
            raise UnreachableError(
                f"mail.security is none: {mail.host} would get the password unencrypted; set starttls or tls",
                lasting=True,
            )
        server: smtplib.SMTP | None = None
        try:
            context = ssl.create_default_context(cafile=mail.ca_file)
            if mail.security == "tls":
                server = smtplib.SMTP_SSL(mail.host, mail.port, timeout=mail.timeout_seconds, context=context)
            else:
                server = smtplib.SMTP(mail.host, mail.port, timeout=mail.timeout_seconds)
            if mail.security == "starttls":
                server.starttls(context=context)
            if mail.user:
                server.login(mail.user, mail.password.get_secret_value() if mail.password else "")
            server.ehlo_or_helo_if_needed()
        except OSError as error:
            if server is not None:
                server.close()
            raise UnreachableError(f"{self.via}: {_told(error)}", lasting=_is_a_setting(error)) from error
        return server


def _is_a_setting(error: Exception) -> bool:
    """Whether asking again in a minute is of no use: certificates, passwords, what the server cannot do."""
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code >= 500
    return isinstance(error, ssl.SSLError | smtplib.SMTPNotSupportedError | FileNotFoundError)


def _on_the_wire(message: EmailMessage, server: smtplib.SMTP, recipient: str) -> tuple[bytes, list[str]]:
    """The mail as the server reads it, without its last line, and the options of MAIL FROM."""
    options = []
    if recipient.isascii():
        raw = message.as_bytes()
    elif server.has_extn("smtputf8"):
        raw = message.as_bytes(policy=SMTPUTF8)
        options += ["SMTPUTF8", "BODY=8BITMIME"]
    else:
        raise RefusedError("the server takes no address with other letters than ASCII", lasting=True)
    stuffed = re.sub(rb"(?m)^\.", b"..", raw)
    if server.has_extn("size"):
        options.append(f"SIZE={len(raw)}")
    return stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n", options


def _told(error: Exception) -> str:
    """An error of the connection in one line; a server's words lose their addresses."""
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        return scrubbed(f"{error.smtp_code} {text.decode('utf-8', 'replace') if isinstance(text, bytes) else text}")
    return scrubbed(str(error) or type(error).__name__)


def scrubbed(text: str, recipient: str = "") -> str:
    """A server's answer without addresses, as it may stand in a log."""
    if recipient:
        local = recipient.rpartition("@")[0]
        text = re.sub(re.escape(recipient), "<address>", text, flags=re.IGNORECASE)
        text = re.sub(rf"(?<!\w){re.escape(local)}(?!\w)", "<name>", text, flags=re.IGNORECASE)
    line = " ".join(_ANY_ADDRESS.sub("<address>", text).split())
    return line if len(line) <= _LONGEST_REASON else f"{line[: _LONGEST_REASON - 1]}…"


def size_of(message: EmailMessage) -> int:
    """Bytes on the wire."""
    return len(message.as_bytes())


def post(mail: Mail, outbox: Path) -> Post:
    """The way out that the settings name."""
    return Outbox(outbox) if mail.transport == "file" else SmtpServer(mail)


def send(message: EmailMessage, mail: Mail, outbox: Path) -> str:
    """Send one mail of the house (no report: nothing is written down) and tell where it went.

    Raises RefusedError, UnreachableError or OutcomeUnknownError when the server does not take it.
    """
    with post(mail, outbox) as way:
        return way.send(message)


@dataclass(frozen=True)
class Parcel:
    """One report for one recipient, made into a mail when it goes."""

    key: Key
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
class Tally:
    """What came of a sending."""

    sent: list[Key] = field(default_factory=list)
    already: list[Key] = field(default_factory=list)
    not_sent: list[str] = field(default_factory=list)  # a line each, for a person

    @property
    def text(self) -> str:
        parts = [f"{len(self.sent)} mails"]
        parts += [f"{len(self.already)} had theirs"] if self.already else []
        parts += [f"{len(self.not_sent)} not sent"] if self.not_sent else []
        return ", ".join(parts)


def parcels(reports: Path, report: str, period: str, recipients: Sequence[Recipient]) -> tuple[list[Parcel], list[str]]:
    """A parcel per recipient whose report is there, and a line for each whose is not."""
    found, lacking = [], []
    for one in recipients:
        folder = reports / report / period / one.scope.folder
        try:
            revision = read_bundle(folder / "bundle.json").revision
        except (OSError, ValueError, BundleDamagedError) as error:
            lacking.append(f"{one.id}: no report of {one.scope.type} {one.scope.id} can be read: {error}")
            continue
        found.append(Parcel(Key(report, period, one.scope.folder, revision, one.id, one.language), one, folder))
    return found, lacking


def deliver(
    parcels: Iterable[Parcel],
    way: Post,
    ledger: Ledger,
    mail: Mail,
    *,
    now: Callable[[], datetime],
    pause: Callable[[float], None] = time.sleep,
) -> Tally:
    """Sends each parcel at most once and one by one; what one server or address refuses never stops the others.

    What was refused for the time being is tried again in rounds, with longer and longer waits between them. Raises
    LedgerError when the ledger cannot be written: then nothing more is sent.
    """
    tally = Tally()
    with ledger.sole_sender(), way:
        ledger.abandon(now())
        waiting = [(one, "") for one in parcels]
        for attempt in range(mail.attempts):
            if not waiting:
                break
            if attempt:
                pause(mail.retry_seconds * 2 ** (attempt - 1))
            waiting = _round([one for one, _ in waiting], way, ledger, mail, now, tally)
        tally.not_sent += [f"{one.key.recipient}: {reason}; the next run tries again" for one, reason in waiting]
    return tally


def _round(
    parcels: Sequence[Parcel], way: Post, ledger: Ledger, mail: Mail, now: Callable[[], datetime], tally: Tally
) -> list[tuple[Parcel, str]]:
    """One attempt at each; gives those that may be tried again, with the reason."""
    again: list[tuple[Parcel, str]] = []
    unreachable: UnreachableError | None = None
    for one in parcels:
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
        if isinstance(claim, Delivery):
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
        except RefusedError as error:
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


def _tell_standing(standing: Delivery, tally: Tally) -> None:
    """Why a mail is not sent once more."""
    if standing.state == "sent":
        tally.already.append(standing.key)
        return
    told = "refused for good" if standing.state == "failed" else "unknown whether it arrived"
    tally.not_sent.append(f"{standing.key.recipient}: {told}: {standing.reason}")
