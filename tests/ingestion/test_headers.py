"""Columns go by their header: several of one name by place or all at once, one more tomorrow, never a shifted one."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import TYPE_CHECKING

import openpyxl
import pytest

from orchestration.ingestion.errors import MappingError
from orchestration.ingestion.mapping import load_mapping

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ingestion.homes import Home

TRACKER = """
source: crm
time_zone: UTC
files:
  issues:
    pattern: "issues*"
    entities:
      - entity: tickets
        columns:
          ticket_id: '"Issue key"'
          created_at: {value: Created, format: "%d/%b/%y %I:%M %p"}
          category: '"Note[2]"'
      - entity: ticket_events
        optional: true
        when: '"Comment[*]" is not null'
        columns:
          ticket_id: '"Issue key"'
          at: {value: "split_part(\\"Comment[*]\\", ';', 1)", format: "%d/%b/%y %I:%M %p"}
          event: {constant: comment}
          step: "split_part(\\"Comment[*]\\", ';', 2)"
"""


def issues(comments: int, notes: int = 2) -> str:
    """Two issues, the first with as many comments as there are columns for them, the notes in between."""
    heads = ["Issue key", "Created", *["Comment"] * comments, *["Note"] * notes, "Status"]
    texts = [f"0{n + 1}/Mar/26 9:15 AM;agent {n}" for n in range(comments)]
    rows = [
        ["SD-1", "01/Mar/26 9:05 AM", *texts, *[f"note {n}" for n in range(notes)], "Done"],
        ["SD-2", "02/Mar/26 10:05 AM", *[""] * comments, *[""] * notes, "Open"],
    ]
    return "\n".join(",".join(row) for row in [heads, *rows]) + "\n"


def workbook(text: str) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for line in text.splitlines():
        sheet.append(line.split(","))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("comments", [0, 1, 3, 4])
def test_as_many_columns_of_a_name_as_there_are_today(home: Home, comments: int, packed: bool) -> None:
    home.mapping(TRACKER)
    text = issues(comments)
    home.put("issues.xlsx" if packed else "issues.csv", workbook(text) if packed else text)
    report = home.ingest()
    assert report.ok, report.refusals
    assert home.ask("select ticket_id, category from raw.tickets order by 1") == [
        ("crm:SD-1", "note 1"),
        ("crm:SD-2", None),
    ]
    assert home.ask('select ticket_id, "at"::date::varchar, step from raw.ticket_events order by 2') == [
        ("crm:SD-1", f"2026-03-0{n + 1}", f"agent {n}") for n in range(comments)
    ]
    assert report.files[0].unknown_columns == ("Note", "Status")


def test_one_more_tomorrow_changes_nothing_of_today(home: Home) -> None:
    home.mapping(TRACKER)
    tomorrow = home.day + timedelta(days=1)
    home.put("issues.csv", issues(2))
    home.put("issues.csv", issues(3), tomorrow)
    assert home.ingest(home.day, tomorrow).ok
    assert home.ask(
        "select load_date, count(distinct (ticket_id, seq)) from raw.ticket_events group by 1 order by 1"
    ) == [
        (home.day, 2),
        (tomorrow, 3),
    ]
    # an event that comes again is the same event
    assert home.ask("select count(distinct (ticket_id, seq)) from raw.ticket_events") == [(3,)]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"Note[2]"', '"Note"', "has 3 columns called 'Note'; say which by its place as \"Note[2]\""),
        ('"Note[2]"', '"Note[4]"', "has no column 'Note[4]'"),
        ("        optional: true\n", "", "has no column 'Comment[*]'"),
        ('"Note[2]"', 'coalesce("Note[1]", "Note[3]")', ""),
    ],
)
def test_which_of_them_must_be_said(home: Home, old: str, new: str, said: str) -> None:
    home.mapping(TRACKER.replace(old, new))
    home.put("issues.csv", issues(0, notes=3))
    report = home.ingest()
    assert report.ok == (not said)
    if said:
        assert said in report.refusals[0].message


def test_a_header_that_looks_like_a_place_is_itself(home: Home) -> None:
    home.mapping(TRACKER)
    home.put("issues.csv", "Issue key,Created,Note,Note[2],Note\nSD-1,01/Mar/26 9:05 AM,a,b,c\n")
    assert home.ingest().ok
    assert home.ask("select category from raw.tickets") == [("b",)]


def test_what_cannot_stand_for_each_column_is_said(tmp_path: Path) -> None:
    path = tmp_path / "crm.yml"
    text = "filter: '\"Comment[*]\" is null'"
    path.write_text(f"source: crm\ntime_zone: UTC\nfiles:\n  a:\n    pattern: a.csv\n    {text}\n")
    with pytest.raises(MappingError, match="a filter cannot"):
        load_mapping(path)


OFTEN_CUT = """
source: crm
time_zone: UTC
values: {states: {offen: open}}
files:
  owners: {pattern: owners.csv}
  log:
    pattern: "log*"
    names: {Ticket: [Vorgang, 工单], At: [Zeit, 时间], State: [Zustand]}
    joins: {owner: {file: owners, on: {Owner: id}, optional: true}}
    entities:
      - entity: ticket_events
        optional: true
        when: State <> 'skip'
        columns:
          {ticket_id: Ticket, at: At, event: {constant: status}, to_status: {value: State, map: states}, agent_id: owner.id}
"""  # noqa: E501


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("text", "events"),
    [
        ("Ticket,At,State\n7,2026-01-02,offen\n8,2026-01-02,skip\n", [("crm:7", "open")]),
        ("vorgang,Zeit,Zustand\n7,2026-01-02,solved\n", [("crm:7", "solved")]),
        ("State,工单,时间\noffen,7,2026-01-02\n", [("crm:7", "open")]),
        ("Ticket,Vorgang,At,State\n7,8,2026-01-02,offen\n", [("crm:7", "open")]),  # the first name goes before others
        ("Ticket,State\n7,offen\n", []),  # no time: the block is left out, the rows are read
    ],
)
def test_other_names_of_a_column_and_a_block_that_is_left_out(
    home: Home, text: str, events: list[tuple[str, str]], packed: bool
) -> None:
    home.mapping(OFTEN_CUT)
    home.put("log.xlsx" if packed else "log.csv", workbook(text) if packed else text)
    report = home.ingest()
    assert report.ok, report.refusals
    assert report.files[0].accepted == report.files[0].read == text.count("\n") - 1
    assert home.ask("select ticket_id, to_status from raw.ticket_events") == events


def test_a_company_s_own_values_beside_a_mapping_that_it_extends(home: Home) -> None:
    """Its values go before those of the built-in mapping, of which the others stay."""
    home.mapping("source: crm\nextends: salesforce\nvalues: {priority: {P1: urgent, High: normal}}\n")
    case = "Id,ContactId,AccountId,Origin,Type,Reason,Priority,IsClosed,ClosedDate,IsDeleted,CreatedDate,LastModifiedDate,SystemModstamp,LastModifiedById\n"  # noqa: E501
    stamps = "2026-01-02T00:00:00Z,2026-01-02T00:00:00Z,2026-01-02T00:00:00Z"
    home.put("Case.csv", case + "".join(f"{n},,,,,,{n},0,,0,{stamps},5\n" for n in ("P1", "High", "Low")))
    assert home.ingest().ok
    assert home.ask("select ticket_id, priority from raw.tickets order by 1") == [
        ("crm:High", "normal"),
        ("crm:Low", "low"),
        ("crm:P1", "urgent"),
    ]


def test_a_table_of_values_that_is_not_there_is_said(tmp_path: Path) -> None:
    path = tmp_path / "crm.yml"
    path.write_text(OFTEN_CUT.replace("map: states", "map: stages"))
    with pytest.raises(MappingError, match="no table 'stages' in `values`; did you mean 'states'"):
        load_mapping(path)


PLACES = """
source: crm
time_zone: UTC
files:
  orders:
    pattern: "orders*"
    skip_lines: 1
    columns: [id, buyer, note 1, note 2, at, amount]
    entities:
      - entity: orders
        columns: {order_id: id, customer_id: buyer, ordered_at: at, gross_amount: amount, channel: '"note 1"'}
"""
ROW = "1,b,x,y,2026-01-02,5"


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("header", "shifted"),
    [
        ("id,buyer,note 1,note 2,at,amount", ""),
        ("ID, Buyer ,Note,Note,At,Amount", ""),  # the mapping's own names for two that share one
        ("Auftrag,Kunde,Notiz,Notiz,Datum,Betrag", ""),  # its own names throughout
        ("id,buyer,tags,note 1,at,amount", "column 3 'tags'"),  # another one in between, one less after it
        ("id,note 1,buyer,note 2,at,amount", "column 2 'note 1'"),
        ("id,buyer,amount,note,at,total", "column 3 'amount'"),
        ("buyer,id,note,note,at,amount", "column 1 'buyer'"),
    ],
)
def test_columns_named_by_their_places_are_held_against_the_header(
    home: Home, header: str, shifted: str, packed: bool
) -> None:
    home.mapping(PLACES)
    text = f"{header}\n{ROW}\n"
    home.put("orders.xlsx" if packed else "orders.csv", workbook(text) if packed else text)
    report = home.ingest()
    assert report.ok == (not shifted)
    if shifted:
        assert f"calls its {shifted} in line 1, where the mapping's `columns` says" in report.refusals[0].message
        assert '"Comment[2]"' in report.refusals[0].message
    else:
        assert home.ask("select channel from raw.orders") == [("x",)]


SURVEY = """
source: crm
time_zone: UTC
files:
  answers:
    pattern: "answers*"
    header_rows: {header}
    entities:
      - entity: surveys
        columns: {{survey_id: ResponseId, instrument: {{constant: csat}}, sent_at: Sent}}
      - entity: survey_answers
        columns: {{survey_id: ResponseId, item_id: {{constant: q}}, side: {{constant: score}}, score: {score}}}
"""
IDS = [
    ["Sent", "ResponseId", "Q1"],
    ["Sent on", "Response ID", "How likely are you\nto recommend us?"],
    ['{"ImportId":"sent"}', '{"ImportId":"_recordId"}', '{"ImportId":"QID1"}'],
    ["2026-01-02", "R_1", "9"],
    ["2026-01-02", "R_2", ""],
]
QUESTIONS = [
    ["ResponseId", "Sent", "Please rate", "", "", "Other"],
    ["", "", "Speed", "Price", "", "Response"],
    ["R_1", "2026-01-02", "7", "9", "8", "x"],
    ["R_2", "2026-01-02", "", "", "", ""],
]

OTHERS = ("Please rate / Speed", "Please rate", "Other / Response")


def table(rows: list[list[str]], *, is_workbook: bool) -> bytes:
    if is_workbook:
        book = openpyxl.Workbook()
        sheet = book.active
        assert sheet is not None
        for row in rows:
            sheet.append(row)
        packed = io.BytesIO()
        book.save(packed)
        return packed.getvalue()
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


@pytest.mark.parametrize("is_workbook", [False, True])
@pytest.mark.parametrize(
    ("rows", "header", "score", "unknown"),
    [
        (IDS, "3", "Q1", ()),
        (QUESTIONS, "{count: 2, names: [1, 2]}", "'\"Please rate / Price\"'", OTHERS),
        (
            [QUESTIONS[0], *QUESTIONS[2:]],
            "{count: 1, fill: true}",
            "'\"Please rate[2]\"'",
            ("Please rate", "Please rate", "Other"),
        ),
        (QUESTIONS, "2", "'\"Please rate[2]\"'", ("Please rate", "Please rate", "Other")),
        (QUESTIONS, "{count: 2, names: [1, 2], while_blank: true}", "'\"Please rate / Price\"'", OTHERS),
        (
            [QUESTIONS[0], *QUESTIONS[2:]],
            "{count: 2, names: [1, 2], while_blank: true}",
            "'\"Please rate[2]\"'",
            ("Please rate", "Please rate", "Other"),
        ),
    ],
)  # fmt: skip
def test_several_rows_before_the_data(
    home: Home, rows: list[list[str]], header: str, score: str, unknown: tuple[str, ...], is_workbook: bool
) -> None:
    home.mapping(SURVEY.format(header=header, score=score))
    name = "answers.xlsx" if is_workbook else "answers.csv"
    home.put(name, table(rows, is_workbook=is_workbook))
    report = home.ingest()
    assert report.ok, report.refusals
    assert (report.files[0].read, report.files[0].unknown_columns) == (2, unknown)
    assert home.ask("select survey_id, score::int from raw.survey_answers order by 1") == [
        ("crm:R_1", 9),
        ("crm:R_2", None),
    ]


@pytest.mark.parametrize("is_workbook", [False, True])
def test_fewer_rows_than_the_header_has_refuse_the_file(home: Home, is_workbook: bool) -> None:
    home.mapping(SURVEY.format(header="3", score="Q1"))
    home.put("answers.xlsx" if is_workbook else "answers.csv", table(IDS[:2], is_workbook=is_workbook))
    assert "has 2 rows where the mapping's `header_rows` says 3" in home.ingest().refusals[0].message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("header_rows: {count: 2, names: 3}", "there is no row 3 among 2"),
        ("header_rows: 0", "greater than or equal to 1"),
        ("{header_rows: 2, columns: [a]}", "leave out `columns`"),
    ],
)
def test_a_header_that_cannot_be_is_said(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "crm.yml"
    inner = text.strip("{}") if text.startswith("{") else text
    path.write_text(f"source: crm\ntime_zone: UTC\nfiles: {{a: {{pattern: a.csv, {inner}}}}}\n")
    with pytest.raises(MappingError, match=said):
        load_mapping(path)
