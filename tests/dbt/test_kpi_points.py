"""The lots of int_loyalty__point_lots against a first-in-first-out ledger kept entry by entry in plain Python."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import duckdb
import jinja2
from hypothesis import given, settings
from hypothesis import strategies as st

DBT_PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
MEMBERS = [f"m{number}" for number in range(6)]
Entry = tuple[str, int, int]  # member, day, signed points


def model_sql() -> str:
    """The model as dbt would compile it for DuckDB; it uses one macro of engine.sql."""
    text = "".join(
        (DBT_PROJECT / file).read_text(encoding="utf-8")
        for file in ("macros/engine.sql", "models/intermediate/loyalty/int_loyalty__point_lots.sql")
    )
    environment = jinja2.Environment(autoescape=False)  # noqa: S701 - SQL, not HTML
    return environment.from_string(text).render(ref=lambda name: name)


def lots_by_hand(ledger: list[Entry]) -> dict[str, int]:
    """Open points per lot, each entry in its turn: use takes from the oldest lot, a debt from the next to come."""
    left: dict[str, dict[str, int]] = defaultdict(dict)
    debt: dict[str, int] = defaultdict(int)
    for number, (member, _, points) in sorted(enumerate(ledger), key=lambda entry: (entry[1][1], entry[0])):
        if points > 0:
            paid = min(points, debt[member])
            debt[member] -= paid
            left[member][f"{number:04}"] = points - paid
        else:
            owed = -points
            for lot, open_points in left[member].items():
                taken = min(open_points, owed)
                left[member][lot] -= taken
                owed -= taken
            debt[member] += owed
    return {lot: open_points for lots in left.values() for lot, open_points in lots.items()}


ledgers = st.lists(
    st.tuples(
        st.sampled_from(MEMBERS),
        st.integers(0, 9),
        st.integers(-60, 60).filter(bool),
    ),
    min_size=1,
    max_size=80,
)


@settings(max_examples=25, deadline=None)
@given(ledgers)
def test_open_lots_are_those_of_a_ledger_kept_by_hand(ledger: list[Entry]) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            "create table fct_points_entry"
            " (entry_id text, member_id text, booked_at timestamp, expires_at timestamp, signed_points bigint)"
        )
        connection.executemany(
            "insert into fct_points_entry values (?, ?, timestamp '2025-01-01' + to_days(?), null, ?)",
            [(f"{number:04}", *entry) for number, entry in enumerate(ledger)],
        )
        found = connection.execute(f"select entry_id, member_id, open_points from ({model_sql()})").fetchall()
    assert {entry_id: open_points for entry_id, _, open_points in found} == lots_by_hand(ledger)
    for member in MEMBERS:
        balance = sum(points for owner, _, points in ledger if owner == member)
        assert sum(open_points for _, owner, open_points in found if owner == member) == max(balance, 0)
