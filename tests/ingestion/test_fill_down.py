"""Merged cells and continuation rows (`fill_down`), and totals below the table (`skip_last`)."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.ingestion.readers import filled_down
from orchestration.ingestion.text import whole_lines, without_last
from tests.ingestion.test_headers import table

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ingestion.homes import Home

LINES = """
source: crm
time_zone: UTC
files:
  orders:
    pattern: "orders*"
    fill_down: {columns: [buyer, at], within: name}
    entities:
      - entity: orders
        when: total is not null
        columns: {order_id: name, customer_id: buyer, ordered_at: at, gross_amount: total}
      - entity: order_lines
        columns: {order_id: name, product_id: product, quantity: {constant: "1"}, unit_price: price, ordered_at: at}
"""
ROWS = [
    ["name", "buyer", "at", "total", "product", "price"],
    ["#1", "b", "2026-01-02", "30", "p", "10"],
    ["#1", "", "", "", "q", "20"],
    ["#2", "", "2026-01-03", "5", "p", "5"],  # a guest's, who must not become b
    ["#3", "c", "2026-01-04", "7", "p", "3"],
    ["#3", "", "", "", "p", "4"],
]


@pytest.mark.parametrize("is_workbook", [False, True])
def test_continuation_rows_take_what_their_first_row_says(home: Home, is_workbook: bool) -> None:
    home.mapping(LINES)
    home.put("orders.xlsx" if is_workbook else "orders.csv", table(ROWS, is_workbook=is_workbook))
    report = home.ingest()
    assert report.ok, report.refusals
    assert home.ask("select order_id, customer_id, gross_amount::int from raw.orders order by 1") == [
        ("crm:#1", "crm:b", 30),
        ("crm:#2", None, 5),
        ("crm:#3", "crm:c", 7),
    ]
    lines = "select order_id, line_no, unit_price::int, ordered_at::date::varchar from raw.order_lines order by all"
    assert home.ask(lines) == [
        ("crm:#1", 1, 10, "2026-01-02"),
        ("crm:#1", 2, 20, "2026-01-02"),
        ("crm:#2", 1, 5, "2026-01-03"),
        ("crm:#3", 1, 3, "2026-01-04"),
        ("crm:#3", 2, 4, "2026-01-04"),
    ]  # fmt: skip


def test_merged_cells_go_down_to_the_next(home: Home) -> None:
    home.mapping("""
source: crm
time_zone: UTC
files:
  stores:
    pattern: "stores*"
    fill_down: region
    skip_lines: 1
    skip_last: 2
    entities: [{entity: stores, columns: {store_id: id, region: region}}]
""")
    rows = [
        ["Shops of 2026"],
        ["region", "id"],
        ["north", "1"],
        ["", "2"],
        ["south", "3"],
        ["Total", "3"],
        ["as of May"],
    ]
    wide = [row + [""] * (2 - len(row)) for row in rows]
    home.put("stores.xlsx", table(wide, is_workbook=True))
    home.put("stores2.csv", table(rows, is_workbook=False).replace(b"1\r\n", b"11\r\n") + b"\n\n")
    report = home.ingest()
    assert report.ok, report.refusals
    assert [file.read for file in report.files] == [3, 3]
    assert home.ask("select store_id, region from raw.stores order by all") == [
        *[("crm:1", "north"), ("crm:11", "north")],
        *[("crm:2", "north"), ("crm:2", "north"), ("crm:3", "south"), ("crm:3", "south")],
    ]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("orders.csv", "has no column 'buyer', which `fill_down` names"),
        ("orders.jsonl", "is jsonl, which has no use for `fill_down`"),
    ],
)
def test_what_cannot_be_filled_is_refused(home: Home, name: str, said: str) -> None:
    home.mapping(LINES.replace("customer_id: buyer, ", ""))
    home.put(name, "name,at,total,product,price\n#1,2026-01-02,1,p,1\n" if name.endswith("csv") else "{}\n")
    assert said in home.ingest().refusals[0].message


@given(
    st.lists(st.tuples(*[st.sampled_from(["", " ", "a", "b", None])] * 3), max_size=12),
    st.integers(1, 4),
    st.booleans(),
)
def test_filling_down_is_that_of_a_loop(rows: list[tuple[str | None, ...]], size: int, is_within: bool) -> None:
    """Whatever batches the rows come in."""
    names = ["c0", "c1", "c2"]
    pieces = [rows[n : n + size] for n in range(0, len(rows), size)]
    batches = [
        pa.record_batch([pa.array([row[i] for row in piece], pa.string()) for i in range(3)], names=names)
        for piece in pieces
    ]
    found = [row for batch in filled_down(iter(batches), [1], [0] if is_within else []) for row in batch.to_pylist()]
    key = above = None
    for number, (first, second, third) in enumerate(rows):
        if is_within:
            # what is above nothing is nothing, whose rows belong to nobody
            now = first if (first or "").strip() else key
            if now != key or not (now or "").strip():
                above = None
            key = now
        above = second if (second or "").strip() else above
        expected = above if above is not None else second
        assert (found[number]["c0"], found[number]["c2"]) == (first, third)
        assert (found[number]["c1"] or "").strip() == (expected or "").strip()


@given(
    st.lists(st.sampled_from(["a", "", "\r", "long line", "x,y"]), max_size=10), st.integers(0, 4), st.integers(1, 9)
)
def test_the_last_lines_that_hold_anything_are_left_out(lines: list[str], skipped: int, size: int) -> None:
    data = "".join(f"{line}\n" for line in lines).encode()
    cuts = [at + 1 for at, byte in enumerate(data) if byte == 10]
    bounds = [0, *cuts[size - 1 :: size], len(data)]
    pieces = [data[a:b] for a, b in pairwise(bounds) if a < b]
    kept = b"".join(without_last(iter(pieces), skipped)).decode().split("\n")
    filled = [line for line in lines if line.strip("\r")]
    assert [line for line in kept if line.strip("\r")] == filled[: max(len(filled) - skipped, 0)]


def test_lines_come_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"a,b\r\n1,2\r\nTotal,2")
    assert b"".join(without_last(whole_lines(path, "utf-8"), 1)) == b"a,b\r\n1,2\r\n"
