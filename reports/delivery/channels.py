"""How a mail leaves: as a file in the outbox or through an SMTP server.

What a mail says is mail.py's part, that each leaves once is sending.py's.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol, Self

from foundation.secrets import LOOPBACK
from foundation.settings import Mail
from reports.bundle.store import write_atomically
from reports.delivery.headers import WIRE_UTF8
from reports.delivery.outcomes import OutcomeUnknownError, RefusedError, UnreachableError, scrubbed
from reports.delivery.records import OUTBOX

_SERVICE_CLOSING = 421


class MailTransport(Protocol):
    """A way out for many mails."""

    via: str  # for the ledger

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def most_bytes(self) -> int | None:
        """The largest mail that is taken, where that is known. Raises UnreachableError."""

    def send(self, message: EmailMessage) -> str:
        """Hands one mail over and says where it went. Raises RefusedError, UnreachableError, OutcomeUnknownError."""


class Outbox(MailTransport):
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
        write_atomically(path, message.as_bytes())
        return str(path)


class SmtpServer(MailTransport):
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
        reported = self._connected().esmtp_features.get("size", "")
        return int(reported) if reported.isdigit() and int(reported) else None  # 0 is no limit

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
                f"connection lost while the mail was handed over: {_reported(error)}", lasting=False
            ) from error
        try:
            connection.send(b".\r\n")
            code, text = connection.getreply()
        except OSError as error:
            self._drop()
            raise OutcomeUnknownError(f"no answer after the mail was handed over: {_reported(error)}") from error
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
            raise RefusedError(f"connection lost: {_reported(error)}", lasting=False) from error
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
            raise UnreachableError(f"{self.via}: {_reported(error)}", lasting=_is_a_setting(error)) from error
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
        raw = message.as_bytes(policy=WIRE_UTF8)
        options += ["SMTPUTF8", "BODY=8BITMIME"]
    else:
        raise RefusedError("the server takes no address with other letters than ASCII", lasting=True)
    stuffed = re.sub(rb"(?m)^\.", b"..", raw)
    if server.has_extn("size"):
        options.append(f"SIZE={len(raw)}")
    return stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n", options


def _reported(error: Exception) -> str:
    """An error of the connection in one line; a server's words lose their addresses."""
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        return scrubbed(f"{error.smtp_code} {text.decode('utf-8', 'replace') if isinstance(text, bytes) else text}")
    return scrubbed(str(error) or type(error).__name__)


def size_of(message: EmailMessage) -> int:
    """Bytes on the wire."""
    return len(message.as_bytes())


def transport(mail: Mail, outbox: Path) -> MailTransport:
    """The way out that the settings name."""
    return Outbox(outbox) if mail.transport == "file" else SmtpServer(mail)


def send(message: EmailMessage, mail: Mail, outbox: Path) -> str:
    """Send one mail of the house (no report: nothing is written down) and tell where it went.

    Raises RefusedError, UnreachableError or OutcomeUnknownError when the server does not take it.
    """
    with transport(mail, outbox) as way:
        return way.send(message)
