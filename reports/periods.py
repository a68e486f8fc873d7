"""What a report speaks of, a month or a day, by its first day. Reading the clock is the scheduler's part."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Schedule = Literal["monthly", "daily"]


@dataclass(frozen=True)
class Calendar:
    """How periods of one kind are named and follow each other."""

    pattern: str  # of a period's name: 2026-10, 2026-10-31
    noun: str  # what it is called, by the command line too: --month
    before: Callable[[date, int], date]  # the first day of the period that lies so many back

    def name(self, first: date) -> str:
        return format(first, self.pattern)

    def has(self, name: str) -> bool:
        """Whether a text is the name of such a period."""
        try:
            return self.name(first_day(name)) == name
        except ValueError:
            return False

    def last_day(self, first: date) -> date:
        return self.before(first, -1) - timedelta(days=1)


def months_before(month: date, count: int) -> date:
    """The first of a month that lies so many months back."""
    months = month.year * 12 + month.month - 1 - count
    return date(months // 12, months % 12 + 1, 1)


CALENDARS: dict[Schedule, Calendar] = {
    "monthly": Calendar("%Y-%m", "month", months_before),
    "daily": Calendar("%Y-%m-%d", "day", lambda day, count: day - timedelta(days=count)),
}


def first_day(period: str) -> date:
    """The first day of a period by its name. Raises ValueError for a text that is none."""
    return date.fromisoformat(f"{period}-01" if len(period) == len("2026-10") else period)
