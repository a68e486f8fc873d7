"""Mapping expressions: DuckDB syntax, one scalar expression each, of an allow-list of functions, nothing else.

An expression is parsed here and written anew from its tree, so that what DuckDB runs is what was checked. A stamp
without zone is a local time of the mapping's zone in every cast, and a number that counts from 1970 is an instant.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from foundation.contract import quote
from orchestration.ingestion.moments import iso_instant, local_day, local_stamp

_SYNTAX: tuple[type[exp.Expr], ...] = (
    exp.Column, exp.Identifier, exp.Literal, exp.Null, exp.Boolean, exp.Paren, exp.Var, exp.DataType,
    exp.DataTypeParam, exp.Case, exp.If, exp.And, exp.Or, exp.Not, exp.Neg, exp.Is, exp.In, exp.Between,
    exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Like, exp.ILike,
    exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.DPipe, exp.Interval, exp.Bracket, exp.Array,
    exp.JSONPath, exp.JSONPathRoot, exp.JSONPathKey, exp.JSONPathSubscript,
)  # fmt: skip

_FUNCTIONS: tuple[type[exp.Expr], ...] = (
    exp.Cast, exp.TryCast, exp.Coalesce, exp.Nullif, exp.Greatest, exp.Least, exp.Abs, exp.Round, exp.Floor,
    exp.Ceil, exp.Lower, exp.Upper, exp.Trim, exp.Replace, exp.Substring, exp.Left, exp.Right, exp.Length,
    exp.Concat, exp.ConcatWs, exp.SplitPart, exp.StrPosition, exp.Contains, exp.StartsWith, exp.EndsWith,
    exp.RegexpLike, exp.RegexpFullMatch, exp.RegexpExtract, exp.RegexpReplace, exp.Translate, exp.Chr,
    exp.MD5, exp.TimeToStr, exp.TimestampTrunc, exp.DateTrunc, exp.Extract, exp.LastDay, exp.DateFromParts,
    exp.DateDiff, exp.DateAdd, exp.UnixToTime, exp.TimeToUnix, exp.JSONExtract, exp.JSONExtractScalar, exp.ToDays,
    exp.StrToTime, exp.Try,
)  # fmt: skip

_NAMED = {"try_strptime", "date_part", "strip_accents", "to_months", "to_hours", "to_minutes", "to_seconds"}
_NAMED |= {"nfc_normalize", "make_timestamp"}
_AGGREGATES: tuple[type[exp.Expr], ...] = (exp.Sum, exp.Min, exp.Max, exp.Count, exp.Avg, exp.Star)

_PLAIN_TYPES = {
    exp.DType.VARCHAR, exp.DType.TEXT, exp.DType.BIGINT, exp.DType.INT, exp.DType.SMALLINT,
    exp.DType.TINYINT, exp.DType.INT128, exp.DType.DECIMAL, exp.DType.DOUBLE, exp.DType.FLOAT,
    exp.DType.BOOLEAN, exp.DType.DATE, exp.DType.TIMESTAMP, exp.DType.TIMESTAMPTZ, exp.DType.TIMESTAMPNTZ,
    exp.DType.TIME, exp.DType.INTERVAL,
}  # fmt: skip
_TEXTS = {exp.DType.VARCHAR, exp.DType.TEXT}
_NUMBERS = {
    exp.DType.BIGINT, exp.DType.INT, exp.DType.SMALLINT, exp.DType.TINYINT, exp.DType.INT128, exp.DType.DECIMAL,
    exp.DType.DOUBLE, exp.DType.FLOAT,
}  # fmt: skip
_STAMPS = {exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ}
_DEEPEST = 60  # levels of an expression: what a person writes has ten, and what is read here is read by recursion


class ExpressionError(ValueError):
    """The text is not one allowed scalar expression; says which part is not."""


@dataclass(frozen=True)
class ColumnReference:
    """A column an expression names: parts of a dotted path."""

    parts: tuple[str, ...]

    def __str__(self) -> str:
        return ".".join(self.parts)


Resolve = Callable[[ColumnReference], str]  # the SQL name of a column


@dataclass(frozen=True)
class Numbers:
    """How the texts of a file are made plain before they are cast to numbers."""

    plain: Callable[[str], str] | None = None  # of the SQL of a text; None where they are plain
    computed: frozenset[str] = frozenset()  # columns that are numbers already


_AS_WRITTEN = Numbers()


@dataclass(frozen=True)
class Unread:
    """A text that a cast could not read, where the expression comes to that cast; conditions and text are SQL."""

    text: str
    guards: tuple[str, ...]  # that hold where the branch with the cast is taken
    within: tuple[str, ...]  # the same of the rows of an aggregate
    in_aggregate: bool

    @property
    def condition(self) -> str:
        return " and ".join((*self.guards, *self.within))


@dataclass(frozen=True)
class Expression:
    """One checked scalar expression."""

    tree: exp.Expr

    @cached_property
    def references(self) -> frozenset[ColumnReference]:
        return frozenset(_reference(column) for column in self.tree.find_all(exp.Column))

    @cached_property
    def is_column(self) -> bool:
        """Whether it names a column and does nothing to it."""
        return isinstance(self.tree, exp.Column)

    @cached_property
    def is_strict(self) -> bool:
        """Whether it has a cast whose failure does not mean null."""
        return any(_is_strict(node) and not node.find_ancestor(exp.Try) for node in self.tree.walk())

    def is_text(self, computed: frozenset[str]) -> bool:
        """Whether what it gives is a text as the file has it, or nothing."""
        return _is_text(self.tree, computed)

    def render(self, resolve: Resolve, zone: str, numbers: Numbers = _AS_WRITTEN) -> str:
        """The expression in DuckDB's SQL. A cast that fails gives null: `unread` tells where that is not meant."""
        return _Writer(resolve, zone, numbers).sql(exp.Paren(this=self.tree))

    def unread(
        self,
        resolve: Resolve,
        zone: str,
        lost: Callable[[ColumnReference], str | None] = lambda _: None,
        numbers: Numbers = _AS_WRITTEN,
    ) -> Iterator[Unread]:
        """What the casts cannot read. Null is meant by try_cast, try(...), and in a branch that is not taken.

        `lost` gives the SQL name of what could not be read when a column was made, where that can be.
        """
        if self.is_strict or any(lost(reference) for reference in self.references):
            yield from _Reading(_Writer(resolve, zone, numbers), lost).of(self.tree, _Way())

    def first_unread(self, resolve: Resolve, zone: str, order: str, numbers: Numbers = _AS_WRITTEN) -> str | None:
        """SQL of an aggregate: the first text, by `order`, that its casts cannot read; None where it has no cast."""
        firsts = []
        for unread in self.unread(resolve, zone, numbers=numbers):
            text = unread.text
            if unread.in_aggregate:
                text = f"first({text} order by {order}) filter (where {' and '.join(unread.within)})"
            firsts.append(f"case when {' and '.join(unread.guards)} then {text} end" if unread.guards else text)
        return f"coalesce({', '.join(firsts)})" if firsts else None


class _Writer:
    """Writes trees in DuckDB's SQL."""

    def __init__(self, resolve: Resolve, zone: str, numbers: Numbers) -> None:
        self._resolve = resolve
        self._zone = zone
        self._numbers = numbers
        self._raw: list[str] = []  # SQL that stands where the tree has a column of its number

    def sql(self, node: exp.Expr) -> str:
        tree = exp.Paren(this=node.copy())
        for cast in tree.find_all(exp.Cast):  # before its parts are written
            cast.meta["of_text"] = _is_text(cast.this, self._numbers.computed)
        wanted = (exp.Column, exp.Cast, exp.StrToTime, exp.UnixToTime)
        for part in reversed(list(tree.find_all(*wanted))):  # leaves first; a TryCast is a Cast
            part.replace(self._anew(part))
        return self._text(tree.this)

    def _text(self, node: exp.Expr) -> str:
        written = node.sql(dialect="duckdb", comments=False)
        return re.sub('"\x1a(\\d+)"', lambda found: self._raw[int(found[1])], written)

    def _put(self, sql: str) -> exp.Column:
        self._raw.append(sql)
        return exp.Column(this=exp.to_identifier(f"\x1a{len(self._raw) - 1}", quoted=True))

    def _anew(self, node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column):
            return exp.Column(this=exp.to_identifier(self._resolve(_reference(node)), quoted=True))
        if isinstance(node, exp.StrToTime):
            return exp.func("try_strptime", node.this, node.args["format"])
        if isinstance(node, exp.UnixToTime):
            return self._since_1970(node)
        kind = node.args["to"].this
        text = f"trim(({self._text(node.this)})::varchar)"
        if kind in _STAMPS:
            node.set("this", self._put(f"({local_stamp(text, self._zone)})"))
        elif kind == exp.DType.DATE:
            node.set("this", self._put(f"({local_day(text, self._zone)})"))
        elif kind in _NUMBERS and self._numbers.plain and node.meta.get("of_text"):
            node.set("this", self._put(f"({self._numbers.plain(text)})"))
        elif kind == exp.DType.TIMESTAMPTZ:
            node.set("this", self._put(f"timezone('UTC', {iso_instant(text, self._zone)})"))
        return exp.TryCast(**node.args)

    def _since_1970(self, node: exp.UnixToTime) -> exp.Expr:
        """An instant with its zone: DuckDB gives one without, which would be taken for local time."""
        scale = node.args.get("scale")
        number = node.this.unnest()
        is_moment = isinstance(number, exp.StrToTime | exp.TimestampTrunc | exp.DateTrunc) or (
            isinstance(number, exp.Cast) and number.args["to"].this in _STAMPS | {exp.DType.DATE, exp.DType.TIMESTAMPTZ}
        )
        if scale is None or is_moment:  # epoch_ms of a moment is the number
            return node
        micros = {3: 1000, 6: 1}[int(scale.name)]
        return self._put(f"make_timestamptz(({self._text(node.this)})::bigint * {micros})")


@dataclass(frozen=True)
class _Way:
    """The conditions on the way to a part of an expression."""

    guards: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    in_aggregate: bool = False

    def where(self, *conditions: str) -> _Way:
        if self.in_aggregate:
            return _Way(self.guards, (*self.within, *conditions), True)
        return _Way((*self.guards, *conditions))

    def unread(self, text: str) -> Unread:
        return Unread(text, self.guards, self.within, self.in_aggregate)


@dataclass(frozen=True)
class _Reading:
    """Walks an expression as DuckDB evaluates it and tells the casts on its way."""

    writer: _Writer
    lost: Callable[[ColumnReference], str | None]

    def of(self, node: exp.Expr, way: _Way) -> Iterator[Unread]:
        if isinstance(node, exp.Column):
            text = self.lost(_reference(node))
            if text:
                yield way.where(f"{text} is not null").unread(text)
        elif isinstance(node, exp.Case | exp.If):
            yield from self._branches(node, way)
        elif isinstance(node, exp.Coalesce):
            tried: tuple[str, ...] = ()
            for part in (node.this, *node.expressions):
                yield from self.of(part, way.where(*tried))
                tried = (*tried, f"({self.writer.sql(part)}) is null")
        elif isinstance(node, exp.And | exp.Or):
            left = f"coalesce({self.writer.sql(node.left)}, {'true' if isinstance(node, exp.And) else 'false'})"
            yield from self.of(node.left, way)
            yield from self.of(node.right, way.where(left if isinstance(node, exp.And) else f"not {left}"))
        elif not isinstance(node, exp.Try):
            inside = _Way(way.guards, way.within, True) if isinstance(node, exp.AggFunc) else way
            for part in node.iter_expressions():
                yield from self.of(part, inside)
            if _is_strict(node):
                text = f"({self.writer.sql(node.this)})::varchar"
                yield way.where(f"trim({text}) <> ''", f"{self.writer.sql(node)} is null").unread(text)

    def _branches(self, node: exp.Case | exp.If, way: _Way) -> Iterator[Unread]:
        ifs = [node] if isinstance(node, exp.If) else node.args["ifs"]
        operand = node.this if isinstance(node, exp.Case) else None
        otherwise = node.args.get("false" if isinstance(node, exp.If) else "default")
        if operand is not None:
            yield from self.of(operand, way)
        for branch in ifs:
            condition = branch.this if operand is None else exp.EQ(this=operand.copy(), expression=branch.this.copy())
            taken = f"coalesce({self.writer.sql(condition)}, false)"
            yield from self.of(branch.this, way)
            yield from self.of(branch.args["true"], way.where(taken))
            way = way.where(f"not {taken}")
        if otherwise is not None:
            yield from self.of(otherwise, way)


_OF_TEXT: dict[type[exp.Expr], tuple[str, ...]] = {  # functions of texts that give a text: the parts it is made of
    exp.Paren: ("this",), exp.Coalesce: ("this", "expressions"), exp.Nullif: ("this",), exp.Trim: ("this",),
    exp.Lower: ("this",), exp.Upper: ("this",), exp.Replace: ("this",), exp.Substring: ("this",),
    exp.Left: ("this",), exp.Right: ("this",), exp.SplitPart: ("this",), exp.RegexpExtract: ("this",),
    exp.RegexpReplace: ("this",), exp.If: ("true", "false"), exp.Case: ("ifs", "default"), exp.Try: ("this",),
    exp.Greatest: ("this", "expressions"), exp.Least: ("this", "expressions"),
    exp.JSONExtractScalar: (), exp.Concat: (), exp.DPipe: (), exp.Null: (),
}  # fmt: skip


def _is_text(node: exp.Expr, computed: frozenset[str]) -> bool:
    if isinstance(node, exp.Column):
        return str(_reference(node)) not in computed
    if isinstance(node, exp.Literal):
        return bool(node.is_string)
    if isinstance(node, exp.Cast):
        return node.args["to"].this in _TEXTS and _is_text(node.this, computed)
    if type(node) not in _OF_TEXT:
        return False
    parts = [node.args.get(name) for name in _OF_TEXT[type(node)]]
    listed = [one for part in parts if part is not None for one in (part if isinstance(part, list) else [part])]
    return all(_is_text(one, computed) for one in listed)


def _is_strict(node: exp.Expr) -> bool:
    if type(node) is exp.Cast:
        return node.args["to"].this not in _TEXTS and not isinstance(node.this, exp.Literal | exp.Null)
    return isinstance(node, exp.StrToTime)


def _reference(column: exp.Column) -> ColumnReference:
    return ColumnReference(tuple(part.name for part in column.parts))


def parse(text: str, *, aggregate: bool = False) -> Expression:
    """Checks one expression. Raises ExpressionError; `aggregate` allows sum, min, max, count and avg."""
    try:
        statements = sqlglot.parse(text, dialect="duckdb")
    except SqlglotError as error:
        raise ExpressionError(f"is no SQL expression ({str(error).splitlines()[0]})") from error
    except RecursionError as error:
        raise ExpressionError(_TOO_DEEP) from error
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:  # its parser falls over some signs
        raise ExpressionError("is no SQL expression") from error
    tree = statements[0] if len(statements) == 1 else None
    if tree is None:
        raise ExpressionError("must be exactly one expression")
    if _depth(tree) > _DEEPEST:
        raise ExpressionError(_TOO_DEEP)
    allowed = _SYNTAX + _FUNCTIONS + (_AGGREGATES if aggregate else ())
    for node in tree.walk():
        _check(node, allowed)
    return Expression(tree)


_TOO_DEEP = f"is nested more than {_DEEPEST} levels deep; write it more plainly, or map values with `map`"


def _depth(tree: exp.Expr) -> int:
    levels = [tree]
    depth = 0
    while levels:
        depth += 1
        levels = [part for node in levels for part in node.iter_expressions()]
    return depth


def _check(node: exp.Expr, allowed: tuple[type[exp.Expr], ...]) -> None:
    if isinstance(node, exp.Anonymous):
        if node.name.lower() not in _NAMED:
            raise ExpressionError(f"uses {node.name}(), which mappings may not call")
    elif isinstance(node, exp.DataType):
        if node.this not in _PLAIN_TYPES:
            raise ExpressionError(f"uses the type {node.sql(dialect='duckdb')}, which mappings may not")
    elif type(node) not in allowed:
        name = node.sql_name() if isinstance(node, exp.Func) else type(node).__name__
        raise ExpressionError(f"uses {name.lower()}, which mappings may not; they are scalar expressions")
    if isinstance(node, exp.In) and (node.args.get("query") or node.args.get("unnest")):
        raise ExpressionError("uses a sub-select, which mappings may not")
    formats = _strptime_format(node)
    if formats is not None and any("%Z" in literal.name for literal in formats.find_all(exp.Literal)):
        raise ExpressionError(
            "reads letters of a time zone by %Z, which DuckDB takes for another zone's; name the column alone as "
            "`value` and give the `format`, which knows the letters of the mapping's zone"
        )


def _strptime_format(node: exp.Expr) -> Any:
    if isinstance(node, exp.StrToTime):
        return node.args["format"]
    is_named = isinstance(node, exp.Anonymous) and node.name.lower() == "try_strptime"
    return node.expressions[1] if is_named and len(node.expressions) > 1 else None


def column(name: str) -> str:
    """The name of a column as an expression."""
    return quote(name)
