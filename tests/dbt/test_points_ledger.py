"""The points ledger kept entry by entry in plain Python, against the lots and balances that dbt makes in rounds.

The ledgers are random and as hostile as the contract allows: decimals, equal stamps, reversals of reversals, in part,
twice, before what they reverse, of nobody's entry, in circles; expiries in any order; members who owe.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.dbt.rendered import Rendered
from tests.dbt.warehouse import Warehouse
from tests.declared_tables import create

pytestmark = pytest.mark.slow

AS_OF_DATE = date(2026, 6, 30)
AS_OF = datetime.fromisoformat("2026-06-30T16:00:00")  # its end in Shanghai
SOON = datetime.fromisoformat("2026-09-28T16:00:00")  # the end of the 90th day after it
START = datetime.fromisoformat("2025-01-01T00:00:00")
ZERO = Decimal(0)
Row = dict[str, Any]


@dataclass
class Lot:
    entry_id: str
    expires_at: datetime | None
    open: Decimal


@dataclass
class Entry:
    row: Row
    own: Decimal | None  # of no reversal: what it does to the balance
    chain: list[Entry] = field(default_factory=list)  # what it stands on, nearest first; for a reversal never empty
    effect: Decimal = ZERO  # how much it moved, without its sign
    gave: dict[str, Decimal] = field(default_factory=dict)  # lot: points
    took: dict[str | None, Decimal] = field(default_factory=dict)  # lot (None: owed): points, the last one taken last
    signed: Decimal = ZERO

    @property
    def id(self) -> str:
        return self.row["entry_id"]

    @property
    def root(self) -> Entry:
        return self.chain[-1] if self.chain else self

    @property
    def turn(self) -> tuple[datetime, str, int, str]:
        at, name = max((one.row["at"], one.id) for one in (self, *self.chain))
        return at, name, len(self.chain), self.id


class Ledger:
    """One member's account."""

    def __init__(self, rows: Iterable[Row]) -> None:
        sign = {"earn": 1, "adjust": 1, "redeem": -1, "expire": -1}
        self.entries = {
            row["entry_id"]: Entry(row, sign[row["kind"]] * row["points"] if row["kind"] in sign else None)
            for row in rows
            if row["at"] < AS_OF
        }
        self.lots: list[Lot] = []
        self.done: list[Entry] = []
        booked = []
        for entry in self.entries.values():
            if entry.own is None:
                entry.chain = self._chain(entry)
            if entry.own or (entry.chain and entry.root.own):
                booked.append(entry)
        for entry in sorted(booked, key=lambda one: one.turn):
            self._book(entry)
            self.done.append(entry)

    def _chain(self, entry: Entry) -> list[Entry]:
        chain: list[Entry] = []
        while entry.own is None:
            entry = self.entries.get(entry.row["reverses_entry_id"])  # type: ignore[assignment]
            if entry is None or entry in chain:
                return []
            chain.append(entry)
        return chain

    def _book(self, entry: Entry) -> None:
        if entry.own is not None and entry.own > 0:
            entry.effect = entry.signed = entry.own
            entry.gave = {entry.id: entry.own}
            self.lots.append(Lot(entry.id, entry.row["expires_at"], entry.own))
        elif entry.own is not None:
            entry.effect, entry.signed = -entry.own, entry.own
            self._take(entry, -entry.own)
        else:
            root, whole = entry.root, abs(entry.root.own or ZERO)
            held = sum((sum(one.took.values()) for one in self._holders(root)), ZERO)
            is_take = ((root.own or ZERO) > 0) == (len(entry.chain) % 2 == 1)
            wanted = abs(entry.row["points"]) or whole
            entry.effect = max(ZERO, min(wanted, self._standing(entry.chain[0]), whole - held if is_take else held))
            entry.signed = -entry.effect if is_take else entry.effect
            if is_take:
                self._take(entry, entry.effect)
            else:
                self._release(entry)
        self._pay()

    def _holders(self, root: Entry) -> list[Entry]:
        return [one for one in self.done if one.root is root]

    def _standing(self, entry: Entry) -> Decimal:
        """What of an entry its reversals left."""
        undone = sum((self._standing(one) for one in self.done if one.chain and one.chain[0] is entry), ZERO)
        return entry.effect - undone

    def _take(self, entry: Entry, amount: Decimal) -> None:
        pieces = [(lot, lot.open) for lot in self.lots]
        if entry.row["kind"] == "expire":
            at = entry.row["at"]
            due = [lot for lot in self.lots if lot.expires_at is not None and lot.expires_at <= at]
            pieces = [(lot, lot.open) for lot in sorted(due, key=lambda lot: lot.expires_at or at)] + pieces
        elif entry.chain:
            gave = entry.chain[0].gave
            pieces = [(lot, gave[lot.entry_id]) for lot in self.lots if lot.entry_id in gave] + pieces
        for lot, most in pieces:
            self._move(entry, lot, min(amount - sum(entry.took.values()), most, lot.open))
        if amount > sum(entry.took.values()):
            entry.took[None] = amount - sum(entry.took.values())

    @staticmethod
    def _move(entry: Entry, lot: Lot, points: Decimal) -> None:
        if points > 0:
            lot.open -= points
            entry.took[lot.entry_id] = entry.took.pop(lot.entry_id, ZERO) + points

    def _release(self, entry: Entry) -> None:
        """What is owed first, then the lots, the last one taken first."""
        left = entry.effect
        for holder in reversed(self._holders(entry.root)):
            for lot_id in [None, *reversed([one for one in holder.took if one])]:
                points = min(left, holder.took.get(lot_id, ZERO))
                if not points:
                    continue
                holder.took[lot_id] -= points
                left -= points
                if lot_id is not None:
                    self._lot(lot_id).open += points
                    entry.gave[lot_id] = entry.gave.get(lot_id, ZERO) + points

    def _lot(self, lot_id: str) -> Lot:
        return next(lot for lot in self.lots if lot.entry_id == lot_id)

    def _pay(self) -> None:
        """Whoever owes gets what is open, first come, first served."""
        for debtor in self.done:
            for lot in self.lots:
                points = min(debtor.took.get(None, ZERO), lot.open)
                self._move(debtor, lot, points)
                if points > 0:
                    debtor.took[None] -= points

    @property
    def balance(self) -> Decimal:
        return sum((one.signed for one in self.entries.values()), ZERO)

    @property
    def owed(self) -> Decimal:
        return sum((one.took.get(None, ZERO) for one in self.entries.values()), ZERO)

    @property
    def open_points(self) -> Decimal:
        return sum((lot.open for lot in self.lots), ZERO)

    @property
    def overdue(self) -> Decimal:
        return sum((lot.open for lot in self.lots if lot.expires_at is not None and lot.expires_at < AS_OF), ZERO)

    @property
    def expiring(self) -> Decimal:
        return sum(
            (lot.open for lot in self.lots if lot.expires_at is not None and AS_OF <= lot.expires_at < SOON), ZERO
        )


def member_rows(random: Random, member: str, longest: int) -> list[Row]:
    """One member's entries, in no order."""
    names = [f"{member}-{number:02}" for number in random.sample(range(99), random.randint(1, longest))]
    days = random.choice([3, 40, 600])
    rows: list[Row] = []
    for name in names:
        at = START + timedelta(days=random.randint(0, days), hours=random.choice([0, 0, 7]))
        kind = random.choices(["earn", "redeem", "expire", "adjust", "reverse"], [6, 3, 3, 1, 4])[0]
        points = random.choice([Decimal(random.randint(1, 60)), Decimal(random.randint(1, 10**8)) / 10**6])
        row: Row = {
            "entry_id": name, "member_id": member, "at": at, "kind": kind, "points": points,
            "expires_at": None, "reverses_entry_id": None,
        }  # fmt: skip
        if kind == "earn" and random.random() < 0.8:
            row["expires_at"] = at + timedelta(
                days=random.choice([-5, 0, 10, 90, 365, 700]), hours=random.choice([0, 9])
            )
        if kind == "adjust":
            row["points"] = random.choice([points, -points, ZERO])
        if kind in ("redeem", "expire") and random.random() < 0.05:
            row["points"] = -points
        rows.append(row)
    by_name = {row["entry_id"]: row for row in rows}
    for row in rows:
        if row["kind"] == "reverse":
            reversed_id = random.choice([*names, *names, "nobody", "m1-01"])
            whole = by_name.get(reversed_id, row)["points"]
            row["reverses_entry_id"] = reversed_id
            row["points"] = random.choice([whole, whole, ZERO, -whole, whole / 2, whole * 3]).quantize(
                Decimal("0.000001")
            )
    return rows


def load(warehouse: Warehouse, rows: list[Row]) -> None:
    members = [
        {"member_id": member, "customer_id": member, "joined_at": START, "status": "active"}
        for member in sorted({row["member_id"] for row in rows})
    ]
    day = AS_OF_DATE
    warehouse.load([("points_ledger", day, rows, None), ("loyalty_members", day, members, None)], as_of=day)
    warehouse.dbt("build", "--select", "+points_accounts", "--exclude-resource-type", "test")
    warehouse.dbt("test", "--select", "points_balance_equals_open_lots", "points_accounts", "int_loyalty__point_moves")


def ask(path: Path, sql: str) -> list[tuple[Any, ...]]:
    """Decimals as they are."""
    with duckdb.connect(str(path), read_only=True) as con:
        return con.execute(sql).fetchall()


def test_lots_balances_and_what_expires_are_those_of_a_ledger_kept_by_hand(warehouse: Warehouse) -> None:
    random = Random(20261130)  # noqa: S311 - the same ledgers every time
    rows = [row for n in range(500) for row in member_rows(random, f"m{n}", random.choice([6, 15, 30]))]
    ledgers: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        ledgers[row["member_id"]].append(row)
    load(warehouse, random.sample(rows, len(rows)))

    found_signed = dict(ask(warehouse.marts, "select entry_id, signed_points from loyalty.fct_points_entry"))
    found_lots = dict(ask(warehouse.work, "select entry_id, open_points from intermediate.int_loyalty__point_lots"))
    figures = "balance, open_points, overdrawn_points, expiring_in_90_days, overdue_points"
    accounts = ask(warehouse.marts, f"select member_id, {figures} from loyalty.points_accounts")
    found = {row[0]: row[1:] for row in accounts}
    seen = set()
    for member, its_rows in ledgers.items():
        ledger = Ledger(its_rows)
        wrong = [
            (one.id, found_signed[one.id], one.signed)
            for one in ledger.entries.values()
            if found_signed[one.id] != one.signed
        ]
        assert not wrong, (member, wrong)
        wrong_lots = [
            (lot.entry_id, found_lots[lot.entry_id], lot.open)
            for lot in ledger.lots
            if found_lots[lot.entry_id] != lot.open
        ]
        assert not wrong_lots, (member, wrong_lots)
        if not ledger.entries:
            continue
        assert found[member] == (
            ledger.balance,
            ledger.open_points,
            ledger.owed,
            ledger.expiring,
            ledger.overdue,
        ), member
        assert ledger.balance == ledger.open_points - ledger.owed
        seen |= {f"{one.row['kind']} {len(one.chain)}" for one in ledger.entries.values() if one.effect}
        seen |= {"owes"} if ledger.owed else set()
    assert {"owes", "reverse 1", "reverse 2", "reverse 3", "expire 0", "redeem 0", "adjust 0"} <= seen


@st.composite
def ledger_of_one(draw: st.DrawFn) -> list[Row]:
    """A member's entries; small numbers, so that they meet."""
    rows: list[Row] = []
    count = draw(st.integers(1, 9))
    for number in range(count):
        kind = draw(st.sampled_from(["earn", "redeem", "expire", "adjust", "reverse"]))
        at = START + timedelta(days=draw(st.integers(0, 6)))
        end = draw(st.none() | st.integers(-1, 9)) if kind == "earn" else None
        points = Decimal(draw(st.integers(1, 8)) * (1 if kind != "adjust" else draw(st.sampled_from([1, -1])))) / 2
        rows.append(
            {
                "entry_id": f"e{number}", "member_id": "m", "at": at, "kind": kind, "points": points,
                "expires_at": None if end is None else at + timedelta(days=end),
                "reverses_entry_id": f"e{draw(st.integers(0, count))}" if kind == "reverse" else None,
            }
        )  # fmt: skip
    return rows


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ledger_of_one())
def test_any_ledger_comes_to_the_lots_kept_by_hand(rows: list[Row]) -> None:
    """The same rules once more, entry by entry, on ledgers that hypothesis can make smaller."""
    models = Rendered("loyalty", this="int_loyalty__point_moves")
    with duckdb.connect() as con:
        con.execute("create table control_run as select timestamp '2026-06-30 16:00:00' as as_of")
        create(con, "stg_crm__points_ledger")
        for row in rows:
            names, marks = ", ".join(f'"{name}"' for name in row), ", ".join("?" for _ in row)
            con.execute(f"insert into stg_crm__points_ledger ({names}) values ({marks})", list(row.values()))
        for name in ("reversal_chains", "point_entries"):
            con.execute(f"create table int_loyalty__{name} as {models.sql(name)}")
        create(con, "int_loyalty__point_moves")
        before = -1
        while before != (made := con.execute("select count(*) from int_loyalty__point_moves").fetchall()[0][0]):
            con.execute(f"insert into int_loyalty__point_moves {models.sql('point_moves')}")
            before = made
        found = dict(con.execute(f"select entry_id, open_points from ({models.sql('point_lots')})").fetchall())
        moved = dict(con.execute("select entry_id, sum(points) from int_loyalty__point_moves group by 1").fetchall())
    ledger = Ledger(rows)
    assert found == {lot.entry_id: lot.open for lot in ledger.lots}
    assert moved == {one.id: one.signed for one in ledger.done}
    assert sum(moved.values()) == ledger.open_points - ledger.owed
