"""Mails: what a reader sees, that equal mails are equal bytes, that no address adds a header, and both ways out."""

from __future__ import annotations

import email
import socket
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from pydantic import SecretStr

from orchestration.settings import Mail
from reports.bundle import Bundle
from reports.delivery import send
from reports.language import LANGUAGES, LanguageCode
from reports.mail import Failure, compose, compose_failure

MOMENT = datetime(2026, 11, 3, 8, 0, tzinfo=timezone(timedelta(hours=8)))
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 40


def mail(
    bundle: Bundle, code: LanguageCode = "en", recipient: str = "Li Lei 李雷 <li.lei@example.com>"
) -> EmailMessage:
    return compose(bundle, code, PDF, sender="Kefu <kefu@example.com>", recipient=recipient, moment=MOMENT)


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_text_of_the_mail(bundle: Bundle, code: LanguageCode, golden: Any) -> None:
    body = mail(bundle, code).get_body(("plain",))
    assert body is not None
    golden(f"mail.{code}.txt", body.get_content().replace("\r\n", "\n"))


def test_its_parts_survive_the_wire(bundle: Bundle) -> None:
    message = email.message_from_bytes(mail(bundle).as_bytes(), policy=SMTP)
    assert message["Subject"] == "Monthly service-quality report · Lantern Home 明灯家居 · October 2026"
    assert message["To"].addresses[0].display_name == "Li Lei 李雷"
    assert message["Date"].datetime == MOMENT
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/html", "application/pdf",
    ]  # fmt: skip
    (attached,) = message.iter_attachments()
    assert attached.get_content() == PDF
    assert attached.get_filename() == "service_quality_2026-10_company_en.pdf"
    assert max(len(line) for line in mail(bundle).as_bytes().splitlines()) <= 998


def test_equal_mails_are_equal_bytes(bundle: Bundle) -> None:
    assert mail(bundle).as_bytes() == mail(bundle).as_bytes()
    assert mail(bundle)["Message-ID"] != mail(bundle, "zh-CN")["Message-ID"]
    assert mail(bundle)["Message-ID"] != mail(bundle, recipient="other@example.com")["Message-ID"]


@pytest.mark.parametrize(
    "address", ["a@b.c\r\nBcc: x@y.z", "a@b.c\nX: y", "nobody", "", "a b@c.d", "a@@b.c", "a@b.c, d@e.f\0"]
)
def test_an_address_cannot_add_a_header(bundle: Bundle, address: str) -> None:
    with pytest.raises(ValueError, match="no mail address"):
        mail(bundle, recipient=address)


def test_a_name_cannot_add_a_header(bundle: Bundle) -> None:
    meta = bundle.meta.model_copy(update={"company": "Evil\r\nBcc: x@y.z"})
    message = mail(bundle.model_copy(update={"meta": meta}))
    parsed = email.message_from_bytes(message.as_bytes(), policy=SMTP)
    assert parsed["Bcc"] is None
    assert "Evil Bcc: x@y.z" in parsed["Subject"]


def test_a_failure_names_what_failed(golden: Any) -> None:
    message = compose_failure(
        "en",
        [Failure("raw/orders", "orders.csv: column order_id is missing"), Failure("check freshness", "3 days late")],
        company="Lantern Home",
        job="nightly",
        run_id="1f0c",
        sender="kefu@example.com",
        recipient="owner@example.com",
        moment=MOMENT,
    )
    assert message["Subject"] == "nightly failed · Lantern Home"
    golden("failure.en.txt", message.get_content().replace("\r\n", "\n"))


def test_the_outbox_holds_a_mail_once(bundle: Bundle, tmp_path: Path) -> None:
    outbox = tmp_path / "outbox"
    first = send(mail(bundle), Mail(), outbox)
    assert send(mail(bundle), Mail(), outbox) == first
    assert [str(path) for path in outbox.iterdir()] == [first]
    assert Path(first).read_bytes() == mail(bundle).as_bytes()


class Box:
    def __init__(self) -> None:
        self.got: list[bytes] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self.got.append(envelope.content)
        return "250 taken"


@pytest.fixture
def server() -> Iterator[tuple[Box, Mail]]:
    box = Box()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield box, Mail(transport="smtp", host="127.0.0.1", port=port, security="none", timeout_seconds=5)
    finally:
        controller.stop()


def test_a_server_gets_the_same_mail(bundle: Bundle, server: tuple[Box, Mail], tmp_path: Path) -> None:
    box, settings = server
    send(mail(bundle), settings, tmp_path)
    (got,) = box.got
    assert email.message_from_bytes(got, policy=SMTP)["Subject"] == mail(bundle)["Subject"]
    assert not list(tmp_path.iterdir())


def test_a_server_without_tls_gets_no_mail_that_asks_for_it(
    bundle: Bundle, server: tuple[Box, Mail], tmp_path: Path
) -> None:
    box, settings = server
    with pytest.raises(Exception, match="STARTTLS"):
        send(mail(bundle), settings.model_copy(update={"security": "starttls"}), tmp_path)
    assert box.got == []


def test_a_password_does_not_travel_in_the_open(bundle: Bundle, tmp_path: Path) -> None:
    settings = Mail(
        transport="smtp", host="mail.example.com", security="none", user="kefu", password=SecretStr("s3cret")
    )
    with pytest.raises(ValueError, match="unencrypted") as raised:
        send(mail(bundle), settings, tmp_path)
    assert "s3cret" not in str(raised.value)
