"""Days and their month: nobody gets a small day back from the digests of a month and its report taken together."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from reports.bundle.days import hidden_days, hidden_months
from reports.bundle.suppression import Cell, CellKey, hidden_cells

MONTH, SMALL = date(2026, 10, 1), 5
DAYS = [date(2026, 10, day) for day in (1, 2, 15, 30, 31)]
REGIONS = {"S1": "A", "S2": "A", "S3": "B", "S4": "B"}
STORES = tuple(REGIONS)
counts = st.fixed_dictionaries(
    {(store, day): st.sampled_from((0, 0, 1, 2, 4, 5, 6, 9, 30)) for store in STORES for day in DAYS}
)
Counts = dict[tuple[str, date], int]


def cell(day: date, store: str | None, n: int) -> Cell:
    return Cell(CellKey("m", day, "store" if store else "company", store or "company"), n)


def of_day(day: date, found: Counts) -> list[Cell]:
    total = sum(found[store, day] for store in STORES)
    return [cell(day, None, total), *(cell(day, store, found[store, day]) for store in STORES)]


def issued(found: Counts) -> tuple[list[Cell], set[CellKey]]:
    """All cells of the digests and the month's report, and what they hid: the days in turn, the month at last."""
    hidden: set[CellKey] = set()
    known: list[Cell] = []
    for day in DAYS:
        known += of_day(day, found)
        hidden |= {key for key in hidden_days(known, SMALL, day, before=hidden) if key.month == day}
    month = [
        cell(MONTH, store, sum(n for (s, _), n in found.items() if store in (None, s))) for store in (None, *STORES)
    ]
    month += [
        Cell(CellKey("m", MONTH, "region", region), sum(n for (s, _), n in found.items() if REGIONS[s] == region))
        for region in sorted(set(REGIONS.values()))
    ]
    renamed = [Cell(one.key._replace(metric_id="month"), one.n) for one in month]
    reported = {key._replace(metric_id="month") for key in hidden_months(known, hidden, SMALL, regions=REGIONS)}
    return known + renamed, hidden | hidden_cells(renamed, SMALL, REGIONS, reported)


def solved(cells: list[Cell], hidden: set[CellKey]) -> dict[CellKey, Fraction]:
    """What somebody finds who holds every digest and every report of the month, and knows what adds up to what."""
    counted = {key: n for key, n in cells if n}
    months = {store: cell(MONTH, store, 0).key._replace(metric_id="month") for store in (None, *STORES)}
    sums = [(cell(day, None, 0).key, [cell(day, store, 0).key for store in STORES]) for day in DAYS]
    sums += [(month, [cell(day, store, 0).key for day in DAYS]) for store, month in months.items()]
    sums.append((months[None], [months[store] for store in STORES]))
    for region in sorted(set(REGIONS.values())):
        inside = [months[store] for store in STORES if REGIONS[store] == region]
        sums.append((CellKey("month", MONTH, "region", region), inside))
    rows = []
    for total, parts in sums:
        signs = {total: -1, **dict.fromkeys(parts, 1)}
        unknown = {key: Fraction(sign) for key, sign in signs.items() if key in hidden and key in counted}
        rows.append((unknown, -sum((sign * counted.get(key, 0) for key, sign in signs.items() if key not in unknown))))
    return _eliminated(rows)


def _eliminated(rows: list[tuple[dict[CellKey, Fraction], int]]) -> dict[CellKey, Fraction]:
    """Gauss and Jordan, in fractions: the unknowns that have one value only, with it."""

    def less(
        row: Mapping[CellKey, Fraction], other: Mapping[CellKey, Fraction], times: Fraction
    ) -> dict[CellKey, Fraction]:
        left = {key: row.get(key, Fraction(0)) - times * other.get(key, Fraction(0)) for key in {*row, *other}}
        return {key: value for key, value in left.items() if value}

    done: list[tuple[CellKey, dict[CellKey, Fraction], Fraction]] = []
    for unknown, known in rows:
        row, value = unknown, Fraction(known)
        for pivot, other, result in done:
            if times := row.get(pivot):
                row, value = less(row, other, times), value - times * result
        if not row:
            assert value == 0, "sums that contradict each other are none"
            continue
        pivot = min(row)
        row, value = {key: one / row[pivot] for key, one in row.items()}, value / row[pivot]
        done = [
            (at, less(other, row, times), result - times * value)
            if (times := other.get(pivot))
            else (at, other, result)
            for at, other, result in done
        ]
        done.append((pivot, row, value))
    return {pivot: value for pivot, row, value in done if len(row) == 1}


@settings(max_examples=300, deadline=None)
@given(counts)
def test_nobody_who_holds_everything_solves_for_a_small_day(found: Counts) -> None:
    """Over stores and days at once: a store's month that is hidden comes out of the company's and the others'."""
    cells, hidden = issued(found)
    counted = dict(cells)
    out = {key: value for key, value in solved(cells, hidden).items() if key.metric_id == "m"}
    assert all(counted[key] == value for key, value in out.items())
    assert not {key for key in out if counted[key] < SMALL}


@settings(max_examples=100, deadline=None)
@given(counts, counts)
def test_nor_who_holds_a_second_issue_of_the_month(found: Counts, late: Counts) -> None:
    """What the first issue hid, the second hides, however many rows came late: none tells what the other does not."""
    cells, hidden = issued(found)
    grown = {key: n + late[key] for key, n in found.items()}
    revised = {
        Cell(key, sum(n for (s, _), n in grown.items() if key.scope_id in ("company", s, REGIONS[s])))
        for key, _ in cells
        if key.metric_id == "month"
    }
    again = hidden | hidden_cells(revised, SMALL, REGIONS, hidden)
    assert not {key for key in solved(cells, again) if key.metric_id == "m" and dict(cells)[key] < SMALL}
    assert {key for key in hidden if key.metric_id == "month" and dict(revised)[key]} <= again


def test_a_month_is_hidden_with_those_that_would_give_it_back() -> None:
    """The third store hides one day, for the sake of another: its month comes out of the company's less the others'."""
    found: Counts = {(store, day): 30 for store in STORES for day in DAYS}
    for day in DAYS[:2]:
        found["S1", day], found["S2", day] = 2, 9
    found["S1", DAYS[-1]], found["S3", DAYS[-1]] = 2, 9
    _, hidden = issued(found)
    assert {key.scope_id for key in hidden if key.metric_id == "m" and key.month == DAYS[-1]} == {"S1", "S3"}
    assert {"S1", "S2", "S3"} <= {key.scope_id for key in hidden if key.metric_id == "month"}
    assert cell(MONTH, None, 0).key._replace(metric_id="month") not in hidden


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
