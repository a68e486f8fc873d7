"""From what is pulled to the raw zone: by the built-in mappings, and as increments of what is else a snapshot."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import duckdb
import pytest

from orchestration.ingestion import ingest, register_duckdb
from orchestration.ingestion.errors import MappingError
from orchestration.ingestion.mapping import load_mapping
from tests.pulling import systems
from tests.pulling.conftest import DAY, NEXT, Home
from tests.pulling.systems import System

Serve = Callable[[System], System]
AUTHOR = {"type": "user", "id": "u1"}
TICKETS: dict[str, tuple[Callable[[System, systems.Asked], systems.Answer], str, dict[str, Any]]] = {
    "zendesk": (
        systems.zendesk,
        "tickets",
        {
            "id": 7, "requester_id": 5, "submitter_id": 5, "assignee_id": 6, "via": {"channel": "email"},
            "type": "question", "priority": "high", "status": "open", "created_at": "2026-03-01T09:00:00Z",
            "updated_at": "2026-03-01T10:00:00Z", "satisfaction_rating": {"score": "unoffered"},
        },
    ),
    "salesforce": (
        systems.salesforce,
        "cases",
        {
            "attributes": {"type": "Case"}, "Id": "7", "CaseNumber": "0007", "AccountId": "a", "ContactId": "5",
            "OwnerId": "6", "Origin": "Email", "Type": None, "Reason": "Question", "Priority": "High", "Status": "New",
            "IsClosed": False, "CreatedDate": "2026-03-01T09:00:00.000+0000", "ClosedDate": None,
            "LastModifiedById": "6", "LastModifiedDate": "2026-03-01T10:00:00.000+0000",
            "SystemModstamp": "2026-03-01T10:00:00.000+0000", "IsDeleted": False,
        },
    ),
    "intercom": (
        systems.intercom,
        "conversations",
        {
            "id": 7, "created_at": 1772355600, "updated_at": 1772359200, "state": "open", "priority": "not_priority",
            "source": {"type": "email", "author": {"type": "user", "id": "5"}}, "statistics": None,
            "contacts": {"contacts": [{"id": "5"}]}, "conversation_rating": None,
        },
    ),
}  # fmt: skip
MAPPINGS = {"zendesk": "zendesk_api", "salesforce": "salesforce", "intercom": "intercom"}


def _asked(home: Home, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as con:
        register_duckdb(con, home.settings, known_at=date(2030, 1, 1))
        return con.execute(sql).fetchall()


@pytest.mark.parametrize("preset", TICKETS)
def test_what_a_preset_pulls_its_mapping_reads(home: Home, serve: Serve, preset: str) -> None:
    answer, name, row = TICKETS[preset]
    system = serve(System(answer, [row]))
    declared = (
        f"extends: {MAPPINGS[preset]}\npull: {{api: {{preset: {preset}, url: '{system.url}', objects: [{name}]}}}}"
    )
    home.declare(declared)
    home.pulled()
    report = ingest(home.settings, DAY, DAY)
    assert report.refusals == ()
    assert _asked(home, "select ticket_id, customer_id, channel, created_at::text from raw.tickets") == [
        ("crm:7", "crm:5", "email", "2026-03-01 09:00:00")
    ]


AGENTS = """
files:
  users:
    pattern: "users*"
    entities:
      - entity: agents
        {mode}columns: {{agent_id: id, name: name}}
"""
PULL = "pull: {{api: {{url: '{url}', objects: {{users: {{path: /api/v2/incremental/users, records: users, {how}}}}}}}}}"
BY_CHANGE = (
    "stop_when: end_of_stream, resume: {path: after_cursor, param: cursor}, start: {start_time: '0'}, "
    "paginator: {type: cursor, cursor_path: after_cursor, cursor_param: cursor}"
)


def test_an_increment_of_what_is_else_a_snapshot_takes_nothing_away(home: Home, serve: Serve) -> None:
    """Agents are a snapshot by the contract; of two agents one is changed, the other one is not gone."""
    rows = [{"id": n, "name": f"Agent {n}", "updated_at": f"2026-03-0{n}T10:00:00Z"} for n in (1, 2)]
    system = serve(System(systems.zendesk, rows))
    home.declare(PULL.format(url=system.url, how=BY_CHANGE), files=AGENTS.format(mode=""))
    for day, name in ((DAY, "Agent 1"), (NEXT, "Agent One")):
        rows[0] |= {"name": name, "updated_at": f"{day}T10:00:00Z"}
        home.pulled(day)
        assert ingest(home.settings, day, day).ok
    assert [row["name"] for row in home.rows("users", NEXT)] == ["Agent One"]
    assert {mode for (mode,) in _asked(home, "select load_mode from control.loads")} == {"delta"}
    assert len(_asked(home, "select * from raw.agents")) == 3


def test_who_calls_an_increment_a_snapshot_is_told(home: Home) -> None:
    path = home.declare(
        PULL.format(url="https://x.example", how=BY_CHANGE), files=AGENTS.format(mode="load_mode: snapshot\n        ")
    )
    with pytest.raises(MappingError, match=r"line 10: files.users.entities.0.load_mode: is pulled by what changed"):
        load_mapping(path)


def test_what_is_pulled_whole_stays_a_snapshot(home: Home) -> None:
    path = home.declare(PULL.format(url="https://x.example", how="method: GET"), files=AGENTS.format(mode=""))
    assert load_mapping(path).modes == {"agents": "snapshot"}
