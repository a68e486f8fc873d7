"""Headers of a mail come back as they were put in, whatever the name: read by the standard library's two readers."""

from __future__ import annotations

import email
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reports.delivery.card import RunFailure
from reports.delivery.headers import WIRE, WIRE_UTF8
from reports.delivery.mail import compose_failure
from reports.delivery.recipients import Recipient
from reports.text.language import LONGEST, plain

LETTERS = st.sampled_from([*" ,.;:'\"\\()<>@[]=?_aZ9éß王颖می\u200c\u200dक्ष👩👧🏽", "=?utf-8?q?x?=", "Ltd, ", '"Q" '])
NAMES = st.lists(LETTERS, min_size=1, max_size=LONGEST).map(lambda found: plain("".join(found))).filter(bool)
WHOLE = 1  # encoded words in a name, up to which the newer reader of 3.11 adds no space (mended in 3.12.9)


def _sent(name: str, subject: str = "x") -> tuple[EmailMessage, bytes]:
    message = EmailMessage(policy=WIRE)
    message["Subject"] = subject
    message["To"] = Recipient(id="a", name=name, address="a.b@example.com").mailbox
    return message, message.as_bytes()


def _unfolded(raw: bytes, header: str) -> str:
    block = raw.decode("ascii").replace("\r\n ", " ").split("\r\n")
    return next(line.partition(": ")[2] for line in block if line.startswith(f"{header}: "))


@given(NAMES)
@example("Li, Lei")
@example('Müller, Hans "Hansi" ' + "von " * 20 + "Österreich")
@example('Long, "quoted" ' + "name " * 20 + "end")
@example("می\u200cخواهم" * 12)
@example("क्\u200dष " * 20 + "x")
@example("👩\u200d👩\u200d👧\u200d👦, Inc. " * 8 + "x")
@example("王颖" * 60)
@example("=?utf-8?q?x?=")
def test_a_name_comes_back_as_it_was_and_makes_no_second_recipient(name: str) -> None:
    name = plain(name)
    _, raw = _sent(name)
    assert max(map(len, raw.split(b"\r\n"))) <= LONGEST * 2 + 20
    (read,) = email.message_from_bytes(raw, policy=default)["To"].addresses
    assert read.addr_spec == "a.b@example.com"
    line = _unfolded(raw, "To").removesuffix(" <a.b@example.com>")
    if line.startswith('"'):  # the older reader leaves quotes to whoever asked
        line = line[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    if line.startswith("=?"):
        assert str(make_header(decode_header(line))) == name
    else:
        assert line == name
    if line.count("=?utf-8?") <= WHOLE:
        assert read.display_name == name
    else:
        assert read.display_name.replace(" ", "") == name.replace(" ", "")


@given(NAMES)
@example("a b" * 60)
@example("Report · " * 30 + "10月")
def test_a_subject_comes_back_as_it_was(subject: str) -> None:
    message, raw = _sent("x", subject)
    assert email.message_from_bytes(raw, policy=default)["Subject"] == message["Subject"]
    assert str(make_header(decode_header(_unfolded(raw, "Subject")))) == message["Subject"]


@given(NAMES)
def test_a_sender_s_name_and_the_data_owner_s_come_back(name: str) -> None:
    quoted = '"{}"'.format(name.replace("\\", "\\\\").replace('"', '\\"'))
    message = compose_failure(
        "en", [RunFailure("x", "y")], company=name, job="nightly", run_id="1", sender=f"{quoted} <kefu@example.com>",
        recipient=f"{quoted} <owner@example.com>", moment=datetime(2026, 11, 3, tzinfo=UTC),
    )  # fmt: skip
    read = email.message_from_bytes(message.as_bytes(), policy=default)
    for header, expected in (("From", "kefu@example.com"), ("To", "owner@example.com")):
        (one,) = read[header].addresses
        assert one.addr_spec == expected
        assert one.display_name.replace(" ", "") == name.replace(" ", "")


@pytest.mark.parametrize("name", ["Li Lei", "王颖", "Ann, Bob"])
def test_a_mailbox_with_other_letters_is_written_raw_for_a_server_that_takes_it(name: str) -> None:
    message = EmailMessage(policy=WIRE)
    message["To"] = Recipient(id="a", name=name, address="li@灯.example").mailbox
    raw = message.as_bytes(policy=WIRE_UTF8)
    (read,) = email.message_from_bytes(raw, policy=default.clone(utf8=True))["To"].addresses
    assert "li@灯.example>" in raw.decode("utf-8")
    assert read.display_name == name


def test_a_recipient_s_name_may_have_joiners_and_nothing_that_hides() -> None:
    for name in ("می\u200cخواهم", "क्\u200dष", "👩\u200d👧 Family"):
        assert Recipient(id="a", name=name, address="a@b.c").name == name
    for hidden in ("a\u202eb", "a\u200bb", "a\u2066b"):
        with pytest.raises(ValueError, match="name of one line"):
            Recipient(id="a", name=hidden, address="a@b.c")
