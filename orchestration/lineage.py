"""Column lineage of the dbt project: which columns of the contract a column of a model, or a metric, is made of.

Read from the compiled SQL by sqlglot, model by model. It explains and checks declarations; no figure depends on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlglot import exp, parse_one
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope

from foundation.contract import contract
from foundation.declarations import REFERENCE, declared_metrics, stands_on
from foundation.seeds import seeds
from foundation.settings import Settings

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

_STATED = {name for name, seed in seeds().items() if seed.stated_by_company}
# expressions of a declaration that make its figure
_VALUE_KEYS = ("value", "numerator", "denominator", "cases", "where", "month")


@dataclass(frozen=True, order=True)
class Origin:
    """A column from which another is made: of the contract (raw), of the control tables or of a reference table."""

    schema: str
    table: str
    column: str


@dataclass(frozen=True)
class _Table:
    """A relation that a statement reads."""

    schema: str
    name: str
    columns: tuple[str, ...]


class Lineage:
    """Lineage of all models of a compiled project. `manifest` holds the compiled SQL of each."""

    def __init__(self, manifest: Manifest) -> None:
        nodes = [*manifest.nodes.values(), *manifest.sources.values()]
        kept = [node for node in nodes if str(node.resource_type) in {"model", "seed", "source"}]
        self._tables = {(node.schema, _relation(node)): _table(node) for node in kept}
        self._nodes: dict[tuple[str, str], Any] = {
            (node.schema, _relation(node)): node for node in kept if str(node.resource_type) == "model"
        }
        self._scopes: dict[tuple[str, str], Scope] = {}
        self._made: dict[tuple[str, str, str], dict[Origin, bool]] = {}
        self._in_scope: dict[tuple[int, str], dict[Origin, bool]] = {}
        self._reads: dict[tuple[str, str], set[Origin]] = {}
        self._keys = {node.unique_id: key for key, node in self._nodes.items()}

    @property
    def statements(self) -> dict[str, str]:
        """The compiled SQL of every model that is SQL, by the model's name."""
        return {node.name: node.compiled_code for key, node in self._nodes.items() if self._is_sql(key)}

    def metric(self, model: str, metric: Mapping[str, Any]) -> dict[Origin, bool]:
        """What a declared metric of a model is made of; True where some expression reads the very column."""
        found: dict[Origin, bool] = {}
        for key in _VALUE_KEYS:
            _merge(found, self.expression(model, str(metric.get(key) or "null")))
        return found

    def expression(self, model: str, text: str) -> dict[Origin, bool]:
        """What an expression over the columns of a model is made of."""
        key = next(key for key, node in self._nodes.items() if node.name == model)
        found: dict[Origin, bool] = {}
        for column in parse_one(text, dialect="duckdb").find_all(exp.Column):
            _merge(found, self.column(*key, column.name))
        return found

    def column(self, schema: str, table: str, column: str) -> dict[Origin, bool]:
        """What a column of a relation is made of; itself where it is no model's."""
        key = (schema, table, column)
        if key not in self._made:
            self._made[key] = {}  # a model that reads itself, as an incremental one does, adds nothing to itself
            self._made[key] = self._column(schema, table, column)
        return self._made[key]

    def read_by(self, model: str) -> set[Origin]:
        """Every column that the model's statement or that of a model above it reads for whatever purpose."""
        key = next(key for key, node in self._nodes.items() if node.name == model)
        return set().union(*(self._read(one) for one in self._upstream(key)))

    def filtered_by(self, model: str) -> set[Origin]:
        """Columns of the contract, as they were sent, that the model's own statement compares with a literal in a
        `where`."""
        key = next(key for key, node in self._nodes.items() if node.name == model)
        found: dict[Origin, bool] = {}
        if not self._is_sql(key):
            return set()
        for scope in self._scope(key).traverse():
            where = scope.expression.args.get("where")
            for comparison in where.find_all(exp.EQ, exp.NEQ, exp.In) if where else ():
                for column in comparison.find_all(exp.Column) if comparison.find(exp.Literal) else ():
                    _merge(found, self._resolved(scope, column, direct=True))
        return {origin for origin, direct in found.items() if direct and origin.schema == "raw"}

    def _column(self, schema: str, table: str, column: str) -> dict[Origin, bool]:
        key = (schema, table)
        if key not in self._nodes:
            return {Origin(schema, table, column): True}
        if not self._is_sql(key):  # a Python model: made of all that it reads
            found: dict[Origin, bool] = {}
            for parent in self._nodes[key].depends_on.nodes:
                found |= dict.fromkeys(self._all(parent), False)
            return found
        return self._selected(self._scope(key), column)

    def _all(self, unique_id: str) -> Iterator[Origin]:
        for key, table in self._tables.items():
            if unique_id.endswith(f".{table.name}") and key in self._tables:
                for column in table.columns:
                    yield from self.column(*key, column)

    def _selected(self, scope: Scope, name: str) -> dict[Origin, bool]:
        """What a column that a scope selects is made of."""
        key = (id(scope), name)  # scopes live as long as their models
        if key not in self._in_scope:
            self._in_scope[key] = self._projected(scope, name)
        return self._in_scope[key]

    def _projected(self, scope: Scope, name: str) -> dict[Origin, bool]:
        found: dict[Origin, bool] = {}
        names = _query(scope).named_selects
        if isinstance(scope.expression, exp.SetOperation):
            for branch in scope.set_operation_scopes:
                _merge(found, self._selected(branch, _query(branch).named_selects[names.index(name)]))
            return found
        projection = _query(scope).selects[names.index(name)]
        inner = projection.unalias()
        for column in projection.find_all(exp.Column):
            _merge(found, self._resolved(scope, column, direct=inner is column))
        return found

    def _resolved(self, scope: Scope, column: exp.Column, *, direct: bool) -> dict[Origin, bool]:
        """What a column named in a scope is made of."""
        source = _source(scope, column.table)
        if isinstance(source, exp.Table):
            made = self.column(source.db, source.name, column.name)
        elif isinstance(source, Scope):
            made = self._selected(source, column.name)
        else:  # a lateral or a series: it stands in the same select list
            made = {}
        return {origin: same and direct for origin, same in made.items()}

    def _upstream(self, key: tuple[str, str]) -> set[tuple[str, str]]:
        waiting, found = [key], {key}
        while waiting:
            node = self._nodes.get(waiting.pop())
            for parent in node.depends_on.nodes if node else ():
                above = self._keys.get(parent)
                if above and above not in found:
                    found.add(above)
                    waiting.append(above)
        return found

    def _read(self, key: tuple[str, str]) -> set[Origin]:
        if key not in self._reads:
            self._reads[key] = self._read_here(key) if self._is_sql(key) else set()
        return self._reads[key]

    def _read_here(self, key: tuple[str, str]) -> set[Origin]:
        found: set[Origin] = set()
        for scope in self._scope(key).traverse():
            for column in scope.columns:
                source = _source(scope, column.table)
                if isinstance(source, exp.Table) and (source.db, source.name) not in self._nodes:
                    found.add(Origin(source.db, source.name, column.name))
        return found

    def _is_sql(self, key: tuple[str, str]) -> bool:
        return bool(self._nodes[key].language == "sql")

    def _scope(self, key: tuple[str, str]) -> Scope:
        """The statement of a model, its columns qualified."""
        if key not in self._scopes:
            node = self._nodes[key]
            qualified = qualify(
                parse_one(node.compiled_code, dialect="duckdb"),
                schema=self._schema,
                dialect="duckdb",
                validate_qualify_columns=False,
                identify=False,
                quote_identifiers=False,
            )
            scope = build_scope(qualified)
            if scope is None:
                raise ValueError(f"{node.name}: no statement whose columns can be followed")
            self._scopes[key] = scope
        return self._scopes[key]

    @cached_property
    def _schema(self) -> dict[str, Any]:
        schema: dict[str, Any] = {}
        for database in ("work", "kefu"):
            for (name, table), described in self._tables.items():
                columns = dict.fromkeys(described.columns, "varchar")
                schema.setdefault(database, {}).setdefault(name, {})[table] = columns
        return schema


def made_of(lineage: Lineage) -> dict[str, str]:
    """For every declared metric, by id: the entities and columns of the contract that it is made of or stands on."""
    contract_of = contract()
    reported: dict[str, str] = {}
    for model, metric in declared_metrics():
        found: dict[str, set[str]] = {}
        for origin in lineage.metric(model, metric):
            if origin.schema == "raw" and not contract_of[origin.table].by_name[origin.column].technical:
                found.setdefault(origin.table, set()).add(origin.column)
            elif origin.schema == "reference" and origin.table in _STATED:
                found.setdefault(origin.table, set())
        for need in stands_on(metric):
            for entity, column in need:
                if entity == REFERENCE:
                    found.setdefault(column, set())
                else:
                    found.setdefault(entity, set()).add(column)
        reported.setdefault(metric["id"], "; ".join(_entity(name, found[name]) for name in sorted(found)))
    return reported


def _entity(name: str, columns: set[str]) -> str:
    return f"{name} ({', '.join(sorted(columns))})" if columns else name


def compiled(settings: Settings) -> Lineage:
    """The lineage of the project as a home would build it; compiles it, which needs no data."""
    from orchestration import warehouse

    return Lineage(warehouse.compile_project(settings))


def _relation(node: Any) -> str:
    return str(getattr(node, "alias", None) or getattr(node, "identifier", None) or node.name)


def _table(node: Any) -> _Table:
    columns: Iterable[str] = node.columns or node.config.column_types
    return _Table(node.schema, node.name, tuple(columns))


def _query(scope: Scope) -> exp.Query:
    """What a scope is of: a select or a union of some."""
    if not isinstance(scope.expression, exp.Query):
        raise TypeError(f"a {scope.expression.key} selects nothing")
    return scope.expression


def _source(scope: Scope, name: str) -> exp.Expr | Scope | None:
    """What a table name means in a scope or one around it."""
    around: Scope | None = scope
    while around is not None:
        if name in around.sources:
            found: exp.Expr | Scope = around.sources[name]
            return found
        around = around.parent
    return None


def _merge(into: dict[Origin, bool], more: Mapping[Origin, bool]) -> None:
    for origin, direct in more.items():
        into[origin] = into.get(origin, False) or direct
