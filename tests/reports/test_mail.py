"""Mails: what a reader sees, that equal mails are equal bytes, that no address adds a header."""

from __future__ import annotations

import email
import html
import re
from datetime import datetime, timedelta, timezone
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest

from foundation.languages import LANGUAGES, LanguageCode
from foundation.settings import Mail
from reports.bundle.model import Bundle
from reports.delivery.card import RunFailure
from reports.delivery.channels import send
from reports.delivery.mail import Attachments, compose, compose_failure, content_hash
from reports.delivery.recipients import Format, Recipient
from reports.text.language import language
from reports.text.story import story
from reports.text.wording import Wording

MOMENT = datetime(2026, 11, 3, 8, 0, tzinfo=timezone(timedelta(hours=8)))
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 40
LI = Recipient(id="li", name="Li Lei 李雷", address="li.lei@example.com")


def mail(
    bundle: Bundle, code: LanguageCode = "en", *, to: Recipient = LI, moment: datetime = MOMENT, **more: Any
) -> EmailMessage:
    recipient = to.model_copy(update={"language": code})
    files: Attachments = dict.fromkeys(to.formats, PDF)
    owner = "Owner <owner@example.com>"
    return compose(bundle, recipient, files, sender="Kefu <kefu@example.com>", unsubscribe=owner, moment=moment, **more)


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
        "multipart/mixed", "multipart/alternative", "text/plain", "multipart/related", "text/html", *["image/png"] * 6,
        "application/pdf",
    ]  # fmt: skip
    (attached,) = message.iter_attachments()
    assert attached.get_content() == PDF
    assert attached.get_filename() == "service_quality_2026-10_company_en.pdf"
    assert max(len(line) for line in mail(bundle).as_bytes().splitlines()) <= 998


def test_equal_mails_are_equal_bytes(bundle: Bundle) -> None:
    assert mail(bundle).as_bytes() == mail(bundle).as_bytes()
    assert mail(bundle)["Message-ID"] != mail(bundle, "zh-CN")["Message-ID"]
    other = LI.model_copy(update={"id": "other"})
    assert mail(bundle)["Message-ID"] != mail(bundle, to=other)["Message-ID"]


@pytest.mark.parametrize(
    "address", ["a@b.c\r\nBcc: x@y.z", "a@b.c\nX: y", "nobody", "", "a b@c.d", "a@@b.c", "a@b.c, d@e.f\0"]
)
def test_an_address_cannot_add_a_header(bundle: Bundle, address: str) -> None:
    with pytest.raises(ValueError, match="no mail address"):
        mail(bundle, to=LI.model_copy(update={"address": address}))


@pytest.mark.parametrize("name", ["Evil\r\nBcc: x@y.z", "Evil\x00", "Evil <x@y.z>,", '"'])
def test_a_recipient_s_name_cannot_add_a_header(bundle: Bundle, name: str) -> None:
    try:
        raw = mail(bundle, to=LI.model_copy(update={"name": name})).as_bytes()
    except ValueError:
        return
    parsed = email.message_from_bytes(raw, policy=SMTP)
    assert parsed["Bcc"] is None
    assert [one.addr_spec for one in parsed["To"].addresses] == ["li.lei@example.com"]


def test_a_name_cannot_add_a_header(bundle: Bundle) -> None:
    meta = bundle.meta.model_copy(update={"company": "Evil\r\nBcc: x@y.z"})
    message = mail(bundle.model_copy(update={"meta": meta}))
    parsed = email.message_from_bytes(message.as_bytes(), policy=SMTP)
    assert parsed["Bcc"] is None
    assert "Evil Bcc: x@y.z" in parsed["Subject"]


def test_a_failure_names_what_failed(golden: Any) -> None:
    message = compose_failure(
        "en",
        [
            RunFailure("raw/orders", "orders.csv: column order_id is missing"),
            RunFailure("check freshness", "3 days late"),
        ],
        company="Lantern Home",
        job="nightly",
        run_id="1f0c",
        sender="kefu@example.com",
        recipient="owner@example.com",
        moment=MOMENT,
    )
    assert message["Subject"] == "nightly failed · Lantern Home"
    golden("failure.en.txt", message.get_content().replace("\r\n", "\n"))


def test_every_drawing_in_the_mail_is_carried_with_it_and_said_in_words(bundle: Bundle) -> None:
    """A reader fetches nothing, and one who hears the mail hears the figures."""
    message = mail(bundle)
    page = message.get_body(("html",))
    assert page is not None
    pictures = re.findall(r'<img src="([^"]*)" alt="([^"]*)"', page.get_content())
    carried = [f"cid:{part['Content-ID'].strip('<>')}" for part in message.walk() if part["Content-ID"]]
    assert [source for source, _ in pictures] == carried
    assert all(len(alt) > 20 for _, alt in pictures)
    assert not re.search(r'(src|href)="(?!cid:)', page.get_content())


@pytest.mark.parametrize(
    "archive",
    ["https://reports.example.com/", "https://reports.example.com", "https://reports.example.com/index.html"],
)
def test_a_mail_links_to_its_own_report_in_its_language(bundle: Bundle, archive: str) -> None:
    page = "https://reports.example.com/service_quality/2026-10/company/zh-CN/report.html"
    message = mail(bundle, "zh-CN", archive=archive)
    for part in ("plain", "html"):
        body = message.get_body((part,))
        assert body is not None
        assert page in body.get_content()
        assert archive in body.get_content()


def test_the_mail_tells_the_headline_the_places_and_what_to_do(bundle: Bundle) -> None:
    """The same sentences as page one."""
    reported = story(Wording(bundle, language("en")))
    for part in ("plain", "html"):
        body = message_text(mail(bundle), part)
        assert reported.lead in body
        assert all(one.text in body for one in (*reported.changes, *reported.advice, *reported.costs))
        assert all(place.name in body and place.findings[0] in body for place in reported.places)


def message_text(message: EmailMessage, part: str) -> str:
    body = message.get_body((part,))
    assert body is not None
    return html.unescape(body.get_content().replace("\r\n", "\n"))


@pytest.mark.parametrize(
    ("formats", "attached", "says"),
    [
        ((), [], None),
        (("pdf",), ["pdf"], "attached as a PDF."),
        (("html",), ["html"], "attached as a page for the browser."),
        (("html", "pdf"), ["html", "pdf"], "attached as a PDF and, whole, as a page for the browser."),
    ],
)
def test_it_carries_the_formats_that_are_wanted(
    bundle: Bundle, formats: tuple[Format, ...], attached: list[str], says: str | None
) -> None:
    message = mail(bundle, to=LI.model_copy(update={"formats": formats}))
    names = [str(part.get_filename()) for part in message.iter_attachments()]
    assert names == [f"service_quality_2026-10_company_en.{suffix}" for suffix in attached]
    body = message.get_body(("plain",))
    assert body is not None
    assert (says or "attached") in body.get_content() or not says
    assert ("attached" in body.get_content()) == bool(says)


def test_the_same_report_has_one_message_id_from_attempt_to_attempt(bundle: Bundle) -> None:
    """A reader's server may then drop a second copy of a mail that was released by hand."""
    later = mail(bundle, moment=MOMENT + timedelta(hours=3))
    assert later["Message-ID"] == mail(bundle)["Message-ID"]
    assert content_hash(later) == content_hash(mail(bundle))


def test_whoever_wants_it_no_longer_is_told_where_to_write(bundle: Bundle) -> None:
    longest = LI.model_copy(update={"id": "a" * 64})
    header = email.message_from_bytes(mail(bundle, to=longest).as_bytes(), policy=SMTP)["List-Unsubscribe"]
    assert header == f"<mailto:owner@example.com?subject=unsubscribe%20service_quality%20{'a' * 64}>"
    body = mail(bundle).get_body(("plain",))
    assert body is not None
    assert "owner@example.com" in body.get_content()


def test_the_outbox_holds_a_mail_once(bundle: Bundle, tmp_path: Path) -> None:
    outbox = tmp_path / "outbox"
    first = send(mail(bundle), Mail(), outbox)
    assert send(mail(bundle), Mail(), outbox) == first
    assert [str(path) for path in outbox.iterdir()] == [first]
    assert Path(first).read_bytes() == mail(bundle).as_bytes()
