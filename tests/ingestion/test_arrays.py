"""Arrays in a record to rows: `each`, with the record at hand. What is counted stays one record."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.ingestion.errors import MappingError
from orchestration.ingestion.mapping import load_mapping

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ingestion.homes import Home

TICKETS = """
source: crm
time_zone: UTC
files:
  users:
    pattern: "users*"
  tickets:
    pattern: "tickets*"
    root: tickets
    filter: id <> 'test'
    joins:
      author: {file: users, on: {comments.author_id: id}}
      requester: {file: users, on: {requester_id: id}}
    entities:
      - entity: ticket_events
        each: comments
        columns:
          ticket_id: id
          seq: position
          at: comments.created_at
          event: {constant: comment}
          step: comments.via.channel
          actor_type: {value: author.role, map: {end-user: customer}, else: agent}
          is_public: comments.public
          agent_id: if(author.role = 'agent', comments.author_id, null)
      - entity: tickets
        columns: {ticket_id: id, created_at: created_at, customer_id: requester.id}
"""
USERS = '{"id": 1, "role": "end-user"}\n{"id": 2, "role": "agent"}\n'


def ticket(number: int | str, *comments: Any, **more: Any) -> dict[str, Any]:
    return {"id": number, "created_at": "2026-01-02", "requester_id": 1, "comments": list(comments), **more}


def comment(minute: int, author: int, **more: Any) -> dict[str, Any]:
    at = f"2026-01-02T10:{minute:02}:00Z"
    return {"created_at": at, "author_id": author, "public": True, "via": {"channel": "web"}, **more}


def packed(kind: str, tickets: list[dict[str, Any]]) -> tuple[str, str]:
    """The name and the text of a file of a kind; in a table the arrays are cells."""
    if kind == "json":
        return "tickets.json", json.dumps({"tickets": tickets})
    if kind == "jsonl":
        return "tickets.jsonl", "".join(json.dumps(one) + "\n" for one in tickets)
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(["id", "created_at", "requester_id", "comments"])
    for one in tickets:
        comments = one["comments"]
        cell = comments if isinstance(comments, str) else "" if comments is None else json.dumps(comments)
        table.writerow([one["id"], one["created_at"], one["requester_id"], cell])
    return "tickets.csv", out.getvalue()


@pytest.mark.parametrize("kind", ["json", "jsonl", "csv"])
def test_each_comment_of_a_ticket_is_an_event(home: Home, kind: str) -> None:
    home.mapping(TICKETS)
    home.put("users.jsonl", USERS)
    home.put(
        *packed(
            kind,
            [
                ticket(7, comment(0, 1), comment(5, 2, public=False)),
                ticket(8),
                ticket(9, comment(1, 2, via={})),
                ticket("test", comment(1, 2)),
                ticket(10, comments=None),
            ],
        )
    )
    report = home.ingest()
    assert report.ok, report.refusals
    (entry,) = report.files
    assert (entry.read, entry.accepted, entry.filtered) == (5, 4, 1)
    assert {feed.entity: feed.rows for feed in entry.feeds} == {"tickets": 4, "ticket_events": 3}
    assert home.ask(
        'select ticket_id, seq, "at"::varchar, step, actor_type, is_public, agent_id '
        "from raw.ticket_events order by all"
    ) == [
        ("crm:7", 1, "2026-01-02 10:00:00", "web", "customer", True, None),
        ("crm:7", 2, "2026-01-02 10:05:00", "web", "agent", False, "crm:2"),
        ("crm:9", 1, "2026-01-02 10:01:00", None, "agent", True, "crm:2"),
    ]
    assert home.ask("select count(*), min(customer_id), max(customer_id) from raw.tickets") == [(4, "crm:1", "crm:1")]


NESTED = """
source: crm
time_zone: UTC
files:
  tickets:
    pattern: "tickets*"
    entities:
      - entity: ticket_events
        each: audits.events
        when: audits.events.type = 'Change'
        columns:
          ticket_id: id
          seq: position
          at: audits.created_at
          event: {constant: status}
          to_status: audits.events.value
      - entity: tickets
        columns: {ticket_id: id, created_at: created_at, category: audits.created_at}
"""


def test_the_day_of_the_delivery_is_at_hand_in_json(home: Home) -> None:
    home.mapping(NESTED.replace("created_at: created_at,", "created_at: load_date,"))
    home.put("tickets.jsonl", '{"id": 1}\n{"id": 2, "load_date": "2026-01-01"}\n')
    assert home.ingest().ok
    assert home.ask("select created_at::date::varchar from raw.tickets order by 1") == [
        ("2026-01-01",),
        ("2026-01-05",),
    ]


def test_arrays_in_arrays_have_both_records_at_hand(home: Home) -> None:
    home.mapping(NESTED)
    changes = [{"type": "Change", "value": "open"}, {"type": "Comment"}]
    audits = [
        {"created_at": "2026-01-02T10:00:00Z", "events": changes},
        {"created_at": "2026-01-02T11:00:00Z"},
        {"created_at": "2026-01-02T12:00:00Z", "events": {"type": "Change", "value": "solved"}},
    ]
    home.put("tickets.jsonl", json.dumps({"id": 1, "created_at": "2026-01-01", "audits": audits}) + "\n")
    report = home.ingest()
    assert report.ok, report.refusals
    assert home.ask('select ticket_id, seq, "at"::varchar, to_status from raw.ticket_events order by seq') == [
        ("crm:1", 1, "2026-01-02 10:00:00", "open"),
        ("crm:1", 3, "2026-01-02 12:00:00", "solved"),
    ]
    # outside of the block the name is the record's, of which an array is no text of one
    assert home.ask("select category from raw.tickets") == [(None,)]


@pytest.mark.parametrize(
    ("record", "column"),
    [
        ({"comments": "none"}, "comments"),
        ({"comments": 3}, "comments"),
        ({"comments": [{"created_at": "soon", "author_id": 1}]}, "ticket_events.at"),
        ({"comments": [comment(1, 1), {"author_id": 1}]}, "ticket_events.at"),
        ({"comments": [comment(1, 1), "text"]}, "ticket_events.at"),
        ({"comments": [comment(1, 1), None]}, "ticket_events.at"),
        ({"comments": [comment(1, 1, public="maybe")]}, "ticket_events.is_public"),
    ],
)
@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_a_record_with_a_wrong_item_is_put_aside_whole(
    home: Home, kind: str, record: dict[str, Any], column: str
) -> None:
    home.mapping(TICKETS)
    home.put("users.jsonl", USERS)
    name, text = packed(kind, [ticket(1, comment(0, 1)), ticket(2) | record, ticket(3)])
    home.put(name, text)
    report = home.ingest()
    assert report.ok, report.refusals
    (entry,) = report.files
    assert (entry.read, entry.accepted, entry.quarantined) == (3, 2, 1)
    assert [(row["line"], row["column"]) for row in home.put_aside(name)] == [("3" if kind == "csv" else "2", column)]
    assert home.ask("select ticket_id from raw.tickets order by 1") == [("crm:1",), ("crm:3",)]
    assert home.ask("select ticket_id from raw.ticket_events") == [("crm:1",)]


def test_a_document_that_comes_twice_counts_once(home: Home) -> None:
    """Pages of an API overlap; the events have no number of their own."""
    home.mapping(TICKETS.replace("          seq: position\n", ""))
    home.put("users.jsonl", USERS)
    one = ticket(1, comment(0, 1), comment(0, 1), comment(3, 2))
    home.put(*packed("jsonl", [one, ticket(2, comment(1, 1)), one]))
    (entry,) = home.ingest().files
    assert (entry.read, entry.accepted, entry.duplicate) == (3, 2, 1)
    assert home.ask("select ticket_id, count(*), count(distinct seq) from raw.ticket_events group by 1 order by 1") == [
        ("crm:1", 3, 3),
        ("crm:2", 1, 1),
    ]


def test_a_file_of_items_alone_and_texts_as_items(home: Home) -> None:
    home.mapping("""
source: crm
time_zone: UTC
files:
  tags:
    pattern: "tags*"
    entities:
      - entity: stores
        each: '"all tags"'
        one_per: [store_id]
        order_by: [name]
        columns: {store_id: '"all tags"', name: id || '/' || position}
""")
    home.put("tags.jsonl", '{"id": 1, "all tags": ["a", "b"]}\n{"id": 2}\n{"id": 0, "all tags": ["b", ""]}\n')
    report = home.ingest()
    (row,) = home.put_aside("tags.jsonl")
    assert (row["line"], row["column"], row["reason"]) == ("3", "stores.store_id", "is missing; it is required")
    assert (report.files[0].read, report.files[0].accepted) == (3, 2)
    assert home.ask("select store_id, name from raw.stores order by 1") == [("crm:a", "1/1"), ("crm:b", "1/2")]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("each: comments", "each: lower(comments)", "each: must be the name of an array"),
        ("each: comments", "each: author", "'author' is the name of a join and of what a block goes through"),
    ],
)
def test_what_is_no_array_is_said(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = tmp_path / "crm.yml"
    path.write_text(TICKETS.replace(old, new))
    with pytest.raises(MappingError, match=said):
        load_mapping(path)


def test_a_column_that_is_not_there_refuses_the_file_unless_the_block_is_optional(home: Home) -> None:
    home.mapping(TICKETS)
    home.put("users.jsonl", USERS)
    home.put("tickets.csv", "id,created_at,requester_id\n1,2026-01-02,1\n")
    assert "has no column 'comments'" in home.ingest().refusals[0].message
    home.mapping(TICKETS.replace("each: comments", "each: comments\n        optional: true"))
    report = home.ingest()
    assert report.ok, report.refusals
    assert home.ask("select count(*) from raw.tickets") == [(1,)]


ARRAYS = st.lists(
    st.builds(
        lambda number, comments, twice: (number, comments, twice),
        st.sampled_from(["test", *map(str, range(5))]),
        st.one_of(
            st.sampled_from([None, "none", 5, {}]),
            st.lists(st.sampled_from([comment(1, 1), comment(2, 2), comment(3, 3), {"created_at": "soon"}, {}, None])),
        ),
        st.booleans(),
    ),
    min_size=1,
    max_size=8,
)


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ARRAYS)
def test_every_record_and_every_item_is_accounted_for(home: Home, made: list[tuple[str, Any, bool]]) -> None:
    """Held against a count in Python of what each record must come to."""
    home.settings = home.settings.model_copy(
        update={"ingestion": home.settings.ingestion.model_copy(update={"bad_rows_allowed": 100})}
    )
    home.mapping(TICKETS)
    home.put("users.jsonl", USERS)
    records = [ticket(n, comments=comments) for n, comments, twice in made for _ in range(1 + twice)]
    records.append(ticket("good", comment(1, 2)))
    home.put("tickets.jsonl", "".join(json.dumps(one) + "\n" for one in records))
    (entry,) = home.ingest().files
    seen: set[str] = set()
    counts = {"filtered": 0, "duplicate": 0, "quarantined": 0, "accepted": 0}
    items = 0
    for one in records:
        comments = one["comments"]
        listed = [] if comments is None else [comments] if isinstance(comments, dict) else comments
        is_bad = not isinstance(listed, list) or any(not (c and c["created_at"] != "soon") for c in listed)
        text = json.dumps(one)
        if one["id"] == "test":
            outcome = "filtered"
        else:
            outcome = "quarantined" if is_bad else "duplicate" if text in seen else "accepted"
        counts[outcome] += 1
        items += len(listed) if outcome == "accepted" else 0
        seen.add(text)
    assert {name: getattr(entry, name) for name in counts} == counts
    assert entry.read == len(records) == sum(counts.values())
    assert {feed.entity: feed.rows for feed in entry.feeds} == {"tickets": counts["accepted"], "ticket_events": items}


# --- what an array comes to ---

OWN = """
source: crm
time_zone: UTC
files:
  tickets:
    pattern: "tickets*"
    null_values: ["none"]
    joins:
      said:
        each: comments
        aggregate:
          first: "min(if(comments.public = 'true', comments.created_at, null))"
          spent: sum(comments.minutes::int)
          count: count(*)
          last: max(position::int)
    entities:
      - entity: tickets
        columns:
          ticket_id: id
          created_at: coalesce(said.first, created_at)
          category: said.count || '/' || said.last
          claim_amount: said.spent
      - entity: ticket_events
        each: comments
        columns: {ticket_id: id, at: comments.created_at, event: {constant: comment}, step: said.count}
"""


@pytest.mark.parametrize("kind", ["json", "jsonl", "csv"])
def test_a_record_is_told_what_its_own_array_comes_to(home: Home, kind: str) -> None:
    home.mapping(OWN if kind != "json" else OWN.replace("    null_values", "    root: tickets\n    null_values"))
    home.put(
        *packed(
            kind,
            [
                ticket(
                    7, comment(0, 1, public=False, minutes=4), comment(5, 2, minutes=6), comment(9, 2, minutes="none")
                ),
                ticket(8),
                ticket(9, comment(1, 2)),
                ticket(10, comments=None),
            ],
        )
    )
    report = home.ingest()
    assert report.ok, report.refusals
    assert (report.files[0].read, report.files[0].accepted) == (4, 4)
    columns = "ticket_id, created_at::varchar, category, claim_amount::int"
    assert home.ask(f"select {columns} from raw.tickets order by length(ticket_id), 1") == [
        ("crm:7", "2026-01-02 10:05:00", "3/3", 10),
        ("crm:8", "2026-01-02 00:00:00", None, None),
        ("crm:9", "2026-01-02 10:01:00", "1/1", None),
        ("crm:10", "2026-01-02 00:00:00", None, None),
    ]
    # the elements have it at hand too
    assert home.ask("select step, count(*) from raw.ticket_events group by 1 order by 1") == [("1", 1), ("3", 3)]


@pytest.mark.parametrize(("wrong", "column"), [("comments", "comments"), (None, "tickets.claim_amount")])
def test_what_an_aggregate_of_an_array_cannot_read_puts_its_record_aside(
    home: Home, wrong: str | None, column: str
) -> None:
    home.mapping(OWN)
    bad = ticket(2, comments="text") if wrong else ticket(2, comment(1, 1, minutes=1), comment(2, 1, minutes="much"))
    home.put(*packed("jsonl", [ticket(1, comment(0, 1)), bad, ticket(3)]))
    report = home.ingest()
    assert report.ok, report.refusals
    assert [(row["line"], row["column"]) for row in home.put_aside("tickets.jsonl")] == [("2", column)]
    assert home.ask("select ticket_id from raw.tickets order by 1") == [("crm:1",), ("crm:3",)]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "        each: comments\n        aggregate",
            "        aggregate",
            "a join is over an array of the record itself",
        ),
        (
            "each: comments\n        aggregate",
            "each: lower(comments)\n        aggregate",
            "must be the name of an array",
        ),
        ("each: comments\n        aggregate", "file: tickets\n        aggregate", "name the columns of this file"),
    ],
)
def test_a_join_says_which_rows_it_is_over(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = tmp_path / "crm.yml"
    path.write_text(OWN.replace(old, new, 1))
    with pytest.raises(MappingError, match=said):
        load_mapping(path)
