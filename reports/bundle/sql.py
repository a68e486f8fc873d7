"""Queries of the warehouse: those that are always the same by name, and those that are put together from parts."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).with_name("queries")
PREFIX = "rpt_"  # of tables that are made for reports


@cache
def query(name: str) -> str:
    """The query in queries/<name>.sql."""
    return (_FOLDER / f"{name}.sql").read_text(encoding="utf-8")


def table_of(table: str) -> str:
    """The table of the `reporting` schema that a report.yml calls `table`."""
    return f"{PREFIX}{table}"


COLUMNS = "select column_name from duckdb_columns() where schema_name = 'reporting' and table_name = ?"
FIGURES_OF = "create or replace temp view report_figures as {figures}"

# Those inside a scope: the company's parts are all, a region's are its stores.
IS_PART = "list_contains($parts, scope_type) and ($everyone or list_contains($inside, scope_id))"

OWN = "(scope_type = $scope_type and scope_id = $scope_id)"

FIGURES = """
with
chosen as (
    select
        *,
        scope_type = $scope_type and scope_id = $scope_id as is_own
    from cut_figures
    where {whose}
),

ranked_parts as (
    select
        metric_id,
        scope_type,
        scope_id,
        row_number() over (
            partition by metric_id, scope_type
            order by coalesce(status = 'missed' or change_previous = 'worse', false) desc, n desc nulls last, scope_id
        ) as place
    from chosen
    where month = $month and not is_own
)

select
    chosen.month, chosen.scope_type, chosen.scope_id, chosen.metric_id, chosen.dimension, chosen.dimension_value,
    chosen.value, chosen.n, chosen.ci_low, chosen.ci_high, chosen.target, chosen.status,
    chosen.previous, chosen.year_ago, chosen.change_previous, chosen.change_year_ago{more}
from chosen
left join ranked_parts using (metric_id, scope_type, scope_id)
where
    -- a suppressed figure of the month says that there is one; a chart leaves it out
    (chosen.is_own and (not chosen.is_hidden or (chosen.month = $month and chosen.dimension = '')))
    or (chosen.month = $month and ranked_parts.place <= $most_parts)
    or (list_contains($over_time, chosen.metric_id) and ranked_parts.place <= $most_over_time)
order by
    metric_place, not chosen.is_own, chosen.scope_type, chosen.scope_id,
    chosen.dimension, chosen.dimension_value, chosen.month
"""

EXCEPTIONS = """
select
    month, scope_type, scope_id, metric_id, dimension, dimension_value, value, n, ci_low, ci_high, target, status,
    previous, year_ago, change_previous, change_year_ago{more}
from cut_figures as chosen
where
    month = $month and dimension = '' and list_contains($printed, metric_id)
    and {whose}
    and (status = 'missed' or change_previous = 'worse')
order by
    (coalesce(status = 'missed', false))::int + (coalesce(change_previous = 'worse', false))::int * 2 desc,
    metric_place, n desc nulls last, scope_type, scope_id
"""

MEMBERS = f"""
select scope_type, count(distinct scope_id)
from cut_figures
where month = $month and dimension = '' and {IS_PART}
group by scope_type
order by scope_type
"""

METRICS = """
select
    -- a warehouse that was built before a column was declared does not have it yet
    columns(lambda name: list_contains($declared, name))
from {definitions}
where list_contains($metrics, metric_id)
order by list_position($metrics, metric_id)
"""


TABLES = "select schema_name || '.' || table_name from duckdb_tables() where not internal"
