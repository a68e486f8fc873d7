"""Small warehouses that meet every expectation; a test breaks one thing in them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from expectations.results import Suite, SuiteResult
from expectations.suites import run_suite
from foundation.contract import contract, control_tables
from tests.declared_tables import create

DELIVERIES = 8
_MARTS = {
    "reporting": (
        "kpi_monthly",
        "rpt_metric_definitions",
        "rpt_contributions",
    ),
    "lifecycle": ("stage_flow",),
    "customer": (
        "pyramid",
        "customer_contact",
    ),
    "loyalty": (
        "fct_points_entry",
        "points_accounts",
    ),
    "service": ("backlog",),
}
_LOADS = f"""
    insert into control.loads (entity, source_system, load_date, load_mode, status, rows_loaded, is_stale)
    select entity, 'crm', date '2026-10-01' + nth::integer, load_mode, 'loaded', 1000, false
    from range({DELIVERIES}) as deliveries(nth),
        (values
            ('stores', 'snapshot'), ('customers', 'delta'), ('orders', 'delta'), ('returns', 'append')
        ) as entities(entity, load_mode)
"""
_RAW = """
    insert into raw.{entity} by name
    select
        {columns}, 'crm' as source_system, date '2026-10-01' + nth::integer as load_date,
        md5(i || '.' || nth) as row_hash
    from range({deliveries}) as deliveries(nth), range(100) as rows(i)
"""
_COLUMNS = {
    "stores": "'crm:s' || i as store_id, 'Store ' || i as name, 'north' as region",
    "customers": "'crm:c' || i as customer_id, 'crm:s' || i as store_id, '138' || i as phone",
    "orders": """
        'crm:o' || nth || '-' || i as order_id, 'crm:c' || i as customer_id, 'crm:s' || i as store_id,
        10 as gross_amount, timestamp '2026-10-01 08:00' as ordered_at
    """,
    "returns": "'crm:r' || nth || '-' || i as return_id, 'crm:o0-' || i as order_id, 'refund' as kind",
}
_KPI = """
    insert into kefu.reporting.kpi_monthly by name
    select
        month, scope_type, scope_id, metric_id, '' as dimension, '' as dimension_value, unit,
        value::decimal(28, 8) as value, numerator::decimal(28, 8) as numerator,
        denominator::decimal(28, 8) as denominator, n::bigint as n, ci_low::decimal(28, 8) as ci_low,
        ci_high::decimal(28, 8) as ci_high, target::decimal(28, 8) as target, status,
        null::decimal(28, 8) as previous, null::decimal(28, 8) as year_ago,
        null::varchar as change_previous, null::varchar as change_year_ago,
        window_months::integer as window_months, covered_months::integer as covered_months
    from (values
        ('company', 'company', 'csat', 'rate', 0.8, 80, 100, 100, 0.7, 0.9, 0.75, 'met', null, null),
        ('region', 'north', 'csat', 'rate', 0.9, 54, 60, 60, 0.8, 0.95, null, 'no_target', null, null),
        ('region', 'south', 'csat', 'rate', 0.65, 26, 40, 40, 0.5, 0.8, 0.75, 'missed', null, null),
        ('company', 'company', 'orders', 'count', 50, null, null, 50, null, null, null, 'no_target', null, null),
        ('region', 'north', 'orders', 'count', 30, null, null, 30, null, null, null, 'no_target', null, null),
        ('region', 'south', 'orders', 'count', 20, null, null, 20, null, null, null, 'too_few', null, null),
        ('company', 'company', 'first_reply', 'minutes', 12, null, null, 40, null, null, null, 'no_target', null, null),
        ('company', 'company', 'repurchase_rate', 'rate', 0.4, 40, 100, 100, 0.3, 0.5, 0.3, 'short_history', 12, 3)
    ) as kpi(
        scope_type, scope_id, metric_id, unit, value, numerator, denominator, n, ci_low, ci_high, target, status,
        window_months, covered_months
    ),
    (values (date '2026-09-01'), (date '2026-10-01')) as months(month)
"""
_DEFINITIONS = """
    insert into kefu.reporting.rpt_metric_definitions by name
    select *, 'Label' as label, 'What.' as definition
    from (values
        ('csat', 'rate', 'up', 'proportion', 0, 1, null), ('orders', 'count', 'none', 'count', 0, null, null),
        ('first_reply', 'minutes', 'down', 'median', 0, null, null),
        ('repurchase_rate', 'rate', 'up', 'proportion', 0, 1, 12)
    ) as metrics(metric_id, unit, direction, kind, range_low, range_high, window_months)
"""
_BALANCES = (
    """
    insert into kefu.reporting.rpt_contributions by name
    from (values
        (date '2026-10-01', 'csat', 'previous', 'region', 'north', 0.02),
        (date '2026-10-01', 'csat', 'previous', 'region', 'south', -0.02)
    ) as contributions(month, metric_id, period, scope_type, scope_id, contribution)
    """,
    """
    insert into kefu.lifecycle.stage_flow by name
    from (values
        (date '2026-09-01', 'region', 'north', 10, 3, 1, 1, 2, 1, 1, 11),
        (date '2026-10-01', 'region', 'north', 11, 0, 0, 0, 1, 0, 0, 10)
    ) as flow(
        month, scope_type, scope_id, opening, new_customers, reactivated, moved_in, lost, closed, moved_out, closing
    )
    """,
    """
    insert into kefu.customer.pyramid by name
    from (values (date '2026-10-01', 'A', 1, 60, 10, 100), (date '2026-10-01', 'D', 9, 40, 10, 100))
    as pyramid(month, grade, customers, revenue, customers_in_base, revenue_total)
    """,
    """
    insert into kefu.loyalty.fct_points_entry by name
    from (values ('crm:m1', 100), ('crm:m1', -30), ('crm:m2', -5)) as entries(member_id, signed_points)
    """,
    """
    insert into kefu.loyalty.points_accounts by name
    from (values ('crm:m1', 70, 70, 0), ('crm:m2', -5, 0, 5), ('crm:m3', 0, 0, 0))
    as points(member_id, balance, open_points, overdrawn_points)
    """,
    """
    insert into kefu.service.backlog by name
    from (values
        (date '2026-10-01', 'north', 's1', 'phone', 'delivery', 'a', 5, 9, 1, 0, 8, 1, 2, null::bigint, 4, 4)
    ) as backlog(
        month, region, store_id, channel, category, team,
        opening, received, reopened, moved_in, solved, removed, moved_out, untimed, closing, open_tickets
    )
    """,
)


@dataclass(frozen=True)
class Warehouse:
    """The two databases of a build."""

    work: Path
    marts: Path

    def sql(self, statement: str) -> None:
        with duckdb.connect(str(self.work)) as connection:
            connection.execute(f"attach '{self.marts}' as kefu")
            connection.execute(statement)

    def ask(self, suite: Suite, **options: dict[str, dict[str, float | str]]) -> SuiteResult:
        return run_suite(suite, self.work, self.marts, **options)


def intact_warehouse(folder: Path) -> Warehouse:
    """A new one in a folder."""
    made = Warehouse(folder / "work.duckdb", folder / "kefu.duckdb")
    with duckdb.connect(str(made.work)) as connection:
        connection.execute(f"attach '{made.marts}' as kefu")
        for schema, tables in (("raw", contract()), ("control", control_tables())):
            connection.execute(f"create schema {schema}")
            for name, table in tables.items():
                connection.execute(f"create table {schema}.{name} ({table.ddl()})")
        connection.execute(_LOADS)
        for entity, columns in _COLUMNS.items():
            connection.execute(_RAW.format(entity=entity, columns=columns, deliveries=DELIVERIES))
        connection.execute("insert into control.run values ('2026-10-08 16:00:00', '2026-10-08', '2026-10-08')")
        for schema, tables in _MARTS.items():
            for name in tables:
                create(connection, name, f"kefu.{schema}")
        connection.execute(_KPI)
        connection.execute(_DEFINITIONS)
        for statement in _BALANCES:
            connection.execute(statement)
    return made
