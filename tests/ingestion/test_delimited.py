"""Delimited files: nothing is lost, one bad record costs one record, and it is named by its line."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.ingestion import readers
from orchestration.ingestion.errors import RefusedError
from orchestration.ingestion.mapping import FileMapping
from orchestration.ingestion.readers import DelimitedReader, NotPlainError

ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "gb18030"]
fields = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufeff"), max_size=12)


def read(path: Path, **mapping: object) -> tuple[DelimitedReader, list[tuple[int, list[str]]]]:
    """The reader when done, and line and fields of each row."""
    reader = DelimitedReader(path, FileMapping.model_validate({"pattern": "*", **mapping}))
    try:
        batches = list(reader.batches())
    except NotPlainError:
        reader.is_plain = False
        batches = list(reader.batches())
    rows = [list(row.values()) for batch in batches for row in batch.to_pylist()]
    assert reader.records == len(rows) + len(reader.broken)
    return reader, [(row[-1], row[:-1]) for row in rows]


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(fields, fields, fields), max_size=20),
    encoding=st.sampled_from(ENCODINGS),
    line_end=st.sampled_from(["\n", "\r\n"]),
    is_plain=st.booleans(),
)
def test_any_text_comes_back(
    tmp_path: Path, rows: list[tuple[str, str, str]], encoding: str, line_end: str, is_plain: bool
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=line_end, quoting=csv.QUOTE_ALL)
    writer.writerows([("a", "b", "c"), *rows])
    path = tmp_path / "any.csv"
    path.write_bytes(text.getvalue().encode(encoding))
    reader = DelimitedReader(path, FileMapping(pattern=("*",), encoding=encoding))
    reader.is_plain = is_plain
    batches = list(reader.batches())
    found = [tuple(row.values()) for batch in batches for row in batch.to_pylist()]
    assert [row[:3] for row in found] == rows
    assert reader.records == len(rows)
    line = 2
    for row in found:
        assert row[3] == line
        line += 1 + sum(field.replace("\r\n", "\n").replace("\r", "\n").count("\n") for field in row[:3])


def test_lines_are_those_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text('a,b\n1,"two\nlines"\n\n2,x\n3\n4,"y\r\n\r\nz"\n5,u,v\n6,w\n', newline="")
    reader, rows = read(path)
    assert rows == [(2, ["1", "two\nlines"]), (5, ["2", "x"]), (7, ["4", "y\r\n\r\nz"]), (11, ["6", "w"])]
    assert [(broken.line, broken.record) for broken in reader.broken] == [(6, "3"), (10, "5,u,v")]
    assert reader.is_plain


@pytest.mark.parametrize(
    ("text", "good", "bad"),
    [
        ('a,b\n1,"open\n2,x\n3,y\n', [3, 4], [2]),  # never closed, at the end of a row: swallows all that follows
        ('a,b\n"1,x\n2,y\n3,z\n', [3, 4], [2]),
        ('a,b\n1,"x\n2,y\n3,"z\n4,u\n', [3, 5], [2, 4]),  # two of them look like one long field
        ('a,b\n1,"x" y\n2,z\n', [3], [2]),
        ('a,b\n1,5" pipe\n2,6" pipe\n', [2, 3], []),  # inches: a quote within an unquoted field means itself
        ('a,b\n1,"two\nlines"\n2,5" pipe\n', [2, 4], []),
    ],
)
def test_a_broken_quote_costs_its_own_line_alone(tmp_path: Path, text: str, good: list[int], bad: list[int]) -> None:
    path = tmp_path / "x.csv"
    path.write_text(text)
    reader, rows = read(path)
    assert [line for line, _ in rows] == good
    assert [broken.line for broken in reader.broken] == bad


def test_blocks_do_not_break_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "_BLOCK", 4096)
    monkeypatch.setattr("orchestration.ingestion.text.CHUNK", 1000)
    dice = random.Random(7)  # noqa: S311 - no secret
    lines, expected, broken, line = ["a,b"], [], [], 2
    for n in range(3000):
        kind = dice.random()
        if kind < 0.05:
            lines.append(f"{n},x,y")
            broken.append(line)
        elif kind < 0.15:
            lines.append(f'{n},"two\nlines ""{n}"""')
            expected.append((line, [str(n), f'two\nlines "{n}"']))
            line += 1
        elif kind < 0.2:
            lines.append("")
        else:
            lines.append(f"{n},value")
            expected.append((line, [str(n), "value"]))
        line += 1
    path = tmp_path / "x.csv"
    path.write_text("\n".join(lines))
    reader, rows = read(path)
    assert rows == expected
    assert [one.line for one in reader.broken] == broken
    assert reader.is_plain


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.text(alphabet='ab,"\n\r\t ', max_size=60))
def test_any_corruption_is_counted(tmp_path: Path, data: str) -> None:
    """`read` asserts that rows and broken records add up to the independent count; no row is ragged."""
    path = tmp_path / "x.csv"
    path.write_bytes(b"x,y\n" + data.encode())
    reader, rows = read(path)
    assert all(len(row) == 2 for _, row in rows)
    if '"' not in data:
        lines = data.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        assert reader.records == sum(1 for line in lines if line)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_a_file_without_even_a_header_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(RefusedError, match="empty"):
        DelimitedReader(path, FileMapping(pattern=("*",)))


def test_two_columns_of_one_name_cannot_be_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("a,b,a\n1,2,3\n")
    reader, _ = read(path)
    assert reader.column("B") == "c1"
    with pytest.raises(RefusedError, match="2 columns called 'a'"):
        reader.column("a")
