"""Mapping expressions: DuckDB syntax, one scalar expression each, of an allow-list of functions, nothing else.

An expression is parsed here and written anew from its tree, so that what DuckDB runs is what was checked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from orchestration.ingestion.contract import quote

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
    exp.StrToTime,
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


class ExpressionError(ValueError):
    """The text is not one allowed scalar expression; says which part is not."""


@dataclass(frozen=True)
class Reference:
    """A column an expression names: parts of a dotted path."""

    parts: tuple[str, ...]

    def __str__(self) -> str:
        return ".".join(self.parts)


@dataclass(frozen=True)
class Expression:
    """One checked scalar expression."""

    tree: exp.Expr

    @property
    def references(self) -> frozenset[Reference]:
        return frozenset(_reference(column) for column in self.tree.find_all(exp.Column))

    def render(self, resolve: Callable[[Reference], str]) -> str:
        """The expression in DuckDB's SQL; `resolve` gives the SQL name of each column. Casts that fail give null."""

        tree = exp.Paren(this=self.tree.copy())
        for node in reversed(list(tree.find_all(exp.Column, exp.Cast, exp.StrToTime))):  # leaves first
            if isinstance(node, exp.Column):
                node.replace(exp.Column(this=exp.to_identifier(resolve(_reference(node)), quoted=True)))
            elif isinstance(node, exp.StrToTime):
                node.replace(exp.func("try_strptime", node.this, node.args["format"]))
            elif type(node) is exp.Cast:
                node.replace(exp.TryCast(**node.args))
        return tree.sql(dialect="duckdb", comments=False)


def _reference(column: exp.Column) -> Reference:
    return Reference(tuple(part.name for part in column.parts))


def parse(text: str, *, aggregate: bool = False) -> Expression:
    """Checks one expression. Raises ExpressionError; `aggregate` allows sum, min, max, count and avg."""
    try:
        statements = sqlglot.parse(text, dialect="duckdb")
    except SqlglotError as error:
        raise ExpressionError(f"is no SQL expression ({str(error).splitlines()[0]})") from error
    tree = statements[0] if len(statements) == 1 else None
    if tree is None:
        raise ExpressionError("must be exactly one expression")
    allowed = _SYNTAX + _FUNCTIONS + (_AGGREGATES if aggregate else ())
    for node in tree.walk():
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
    return Expression(tree)


def column(name: str) -> str:
    """The name of a column as an expression."""
    return quote(name)
