"""Numbers that are counted for events without one, and keys that stand in a list."""

from __future__ import annotations

from datetime import date

import pytest

from orchestration.ingestion.errors import MappingError
from orchestration.ingestion.mapping import load_mapping
from tests.ingestion.homes import Home

DAY, NEXT = date(2026, 1, 5), date(2026, 1, 6)

LOG = """
source: crm
time_zone: UTC
files:
  log:
    pattern: "log*"
    entities:
      - entity: ticket_events
        columns: {ticket_id: ticket, at: moment, event: {constant: status}, to_status: status}
"""

MERGED = """
source: crm
time_zone: UTC
files:
  tickets:
    pattern: "tickets*"
    joins:
      survivor: {file: tickets, on: {id: merged}, each: merged, optional: true}
    entities:
      - entity: tickets
        columns: {ticket_id: id, created_at: at, merged_into: survivor.id}
"""


def test_events_a_microsecond_apart_are_two_in_their_order(home: Home) -> None:
    """Prevents that of two events of one millisecond one takes the other's number and is lost."""
    rows = [
        ("1", "2026-01-05T10:00:00.000900Z", "closed"),
        ("1", "2026-01-05T10:00:00.000200Z", "solved"),
        ("1", "2026-01-05T10:00:00.000200Z", "open"),
        ("2", "2026-01-05T10:00:00.000900Z", "solved"),
        ("1", "2026-01-05T09:59:59.999999Z", "pending"),
        ("1", "1900-01-05T10:00:00Z", "new"),
    ]
    home.mapping(LOG).put("log.csv", "ticket,moment,status\n" + "".join(f"{','.join(row)}\n" for row in rows))
    assert home.file().accepted == len(rows)
    found = home.ask("select ticket_id, to_status, seq from raw.ticket_events order by ticket_id, seq")
    assert [row[:2] for row in found] == [
        ("crm:1", "new"),
        ("crm:1", "pending"),
        ("crm:1", "solved"),
        ("crm:1", "open"),
        ("crm:1", "closed"),
        ("crm:2", "solved"),
    ]
    assert len({(ticket, seq) for ticket, _, seq in found}) == len(rows)


def test_the_same_event_sent_again_has_the_same_number(home: Home) -> None:
    home.mapping(LOG)
    first = "ticket,moment,status\n1,2026-01-05T10:00:00.000200Z,solved\n"
    home.put("log.csv", first, DAY)
    home.put("log.csv", first + "1,2026-01-05T10:00:01Z,open\n", NEXT)
    assert home.ingest(DAY, NEXT).ok
    assert home.ask("select count(*), count(distinct seq) from raw.ticket_events") == [(3, 2)]


@pytest.mark.parametrize("listed", ["[4, 7]", '["4","7"]', "4;7", "4 7", "4|7,"])
def test_a_join_finds_its_key_in_a_list(home: Home, listed: str) -> None:
    rows = f'id,at,merged\n2,2026-01-05 10:00:00,"{listed.replace(chr(34), chr(34) * 2)}"\n'
    rows += "4,2026-01-05 10:00:00,[]\n7,2026-01-05 10:00:00,\n47,2026-01-05 10:00:00,\n"
    home.mapping(MERGED).put("tickets.csv", rows)
    assert home.file().status == "loaded"
    found = home.ask("select ticket_id, merged_into from raw.tickets order by ticket_id")
    assert found == [("crm:2", None), ("crm:4", "crm:2"), ("crm:47", None), ("crm:7", "crm:2")]


def test_an_optional_join_finds_nothing_where_the_column_was_not_sent(home: Home) -> None:
    home.mapping(MERGED).put("tickets.csv", "id,at\n2,2026-01-05 10:00:00\n4,2026-01-05 10:00:00\n")
    assert home.file().status == "loaded"
    assert home.ask("select count(*), count(merged_into) from raw.tickets") == [(2, 0)]
    home.mapping(MERGED.replace(", optional: true", "")).put("tickets.csv", "id,at\n2,2026-01-05 10:00:00\n")
    assert "has no column 'merged'" in (home.file().error or "")


def test_a_list_that_is_no_key_is_named(home: Home) -> None:
    home.mapping(MERGED.replace("each: merged", "each: others"))
    with pytest.raises(MappingError, match="each: 'others' is no column of the other file in `on`"):
        load_mapping(home.settings.sources / "crm.yml")
