"""The calendars assets are cut by: days of delivery, months and days of reports."""

from __future__ import annotations

from datetime import date

import dagster as dg

from foundation.settings import Settings
from reports.periods import Schedule

FIRST_DAY = date(1990, 1, 1)  # earlier deliveries are refused by name: a typing error, most likely


def daily(settings: Settings) -> dg.DailyPartitionsDefinition:
    """Days of delivery in the company's time zone, today included."""
    return dg.DailyPartitionsDefinition(
        start_date=FIRST_DAY.isoformat(), timezone=settings.company.time_zone, end_offset=1
    )


def monthly(settings: Settings) -> dg.MonthlyPartitionsDefinition:
    """Months of report in the company's time zone, the running one included."""
    return dg.MonthlyPartitionsDefinition(
        start_date=FIRST_DAY.strftime("%Y-%m"), timezone=settings.company.time_zone, end_offset=1, fmt="%Y-%m"
    )


def of_schedule(settings: Settings, schedule: Schedule) -> dg.TimeWindowPartitionsDefinition:
    """The periods of a report."""
    return daily(settings) if schedule == "daily" else monthly(settings)
