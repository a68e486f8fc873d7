"""REST pulls against servers that page as the systems do, and have their accidents."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orchestration.pulling import run
from tests.pulling import systems
from tests.pulling.conftest import DAY, NEXT, Home
from tests.pulling.systems import Answer, Asked, Rows, System

Serve = Callable[[System], System]
BEGIN = datetime(2026, 3, 1, 8, tzinfo=UTC)


def stamp(minute: int) -> str:
    return (BEGIN + timedelta(minutes=minute)).isoformat()


def epoch(minute: int) -> int:
    return int((BEGIN + timedelta(minutes=minute)).timestamp())


@dataclass(frozen=True)
class Kind:
    """A system: how it answers, one of its objects, how it says when a row was changed."""

    answer: Callable[[System, Asked], Answer]
    name: str
    field: str = "updated_at"
    at: Callable[[int], Any] = stamp
    key: Callable[[int], Any] = int

    def rows(self, count: int) -> Rows:
        return [self.row(number, number) for number in range(1, count + 1)]

    def row(self, number: int, minute: int) -> dict[str, Any]:
        return {"id": self.key(number), self.field: self.at(minute), "subject": f"No {number} as of {minute}"}


def _of_salesforce(minute: int) -> str:
    return stamp(minute).replace("+00:00", ".000+0000")


def _of_a_shop_in_china(minute: int) -> str:
    return stamp(minute).replace("08:", "16:").replace("+00:00", "+08:00")


KINDS = {
    "zendesk": Kind(systems.zendesk, "tickets"),
    "salesforce": Kind(systems.salesforce, "cases", "SystemModstamp", _of_salesforce),
    "hubspot": Kind(systems.hubspot, "tickets", "updatedAt", key=str),
    "intercom": Kind(systems.intercom, "conversations", at=epoch),
    "shopify": Kind(systems.shopify, "orders", at=_of_a_shop_in_china),
}
HAPPENINGS = {
    "nothing": [],
    "busy at once": [Answer("", 429, {"Retry-After": "1"})],
    "busy in the middle": [None, Answer("", 429, {"Retry-After": "1"}), Answer("{}", 429)],
    "broken": [None, Answer("oops", 500), Answer("oops", 503), Answer("", 502)],
    "cut off": [Answer(cut=True), None, Answer(cut=True), Answer(cut=True)],
}


def _preset(system: System, preset: str, name: str, more: str = "") -> str:
    auth = "{bearer: {env: THE_TOKEN}}"
    return (
        f"pull:\n  api:\n    preset: {preset}\n    url: {system.url}\n    auth: {auth}\n"
        f"    requests_per_minute: 60000\n    objects: [{name}]\n{more}"
    )


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THE_TOKEN", "t0ken-of-the-system")


@pytest.mark.parametrize("happening", HAPPENINGS)
@pytest.mark.parametrize("preset", KINDS)
def test_every_row_comes_and_the_next_day_what_changed(home: Home, serve: Serve, preset: str, happening: str) -> None:
    kind = KINDS[preset]
    system = serve(System(kind.answer, kind.rows(8), "Bearer t0ken-of-the-system", list(HAPPENINGS[happening])))
    home.declare(_preset(system, preset, kind.name))
    home.pulled(DAY)
    assert sorted(home.rows(kind.name), key=lambda row: int(row["id"])) == kind.rows(8)

    system.rows[1] = kind.row(2, 20)  # changed
    system.rows.append(kind.row(9, 21))  # new
    system.accidents = list(HAPPENINGS[happening])
    home.pulled(NEXT)
    changed = [kind.row(2, 20), kind.row(9, 21)]
    is_whole = preset == "hubspot"
    expected = sorted(system.rows, key=lambda row: int(row["id"])) if is_whole else changed
    assert sorted(home.rows(kind.name, NEXT), key=lambda row: int(row["id"])) == expected
    assert home.files(NEXT) == [f"{kind.name}.jsonl.gz" if is_whole else f"{kind.name}.0001.jsonl.gz"]


@pytest.mark.parametrize("preset", KINDS)
def test_pulling_a_day_again_changes_nothing_where_nothing_changed(home: Home, serve: Serve, preset: str) -> None:
    kind = KINDS[preset]
    system = serve(System(kind.answer, kind.rows(7)))
    home.declare(_preset(system, preset, kind.name))
    home.pulled(DAY)
    before = {path: path.stat().st_mtime_ns for path in home.settings.landing.rglob("*.*")}
    assert home.pulled(DAY).landed == []
    assert {path: path.stat().st_mtime_ns for path in home.settings.landing.rglob("*.*")} == before


def test_the_wait_that_a_busy_server_asks_for_is_kept(home: Home, serve: Serve) -> None:
    kind = KINDS["zendesk"]
    system = serve(System(kind.answer, kind.rows(2), accidents=[Answer("", 429, {"Retry-After": "1"})]))
    home.declare(_preset(system, "zendesk", kind.name))
    began = time.monotonic()
    home.pulled()
    assert time.monotonic() - began >= 1


def test_requests_keep_to_the_pace_of_the_file(home: Home, serve: Serve) -> None:
    kind = KINDS["zendesk"]
    system = serve(System(kind.answer, kind.rows(7)))  # three pages
    home.declare(_preset(system, "zendesk", kind.name).replace("60000", "300"))
    began = time.monotonic()
    home.pulled()
    assert time.monotonic() - began >= 2 * 60 / 300


@pytest.mark.parametrize("preset", KINDS)
def test_a_row_that_moves_while_the_pages_are_read_is_not_lost(home: Home, serve: Serve, preset: str) -> None:
    """A row of the first page is changed between the first and the second request."""
    kind = KINDS[preset]

    def move(system: System, _: Asked) -> None:
        if len(system.asked) == 2:
            system.rows[0] = kind.row(1, 30)

    system = serve(System(kind.answer, kind.rows(8), before=move))
    home.declare(_preset(system, preset, kind.name))
    home.pulled(DAY)
    home.pulled(NEXT)
    got = {(int(row["id"]), row[kind.field]) for day in (DAY, NEXT) for row in home.rows(kind.name, day)}
    assert got >= {(number, kind.at(number)) for number in range(2, 9)} | {(1, kind.at(30))}


NUMBERED = """
pull:
  api:
    url: {url}
    objects:
      items:
        path: /items
        records: items
        paginator: {{type: page_number, base_page: 1, page_param: page, total_path: total}}
        {since}
"""


@pytest.mark.parametrize("since", ["", f"since: {{field: updated_at, start: '{stamp(0)}'}}"])
def test_pages_by_number_are_read_until_nothing_new_is_in_them(home: Home, serve: Serve, since: str) -> None:
    """Row 1 goes to the end: row 4 moves from the second page, not yet read, to the first, which is read."""
    kind = Kind(systems.numbered, "items")

    def move(system: System, _: Asked) -> None:
        if len(system.asked) == 2:
            system.rows[0] = kind.row(1, 30)

    system = serve(System(kind.answer, kind.rows(8), before=move))
    home.declare(NUMBERED.format(url=system.url, since=since))
    home.pulled()
    assert {row["id"] for row in home.rows("items")} == set(range(1, 9))


def test_pages_that_never_stand_still_are_refused(home: Home, serve: Serve) -> None:
    kind = Kind(systems.numbered, "items")

    def move(system: System, _: Asked) -> None:
        system.rows[0] = kind.row(1, 30 + len(system.asked))

    system = serve(System(kind.answer, kind.rows(8), before=move))
    home.declare(NUMBERED.format(url=system.url, since=""))
    assert "change while they are read" in home.pull().refusals[0]
    assert home.files() == []


def test_what_was_read_before_a_failure_has_landed_and_the_next_pull_goes_on_there(home: Home, serve: Serve) -> None:
    kind = KINDS["zendesk"]
    gone = [Answer("", 500)] * 8
    system = serve(System(kind.answer, kind.rows(8), accidents=[None, None, *gone]))
    path = home.declare(_preset(system, "zendesk", kind.name))
    (said,) = home.pull().refusals
    assert said == f"crm: tickets: HTTP 500 from {system.url[7:]}: the server fails each time; pull again later"
    assert [row["id"] for row in home.rows("tickets")] == [1, 2, 3, 4, 5, 6]
    system.asked.clear()
    home.pulled()
    assert [row["id"] for row in home.rows("tickets")] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert len(system.asked) == 1
    assert path.exists()


def test_a_snapshot_that_failed_leaves_the_file_of_before(home: Home, serve: Serve) -> None:
    kind = KINDS["hubspot"]
    system = serve(System(kind.answer, kind.rows(8)))
    home.declare(_preset(system, "hubspot", kind.name))
    home.pulled()
    system.rows.pop()
    system.accidents = [None, *[Answer("", 500)] * 8]
    assert len(home.pull().refusals) == 1
    assert len(home.rows("tickets")) == 8
    assert home.files() == ["tickets.jsonl.gz"]


def test_a_failure_of_one_source_and_one_object_hurts_no_other(home: Home, serve: Serve) -> None:
    kind = KINDS["zendesk"]
    good = serve(System(kind.answer, kind.rows(4)))
    home.declare(_preset(good, "zendesk", "users"), "good")
    bad = serve(System(lambda *_: Answer({"error": "forbidden"}, 403), []))
    home.declare(_preset(bad, "zendesk", "users"), "bad")
    half = serve(
        System(lambda its, one: systems.zendesk(its, one) if "users" in one.path else Answer({}, 404), kind.rows(3))
    )
    home.declare(_preset(half, "zendesk", "tickets, users"), "half")
    report = home.pull()
    assert [said.partition(" from ")[0] for said in report.refusals] == [
        "bad: users: HTTP 403",
        "half: tickets: HTTP 404",
    ]
    assert (len(home.rows("users", source="good")), len(home.rows("users", source="half"))) == (4, 3)


def test_an_expired_token_is_refused_with_where_it_is(home: Home, serve: Serve) -> None:
    kind = KINDS["zendesk"]
    system = serve(System(kind.answer, kind.rows(4), "Bearer another"))
    home.declare(_preset(system, "zendesk", kind.name))
    (said,) = home.pull().refusals
    assert said.endswith("is refused or has expired; renew what the variable THE_TOKEN holds")
    assert len(system.asked) == 1  # asking again with it may lock the account


CLIENT = """
pull:
  api:
    preset: salesforce
    url: {url}
    auth:
      client_credentials: {{token_url: "{url}/token", client_id: kefu, client_secret: {{env: THE_SECRET}}}}
    objects: [cases]
"""


def test_a_token_that_expires_in_the_middle_is_asked_for_again(
    home: Home, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = KINDS["salesforce"]

    def expire(system: System, asked: Asked) -> None:
        if asked.path.endswith("-6") and system.token == "Bearer token-1":  # noqa: S105
            system.token = "nobody's"  # noqa: S105

    system = serve(System(systems.with_tokens(kind.answer), kind.rows(8), "nobody's yet", before=expire))
    home.declare(CLIENT.format(url=system.url))
    monkeypatch.setenv("THE_SECRET", "s3cret-of-the-client")
    home.pulled()
    assert home.rows("cases") == kind.rows(8)
    assert [one.path for one in system.asked if one.path == "/token"] == ["/token"] * 2

    monkeypatch.setenv("THE_SECRET", "wrong")
    assert home.pull(NEXT).refusals[0].endswith("renew what the variable THE_SECRET holds")


def test_a_redirect_to_another_host_gets_no_token(home: Home, serve: Serve) -> None:
    other = serve(System(systems.zendesk, KINDS["zendesk"].rows(2)))
    system = serve(System(lambda *_: Answer("", 302, {"Location": f"{other.url}/steal"}), []))
    home.declare(_preset(system, "zendesk", "tickets"))
    (said,) = home.pull().refusals
    assert "sends the request on to another host" in said
    assert other.asked == []


def test_a_redirect_on_the_same_host_is_followed(home: Home, serve: Serve) -> None:
    kind = KINDS["zendesk"]

    def moved(system: System, asked: Asked) -> Answer:
        if asked.path.startswith("/new"):
            asked.path = asked.path.removeprefix("/new")
            return systems.zendesk(system, asked)
        words = "&".join(f"{name}={value}" for name, value in asked.query.items())
        return Answer("", 302, {"Location": f"/new{asked.path}?{words}"})

    system = serve(System(moved, kind.rows(2), "Bearer t0ken-of-the-system"))
    home.declare(_preset(system, "zendesk", "tickets"))
    home.pulled()
    assert home.rows("tickets") == kind.rows(2)


def test_a_next_page_on_another_host_gets_no_token(home: Home, serve: Serve) -> None:
    other = serve(System(systems.shopify, []))
    link = {"Link": f'<{other.url}/steal>; rel="next"'}
    system = serve(System(lambda *_: Answer({"orders": [KINDS["shopify"].row(1, 1)]}, headers=link), []))
    home.declare(_preset(system, "shopify", "orders"))
    (said,) = home.pull().refusals
    assert "no secret is sent there" in said
    assert other.asked == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<html>log in</html>", "is no JSON"),
        ({"cases": []}, "has no 'tickets'"),
        ({"tickets": [1, 2]}, "is no list of records"),
        ({"tickets": [{"id": 1}], "after_cursor": "same", "end_of_stream": False}, "to the same again"),
    ],
)
def test_an_answer_of_another_kind_is_refused(home: Home, serve: Serve, body: Any, said: str) -> None:
    system = serve(System(lambda *_: Answer(body), []))
    home.declare(_preset(system, "zendesk", "tickets"))
    assert said in home.pull().refusals[0]


def test_records_in_another_order_than_said_are_no_steps(
    home: Home, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a pull that breaks off after a late record would never come back for the earlier ones behind it."""
    monkeypatch.setattr(run, "PART_ROWS", 3)
    kind = Kind(lambda system, asked: systems.hubspot(system, asked), "orders", key=str)
    rows = [kind.row(number, minute) for number, minute in enumerate([1, 9, 2, 3, 4, 5, 6, 7], 1)]
    system = serve(System(kind.answer, rows, accidents=[None, None, *[Answer("", 500)] * 8]))
    home.declare(
        f"pull: {{api: {{url: '{system.url}', objects: {{orders: {{path: /o, records: results, "
        "params: {at: '{since}'}, "
        f"paginator: {{type: cursor, cursor_path: paging.next.after, cursor_param: after}}, "
        f"since: {{field: updated_at, start: '{stamp(0)}'}}}}}}}}}}"
    )
    assert len(home.pull().refusals) == 1
    home.pulled()
    assert {row["id"] for row in home.rows("orders")} == {str(number) for number in range(1, 9)}
    assert [one.query["at"] for one in system.asked] == [stamp(0)] * len(system.asked)


def test_a_log_that_sends_its_end_again_lands_it_once(home: Home, serve: Serve) -> None:
    """Zendesk's exports by time begin at the very second at which the last one ended."""
    rows = [{"id": n, "updated_at": epoch(n)} for n in range(1, 6)]

    def by_time(system: System, asked: Asked) -> Answer:
        found = [row for row in system.rows if row["updated_at"] >= int(asked.query["start_time"])]
        return Answer({"organizations": found, "end_time": epoch(5), "next_page": None, "end_of_stream": True})

    system = serve(System(by_time, rows))
    home.declare(_preset(system, "zendesk", "organizations"))
    home.pulled()
    assert home.rows("organizations") == rows
    assert home.pulled().landed == []


def test_a_record_without_what_it_is_asked_for_by_is_refused(home: Home, serve: Serve) -> None:
    system = serve(System(lambda *_: Answer({"orders": [{"id": 1}]}), []))
    home.declare(_preset(system, "shopify", "orders"))
    assert "a record has no 'updated_at'" in home.pull().refusals[0]


def test_parts_land_as_they_are_read(home: Home, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "PART_ROWS", 4)
    kind = KINDS["intercom"]
    system = serve(System(kind.answer, kind.rows(8)))
    home.declare(_preset(system, "intercom", kind.name))
    report = home.pulled()
    assert [(path.name, rows) for path, rows in report.landed] == [
        ("conversations.0001.jsonl.gz", 6),
        ("conversations.0002.jsonl.gz", 2),
    ]
    assert home.rows("conversations") == kind.rows(8)


def test_numbers_and_texts_come_as_they_were(home: Home, serve: Serve) -> None:
    row = {"id": 2**70, "text": "多谢 \ud83d", "part": 0.1, "nested": {"list": [1, None, True]}}
    system = serve(System(lambda *_: Answer({"results": [row]}), []))
    home.declare(_preset(system, "hubspot", "tickets"))
    home.pulled()
    assert home.rows("tickets") == [row]
