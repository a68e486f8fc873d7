"""When jobs run unattended. Only here and in the sensors is the wall clock read."""

from datetime import date, timedelta

import dagster as dg

from foundation.settings import Settings
from orchestration.jobs import MONTHLY_REPORT, NIGHTLY, report_job
from reports.registry import reports

_WORKING_DAY_OF_REPORT = 2
_SATURDAY = 5
_RUN_KEYS = {MONTHLY_REPORT: "report"}  # a key that changed would run a month once more


def working_day_of_month(day: date) -> int | None:
    """Which working day (Monday to Friday) of its month `day` is, or None for a weekend."""
    if day.weekday() >= _SATURDAY:
        return None
    return sum((day.replace(day=1) + timedelta(offset)).weekday() < _SATURDAY for offset in range(day.day))


def month_before(day: date) -> str:
    """The month that ended last before `day`, as YYYY-MM."""
    return (day.replace(day=1) - timedelta(days=1)).strftime("%Y-%m")


def schedules(settings: Settings) -> list[dg.ScheduleDefinition]:
    zone = settings.company.time_zone

    @dg.schedule(name="nightly", job_name=NIGHTLY, cron_schedule="30 0 * * *", execution_timezone=zone)
    def nightly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        """Half past midnight: the day that has just ended."""
        day = context.scheduled_execution_time.astimezone(settings.company.zone).date() - timedelta(days=1)
        return dg.RunRequest(run_key=f"nightly-{day}", partition_key=day.isoformat())

    make = {"monthly": _monthly, "daily": _daily}
    return [nightly, *(make[spec.schedule](settings, report_job(spec.id)) for spec in reports().values())]


def _monthly(settings: Settings, job: str) -> dg.ScheduleDefinition:
    zone = settings.company.time_zone

    @dg.schedule(name=job, job_name=job, cron_schedule="0 8 1-7 * *", execution_timezone=zone)
    def second_working_day(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        """Eight in the morning of the second working day: the month that has ended."""
        day = context.scheduled_execution_time.astimezone(settings.company.zone).date()
        if working_day_of_month(day) != _WORKING_DAY_OF_REPORT:
            return dg.SkipReason(f"{day} is not the second working day of its month")
        month = month_before(day)
        return dg.RunRequest(run_key=f"{_RUN_KEYS.get(job, job)}-{month}", partition_key=month)

    return second_working_day


def _daily(settings: Settings, job: str) -> dg.ScheduleDefinition:
    zone = settings.company.time_zone

    @dg.schedule(name=job, job_name=job, cron_schedule="0 7 * * *", execution_timezone=zone)
    def each_morning(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        """Seven in the morning, after the night: the day that has ended."""
        day = context.scheduled_execution_time.astimezone(settings.company.zone).date() - timedelta(days=1)
        return dg.RunRequest(run_key=f"{job}-{day}", partition_key=day.isoformat())

    return each_morning
