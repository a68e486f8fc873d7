"""Where the figures of months and of days are read, and what each is compared with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import duckdb

from reports.periods import Schedule, months_before

TREND_MONTHS = 13  # months of a trend: a year and the month itself


@dataclass(frozen=True)
class Grain:
    """Where the figures of one kind of periods are read, all with the columns of months."""

    figures: str
    definitions: str  # table
    trend: Callable[[date], date]  # the first period of a trend
    compared: Callable[[date, int], list[date]]  # what a figure is compared with; the weeks that make a usual day
    compared_with_year_ago: bool
    more: str = ""  # columns of a figure that only these have


TREND_DAYS = 29  # days of a trend: four weeks and the day itself

GRAINS: dict[Schedule, Grain] = {
    "monthly": Grain(
        figures="select *, null::bigint as previous_n from reporting.kpi_monthly",
        definitions="reporting.rpt_metric_definitions",
        trend=lambda month: months_before(month, TREND_MONTHS - 1),
        compared=lambda month, _: [months_before(month, 1)],
        compared_with_year_ago=True,
    ),
    "daily": Grain(
        figures="""
            select
                day as month, * exclude (day, usual, usual_n, change_usual), usual as previous, usual_n as previous_n,
                change_usual as change_previous, null::decimal(28, 8) as year_ago, null::varchar as change_year_ago
            from reporting.kpi_daily
        """,
        definitions="reporting.rpt_daily_metric_definitions",
        trend=lambda day: day - timedelta(days=TREND_DAYS - 1),
        compared=lambda day, weeks: [day - timedelta(weeks=week) for week in range(1, weeks + 1)],
        compared_with_year_ago=False,
        more=", chosen.previous_n",
    ),
}


def usual_weeks(con: duckdb.DuckDBPyConnection) -> int:
    """Of how many weeks before a day's usual figures are, as the build was told (usual_weeks)."""
    rows = con.execute("select coalesce(max(usual_weeks), 0) from reporting.rpt_daily_metric_definitions").fetchall()
    return int(rows[0][0])
