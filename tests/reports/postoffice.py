"""A real SMTP server on loopback that answers as it is told, and a home with a report to send."""

from __future__ import annotations

import socket
import ssl
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from pathlib import Path
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from foundation.settings import Mail
from reports.bundle.model import Bundle
from reports.delivery.channels import transport
from reports.delivery.ledger import Ledger
from reports.delivery.recipients import read_recipients
from reports.delivery.sending import SendingResult, deliver, report_messages
from reports.issuing.revisions import issue

NOW = datetime(2026, 11, 3, 0, 0, tzinfo=UTC)
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 40
PERIOD = "2026-10"


@dataclass
class Office:
    """What the server was given, and what it answers to whom: a list of answers per step and local part of the
    address, used up from the front; 250 when there is none."""

    port: int = 0
    answers: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    taken: list[bytes] = field(default_factory=list)
    greeted: int = 0
    before_answer: Callable[[], None] = lambda: None

    @property
    def got(self) -> Counter[str]:
        """How many mails each local part has."""
        return Counter(message["To"].addresses[0].username for message in self.mails)

    @property
    def mails(self) -> list[EmailMessage]:
        return [cast(EmailMessage, message_from_bytes(raw, policy=SMTP_POLICY)) for raw in self.taken]

    def answer(self, step: str, address: str) -> str:
        waiting = self.answers.get((step, address.partition("@")[0]), [])
        return waiting.pop(0) if waiting else "250 fine"

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's names
        self, _server: Any, session: Any, _envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        self.greeted += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(self, server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        reported = self.answer("RCPT", address)
        if reported == "cut":
            server.transport.abort()
        if reported.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reported

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        reported = self.answer("DATA", envelope.rcpt_tos[0])
        if reported in ("250 fine", "take and cut"):
            self.taken.append(envelope.content)
        if reported.endswith("cut"):
            server.transport.abort()
        self.before_answer()
        return reported


class _Torn(SMTP):
    """Asks for the mail and hangs up before it came, where the office says so."""

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        if self.event_handler.answer("MIDDLE", self.envelope.rcpt_tos[0]) == "cut":
            await self.push("354 go on")
            self.transport.abort()
            return
        await super().smtp_DATA(arg)


class _Server(Controller):
    def factory(self) -> SMTP:
        return _Torn(self.handler, **self.SMTP_kwargs)


@contextmanager
def serving(**options: Any) -> Iterator[Office]:
    """The server at work. `options` are those of aiosmtpd's Controller."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        office = Office(port=free.getsockname()[1])
    controller = _Server(office, hostname="127.0.0.1", port=office.port, **options)
    controller.start()
    try:
        yield office
    finally:
        controller.stop()


def login(user: str, password: str) -> dict[str, Any]:
    """Options of a server that asks for a login."""

    def check(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        good = isinstance(data, LoginPassword) and data == LoginPassword(user.encode(), password.encode())
        return AuthResult(success=good, handled=False)

    return {"authenticator": check, "auth_required": True}


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's side of TLS, and the file of the authority that signed it."""
    import trustme

    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    return context, folder / "ca.pem"


def over(office: Office, **settings: Any) -> Mail:
    """Settings that send to the office."""
    given = {
        "transport": "smtp",
        "host": "127.0.0.1",
        "port": office.port,
        "security": "none",
        "timeout_seconds": 5,
        "sender": "Kefu <kefu@example.com>",
        "data_owner": "owner@example.com",
        "retry_seconds": 1,
    }
    return Mail.model_validate({**given, **settings})


@dataclass
class House:
    """A home in which the company's report of October is issued."""

    home: Path
    waits: list[float] = field(default_factory=list)

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.home / "delivery.db")

    def names(self, *names: str, more: str = "") -> None:
        """Writes the recipients file."""
        lines = (f"  - {{id: {name}, name: {name.title()}, address: {name}@example.com{more}}}\n" for name in names)
        (self.home / "recipients.yml").write_text("recipients:\n" + "".join(lines), encoding="utf-8")

    def send(self, mail: Mail, *, ledger: Ledger | None = None, names: Sequence[str] | None = None) -> SendingResult:
        """One run."""
        recipients = [one for one in read_recipients(self.home / "recipients.yml") if names is None or one.id in names]
        ready, lacking = report_messages(self.home / "reports", "service_quality", PERIOD, recipients)
        way = transport(mail, self.home / "outbox")
        tally = deliver(ready, way, ledger or self.ledger, mail, now=lambda: NOW, pause=self.waits.append)
        tally.not_sent += lacking
        return tally

    def states(self) -> dict[str, str]:
        """How it stands with each recipient, as kefu delivery tells it."""
        return {one.key.recipient: one.state for one in self.ledger.deliveries()}


def house(home: Path, bundle: Bundle) -> House:
    """A home with the report's files; the PDF is a stand-in."""
    bundle = issue(bundle, home / "reports").bundle
    for language in ("en", "zh-CN"):
        folder = home / "reports" / bundle.folder / language
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "report.pdf").write_bytes(PDF)
        (folder / "report.html").write_text(
            f"<!doctype html><title>report</title>{bundle.sha256[:12]}", encoding="utf-8"
        )
    return House(home)
