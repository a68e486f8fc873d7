"""Every format and encoding gives the same rows, gzipped or not."""

from __future__ import annotations

import gzip
import io
import json
from datetime import date, datetime
from typing import TYPE_CHECKING

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

if TYPE_CHECKING:
    from tests.ingestion.conftest import Home

MAPPING = """
source: crm
time_zone: Asia/Shanghai
files:
  tickets:
    pattern: "tickets.*"
    {more}
    entities:
      - entity: tickets
        columns: {{ticket_id: id, category: 类别, created_at: created}}
"""
ROWS = [("7", "网络, 宽带", "2026-01-02 10:00:00"), ("8", "账单\n二", "2026-01-03 11:30:00")]


def delimited(delimiter: str, encoding: str = "utf-8") -> bytes:
    lines = [delimiter.join(("id", "类别", "created"))]
    lines += [delimiter.join((key, f'"{text}"', at)) for key, text, at in ROWS]
    return "\n".join(lines).encode(encoding)


def workbook() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["id", "类别", "created"])
    sheet.append([7, ROWS[0][1], ROWS[0][2]])
    sheet.append([8.0, ROWS[1][1], datetime(2026, 1, 3, 11, 30)])  # noqa: DTZ001 - cells have no zone
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def parquet() -> bytes:
    out = io.BytesIO()
    times = [datetime.fromisoformat(at) for _, _, at in ROWS]
    pq.write_table(pa.table({"id": [7, 8], "类别": [text for _, text, _ in ROWS], "created": times}), out)
    return out.getvalue()


def objects() -> list[dict[str, str]]:
    return [dict(zip(("id", "类别", "created"), row, strict=True)) for row in ROWS]


FILES: dict[str, tuple[str, bytes, str]] = {
    "csv": ("tickets.csv", delimited(","), ""),
    "csv with a mark": ("tickets.csv", delimited(",", "utf-8-sig"), ""),
    "utf-16": ("tickets.csv", delimited(",", "utf-16"), ""),
    "utf-16 without mark": ("tickets.csv", delimited(",", "utf-16-le"), "encoding: utf-16-le"),
    "gb18030": ("tickets.csv", delimited(",", "gb18030"), "encoding: gb18030"),
    "gb18030 detected": ("tickets.csv", delimited(",", "gb18030"), ""),
    "tsv": ("tickets.tsv", delimited("\t"), ""),
    "semicolons": ("tickets.csv", delimited(";"), 'delimiter: ";"'),
    "xlsx": ("tickets.xlsx", workbook(), ""),
    "parquet": ("tickets.parquet", parquet(), ""),
    "json": ("tickets.json", json.dumps(objects()).encode(), ""),
    "json at a root": ("tickets.json", json.dumps({"data": {"rows": objects()}}).encode(), "root: data.rows"),
    "json lines": ("tickets.jsonl", "\n".join(json.dumps(row, ensure_ascii=False) for row in objects()).encode(), ""),
}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("kind", FILES)
def test_the_rows_are_the_same(home: Home, kind: str, packed: bool) -> None:
    name, content, more = FILES[kind]
    home.mapping(MAPPING.format(more=more))
    home.put(f"{name}.gz" if packed else name, gzip.compress(content) if packed else content)
    report = home.ingest()
    assert report.ok, report.refusals
    assert home.ask("select ticket_id, category, created_at::varchar from raw.tickets order by 1") == [
        ("crm:7", ROWS[0][1], "2026-01-02 02:00:00"),
        ("crm:8", ROWS[1][1], "2026-01-03 03:30:00"),
    ]


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("gb18030", "客户投诉宽带安装太慢，一直没有人处理，希望尽快解决这个问题。"),
        ("cp949", "배송이 너무 늦어요, 상품이 파손되었습니다. 빠른 처리 부탁드립니다."),
        ("latin-1", "La livraison a été très tardive; le paquet était abîmé à l'arrivée."),
    ],
)
def test_an_encoding_that_is_not_stated_is_found(home: Home, encoding: str, text: str) -> None:
    home.mapping(MAPPING.format(more="").replace("类别", "words"))
    rows = "".join(f'{n},"{text}",2026-01-02\n' for n in range(50))
    home.put("tickets.csv", ("id,words,created\n" + rows).encode(encoding))
    assert home.ingest().ok
    assert home.ask("select distinct category from raw.tickets") == [(text,)]


def test_a_bad_line_of_json_lines_goes_alone(home: Home) -> None:
    home.mapping(MAPPING.format(more=""))
    lines = [json.dumps(row) for row in objects()]
    home.put("tickets.jsonl", "\n".join([lines[0], '{"id": 9, ', lines[1], "[1, 2]", lines[0].replace("7", "10")]))
    entry = home.file()
    assert (entry.read, entry.accepted, entry.quarantined) == (5, 3, 2)
    assert [(row["line"], row["record"]) for row in home.put_aside("tickets.jsonl")] == [
        ("2", '{"line":"{\\"id\\": 9, "}'),
        ("4", '{"line":"[1, 2]"}'),
    ]


def test_names_with_dots_reach_into_objects(home: Home) -> None:
    home.mapping(MAPPING.format(more="").replace("类别", "about.kind").replace("created}", "at}"))
    home.put("tickets.jsonl", '{"id": 1, "about": {"kind": "网络"}, "at": "2026-01-02T10:00:00Z"}\n')
    home.ingest()
    assert home.ask("select category, created_at::varchar from raw.tickets") == [("网络", "2026-01-02 10:00:00")]


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("tickets.json", b'{"a": 1}', "no array of records"),
        ("tickets.json", b"[{]", "no JSON document"),
        ("tickets.xlsx", b"no workbook", "no readable XLSX"),
        ("tickets.parquet", b"PAR1 no more", "no readable Parquet"),
    ],
)
def test_what_cannot_be_read_is_refused(home: Home, name: str, content: bytes, problem: str) -> None:
    home.mapping(MAPPING.format(more=""))
    home.put(name, content)
    (refusal,) = home.ingest().refusals
    assert problem in refusal.message
    assert name in refusal.message


def test_stamps_become_utc(home: Home) -> None:
    """By their offset, else by the zone of the column or the mapping, with daylight saving; a day alone can last."""
    home.mapping("""
source: crm
time_zone: America/New_York
files:
  orders:
    pattern: orders.csv
    entities:
      - entity: orders
        columns:
          order_id: id
          customer_id: {constant: c}
          gross_amount: {constant: "1"}
          ordered_at: at
          promised_at: {value: due, format: ["%d/%m/%Y", "%d/%m/%Y %H:%M"], zone: Asia/Shanghai, end_of_day: true}
""")
    home.put(
        "orders.csv",
        "id,at,due\n"
        "1,2026-01-02 10:00:00,03/04/2026\n"
        "2,2026-07-02 10:00:00,03/04/2026 09:30\n"
        "3,2026-07-02T10:00:00.000+0200,\n"
        "4,2026-07-02T10:00:00Z,\n",
    )
    home.ingest()
    assert home.ask("select ordered_at::varchar, promised_at::varchar from raw.orders order by order_id") == [
        ("2026-01-02 15:00:00", "2026-04-03 15:59:59.999999"),
        ("2026-07-02 14:00:00", "2026-04-03 01:30:00"),
        ("2026-07-02 08:00:00", None),
        ("2026-07-02 10:00:00", None),
    ]
    assert home.ask("select event_from::date from control.loads") == [(date(2026, 1, 2),)]
