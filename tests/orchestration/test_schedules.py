"""When jobs run by themselves: working days, and files that have settled."""

from __future__ import annotations

import os
from datetime import date, datetime
from pathlib import Path

import dagster as dg
import pytest

from foundation.settings import Settings
from orchestration.schedules import month_before, schedules, working_day_of_month
from orchestration.sensors import deliveries

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 10, 1), 1),  # a Thursday
        (date(2026, 10, 2), 2),
        (date(2026, 10, 3), None),
        (date(2026, 11, 1), None),  # a Sunday
        (date(2026, 11, 2), 1),
        (date(2026, 11, 3), 2),
    ],
)
def test_working_days_are_counted_from_monday_to_friday(day: date, expected: int | None) -> None:
    assert working_day_of_month(day) == expected


def test_the_report_in_january_is_december_s() -> None:
    assert month_before(date(2027, 1, 5)) == "2026-12"


def test_each_morning_makes_the_digest_of_the_day_that_has_ended(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    (morning,) = (one for one in schedules(settings) if one.name == "daily_digest")
    context = dg.build_schedule_context(
        scheduled_execution_time=datetime(2026, 11, 1, 7, 0, tzinfo=settings.company.zone)
    )
    request = morning(context)
    assert isinstance(request, dg.RunRequest)
    assert (morning.job_name, request.partition_key) == ("daily_digest", "2026-10-31")


def _land(path: Path, changed_at: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x", encoding="utf-8")
    os.utime(path, (changed_at, changed_at))


def test_a_delivery_still_on_its_way_is_left_alone(tmp_path: Path) -> None:
    _land(tmp_path / "crm" / "2026-10-01" / "orders.csv", changed_at=100)
    _land(tmp_path / "crm" / "2026-10-02" / "orders.csv", changed_at=300)
    _land(tmp_path / "crm" / "notes" / "readme.txt", changed_at=100)
    assert set(deliveries(tmp_path, settled_before=200)) == {"2026-10-01"}


def test_a_file_that_changes_makes_its_day_new(tmp_path: Path) -> None:
    file = tmp_path / "crm" / "2026-10-01" / "orders.csv"
    _land(file, changed_at=100)
    before = deliveries(tmp_path, settled_before=1000)
    _land(file, changed_at=150)
    assert deliveries(tmp_path, settled_before=1000) != before
