"""Rooms of chats: what their answers mean, that nobody gets two cards, and that no secret of theirs is told."""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from foundation.settings import Mail
from reports.bundle.model import Bundle
from reports.bundle.rows import Scope
from reports.delivery.chats import channels
from reports.delivery.ledger import Ledger
from reports.delivery.outcomes import OutcomeUnknownError, RefusedError
from reports.delivery.recipients import read_recipients
from reports.delivery.sending import report_messages
from reports.delivery.webhook import checked_url, post
from tests.reports.chatroom import GOOD, Behaviour, Room, chat
from tests.reports.postoffice import NOW, PERIOD, House, certificate, house

NAMES = sorted(GOOD)
ARCHIVE = "https://reports.example.com/"
SLOW = 0.3  # seconds that a post waits here


# --- what an answer means -----------------------------------------------------------------------------------

SENT, LATER, NEVER, UNKNOWN = "sent", "later", "never", "unknown"
LIMIT = {"Retry-After": "7"}
FAILED = "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error %s with ContextId x"
EVERYWHERE = [
    (Behaviour(429, "slow down", LIMIT), LATER),
    (Behaviour(503, "", LIMIT), LATER),
    (Behaviour(503, "upstream", takes=True), UNKNOWN),
    (Behaviour(502, "<html>bad gateway</html>", takes=True), UNKNOWN),
    (Behaviour(504, "", takes=True), UNKNOWN),
    (Behaviour(404, "no such hook"), NEVER),
    (Behaviour(403, ""), NEVER),
    (Behaviour(302, "", {"Location": "https://login.example/"}), NEVER),
    (Behaviour(200, "<html>sign in</html>", {"Content-Type": "text/html"}), UNKNOWN),
    (Behaviour(takes=True, cuts=True), UNKNOWN),
    (Behaviour(takes=False, cuts=True), UNKNOWN),
]
OWN = [
    ("wecom", Behaviour(200, {"errcode": 93000, "errmsg": "invalid webhook url"}), NEVER),
    ("wecom", Behaviour(200, {"errcode": 40058, "errmsg": "markdown.content exceed max length 4096"}), NEVER),
    ("wecom", Behaviour(200, {"errcode": 45009, "errmsg": "api freq out of limit"}), LATER),
    ("wecom", Behaviour(200, {"errcode": -1, "errmsg": "system busy"}, takes=True), UNKNOWN),
    ("wecom", Behaviour(200, {"errmsg": "ok"}), UNKNOWN),
    ("dingtalk", Behaviour(200, {"errcode": 310000, "errmsg": "sign not match"}), NEVER),
    ("dingtalk", Behaviour(200, {"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"}), LATER),
    ("dingtalk", Behaviour(200, {"errcode": -1, "errmsg": "系统繁忙"}), UNKNOWN),
    ("feishu", Behaviour(200, {"code": 19024, "msg": "Key Words Not Found", "data": {}}), NEVER),
    ("feishu", Behaviour(400, {"code": 9499, "msg": "Bad Request", "data": {}}), NEVER),
    ("feishu", Behaviour(200, {"code": 9499, "msg": "too many request", "data": {}}), LATER),
    ("feishu", Behaviour(200, {"code": 11232, "msg": "frequency limited psm[lark.oapi.app_platform]"}), LATER),
    ("feishu", Behaviour(500, {"code": 2200, "msg": "internal error"}), UNKNOWN),
    ("slack", Behaviour(400, "invalid_payload"), NEVER),
    ("slack", Behaviour(410, "channel_is_archived"), NEVER),
    ("slack", Behaviour(500, "rollup_error"), UNKNOWN),
    ("slack", Behaviour(200, {"ok": False, "error": "channel_not_found"}), NEVER),
    ("slack", Behaviour(200, {"ok": False, "error": "ratelimited"}, LIMIT), LATER),
    ("slack", Behaviour(200, {"ok": False, "error": "internal_error"}), UNKNOWN),
    ("slack", Behaviour(200, {"ok": True}, takes=True), SENT),
    ("teams", Behaviour(200, "1", takes=True), SENT),
    ("teams", Behaviour(400, {"error": {"code": "InvalidRequestContent"}}), NEVER),
    ("teams", Behaviour(413, "too large"), NEVER),
    ("teams", Behaviour(200, FAILED % 429), LATER),
    ("teams", Behaviour(200, FAILED % 403), NEVER),
    ("teams", Behaviour(200, FAILED % 502), UNKNOWN),
]  # fmt: skip
TABLE = [
    *((name, GOOD[name], SENT) for name in NAMES),
    *((name, behaviour, outcome) for name in NAMES for behaviour, outcome in EVERYWHERE),
    *OWN,
]


@pytest.fixture(scope="module")
def rooms() -> Iterator[dict[str, Room]]:
    with ExitStack() as stack:
        yield {name: stack.enter_context(chat(name)) for name in NAMES}


def _outcome(name: str, url: str, **more: Any) -> tuple[str, float]:
    """What comes of a post, and how long it says to wait."""
    given = {"secret": None, "timeout": SLOW, "now": NOW, **more}
    try:
        post(channels()[name], url, {"some": "body"}, **given)
    except RefusedError as error:
        return (NEVER if error.lasting else LATER), error.after
    except OutcomeUnknownError:
        return UNKNOWN, 0
    return SENT, 0


@pytest.mark.parametrize(
    ("name", "behaviour", "outcome"), TABLE, ids=[f"{n}-{b.status}-{b.text[:40]}-{o}" for n, b, o in TABLE]
)
def test_what_an_answer_means(rooms: dict[str, Room], name: str, behaviour: Behaviour, outcome: str) -> None:
    room = rooms[name]
    room.behaviours, before = [behaviour], len(room.posts)
    said, wait = _outcome(name, room.url)
    assert said == outcome
    assert len(room.posts) == before + 1, "posted once, whatever the answer"
    assert wait == (7 if behaviour.headers == LIMIT else 0)
    if behaviour.takes:
        assert said in (SENT, UNKNOWN), "what a room shows is never posted again by itself"


@pytest.mark.parametrize("name", NAMES)
def test_a_timeout_after_the_post_is_unknown_and_one_before_it_is_not(rooms: dict[str, Room], name: str) -> None:
    rooms[name].behaviours = [Behaviour(takes=True, hangs=2 * SLOW)]
    assert _outcome(name, rooms[name].url) == (UNKNOWN, 0)
    with socket.create_server(("127.0.0.1", 0)) as free:
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}/x"
    assert _outcome(name, nobody) == (LATER, 0)
    assert _outcome(name, "https://no-such-host.invalid/x") == (LATER, 0)


def test_a_proxy_that_is_gone_has_passed_nothing_on_and_none_is_asked_on_this_machine(
    rooms: dict[str, Room], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    assert _outcome("slack", "https://hooks.example.com/x") == (LATER, 0)
    assert _outcome("slack", rooms["slack"].url) == (SENT, 0)


@pytest.mark.parametrize(
    "body", ["[" * 60_000, '{"errcode": 1e999}', '{"errcode": true}', '{"errcode": "0"}', "9" * 5000, ""]
)
def test_an_answer_that_is_none_is_unknown_however_odd(rooms: dict[str, Room], body: str) -> None:
    rooms["wecom"].behaviours = [Behaviour(200, body, takes=True)]
    assert _outcome("wecom", rooms["wecom"].url) == (UNKNOWN, 0)


def test_a_server_whose_certificate_is_not_trusted_gets_nothing(tmp_path: Path) -> None:
    context, _ = certificate(tmp_path)
    with chat("slack") as room, socket.create_server(("127.0.0.1", 0)) as listening:

        def greet() -> None:
            peer, _ = listening.accept()
            with pytest.raises(OSError), context.wrap_socket(peer, server_side=True):  # noqa: PT011 - the other hung up
                pass

        thread = Thread(target=greet)
        thread.start()
        assert _outcome("slack", f"https://localhost:{listening.getsockname()[1]}{room.path}") == (NEVER, 0)
        thread.join()


def test_a_wait_may_be_a_date(rooms: dict[str, Room]) -> None:
    later = format_datetime(datetime(2026, 11, 3, 0, 1, 30, tzinfo=UTC), usegmt=True)
    rooms["slack"].behaviours = [
        Behaviour(429, "", {"Retry-After": later}),
        Behaviour(429, "", {"Retry-After": "soon"}),
    ]
    assert _outcome("slack", rooms["slack"].url) == (LATER, 90)
    assert _outcome("slack", rooms["slack"].url) == (LATER, 0)


def test_rooms_that_ask_for_a_signature_get_one(rooms: dict[str, Room]) -> None:
    """As the manuals of both work it out."""
    secret, milliseconds, seconds = "SEC0ret", "1793664000000", "1793664000"
    assert str(int(NOW.timestamp())) == seconds
    assert _outcome("dingtalk", rooms["dingtalk"].url, secret=secret)[0] == SENT
    query = parse_qs(urlsplit(rooms["dingtalk"].paths[-1]).query)
    digest = hmac.digest(secret.encode(), f"{milliseconds}\n{secret}".encode(), "sha256")
    assert query == {
        "key": ["5ecret-0f-the-r00m"],
        "timestamp": [milliseconds],
        "sign": [base64.b64encode(digest).decode()],
    }
    assert _outcome("feishu", rooms["feishu"].url, secret=secret)[0] == SENT
    digest = hmac.new(f"{seconds}\n{secret}".encode(), digestmod=hashlib.sha256).digest()
    body = rooms["feishu"].posts[-1]
    assert (body["timestamp"], body["sign"]) == (seconds, base64.b64encode(digest).decode())


@pytest.mark.parametrize(
    "url", ["http://chat.example/hook/S3CRET", "ftp://x/S3CRET", "S3CRET", "https://", "https://x/S3 CRET"]
)
def test_an_address_that_is_none_or_open_is_refused_without_being_told(url: str) -> None:
    with pytest.raises(ValueError, match="webhook") as raised:
        checked_url(url)
    assert "S3" not in str(raised.value)


@pytest.mark.parametrize("name", NAMES)
def test_no_secret_of_a_room_is_in_a_log_or_an_error(
    rooms: dict[str, Room], name: str, caplog: pytest.LogCaptureFixture
) -> None:
    room, secret = rooms[name], "SEC-0f-signing"
    repeats = f"{room.url} {room.path} 5ecret-0f-the-r00m {secret} a@b.example"
    room.behaviours = [Behaviour(404, repeats), Behaviour(500, repeats), Behaviour(cuts=True)]
    caplog.set_level(logging.DEBUG)
    urls = [room.url] * 3 + ["http://127.0.0.1:1/5ecret-0f-the-r00m"]
    for url in urls:
        with pytest.raises((RefusedError, OutcomeUnknownError)) as raised:
            post(channels()[name], url, {}, secret=secret, timeout=SLOW, now=NOW)
        assert raised.value.__cause__ is None
        assert raised.value.__context__ is None
        for text in (str(raised.value), repr(raised.value), caplog.text):
            assert "5ecret" not in text
            assert secret not in text
            assert "a@b.example" not in text


# --- sendings: the ledger, scopes, holds --------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path, bundle: Bundle) -> House:
    return house(tmp_path, bundle)


def _names(home: House, monkeypatch: pytest.MonkeyPatch, rooms: dict[str, Room], more: str = "") -> None:
    """A recipients file with every room."""
    lines = []
    for name, room in rooms.items():
        monkeypatch.setenv(f"ROOM_{name.upper()}", room.url)
        lines.append(f"  - {{id: {name}, name: Room, channel: {name}, webhook: {{env: ROOM_{name.upper()}}}{more}}}\n")
    (home.home / "recipients.yml").write_text("recipients:\n" + "".join(lines), encoding="utf-8")


def _mail(**more: Any) -> Mail:
    return Mail(timeout_seconds=SLOW, retry_seconds=1, archive=ARCHIVE, data_owner="owner@example.com", **more)


@pytest.fixture
def fresh() -> Iterator[dict[str, Room]]:
    with ExitStack() as stack:
        yield {name: stack.enter_context(chat(name)) for name in NAMES}


def test_each_room_gets_its_card_once(home: House, fresh: dict[str, Room], monkeypatch: pytest.MonkeyPatch) -> None:
    _names(home, monkeypatch, fresh)
    first = home.send(_mail())
    assert (len(first.sent), first.not_sent) == (5, [])
    second = home.send(_mail())
    assert (second.sent, len(second.already)) == ([], 5)
    assert {name: room.shown for name, room in fresh.items()} == dict.fromkeys(NAMES, 1)
    assert home.states() == dict.fromkeys(NAMES, "sent")
    assert {one.via for one in home.ledger.deliveries()} == set(NAMES)


def test_a_busy_room_is_asked_again_after_its_wait_and_a_longer_one_by_the_next_run(
    home: House, fresh: dict[str, Room], monkeypatch: pytest.MonkeyPatch
) -> None:
    _names(home, monkeypatch, fresh)
    fresh["wecom"].behaviours = [Behaviour(200, {"errcode": 45009, "errmsg": "freq"})] * 2
    fresh["slack"].behaviours = [Behaviour(429, "", {"Retry-After": "30"})]
    fresh["teams"].behaviours = [Behaviour(429, "", {"Retry-After": "3600"})]
    tally = home.send(_mail())
    assert home.waits == [30, 2], "as long as Slack asks, then twice the first wait"
    assert tally.not_sent == ["teams: 429; the next run tries again"]
    assert {key.recipient for key in tally.sent} == set(NAMES) - {"teams"}
    assert [key.recipient for key in home.send(_mail()).sent] == ["teams"]
    assert {name: room.shown for name, room in fresh.items()} == dict.fromkeys(NAMES, 1)


def test_a_room_that_stays_busy_is_asked_as_often_as_set(
    home: House, fresh: dict[str, Room], monkeypatch: pytest.MonkeyPatch
) -> None:
    _names(home, monkeypatch, {"feishu": fresh["feishu"]})
    fresh["feishu"].behaviours = [Behaviour(200, {"code": 11232, "msg": "frequency limited"})] * 9
    assert home.send(_mail(attempts=3)).not_sent == ["feishu: code 11232 frequency limited; the next run tries again"]
    assert len(fresh["feishu"].posts) == 3


def test_what_was_accepted_without_an_answer_is_unknown_and_goes_again_only_by_a_person_s_word(
    home: House, fresh: dict[str, Room], monkeypatch: pytest.MonkeyPatch
) -> None:
    _names(home, monkeypatch, fresh)
    for room in fresh.values():
        room.behaviours = [Behaviour(takes=True, cuts=True)]
    for _ in range(2):  # the second run asks nobody
        tally = home.send(_mail())
        assert (tally.sent, home.waits) == ([], [])
        assert sorted(line.partition(": no answer")[0] for line in tally.not_sent) == [
            f"{name}: unknown whether it arrived" for name in NAMES
        ]
    assert home.states() == dict.fromkeys(NAMES, "unknown")
    assert {name: len(room.posts) for name, room in fresh.items()} == dict.fromkeys(NAMES, 1)
    home.ledger.release("service_quality", PERIOD, "wecom", by="Li Lei", reason="not in the room", now=NOW)
    assert [key.recipient for key in home.send(_mail()).sent] == ["wecom"]
    assert {name: room.shown for name, room in fresh.items()} == {**dict.fromkeys(NAMES, 1), "wecom": 2}


def test_a_refusal_for_good_is_asked_once_and_stops_no_other(
    home: House, fresh: dict[str, Room], monkeypatch: pytest.MonkeyPatch
) -> None:
    _names(home, monkeypatch, fresh)
    fresh["dingtalk"].behaviours = [Behaviour(200, {"errcode": 310000, "errmsg": "keywords not in content"})]
    said = ["dingtalk: refused for good: errcode 310000 keywords not in content"]
    assert home.send(_mail()).not_sent == said
    assert home.send(_mail()).not_sent == said
    assert (len(fresh["dingtalk"].posts), home.waits) == (1, [])
    assert sum(room.shown for room in fresh.values()) == 4


def test_killed_before_the_answer_is_written_down_is_unknown_and_never_posted_again(
    home: House, fresh: dict[str, Room], monkeypatch: pytest.MonkeyPatch
) -> None:
    _names(home, monkeypatch, {"slack": fresh["slack"]})
    claimed = Ledger(home.home / "delivery.db")
    key = _key(home)
    claimed.claim(key, address_hash="h", content_sha256="c", via="slack", now=NOW)  # and then it died
    claimed.close()
    assert home.send(_mail()).not_sent == [
        "slack: unknown whether it arrived: whoever sent it died before the answer was written down"
    ]
    assert fresh["slack"].posts == []


def _key(home: House) -> Any:
    (one,), _ = report_messages(
        home.home / "reports", "service_quality", PERIOD, read_recipients(home.home / "recipients.yml")
    )
    return one.key


def test_a_room_under_another_id_or_another_name_of_its_address_has_had_its_card(
    home: House, fresh: dict[str, Room], monkeypatch: pytest.MonkeyPatch
) -> None:
    _names(home, monkeypatch, {"slack": fresh["slack"]})
    home.send(_mail())
    monkeypatch.setenv("OTHER", fresh["slack"].url)
    (home.home / "recipients.yml").write_text(
        "recipients:\n  - {id: other, name: Room, channel: slack, webhook: {env: OTHER}}\n", encoding="utf-8"
    )
    tally = home.send(_mail())
    assert (tally.sent, len(tally.already)) == ([], 1)
    assert fresh["slack"].shown == 1


def test_a_room_gets_the_report_of_its_scope_or_none(
    home: House, fresh: dict[str, Room], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store's room whose report is not there gets nothing, never the company's."""
    _names(home, monkeypatch, {"slack": fresh["slack"]}, more=", scope: {store: demo:S07}")
    (one,) = read_recipients(home.home / "recipients.yml")
    assert one.scope == Scope(type="store", id="demo:S07")
    assert home.send(_mail()).not_sent[0].startswith("slack: no report of store demo:S07")
    assert fresh["slack"].posts == []


def test_a_page_of_another_issue_than_the_figures_is_not_linked_to(
    home: House, fresh: dict[str, Room], monkeypatch: pytest.MonkeyPatch
) -> None:
    _names(home, monkeypatch, {"teams": fresh["teams"]})
    page = home.home / "reports" / "service_quality" / PERIOD / "company" / "en" / "report.html"
    page.write_text("of another issue", encoding="utf-8")
    assert "another issue than its bundle" in home.send(_mail()).not_sent[0]
    assert (fresh["teams"].posts, home.states()) == ([], {})


@pytest.mark.parametrize("address", [None, "http://chat.example/S3CRET", "S3CRET"])
def test_without_a_good_address_nothing_is_claimed_and_the_others_go(
    home: House, fresh: dict[str, Room], monkeypatch: pytest.MonkeyPatch, address: str | None
) -> None:
    _names(home, monkeypatch, fresh)
    monkeypatch.delenv("ROOM_SLACK") if address is None else monkeypatch.setenv("ROOM_SLACK", address)
    tally = home.send(_mail())
    assert len(tally.sent) == 4
    assert "the message cannot be made" in tally.not_sent[0]
    assert "S3CRET" not in tally.not_sent[0]
    assert "slack" not in home.states()


def test_the_secret_may_stand_in_a_private_file_beside_the_recipients_and_in_no_other(
    home: House, fresh: dict[str, Room]
) -> None:
    path = home.home / "slack.url"
    path.write_text(fresh["slack"].url + "\n", encoding="utf-8")
    (home.home / "recipients.yml").write_text(
        "recipients:\n  - {id: slack, name: Room, channel: slack, webhook: {file: slack.url}}\n", encoding="utf-8"
    )
    path.chmod(0o644)
    assert "chmod 600" in home.send(_mail()).not_sent[0]
    path.chmod(0o600)
    assert len(home.send(_mail()).sent) == 1
    for file in home.home.rglob("*"):
        if file.is_file() and file != path:
            assert b"5ecret" not in file.read_bytes(), file
