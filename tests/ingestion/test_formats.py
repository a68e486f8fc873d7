"""Every format and encoding gives the same rows, gzipped or not."""

from __future__ import annotations

import gzip
import io
import json
import random
from datetime import date, datetime
from typing import TYPE_CHECKING

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.ingestion.likeness import likely_encodings

if TYPE_CHECKING:
    from tests.ingestion.homes import Home

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
        ("gb18030", "退货"),
        ("big5", "客戶投訴寬頻安裝太慢，一直沒有人處理。"),
        ("cp932", "配送が遅すぎます。商品が壊れていました。"),
        ("cp949", "배송이 너무 늦어요, 상품이 파손되었습니다. 빠른 처리 부탁드립니다."),
        ("cp949", "고객 상담 요청이 접수되었습니다. 담당자가 확인 후 연락드리겠습니다."),
        ("latin-1", "La livraison a été très tardive; le paquet était abîmé à l'arrivée."),
        ("cp1252", "Preis 5€ – “ok”"),
        ("cp1252", "it’s"),
        ("cp1252", "Müller"),
        ("cp1252", "O’Brien, ½ price, 25 °C"),
        ("cp1252", "São Paulo, João, não, coração"),
    ],
)
def test_an_encoding_that_is_not_stated_is_found(home: Home, encoding: str, text: str) -> None:
    home.mapping(MAPPING.format(more="").replace("类别", "words"))
    rows = "".join(f'{n},"{text}",2026-01-02\n' for n in range(50))
    home.put("tickets.csv", ("id,words,created\n" + rows).encode(encoding))
    assert home.ingest().ok
    assert home.ask("select distinct category from raw.tickets") == [(text,)]


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1251", "Доставка слишком медленная"),
        ("cp1250", "Dostawa była zbyt wolna proszę o zwrot"),
        ("cp1253", "Η παράδοση άργησε"),
        ("euc_jp", "こんにちは"),  # by its bytes, Big5 as well
        ("gb18030", "你好"),  # by its bytes, Korean or Big5 as well
        ("cp949", "환불"),
        ("latin-1", "control \x85 characters \x81"),
    ],
)
def test_an_encoding_that_cannot_be_told_is_asked_for(home: Home, encoding: str, text: str) -> None:
    home.mapping(MAPPING.format(more="").replace("类别", "words"))
    content = f"id,words,created\n1,{text},2026-01-02\n".encode(encoding)
    home.put("tickets.csv", content)
    (refusal,) = home.ingest().refusals
    assert "state the right one as `encoding` in the mapping" in refusal.message
    home.mapping(MAPPING.format(more=f"encoding: {encoding}").replace("类别", "words"))
    assert home.ingest().ok
    assert home.ask("select category from raw.tickets") == [(text,)]


@pytest.mark.parametrize("encoding", ["gb18030", "big5", "cp932", "cp949", "cp1252"])
def test_no_text_is_taken_for_another_writing(encoding: str) -> None:
    """Random words of one writing, few or many: the encoding is theirs, or it is asked for."""
    words = {
        "gb18030": "客户 投诉 宽带 安装 太慢 一直 没有 处理 希望 尽快 解决 问题 退货 退款 订单 价格 服务 网络 会员",
        "big5": "客戶 投訴 寬頻 安裝 太慢 一直 沒有 處理 希望 盡快 解決 問題 退貨 退款 訂單 價格 服務 網路 會員",
        "cp932": "お客様 から クレーム 配送 が 遅い です 商品 の 交換 を お願い します 返金 ありがとう サービス",
        "cp949": "고객 상담 요청이 접수 되었습니다 담당자가 확인 후 연락 드리겠습니다 주문 취소 및 환불은 처리 배송",
        "cp1252": "Müller Straße café déjà señor mañana não coração Zoë it’s “ok” 5€ naïve Ärger ½ £20 crème brûlée",
    }[encoding].split()
    dice = random.Random(encoding)  # noqa: S311 - no secret
    asked = 0
    for _ in range(400):
        chosen = [dice.choice(words) for _ in range(dice.choice([1, 2, 5, 20]))]
        content = "id,text\n" + "".join(f"{n},{word}\n" for n, word in enumerate(chosen))
        if content.isascii():
            continue
        found = likely_encodings(content.encode(encoding))
        assert found == [encoding] or len(found) != 1, (chosen, found)
        asked += found != [encoding]
    assert asked < 300


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
        ("tickets.xlsx", b"no workbook", "called a workbook"),
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
