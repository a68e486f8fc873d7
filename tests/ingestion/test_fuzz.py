"""Random files, mappings and expressions: nothing but our own refusals comes of them, and every row is accounted for.

A few examples of each run with the fast tests, thousands with the long ones.
"""

from __future__ import annotations

import gzip
import json
import string
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from foundation.settings import Settings
from orchestration.ingestion import FileEntry
from orchestration.ingestion.errors import MappingError
from orchestration.ingestion.expressions import ExpressionError, parse
from orchestration.ingestion.load import SourceDelivery, load_file, staging_connection
from orchestration.ingestion.mapping import Mapping, load_mapping
from orchestration.ingestion.rates import RateBook
from tests.ingestion import bad_inputs

FEW, MANY = 40, 3_000
DAY = date(2026, 1, 5)


def examples(number: int) -> Any:
    return settings(max_examples=number, deadline=None, suppress_health_check=list(HealthCheck))


class Bench:
    """Loads single files, without a manifest."""

    def __init__(self, home: Path, con: duckdb.DuckDBPyConnection, given_settings: Settings) -> None:
        self.home = home
        self.con = con
        self.settings = given_settings
        self.rates = RateBook(given_settings.raw, 7).known("fuzz", DAY)
        self.folder = given_settings.landing / "fuzz" / str(DAY)
        self.folder.mkdir(parents=True)

    def mapping(self, text: str | bytes) -> Mapping:
        path = self.home / "fuzz.yml"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return load_mapping(path)

    def load(self, mapping: Mapping, name: str, content: bytes) -> Iterator[FileEntry]:
        path = self.folder / name
        path.write_bytes(content)
        matched = {one: (path,) for one, file in mapping.files.items() if file.matches(name)}
        delivery = SourceDelivery(self.settings, mapping, DAY, self.folder, matched, self.rates)
        for one in matched:
            if mapping.files[one].entities:
                yield load_file(self.con, delivery, one, path)
        path.unlink()


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    home = tmp_path_factory.mktemp("fuzz")
    given_settings = Settings(home=home)
    with staging_connection(given_settings) as con:
        yield Bench(home, con, given_settings)


def sound(entry: FileEntry) -> None:
    """A file is taken in or refused in words of ours, and nothing of it is lost."""
    assert entry.balances()
    assert "nobody foresaw" not in str(entry.error), entry.error
    assert bool(entry.error) == (entry.status != "loaded")


# --- readers ---

_SEEDS: dict[str, bytes] = {
    "csv": bad_inputs.ROWS.encode(),
    "tsv": bad_inputs.ROWS.replace(",", "\t").encode(),
    "json": json.dumps([bad_inputs.GOOD] * 3).encode(),
    "jsonl": (json.dumps(bad_inputs.GOOD) + "\n").encode() * 3,
    "parquet": bad_inputs.parquet(),
    "xlsx": bad_inputs.workbook(),
    "csv.gz": gzip.compress(bad_inputs.ROWS.encode(), mtime=0),
    "txt": bad_inputs.CHINESE.encode("gb18030"),
}
_TELLING = [b'"', b"\n", b"\r", b"\0", b",", b"\xff", b"\xef\xbb\xbf", b"\\", b"{", b"[", b'"\n"', b"1e400", b"\\ud83d"]


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, bytes]:
    """A good file with pieces cut, doubled and replaced; or nothing of a good file at all."""
    suffix = draw(st.sampled_from(sorted(_SEEDS)))
    content = _SEEDS[suffix]
    if draw(st.integers(0, 9)) == 0:
        return suffix, draw(st.binary(max_size=400))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(content)))
        piece = draw(st.one_of(st.sampled_from(_TELLING), st.binary(max_size=12)))
        content = content[:place] + piece + content[place + draw(st.integers(0, 8)) :]
    return suffix, content


def check_file(bench: Bench, case: tuple[str, bytes]) -> None:
    suffix, content = case
    mapping = bench.mapping(bad_inputs.mapped().replace("{source}", "fuzz"))
    (entry,) = bench.load(mapping, f"orders.{suffix}", content)
    sound(entry)


# --- mappings ---

_WORDS = st.sampled_from(
    [
        "id",
        "c",
        "at",
        "amount",
        "note",
        "orders",
        "returns",
        "order_id",
        "customer_id",
        "ordered_at",
        "gross_amount",
        "delta",
        "snapshot",
        "csv",
        "utf-8",
        "true",
        "%d/%m/%Y",
        "lines",
        "lines.total",
        "sum(amount::int)",
        "*",
        "",
        "id::int",
        "try_cast(amount as int) > 0",
        "a[*]",
        '"Comment[*]"',
        "Asia/Shanghai",
        "3",
        "-1",
        "1e99",
        "null",
    ]
)
_KEYS = st.sampled_from(
    [
        "pattern",
        "format",
        "encoding",
        "delimiter",
        "quote",
        "header",
        "skip_lines",
        "columns",
        "sheet",
        "root",
        "joins",
        "null_values",
        "filter",
        "entities",
        "entity",
        "load_mode",
        "when",
        "one_per",
        "order_by",
        "optional",
        "value",
        "constant",
        "zone",
        "end_of_day",
        "map",
        "else",
        "source",
        "file",
        "on",
        "each",
        "aggregate",
        "name",
        "start",
        "width",
        "order_id",
        "customer_id",
        "ordered_at",
        "gross_amount",
        "orders",
        "id",
        "l",
    ]
)
_TREES = st.recursive(
    st.one_of(_WORDS, st.text(string.printable, max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_KEYS, inner, max_size=4)),
    max_leaves=12,
)


@st.composite
def near_the_schema(draw: st.DrawFn) -> str:
    """A good mapping in which some branches are others."""
    document: Any = yaml.safe_load(bad_inputs.mapped().replace("{source}", "fuzz"))
    file = document["files"]["orders"]
    places = [document, file, file["entities"][0], file["entities"][0]["columns"]]
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.sampled_from(places))
        place[draw(st.one_of(_KEYS, st.sampled_from(sorted(place))))] = draw(_TREES)
    return yaml.safe_dump(document, allow_unicode=True)


def check_mapping(bench: Bench, text: str) -> None:
    try:
        mapping = bench.mapping(text)
    except MappingError:
        return
    for entry in bench.load(mapping, "orders.csv", bad_inputs.ROWS.encode()):
        sound(entry)


# --- expressions ---

_LEAVES = st.sampled_from(
    [
        "id",
        "c",
        "at",
        "amount",
        "note",
        "load_date",
        "'x'",
        "''",
        "0",
        "-1",
        "1.5",
        "9223372036854775807",
        "null",
        "true",
        "interval 1 day",
        "1e308",
        "'2026-01-02'",
        "'%d/%m'",
        "'['",
        "'\\d'",
        "[1, 2]",
        "date '2026-01-01'",
    ]
)
_CALLS = [
    "({0} + {1})",
    "({0} - {1})",
    "({0} * {1})",
    "({0} / {1})",
    "({0} % {1})",
    "({0} || {1})",
    "({0} = {1})",
    "({0} < {1})",
    "({0} and {1})",
    "({0} or {1})",
    "(not {0})",
    "({0} in ({1}))",
    "({0} like {1})",
    "-{0}",
    "{0}::int",
    "{0}::date",
    "{0}::timestamp",
    "{0}::decimal(18,2)",
    "{0}::varchar",
    "{0}::boolean",
    "{0}::time",
    "try_cast({0} as bigint)",
    "cast({0} as timestamptz)",
    "try({0})",
    "coalesce({0}, {1})",
    "nullif({0}, {1})",
    "if({0}, {1}, {2})",
    "case when {0} then {1} else {2} end",
    "case {0} when {1} then {2} end",
    "round({0}, {1})",
    "lower({0})",
    "substring({0}, {1}, {2})",
    "left({0}, {1})",
    "length({0})",
    "concat({0}, {1})",
    "{0}[{1}]",
    "split_part({0}, {1}, {2})",
    "regexp_extract({0}, {1})",
    "regexp_replace({0}, {1}, {2})",
    "chr({0})",
    "strptime({0}, {1})",
    "strftime({0}, {1})",
    "date_trunc({0}, {1})",
    "extract(year from {0})",
    "epoch_ms({0})",
    "date_part({0}, {1})",
    "make_timestamp({0})",
    "to_timestamp({0})",
    "to_days({0})",
    "last_day({0})",
    "md5({0})",
    "json_extract_string({0}, {1})",
    "{0} -> {1}",
    "datediff({0}, {1}, {2})",
    "sum({0})",
    "(select {0})",
    "now()",
]
_EXPRESSIONS = st.recursive(
    st.one_of(_LEAVES, st.text(string.printable, max_size=6)),
    lambda inner: st.builds(
        lambda call, parts: call.format(*parts), st.sampled_from(_CALLS), st.lists(inner, min_size=3, max_size=3)
    ),
    max_leaves=8,
)


def check_expression(bench: Bench, text: str, place: str) -> None:
    try:
        parse(text)
    except ExpressionError:
        return
    written = "'" + text.replace("'", "''").replace("\n", " ").replace("\r", " ") + "'"
    fields = {"filter": {"more": f"filter: {written}"}}.get(place, {place: written})
    try:
        mapping = bench.mapping(bad_inputs.mapped(**fields).replace("{source}", "fuzz"))
    except MappingError:
        return  # what YAML makes of control characters
    for entry in bench.load(mapping, "orders.csv", bad_inputs.ROWS.encode()):
        sound(entry)


PLACES = st.sampled_from(["filter", "key", "at", "amount"])


@examples(FEW)
@given(case=damaged())
def test_any_bytes_are_read_or_refused(bench: Bench, case: tuple[str, bytes]) -> None:
    check_file(bench, case)


@examples(FEW)
@given(text=near_the_schema())
def test_any_mapping_runs_or_is_refused(bench: Bench, text: str) -> None:
    check_mapping(bench, text)


@examples(FEW)
@given(text=_EXPRESSIONS, place=PLACES)
def test_any_expression_runs_or_is_refused(bench: Bench, text: str, place: str) -> None:
    check_expression(bench, text, place)


@pytest.mark.slow
@pytest.mark.long
@examples(MANY)
@given(case=damaged())
def test_many_bytes_are_read_or_refused(bench: Bench, case: tuple[str, bytes]) -> None:
    check_file(bench, case)


@pytest.mark.slow
@pytest.mark.long
@examples(MANY)
@given(text=near_the_schema())
def test_many_mappings_run_or_are_refused(bench: Bench, text: str) -> None:
    check_mapping(bench, text)


@pytest.mark.slow
@pytest.mark.long
@examples(MANY)
@given(text=_EXPRESSIONS, place=PLACES)
def test_many_expressions_run_or_are_refused(bench: Bench, text: str, place: str) -> None:
    check_expression(bench, text, place)
