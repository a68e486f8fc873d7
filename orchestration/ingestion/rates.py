"""Rates of exchange: which one a day of a currency has, as known on a day, and when later ones change what a file has.

Rates come as the entity fx_rates, with the source that needs them or with any other. Nothing is converted here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.ingestion.manifest import LoadEntry

ENTITY = "fx_rates"
Spans = Mapping[str, tuple[date, date]]  # currency: the first and the last day that is asked for
_Rows = dict[tuple[str, date], Decimal]
_TABLE = pa.schema(
    [
        ("currency", pa.string()),
        ("day", pa.date32()),
        ("rate", pa.decimal128(18, 10)),
        ("age", pa.int32()),  # days since the day the rate is of
    ]
)


@dataclass(frozen=True)
class Rates:
    """What one unit of a currency was worth, by day; without a rate of its own a day has the last of `max_age` days."""

    rows: _Rows
    max_age: int

    @cached_property
    def table(self) -> pa.Table:
        """A row for each currency and day that has a rate, so that a plain equality finds it."""
        found = []
        for currency, day in self.rows:
            for age in range(self.max_age + 1):
                at = day + timedelta(days=age)
                if age and (currency, at) in self.rows:
                    break
                found.append({"currency": currency, "day": at, "rate": self.rows[currency, day], "age": age})
        return pa.Table.from_pylist(found, schema=_TABLE)

    def digest(self, spans: Spans) -> str:
        """Hash of every rate that a day of the spans can have."""
        lines = []
        for currency, (first, last) in sorted(spans.items()):
            for offset in range(-self.max_age, (last - first).days + 1):
                day = first + timedelta(days=offset)
                if (currency, day) in self.rows:
                    lines.append(f"{currency} {day} {self.rows[currency, day]}")
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


@dataclass
class RateBook:
    """All rates in the ledger, cut by source and day. Files of rates are read once: they never change."""

    raw: Path
    max_age: int
    _loads: tuple[LoadEntry, ...] = ()
    _read: dict[str, _Rows] = field(default_factory=dict)
    _merged: dict[str, tuple[tuple[str, ...], _Rows]] = field(
        default_factory=dict
    )  # last answer by source of the rates
    _changes: dict[str, list[tuple[date, Spans]]] = field(default_factory=dict)

    def show(self, loads: Iterable[LoadEntry]) -> None:
        """What the ledger says now."""
        now = tuple(sorted((one for one in loads if one.entity == ENTITY), key=lambda one: (one.load_date, one.source)))
        if now != self._loads:
            self._loads = now
            self._changes = {}

    def known(self, source: str, day: date, *, before: bool = False, also: Iterable[str] | None = None) -> Rates:
        """The rates that a source can know by a day, or before it; `also` are the source's own files of that day, where
        the ledger does not name them yet.

        Of two rates of one currency and day that of the source itself counts before another's (the first by name), and
        of one source the one that came last.
        """
        by_then = [
            one
            for one in self._loads
            if one.load_date < day
            or (one.load_date == day and not before and not (also is not None and one.source == source))
        ]
        rows: _Rows = {}
        for other in sorted({one.source for one in by_then} - {source}, reverse=True):
            rows |= self._merge(other, by_then)
        return Rates(rows | self._merge(source, by_then) | self._rows(also or ()), self.max_age)

    def later(self, source: str, spans: Spans, day: date) -> Iterator[tuple[date, Rates]]:
        """Days after `day` on which rates arrived that change what the spans have, and the rates as known then."""
        digest = None
        for arrived, changed in self._changed(source):
            if arrived <= day or not self._overlap(spans, changed):
                continue
            digest = digest or self.known(source, arrived, before=True).digest(spans)
            rates = self.known(source, arrived)
            if rates.digest(spans) != digest:
                digest = rates.digest(spans)
                yield arrived, rates

    def _changed(self, source: str) -> list[tuple[date, Spans]]:
        """For each day on which rates arrived: from when to when those of each currency were other ones then."""
        if source not in self._changes:
            found: list[tuple[date, Spans]] = []
            former: _Rows = {}
            for arrived in sorted({one.load_date for one in self._loads}):
                rows = self.known(source, arrived).rows
                reported = self._rows(path for one in self._loads if one.load_date == arrived for path in one.live)
                keys = [key for key in reported if rows.get(key) != former.get(key)]
                days = {currency: [day for key, day in keys if key == currency] for currency, _ in keys}
                found.append((arrived, {currency: (min(of), max(of)) for currency, of in days.items()}))
                former = rows
            self._changes[source] = found
        return self._changes[source]

    def _overlap(self, spans: Spans, changed: Spans) -> bool:
        """Whether a change can reach the spans; a rate reaches `max_age` days ahead."""
        return any(
            currency in changed and changed[currency][0] <= last and (first - changed[currency][1]).days <= self.max_age
            for currency, (first, last) in spans.items()
        )

    def _merge(self, source: str, loads: Iterable[LoadEntry]) -> _Rows:
        """All rates of some loads of one source. The next question often goes on from the last answer."""
        wanted = tuple(path for one in loads if one.source == source for path in one.live)
        known, rows = self._merged.get(source, ((), {}))
        if wanted[: len(known)] != known:
            known, rows = (), {}
        merged = rows | self._rows(wanted[len(known) :])
        self._merged[source] = (wanted, merged)
        return merged

    def _rows(self, paths: Iterable[str]) -> _Rows:
        rows: _Rows = {}
        for path in paths:
            if path not in self._read:
                self._read[path] = _rows_of(self.raw / path)
            rows |= self._read[path]
        return rows


def _rows_of(path: Path) -> _Rows:
    table = pq.read_table(path, columns=["currency", "date", "rate"], partitioning=None)
    # a rate of 0 or less is none
    return {
        (row["currency"].upper(), row["date"]): Decimal(row["rate"]) for row in table.to_pylist() if row["rate"] > 0
    }
