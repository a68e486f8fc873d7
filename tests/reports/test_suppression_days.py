"""Days and their month: nobody gets a small day back from the digests of a month and its report taken together."""

from __future__ import annotations

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from reports.suppression import Cell, Key, hidden_cells, hidden_days, hidden_months

MONTH, SMALL = date(2026, 10, 1), 5
DAYS = [date(2026, 10, day) for day in (1, 2, 15, 30, 31)]
STORES = ("S1", "S2", "S3")
counts = st.fixed_dictionaries(
    {(store, day): st.sampled_from((0, 0, 1, 2, 4, 5, 6, 9, 30)) for store in STORES for day in DAYS}
)
Counts = dict[tuple[str, date], int]


def cell(day: date, store: str | None, n: int) -> Cell:
    return Cell(Key("m", day, "store" if store else "company", store or "company"), n)


def of_day(day: date, found: Counts) -> list[Cell]:
    total = sum(found[store, day] for store in STORES)
    return [cell(day, None, total), *(cell(day, store, found[store, day]) for store in STORES)]


def issued(found: Counts) -> tuple[list[Cell], set[Key]]:
    """All cells of the digests and the month's report, and what they hid: the days in turn, the month at last."""
    hidden: set[Key] = set()
    known: list[Cell] = []
    for day in DAYS:
        known += of_day(day, found)
        hidden |= {key for key in hidden_days(known, SMALL, day, before=hidden) if key.month == day}
    month = [
        cell(MONTH, store, sum(n for (s, _), n in found.items() if store in (None, s))) for store in (None, *STORES)
    ]
    renamed = [Cell(one.key._replace(metric_id="month"), one.n) for one in month]
    told = {key._replace(metric_id="month") for key in hidden_months(known, hidden, SMALL)}
    return known + renamed, hidden | hidden_cells(renamed, SMALL, before=told)


@settings(max_examples=300, deadline=None)
@given(counts)
def test_no_month_tells_a_hidden_day_of_its_scope(found: Counts) -> None:
    cells, hidden = issued(found)
    for store in (None, *STORES):
        (month,) = (one.key for one in cells if one.key == cell(MONTH, store, 0).key._replace(metric_id="month"))
        days = [
            n for key, n in cells if key.metric_id == "m" and key.scope_id == month.scope_id and key in hidden and n
        ]
        assert month in hidden or not days or (len(days) > 1 and sum(days) >= SMALL)


@settings(max_examples=300, deadline=None)
@given(counts)
def test_each_day_is_as_safe_as_a_month_by_itself(found: Counts) -> None:
    _, hidden = issued(found)
    for day in DAYS:
        total, *stores = of_day(day, found)
        gone = [one.n for one in stores if one.key in hidden]
        assert all(one.key in hidden for one in (total, *stores) if 0 < one.n < SMALL)
        assert total.key in hidden or sum(gone) == 0 or sum(gone) >= SMALL


def test_a_single_hidden_day_takes_the_next_one_and_no_day_of_another_month() -> None:
    found: Counts = {(store, day): 9 for store in STORES for day in DAYS}
    found["S1", DAYS[1]] = 2
    _, hidden = issued(found)
    assert {key.month.day for key in hidden if key.scope_id == "S1"} == {2, 15}
    november = date(2026, 11, 1)
    assert hidden_days([cell(november, None, 27), cell(november, "S1", 9)], SMALL, november, before=hidden) == set()


def test_a_hidden_last_day_takes_the_month() -> None:
    found: Counts = {(store, day): 9 for store in STORES for day in DAYS}
    found["S1", DAYS[-1]] = 2
    _, hidden = issued(found)
    assert cell(MONTH, "S1", 0).key._replace(metric_id="month") in hidden


def test_a_calm_month_hides_nothing() -> None:
    _, hidden = issued({(store, day): 9 for store in STORES for day in DAYS})
    assert hidden == set()
