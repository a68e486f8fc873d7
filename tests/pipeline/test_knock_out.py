"""A column that nobody sends gives no figure: not 0 %, not 100 %, not any other constant.

The demo company without optional columns of its exports, built on top of its last good build; what its reporting tables
say then is held against what they said before. Columns that no metric is made of together are gone in one build.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from demo import DELIVERIES
from foundation.contract import Column, contract, quote
from foundation.settings import Settings
from orchestration import commands, warehouse
from orchestration.metric_docs import lineage_rows

if TYPE_CHECKING:
    from tests.pipeline.nights import Demo

pytestmark = pytest.mark.slow

Knocked = dict[str, tuple[str, ...]]  # columns by entity
# what is 0 by right when a column is gone, with the reason
RIGHT = {
    "rpt_stage_flow.reactivated": "a contract that was closed could be opened again, and none was",
    "customised_service_csat": "the few customised service orders that are left were all rated alike",
    "customised_service_again": "nor did any of those few customers buy again in time",
    "promise_coverage": "who names no department promises for every store, who names no first day has always promised",
    "rpt_backlog_flow.moved_in": "without agents there is no team that a ticket could move between",
    "rpt_loyalty_index.floor_value": "floors are the company's own statement; those of the parts that are left are 0",
    "rpt_backlog_flow.moved_out": "without agents there is no team that a ticket could move between",
}
_NUMBERS = """
select table_name, column_name from duckdb_columns()
where database_name = ? and schema_name = 'reporting' and data_type similar to '(DECIMAL|DOUBLE|.*INT).*'
and table_name not in ('kpi_monthly', 'kpi_daily', 'rpt_loads', 'rpt_build', 'rpt_warnings', 'rpt_metric_needs')
and not ends_with(table_name, '_definitions')
order by all
"""


def optional(entity: str) -> tuple[str, ...]:
    """Columns that a source may leave out."""

    def may_lack(column: Column) -> bool:
        return not (column.required or column.key or column.technical)

    return tuple(column.name for column in contract()[entity].columns if may_lack(column))


Field = tuple[str, str]  # entity, column


def figures() -> list[set[Field]]:
    """What each metric is made of."""
    made_of = (re.findall(r"(?:^|; )(\w+)(?: \(([^)]*)\))?", text) for text in lineage_rows().values())
    return [{(entity, column) for entity, columns in one for column in ["", *columns.split(", ")]} for one in made_of]


def apart(things: Iterable[Knocked], conflicts: Callable[[Knocked, Knocked], bool]) -> list[Knocked]:
    """As few groups as a first fit finds, of things none of which conflicts with another of its group."""
    found: list[list[Knocked]] = []
    for thing in things:
        group = next((group for group in found if not any(conflicts(thing, other) for other in group)), None)
        if group is None:
            found.append([thing])
        else:
            group.append(thing)
    return [{entity: columns for one in group for entity, columns in one.items()} for group in found]


def entities() -> list[Knocked]:
    """Entities with their optional columns, together where no metric is made of two of them."""
    together = [{entity for entity, _ in figure} for figure in figures()]
    return apart(
        ({entity: optional(entity)} for entity in sorted(contract()) if optional(entity)),
        lambda one, other: any(one.keys() & figure and other.keys() & figure for figure in together),
    )


def columns() -> list[Knocked]:
    """Each optional column once; together those of different entities that no metric is made of together."""
    made_of = figures()
    metrics = {
        (entity, column): {number for number, figure in enumerate(made_of) if (entity, column) in figure}
        for entity in sorted(contract())
        for column in optional(entity)
    }

    def of(knocked: Knocked) -> set[int]:
        return set().union(*(metrics[entity, name] for entity, names in knocked.items() for name in names))

    most_read_first = sorted(metrics, key=lambda field: (-len(metrics[field]), field))
    return apart(
        ({entity: (column,)} for entity, column in most_read_first),
        lambda one, other: bool(one.keys() & other.keys() or of(one) & of(other)),
    )


@dataclass(frozen=True)
class Built:
    """The demo company's last good build."""

    settings: Settings

    def without(self, knocked: Knocked, folder: Path) -> Path:
        """The published warehouse of a company that never sent these columns."""
        for path in (self.settings.build / warehouse.WORK_FILE, self.settings.published / warehouse.MARTS_FILE):
            shutil.copy(path, folder / path.name)
        candidate = warehouse.Candidate(
            folder, "knocked-out", DELIVERIES[-1], None, False, warehouse.settings_version(self.settings), 1
        )
        with duckdb.connect(str(candidate.work)) as connection:
            for entity, columns in knocked.items():
                self._empty(connection, entity, columns)
        selected = [f"source:raw.{entity}+" for entity in knocked] + ["source:control.supply+"]
        warehouse._run_dbt(
            self.settings,
            candidate,
            ["build", "--full-refresh", "--exclude-resource-type", "unit_test", "--select", *selected],
            lambda _: None,
        )
        return candidate.marts

    def _empty(self, connection: duckdb.DuckDBPyConnection, entity: str, columns: tuple[str, ...]) -> None:
        (view,) = connection.execute(
            "select sql from duckdb_views() where schema_name = 'raw' and view_name = ?", [entity]
        ).fetchall()[0]
        query = view.partition(" AS ")[2].rstrip(";")
        types = {column.name: column.data_type for column in contract()[entity].columns}
        nothing = ", ".join(f"null::{types[name]} as {quote(name)}" for name in columns)
        connection.execute(f"create or replace view raw.{quote(entity)} as select * replace ({nothing}) from ({query})")
        connection.execute(
            "delete from control.supply where entity = ? and list_contains(?, column_name)", [entity, list(columns)]
        )


@pytest.fixture(scope="module")
def built(demo: Demo, new_home: Callable[[], Settings]) -> Built:
    home = new_home()
    demo.deliver(home, DELIVERIES[0], DELIVERIES[-1])
    commands.nightly(home, DELIVERIES[0], DELIVERIES[-1])
    return Built(home)


def constants(before: Path, after: Path) -> dict[str, Decimal]:
    """What says one thing alone now, whatever scope and month, and said more before; by metric, or table and column."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{before}' as before (read_only)")
        connection.execute(f"attach '{after}' as after (read_only)")
        reported = dict(
            connection.execute(
                """
                with before as (
                    select metric_id, min(value) as least, max(value) as most
                    from before.reporting.kpi_monthly
                    group by metric_id
                )

                select now.metric_id, any_value(now.value)
                from after.reporting.kpi_monthly as now
                left join before using (metric_id)
                where now.value is not null
                group by now.metric_id
                having
                    count(distinct now.value) = 1
                    and any_value(before.least) is distinct from any_value(before.most)
                    and (
                        any_value(now.value) = 0
                        or (any_value(now.unit) = 'rate' and any_value(now.value) = 1)
                        or (any_value(now.unit) <> 'count' and count(*) >= 10)
                    )
                """
            ).fetchall()
        )
        for table, column in connection.execute(_NUMBERS, ["after"]).fetchall():
            values = [_distinct(connection, side, table, column) for side in ("before", "after")]
            if values[1] == {0} and values[0] != {0}:
                reported[f"{table}.{column}"] = Decimal(0)
    return reported


def _distinct(connection: duckdb.DuckDBPyConnection, side: str, table: str, column: str) -> set[Decimal]:
    found = connection.execute(
        f"select distinct {quote(column)} from {side}.reporting.{quote(table)}"
        f" where {quote(column)} is not null limit 2"
    ).fetchall()
    return {value for (value,) in found}


def _name(knocked: Knocked) -> str:
    return ",".join(
        entity if names == optional(entity) else f"{entity}.{names[0]}" for entity, names in knocked.items()
    )


@pytest.mark.parametrize("knocked", entities(), ids=_name)
def test_an_entity_without_its_optional_columns_gives_no_constant_figure(
    built: Built, knocked: Knocked, tmp_path: Path
) -> None:
    after = built.without(knocked, tmp_path)
    assert constants(built.settings.published / warehouse.MARTS_FILE, after).keys() - RIGHT.keys() == set()


@pytest.mark.long
@pytest.mark.parametrize("knocked", columns(), ids=_name)
def test_a_column_that_nobody_sends_gives_no_constant_figure(built: Built, knocked: Knocked, tmp_path: Path) -> None:
    after = built.without(knocked, tmp_path)
    assert constants(built.settings.published / warehouse.MARTS_FILE, after).keys() - RIGHT.keys() == set()
