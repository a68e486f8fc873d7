"""One record to several rows: the elements of an array in it, or the cells of some of its columns, as SQL over names
that statement.py gives.

A block that spreads sees the record's own columns, the `item` at hand, which is a struct, and its `position` from 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from foundation.contract import literal, quote
from orchestration.ingestion.errors import RefusedError
from orchestration.ingestion.expressions import ColumnReference
from orchestration.ingestion.mapping import EntityMapping, Unpivot
from orchestration.ingestion.readers import Reader

ITEM = "item"  # what the cells of a row are called
POSITION = "position"  # of an item in its record, counted from 1
_NESTED = "('ARRAY', 'OBJECT', 'NULL')"

Named = Callable[[str], str]  # the SQL name of a column of the file


@dataclass(frozen=True)
class Arrays:
    """The elements of an array at a path of names. Whatever array stands on the way is gone through too, so that
    `audits.events` are all events of all audits; an object stands for an array of itself alone."""

    path: tuple[str, ...]

    @property
    def column(self) -> str:
        """The column of the file that the path begins in; a cell may hold the array as text."""
        return self.path[0]

    def items(self, named: Named) -> str:
        """A list of structs: of each item the elements it lies in, e0, e1, ..., of which it is the last."""
        return self._items(_json(named(self.column)), 0)

    def _items(self, value: str, level: int) -> str:
        last = level == len(self.path) - 1
        if last:
            made = "{" + ", ".join(f"'e{n}': {_lambda(n)}" for n in range(level + 1)) + "}"
            return f"list_transform({_elements(value)}, lambda {_lambda(level)}: {made})"
        inner = self._items(_member(_lambda(level), self.path[level + 1 : level + 2]), level + 1)
        return f"flatten(list_transform({_elements(value)}, lambda {_lambda(level)}: {inner}))"

    def problem(self, named: Named) -> tuple[str, str]:
        """When a record holds anything else there, and what is wrong then."""
        text = named(self.column)
        condition = f"{text} is not null and (not json_valid({text}) or {self._wrong(_json(text), 0)})"
        return f"coalesce({condition}, false)", "is no JSON array; correct the record at the source, or the mapping"

    def _wrong(self, value: str, level: int) -> str:
        wrong = f"json_type({value}) not in {_NESTED}"
        if level == len(self.path) - 1:
            return wrong
        inner = self._wrong(_member(_lambda(level), self.path[level + 1 : level + 2]), level + 1)
        return f"{wrong} or len(list_filter({_elements(value)}, lambda {_lambda(level)}: {inner})) > 0"

    def element(self, reference: ColumnReference) -> str | None:
        """SQL of what a reference says of the item at hand, over `item` and `position`; None where it speaks of the
        record. The longest part of the path that it begins with says in which element it lies."""
        if reference.parts == (POSITION,):
            return f"{POSITION}::varchar"
        depth = next((n for n in range(len(self.path), 0, -1) if reference.parts[:n] == self.path[:n]), 0)
        return f"json_extract_string(item.e{depth - 1}, {_path(reference.parts[depth:])})" if depth else None

    @cached_property
    def shown(self) -> str:
        return ".".join(self.path)


@dataclass(frozen=True)
class WideColumns:
    """Some columns of the file: `item.value` is the cell, `item.name` the header, `item.label` what the file says of it
    in words, and any other `item.<fact>` what the mapping knows of the column."""

    cells: tuple[str, ...]  # SQL of the columns, in the file's order
    facts: tuple[tuple[str, tuple[str | None, ...]], ...]  # name, and its text for each of the columns

    def items(self, _: Named) -> str:
        return f"[{', '.join(self.cells)}]::varchar[]"

    def element(self, reference: ColumnReference) -> str | None:
        """SQL of what a reference says of the item at hand, over `item` and `position`; None where it speaks of the
        record."""
        if reference.parts == (POSITION,):
            return f"{POSITION}::varchar"
        if reference.parts == (ITEM, "value"):
            return "item"
        texts = dict(self.facts).get(reference.parts[1]) if len(reference.parts) == 2 else None
        if reference.parts[0] != ITEM or texts is None:
            return None
        listed = ", ".join("null" if text is None else literal(text) for text in texts)
        return f"([{listed}]::varchar[])[{POSITION}]"


Spread = Arrays | WideColumns


def spread_of(feed: EntityMapping, reader: Reader) -> Spread | None:
    """What a block makes several rows of; None where a record is one row. Raises RefusedError where the file's columns
    are not those that the mapping knows."""
    if feed.each_path:
        return Arrays(feed.each_path)
    return _cells(feed.unpivot, reader, optional=feed.optional) if feed.unpivot else None


def _cells(unpivot: Unpivot, reader: Reader, *, optional: bool) -> WideColumns:
    found = {pattern: reader.fitting(pattern) for pattern in unpivot.patterns}
    lacking = [pattern for pattern in unpivot.patterns if not found[pattern]]
    if lacking and not optional:
        names = ", ".join(map(repr, lacking))
        raise RefusedError(f"has no column {names}, which `unpivot` names; have it sent or change the mapping")
    columns = sorted({one for some in found.values() for one in some}, key=lambda one: _place(one, found))
    known = {name.strip().casefold(): facts for name, facts in unpivot.items.items()}
    new = [name for _, name, _ in columns if known and name.strip().casefold() not in known]
    if new:
        raise RefusedError(
            f"has {', '.join(map(repr, new))}, which `unpivot.columns` takes and `unpivot.items` does not know; add it "
            "there, or make the pattern narrower"
        )
    facts: dict[str, tuple[str | None, ...]] = {
        fact: tuple(known[name.strip().casefold()].get(fact) for _, name, _ in columns) for fact in unpivot.facts
    }
    headers = [name for _, name, _ in columns]
    if not known and reader.columns is not None:  # several of one name are Question[1], Question[2], ...
        called = [name.strip().casefold() for name in headers]
        headers = [
            f"{name}[{called[: place + 1].count(called[place])}]" if called.count(called[place]) > 1 else name
            for place, name in enumerate(headers)
        ]
    own = {"name": tuple(headers), "label": tuple(label for _, _, label in columns)}
    return WideColumns(tuple(sql for sql, _, _ in columns), tuple((own | facts).items()))


def _place(column: tuple[str, str, str], found: dict[str, list[tuple[str, str, str]]]) -> tuple[int, int]:
    """In the file's order where columns have one, else in the mapping's."""
    sql = column[0]
    if sql.removeprefix("c").isdigit():
        return int(sql.removeprefix("c")), 0
    return next((i, columns.index(column)) for i, columns in enumerate(found.values()) if column in columns)


def _json(text: str) -> str:
    return f"case when json_valid({text}) then {text}::json end"


def _elements(value: str) -> str:
    return (
        f"case json_type({value}) when 'ARRAY' then json_extract({value}, '$[*]') "
        f"when 'OBJECT' then [{value}] else []::json[] end"
    )


def _member(value: str, parts: tuple[str, ...]) -> str:
    return f"json_extract({value}, {_path(parts)})"


def _path(parts: tuple[str, ...]) -> str:
    return literal("$" + "".join(f".{quote(part)}" for part in parts))


def _lambda(level: int) -> str:
    return f"element_{level}"  # no name of a table, which DuckDB would take it for
