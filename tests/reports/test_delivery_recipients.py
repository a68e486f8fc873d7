"""The recipients file: what is wrong is said with its line, and no error tells a name or an address."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import demo
from foundation.settings import Settings
from reports.bundle.rows import Scope
from reports.delivery.addresses import read_address
from reports.delivery.recipients import RecipientsError, read_recipients

GOOD = "id: ceo, name: Li Wen, address: li.wen@example.com"


def _file(folder: Path, *entries: str) -> Path:
    path = folder / "recipients.yml"
    path.write_text("recipients:\n" + "".join(f"  - {{{entry}}}\n" for entry in entries), encoding="utf-8")
    return path


def test_without_a_file_nobody_is_sent_to(tmp_path: Path) -> None:
    assert read_recipients(tmp_path / "recipients.yml") == ()


def test_what_is_not_said_is_the_company_s_monthly_report_in_english_with_its_pdf(tmp_path: Path) -> None:
    (one,) = read_recipients(_file(tmp_path, GOOD))
    assert (one.report, one.scope, one.language, one.formats, one.schedule) == (
        "service_quality", Scope(), "en", ("pdf",), "monthly",
    )  # fmt: skip
    assert str(one.mailbox) == "Li Wen <li.wen@example.com>"


def test_a_scope_is_one_member(tmp_path: Path) -> None:
    (one,) = read_recipients(_file(tmp_path, f"{GOOD}, scope: {{store: demo:S07}}, formats: []"))
    assert (one.scope, one.formats) == (Scope(type="store", id="demo:S07"), ())


def test_the_demo_s_file_is_good() -> None:
    found = read_recipients(Path(demo.__file__).with_name("recipients.yml"))
    assert {(one.scope.type, one.language) for one in found} == {
        ("company", "en"), ("company", "zh-CN"), ("store", "zh-CN"),
    }  # fmt: skip


def test_a_quarterly_recipient_gets_the_last_month_of_a_quarter(tmp_path: Path) -> None:
    (one,) = read_recipients(_file(tmp_path, f"{GOOD}, schedule: quarterly"))
    assert [month for month in range(1, 13) if one.is_due(date(2026, month, 1))] == [3, 6, 9, 12]


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        (["id: ceo, name: Li Wen"], ":2: ceo: address is missing"),
        (["name: Li Wen, address: li.wen@example.com"], ":2: entry 1: id is missing"),
        ([f"{GOOD}, langauge: en"], ":2: ceo: langauge is no field; there are id, name"),
        ([f"{GOOD}, language: fr"], ":2: ceo: language is 'fr': there are en, zh-CN"),
        ([f"{GOOD}, report: sales"], "no report is called 'sales'; there are"),
        ([f"{GOOD}, scope: {{shop: a}}"], "write company, or one of region, store, team"),
        ([f"{GOOD}, scope: {{store: a, team: b}}"], "write company, or one of region, store, team"),
        ([f"{GOOD}, scope: {{store: }}"], "write company, or one of region, store, team"),
        ([f"{GOOD}, scope: everything"], "write company, or one of region, store, team"),
        ([f"{GOOD}, formats: [docx]"], "'html' or 'pdf'"),
        ([f"{GOOD}, schedule: daily"], "service_quality may be had monthly or quarterly"),
        (["id: C E O, name: a, address: a@b.c"], "use small letters"),
        ([GOOD, "id: ceo, name: b, address: b@b.c"], ":3: ceo: the id stands on line 2 too"),
        ([GOOD, "id: boss, name: b, address: LI.wen@example.com"], ":3: boss: the entry on line 2 has the same"),
        (["id: ceo, id: cto, name: a, address: a@b.c"], "'id' stands twice"),
        (["id: [x"], "is no YAML"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, entries: list[str], says: str) -> None:
    path = _file(tmp_path, *entries)
    with pytest.raises(RecipientsError) as raised:
        read_recipients(path)
    assert says in str(raised.value)
    assert str(path) in str(raised.value)


@pytest.mark.parametrize("text", ["- id: a\n", "people: []\n", "recipients: {}\n", "recipients: []\nmore: 1\n"])
def test_another_shape_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "recipients.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RecipientsError, match="must hold `recipients:`"):
        read_recipients(path)


def test_every_fault_is_told_at_once_and_no_name_or_address(tmp_path: Path) -> None:
    path = _file(
        tmp_path,
        "id: a, name: Secret Person, address: secret person",
        "id: b, name: 'Secret\\r\\nBcc: x', address: 'Secret <secret@b.c>'",
        "id: c, name: Secret, address: secret@b.c, language: xx",
        "id: c, name: Secret, address: secret@b.c",
        "Secret: [secret@b.c",
    )
    with pytest.raises(RecipientsError) as torn:
        read_recipients(path)
    path.write_text("\n".join(path.read_text(encoding="utf-8").splitlines()[:-1]), encoding="utf-8")
    with pytest.raises(RecipientsError) as raised:
        read_recipients(path)
    assert len(str(raised.value).splitlines()) >= 3
    for error in (torn, raised):
        assert "secret" not in str(error.value).casefold()


@given(st.text(max_size=60) | st.emails() | st.from_regex(r"[ \"<>()\[\]@.,;:\\\\a-c\r\n]{1,20}", fullmatch=True))
def test_an_address_is_one_mailbox_or_refused_without_being_told(text: str) -> None:
    try:
        address = read_address(text)
    except ValueError as error:
        reported = str(error)
    else:
        reported = ""
        assert not set("\r\n\0") & set(str(address))
        assert "@" in address.addr_spec
    assert reported in ("", "is no mail address; write one such as li.lei@example.com")


def test_the_old_setting_says_where_recipients_stand_now(tmp_path: Path) -> None:
    (tmp_path / "kefu.toml").write_text('[mail]\nrecipients = ["a@b.c"]\n', encoding="utf-8")
    with pytest.raises(ValueError, match="KEFU_HOME/recipients"):
        Settings(home=tmp_path)


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("channel: fax, webhook: {env: X}", "there are mail, dingtalk, feishu, slack, teams, wecom"),
        ("channel: slack", "webhook is missing"),
        ("channel: slack, webhook: https://hooks.example/S3CRET", "a secret does not stand in this file"),
        ("channel: slack, webhook: {env: X}, address: a@b.c", "address and formats are for mail"),
        ("channel: slack, webhook: {env: X}, formats: [pdf]", "address and formats are for mail"),
        ("channel: slack, webhook: {env: X}, secret: {env: Y}", "slack does not"),
        ("address: a@b.c, webhook: {env: X}", "webhook and secret are for a chat"),
        ("name: b", "stands twice"),
    ],
)
def test_what_is_wrong_with_a_room_is_said_with_its_line(tmp_path: Path, entry: str, says: str) -> None:
    path = tmp_path / "recipients.yml"
    path.write_text(f"recipients:\n  - {{id: room, name: a, {entry}}}\n", encoding="utf-8")
    with pytest.raises(RecipientsError) as raised:
        read_recipients(path)
    assert says in str(raised.value)
    assert "S3CRET" not in str(raised.value)


def test_two_entries_for_one_room_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "recipients.yml"
    lines = (f"  - {{id: {name}, name: a, channel: slack, webhook: {{env: X}}}}\n" for name in ("one", "two"))
    path.write_text("recipients:\n" + "".join(lines), encoding="utf-8")
    with pytest.raises(RecipientsError, match=":3: two: the entry on line 2 has the same"):
        read_recipients(path)
