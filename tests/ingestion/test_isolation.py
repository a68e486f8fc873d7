"""Whatever one file, its name or its mapping is, it costs that file or that source; what is healthy beside it loads."""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from orchestration.ingestion import load
from orchestration.ingestion.errors import MappingError
from orchestration.ingestion.mapping import load_mapping
from orchestration.settings import Settings

if TYPE_CHECKING:
    from tests.ingestion.conftest import Home

ANY = """
source: crm
time_zone: Asia/Shanghai
files:
  orders:
    pattern: "orders*"
    {more}
    entities:
      - entity: orders
        columns:
          order_id: id
          customer_id: c
          ordered_at: at
          gross_amount: amount
          delay_reason: {{value: note, optional: true}}
"""
GOOD = {"id": "1", "c": "c", "at": "2026-01-02 10:00:00", "amount": 1, "note": "ok"}
HEAD = "id,c,at,amount,note\n"
ROW = "1,c,2026-01-02 10:00:00,1,ok\n"


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def workbook(*cells: tuple[int, int, object]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (HEAD.strip().split(","), ROW.strip().split(",")):
        sheet.append(row)
    for row, column, value in cells:
        sheet.cell(row, column, value)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def parquet(**columns: pa.Array) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table({"id": ["1"], "c": ["c"], "at": ["2026-01-02 10:00:00"], "amount": ["1"], **columns}), out)
    return out.getvalue()


# name of the file, what it holds, what the mapping says more, and what is told of it; nothing: it loads
HOSTILE: dict[str, tuple[str, bytes, str, str]] = {
    "half a character in JSON": (
        "orders.json",
        json.dumps([{**GOOD, "note": "\ud83d"}]).encode(),
        "",
        "no JSON object",
    ),
    "half a character in JSON Lines": (
        "orders.jsonl",
        json.dumps({**GOOD, "note": "\ud83d"}).encode(),
        "",
        "no JSON object",
    ),
    "a number of 5,000 digits": ("orders.json", b'[{"id": ' + b"1" * 5000 + b"}]", "", ""),
    "no number that JSON knows": ("orders.json", b'[{"id": NaN}]', "", ""),
    "JSON nested a million deep": ("orders.json", b"[" * 10**6, "", "too deeply nested"),
    "JSON Lines nested a million deep": ("orders.jsonl", b'{"id": ' + b"[" * 10**6 + b"\n", "", "no JSON object"),
    "a document of another kind": ("orders.json", b'"text"', "", "no array of records"),
    "a stated UTF-16 without mark": ("orders.csv", (HEAD + ROW).encode(), "encoding: utf-16", "is not in utf-16"),
    "UTF-16 cut in half": ("orders.csv", (HEAD + ROW).encode("utf-16")[:-1], "", "is no utf-16"),
    "a stated UTF-7": ("orders.csv", (HEAD + ROW).encode("utf-7"), "encoding: utf-7", ""),
    "a stated encoding that lies": ("orders.csv", (HEAD + ROW).encode() + b"\xff", "encoding: utf-8", "line 3"),
    "NUL bytes": ("orders.csv", (HEAD + ROW).encode() + b"\0\0\0\0\0\n", "", ""),
    "nothing but NUL bytes": ("orders.csv", b"\0" * 100, "", "column"),
    "a line without end": ("orders.csv", HEAD.encode() + b"x" * (65 << 20), "", "longer than 64 MB"),
    "a cut gzip": ("orders.csv.gz", gzip.compress((HEAD + ROW).encode() * 100)[:-9], "", "damaged gzip"),
    "a gzip of rubbish": ("orders.csv.gz", b"\x1f\x8b" + b"\0" * 50, "", "damaged gzip"),
    "a zip that is no workbook": ("orders.xlsx", zipped(a=b"b"), "", "no readable XLSX"),
    "a workbook with a far cell": ("orders.xlsx", workbook((1_048_576, 16_384, "x")), "", "lies far outside"),
    "a workbook with a far row": ("orders.xlsx", workbook((1_048_576, 3, "2026-01-02")), "", ""),
    "a workbook with a far column": ("orders.xlsx", workbook((2, 16_384, "x")), "", ""),
    "a workbook that unpacks to a gigabyte": (
        "orders.xlsx",
        zipped(**{"[Content_Types].xml": b" " * 10**9}),
        "",
        "XLSX",
    ),
    "a Parquet file cut short": ("orders.parquet", parquet()[:-20], "", "no readable Parquet"),
    "a column of bytes that nobody uses": ("orders.parquet", parquet(img=pa.array([b"\xff\xfe"])), "", ""),
    "a column of bytes that is used": (
        "orders.parquet",
        parquet(note=pa.array([b"\xff\xfe"])),
        "",
        "holds binary in the column 'note'",
    ),
    "a nested column that nobody uses": ("orders.parquet", parquet(tags=pa.array([["a", "b"]])), "", ""),
    "an expression that overflows": (
        "orders.csv",
        (HEAD + ROW).encode(),
        'filter: "id::bigint * 9223372036854775807 > 0"',
        "",
    ),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_is_refused_by_name_and_hurts_no_other(home: Home, kind: str) -> None:
    name, content, more, said = HOSTILE[kind]
    home.mapping(ANY.format(more=more))
    home.mapping("source: zshop\nextends: canonical\n", source="zshop")
    home.put(name, content)
    home.put("stores.csv", "store_id\n1\n", source="zshop")
    home.settings = Settings(home=home.settings.home)
    report = home.ingest()
    assert home.ask("select store_id from raw.stores") == [("zshop:1",)]
    assert all("nobody foresaw" not in refusal.message for refusal in report.refusals)
    assert [refusal.source for refusal in report.refusals] == (["crm"] if said else [])
    if said:
        assert said in report.refusals[0].message
        assert f"crm/2026-01-05/{name}" in report.refusals[0].message


@pytest.mark.parametrize(
    ("name", "is_known"),
    [
        ("orders 客户.csv", True),
        (os.fsdecode("orders_客户.csv".encode("gb18030")), True),  # as an archive packed in China unpacks elsewhere
        ("orders" + "x" * 245 + ".csv", True),
        ("orders\n.csv", True),
        (os.fsdecode(b"\xff\xfe.csv"), False),
    ],
)
def test_any_name_of_a_file_is_taken_or_told(home: Home, name: str, is_known: bool) -> None:
    home.mapping(ANY.format(more=""))
    home.put(name, HEAD + ROW + ROW.replace("1,c", "2,").replace("2026", "soon"))
    report = home.ingest()
    str(report).encode()
    if is_known:
        home.manifest.decode()
    assert bool(report.refusals) == (not is_known)
    assert home.ask("select count(*) from raw.orders") == [(int(is_known),)]
    assert len(list(home.settings.quarantine.rglob("*.csv"))) == int(is_known)


def test_what_is_no_file_is_told_by_name(home: Home) -> None:
    home.mapping(ANY.format(more=""))
    home.put("orders.csv", HEAD + ROW)
    folder = home.settings.landing / "crm" / str(home.day)
    os.mkfifo(folder / "orders_pipe.csv")
    (folder / "orders_link.csv").symlink_to(folder / "nowhere.csv")
    messages = [refusal.message for refusal in home.ingest().refusals]
    assert [message.split(":")[0] for message in messages] == [
        "crm/2026-01-05/orders_link.csv",
        "crm/2026-01-05/orders_pipe.csv",
    ]
    assert all("is no file" in message for message in messages)
    assert home.ask("select count(*) from raw.orders") == [(1,)]


def test_a_file_that_vanishes_is_refused_by_name(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.mapping(ANY.format(more=""))
    home.put("orders_1.csv", HEAD + ROW)
    gone = home.put("orders_2.csv", HEAD + ROW)
    real = load.open_reader

    def vanish(path: Path, *rest: object) -> object:
        gone.unlink(missing_ok=True)
        return real(path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(load, "open_reader", vanish)
    (refusal,) = home.ingest().refusals
    assert "crm/2026-01-05/orders_2.csv: cannot be read (No such file or directory)" in refusal.message


@pytest.mark.parametrize("error", [ZeroDivisionError("secret"), RecursionError("secret"), AssertionError("secret")])
def test_what_nobody_foresaw_is_told_as_such_with_the_file_and_the_place(
    home: Home, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    home.mapping(ANY.format(more=""))
    home.put("orders_1.csv", HEAD + ROW)
    home.put("orders_2.csv", HEAD + ROW.replace("1,c", "2,c"))
    real = load.open_reader

    def fail(path: Path, *rest: object) -> object:
        if path.name == "orders_1.csv":
            raise error
        return real(path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(load, "open_reader", fail)
    report = home.ingest()
    (refusal,) = report.refusals
    assert refusal.message.startswith("crm/2026-01-05/orders_1.csv: met an error that nobody foresaw: ")
    assert type(error).__name__ in refusal.message
    assert "in load.py, line" in refusal.message
    assert "secret" not in refusal.message  # the text of an error may hold a value
    assert {file.file: file.status for file in report.files} == {"orders_1.csv": "refused", "orders_2.csv": "loaded"}


def test_a_source_that_meets_what_nobody_foresaw_stops_no_other(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.mapping(ANY.format(more=""))
    home.mapping("source: zshop\nextends: canonical\n", source="zshop")
    home.put("orders.csv", HEAD + ROW)
    home.ingest()
    home.put("stores.csv", "store_id\n1\n", source="zshop")
    real = load.Delivery.inputs

    def fail(delivery: load.Delivery, name: str) -> str:
        if delivery.mapping.source == "crm":
            raise ZeroDivisionError
        return real(delivery, name)

    monkeypatch.setattr(load.Delivery, "inputs", fail)
    (refusal,) = home.ingest().refusals
    assert refusal.message.startswith("crm: met an error that nobody foresaw: ZeroDivisionError in ")
    assert home.ask("select store_id from raw.stores") == [("zshop:1",)]
    assert home.ask("select order_id from raw.orders") == [("crm:1",)]


def test_a_full_disk_is_no_file_s_fault(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.mapping(ANY.format(more=""))
    home.put("orders.csv", HEAD + ROW)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        home.ingest()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("source: crm\nextends: canonical\nfiles:\n", "files: must hold"),
        ("source: crm\nextends: canonical\nfiles: 5\n", "files: must hold"),
        ("source: crm\nextends: canonical\nfiles: [a]\n", "files: must hold"),
        ("source: crm\nextends: [canonical]\n", "no built-in mapping"),
        ("source: crm\nextends: ../mappings/canonical\n", "no built-in mapping"),
        ("source: crm\nextends:\n", "no built-in mapping"),
        ("source: crm\ntime_zone: UTC\nfiles: {}\n", "files"),
        ("source: [crm]\ntime_zone: UTC\n", "source"),
        ("- a\n", "must be a mapping"),
        ("", "must be a mapping"),
        ("\x00", "is no YAML"),
        ("&a [*a]", "must be a mapping"),
        ("a: &a\n  b: *a\n", "there is no such key"),
        ("[" * 5000, "YAML"),
        ("source: crm\ntime_zone: UTC\nfiles: {a: {pattern: a, encoding: hex}}\n", "no encoding 'hex' of texts"),
        (
            "source: crm\ntime_zone: UTC\nfiles: {a: {pattern: a, encoding: klingon}}\n",
            "no encoding 'klingon' of texts",
        ),
    ],
)
def test_a_mapping_that_is_none_is_refused_and_hurts_no_other(home: Home, text: str, said: str) -> None:
    home.mapping(text)
    home.mapping("source: zshop\nextends: canonical\n", source="zshop")
    home.put("orders.csv", HEAD + ROW)
    home.put("stores.csv", "store_id\n1\n", source="zshop")
    (refusal,) = home.ingest().refusals
    assert said in refusal.message
    assert "crm.yml" in refusal.message
    assert home.ask("select store_id from raw.stores") == [("zshop:1",)]


@examples(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**9))
def test_any_mapping_file_is_a_mapping_or_said_to_be_none(tmp_path: Path, seed: int) -> None:
    """A good mapping with characters cut, doubled and swapped: nothing but MappingError comes of it."""
    dice = random.Random(seed)  # noqa: S311 - no secret
    text = list(ANY.format(more="filter: id::int > 0"))
    for _ in range(dice.randint(1, 6)):
        place = dice.randrange(len(text))
        text[place : place + dice.randint(0, 5)] = dice.choice(
            ["", " ", ":", "{", "[", "'", '"', "*", "&", "\n", "x", "::int", "é"]
        )
    path = tmp_path / "crm.yml"
    path.write_text("".join(text), encoding="utf-8")
    said = str(path)
    try:
        load_mapping(path)
    except MappingError as error:
        said = str(error)
    assert str(path) in said


@examples(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_bytes_are_read_or_refused(home: Home, data: st.DataObject) -> None:
    """Bytes of any kind under any suffix: every row is counted, and no error is one that nobody foresaw."""
    suffix = data.draw(st.sampled_from(["csv", "tsv", "json", "jsonl", "xlsx", "parquet", "csv.gz"]))
    whole = {"json": json.dumps([GOOD]).encode(), "jsonl": json.dumps(GOOD).encode(), "parquet": parquet()}
    seed = whole.get(suffix, (HEAD + ROW).encode())
    place = data.draw(st.integers(0, len(seed)))
    content = seed[:place] + data.draw(st.binary(max_size=30)) + seed[place + data.draw(st.integers(0, 3)) :]
    home.mapping(ANY.format(more=""))
    path = home.put(f"orders.{suffix}", content)
    report = home.ingest()
    path.unlink()
    (entry,) = [file for file in report.files if file.file == path.name] or [None]
    assert entry is not None
    assert entry.balances()
    assert "nobody foresaw" not in str(entry.error)
