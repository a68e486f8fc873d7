"""One record to several rows: the elements of an array in it, as SQL over a file's columns, which statement.py names.

A block that spreads sees the record's own columns, the `item` at hand, which is a struct, and its `position` from 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from orchestration.ingestion.contract import literal, quote
from orchestration.ingestion.expressions import Reference
from orchestration.ingestion.mapping import EntityMapping

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

    def is_of_item(self, reference: Reference) -> bool:
        """Whether a reference speaks of an item, wherever it stands."""
        return self.element(reference) is not None

    def element(self, reference: Reference) -> str | None:
        """SQL of what a reference says of the item at hand, over `item` and `position`; None where it speaks of the
        record. The longest part of the path that it begins with says in which element it lies."""
        if reference.parts == (POSITION,):
            return f"{POSITION}::varchar"
        depth = next((n for n in range(len(self.path), 0, -1) if reference.parts[:n] == self.path[:n]), 0)
        return f"json_extract_string(item.e{depth - 1}, {_path(reference.parts[depth:])})" if depth else None

    @cached_property
    def shown(self) -> str:
        return ".".join(self.path)


Spread = Arrays


def spread_of(feed: EntityMapping) -> Spread | None:
    """What a block makes several rows of; None where a record is one row."""
    return Arrays(feed.each_path) if feed.each_path else None


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
