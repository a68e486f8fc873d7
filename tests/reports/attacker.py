"""Somebody who holds every bundle of some issues, knows who belongs where and what adds up, and solves for the rest.

Nothing of what hides is used here: identities are read as they are declared and worked out by brute force, the sums are
solved exactly modulo a prime, the bounds by linear programming. Only sums that are true are used: the truth says which.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

import duckdb
import numpy as np
from scipy.optimize import linprog

from reports.bundle.identities import Identity, Term
from reports.bundle.model import Bundle
from reports.periods import months_before
from reports.registry import ReportSpec, TableSpec

PRIME = 2**31 - 1
MAX_TOGETHER = 3  # hidden numbers whose sum is asked for
NEAR = 1e-6
Scope = tuple[str, str]
Cut = frozenset[tuple[str, str]]
WHOLE: Cut = frozenset()
COMPANY: Scope = ("company", "company")
TYPES = ("region", "store", "team", "category")


class Number(NamedTuple):
    """One number of a month and scope: a part of a metric (n, numerator, value), or a table's column, as it is cut."""

    of: str
    part: str
    month: date
    scope: Scope
    cut: Cut = WHOLE

    @property
    def dimension(self) -> str:
        return min((column for column, _ in self.cut), default="") if self.part else ""

    def __str__(self) -> str:
        cut = ", ".join(f"{column} {value}" for column, value in sorted(self.cut))
        return f"{self.of}.{self.part} {self.month:%Y-%m} {self.scope[1]} {cut}".strip()


@dataclass
class Truth:
    """What there is, from the warehouse."""

    numbers: dict[Number, Fraction] = field(default_factory=dict)
    targets: set[Number] = field(default_factory=set)  # how many cases there are, where nobody is to find out
    regions: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    cuts: dict[tuple[str, date, Scope, tuple[str, ...]], Cut] = field(default_factory=dict)  # of a printed row

    @cached_property
    def places(self) -> dict[tuple[str, str, str], dict[date, set[Cut]]]:
        """By name the cuts that there are in a month, of any scope."""
        found: dict[tuple[str, str, str], dict[date, set[Cut]]] = defaultdict(lambda: defaultdict(set))
        for number in self.numbers:
            found[number.of, number.part, number.dimension][number.month].add(number.cut)
        return found

    @cached_property
    def covered(self) -> set[tuple[str, str, str, date, str]]:
        """By name the months and types of scopes that are told."""
        return {(n.of, n.part, n.dimension, n.month, n.scope[0]) for n in self.numbers}

    @cached_property
    def scopes(self) -> list[Scope]:
        return sorted({number.scope for number in self.numbers})

    @cached_property
    def months(self) -> list[date]:
        return sorted({number.month for number in self.numbers})


def truth_of(
    con: duckdb.DuckDBPyConnection, spec: ReportSpec, identities: Sequence[Identity], since: date, small: int
) -> Truth:
    """The numbers of a warehouse that a report prints or an identity names."""
    definitions = con.execute("select metric_id, kind, disclosure from reporting.rpt_metric_definitions").fetchall()
    truth = Truth(
        regions=dict(
            con.execute("select store_id, region from customer.dim_store where region is not null").fetchall()
        ),
        kinds={metric: kind for metric, kind, _ in definitions},
    )
    confidential = {metric for metric, _, disclosure in definitions if disclosure == "confidential"}
    printed = {*spec.metrics, *spec.drawn_metrics}
    rows = con.execute(
        "select metric_id, month, scope_type, scope_id, dimension, dimension_value, n, numerator, value "
        "from reporting.kpi_monthly where month >= ? and n is not null",
        [since],
    ).fetchall()
    for metric, month, scope_type, scope_id, dimension, value, *parts in rows:
        if scope_type not in ("company", *TYPES):
            continue
        at = (month, (scope_type, scope_id), frozenset({(dimension, value)}) if dimension else WHOLE)
        for part, number in zip(("n", "numerator", "value"), parts, strict=True):
            if number is not None:
                truth.numbers[Number(metric, part, *at)] = Fraction(number)
        if metric in confidential & printed and 0 < parts[0] < small:
            truth.targets.add(Number(metric, "n", *at))
    tables: dict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for identity in identities:
        for term in identity.terms:
            if not term.part and not term.name.startswith("{"):
                tables[identity.table][0].add(term.name)
                tables[identity.table][1].update(term.columns)
    for table, (columns, labels) in tables.items():
        _read_table(con, truth, spec, table, sorted(columns), sorted(labels), since, small)
    return truth


def _read_table(
    con: duckdb.DuckDBPyConnection,
    truth: Truth,
    spec: ReportSpec,
    table: str,
    columns: Sequence[str],
    labels: Sequence[str],
    since: date,
    small: int,
) -> None:
    places = con.execute(
        "select schema_name || '.' || table_name, list(column_name) from duckdb_columns()"
        " where table_name in (?, ?) group by all",
        [f"rpt_{table}", table],
    ).fetchall()
    if not places:
        return
    home, has = max(places, key=lambda place: str(place[0]).startswith("reporting."))
    if not {*columns, *labels} <= {*has}:
        return
    of_report = [one for one in spec.tables if one.id == table and not one.until]
    texts = {c.name for one in of_report for c in one.columns if not c.is_number} | {
        w for one in of_report for w in one.where
    }
    labels = sorted({*labels, *texts} & {*has})  # a row is what a reader sees as one
    wanted = list(dict.fromkeys([*columns, *labels]))
    scope = "scope_type, scope_id" if "scope_type" in has else "'company', 'company'"
    rows = con.execute(f"select month, {scope}, {', '.join(wanted)} from {home} where month >= ?", [since]).fetchall()
    counted = {n for one in of_report for n in (one.n, one.counts, *(c.cases for c in one.columns))}
    shapes = {"value_matrix": "customers", "servqual_monthly": "n", "cohort_retention": "customers"}
    is_secret = all(one.disclosure == "confidential" for one in of_report)
    for month, scope_type, scope_id, *values in rows:
        record = dict(zip(wanted, values, strict=True))
        cut = frozenset((label, str(record[label])) for label in labels)
        for one in of_report:
            truth.cuts[f"{table}:{one.title}", month, (scope_type, scope_id), row_name(one, record)] = cut
        for column in columns:
            if record[column] is not None:
                number = Number(f"{table}.{column}", "", month, (scope_type, scope_id), cut)
                truth.numbers[number] = truth.numbers.get(number, Fraction(0)) + Fraction(record[column])
                few = 0 < truth.numbers[number] < small
                if few and is_secret and (column in counted or shapes.get(table) == column):
                    truth.targets.add(number)


def row_name(spec: TableSpec, record: Mapping[str, object]) -> tuple[str, ...]:
    """What a reader calls a row: its texts."""
    texts = [column for column in spec.columns if not column.is_number]
    return tuple("" if record[column.name] is None else str(record[column.name]) for column in texts)


@dataclass
class Leak:
    """Hidden numbers that came out."""

    numbers: tuple[Number, ...]
    cases: Fraction
    how: str

    def __str__(self) -> str:
        return f"{' and '.join(map(str, self.numbers))} = {self.cases}, {self.how}"


class Attack:
    """All that the bundles print, and what follows from it."""

    def __init__(self, bundles: Sequence[Bundle], identities: Sequence[Identity], truth: Truth) -> None:
        self.truth = truth
        self.known: dict[Number, Fraction] = {}
        self.there: set[Number] = set()  # of which it is told that there are some, and no more
        self.cut_short: set[tuple[str, str, date, Scope]] = set()  # splits and tables of which not all is shown
        self.held = {(bundle.period_start, bundle.scope.key) for bundle in bundles}
        for bundle in bundles:
            self._read(bundle)
        self.targets = {n for n in truth.targets if n in self.known or not n.cut or (n.month, n.scope) in self.held}
        self.rows: list[dict[Number, int]] = []  # that sum to nothing
        self.limits: list[dict[Number, int]] = []  # that sum to no more than nothing
        for identity in identities:
            rows = self.limits if identity.at_most else self.rows
            rows += [row for row in self._instances(identity) if self._is_true(row, at_most=identity.at_most)]
        self.rows += [row for row in self._sums() if self._is_true(row)]
        self.limits += [
            {number: 1, number._replace(part="n"): -1}
            for number in truth.numbers
            if number.part == "numerator" and truth.kinds.get(number.of) in ("proportion", "share")
        ]

    # what is printed

    def _read(self, bundle: Bundle) -> None:
        for figure in (*bundle.figures, *bundle.exceptions):
            cut = frozenset({(figure.dimension, figure.dimension_value)}) if figure.dimension else WHOLE
            at = (figure.month, (figure.scope_type, figure.scope_id), cut)
            self._learn(figure.metric_id, *at, n=figure.n, value=figure.value)
            for value, back in ((figure.previous, 1), (figure.year_ago, 12)):
                self._learn(figure.metric_id, months_before(figure.month, back), *at[1:], n=None, value=value)
            if figure.status == "suppressed":
                self.there.add(Number(figure.metric_id, "n", *at))
        for part in bundle.contributions:
            if part.scope_id:
                scope = (part.scope_type, part.scope_id)
                base = months_before(bundle.period_start, 1 if part.period == "previous" else 12)
                self._learn(part.metric_id, bundle.period_start, scope, WHOLE, n=part.n, value=part.value)
                self._learn(part.metric_id, base, scope, WHOLE, n=None, value=part.base_value)
        for gap in bundle.withheld:
            name = (gap.metric_id, gap.dimension) if gap.metric_id else (gap.table, "")
            self.cut_short.add((*name, bundle.period_start, bundle.scope.key))
        self._read_tables(bundle)

    def _learn(self, metric: str, month: date, scope: Scope, cut: Cut, *, n: int | None, value: object) -> None:
        if n is not None:
            self.known[Number(metric, "n", month, scope, cut)] = Fraction(n)
        if value is None:
            return
        self.known[Number(metric, "value", month, scope, cut)] = Fraction(str(value))
        if self.truth.kinds.get(metric) in ("count", "distinct"):  # of which the value is how many there are
            self.known[Number(metric, "n", month, scope, cut)] = Fraction(str(value))
        cases = self.known.get(Number(metric, "n", month, scope, cut))
        if cases is not None and self.truth.kinds.get(metric) in ("proportion", "share", "ratio"):
            times = Fraction(str(value)) * cases
            if abs(times - round(times)) < Fraction(1, 1000):
                self.known[Number(metric, "numerator", month, scope, cut)] = Fraction(round(times))

    def _read_tables(self, bundle: Bundle) -> None:
        specs = {(spec.id, spec.title): spec for spec in bundle.spec.tables}
        for table in bundle.tables:
            spec = specs[table.id, table.title]
            for place, row in enumerate(table.rows):
                values = dict(zip((c.name for c in spec.columns), row, strict=False))
                name = row_name(spec, values)
                cut = self.truth.cuts.get((f"{table.id}:{table.title}", bundle.period_start, bundle.scope.key, name))
                self.there |= {  # a 0 is shown
                    Number(
                        f"{table.id}.{spec.columns[i].name}", "", bundle.period_start, bundle.scope.key, cut or WHOLE
                    )
                    for at, i in table.withheld
                    if at == place
                }
                for column, value in (values | ({spec.n: row[-1]} if spec.n else {})).items():
                    number = Number(f"{table.id}.{column}", "", bundle.period_start, bundle.scope.key, cut or WHOLE)
                    if value is not None and number in self.truth.numbers:
                        self.known[number] = Fraction(value)
        at = (bundle.period_start, bundle.scope.key)
        for shape in bundle.value_matrix:
            cell = frozenset({("cell", shape.cell)})
            self.known[Number("value_matrix.customers", "", *at, cell)] = Fraction(shape.customers)
            self.known[Number("value_matrix.spend", "", *at, cell)] = Fraction(str(shape.spend))
        for gap in bundle.servqual:
            self.known[Number("servqual_monthly.n", "", *at, frozenset({("dimension", gap.dimension)}))] = Fraction(
                gap.n
            )
        for cohort in bundle.cohorts:
            month = months_before(cohort.cohort_month, -cohort.month_number)
            number = Number("cohort_retention.customers", "", month, COMPANY)
            for cut in self.truth.places[number.of, "", ""].get(month, ()):
                if ("month_number", str(cohort.month_number)) in cut:
                    self.known[number._replace(cut=cut)] = Fraction(cohort.customers)

    def is_known(self, number: Number) -> bool:
        """Printed, or seen to be none: a whole figure that is hidden says that there is one, a part of a split not."""
        if number in self.known:
            return True
        if number in self.truth.numbers or not number.cut:
            return number not in self.truth.numbers
        if (number.month, number.scope) not in self.held:
            return False
        if number.part:
            return (number.of, number.dimension, number.month, number.scope) not in self.cut_short
        return (number.of.partition(".")[0], number.month, number.scope) not in self._cut_tables

    @cached_property
    def _cut_tables(self) -> set[tuple[str, date, Scope]]:
        """Tables of which not all is shown."""
        names = {of: self._tables_of(of) for of, *_ in self.cut_short}
        return {(table, month, scope) for of, _, month, scope in self.cut_short for table in names[of]}

    def _tables_of(self, title: str) -> set[str]:
        return {name.partition(":")[0] for name, *_ in self.truth.cuts if name.partition(":")[2] == title} | {
            {"Customer value matrix": "value_matrix"}.get(title, "")
        }

    # what adds up to what

    def _instances(self, identity: Identity) -> Iterator[dict[Number, int]]:
        lead = next((term for term in identity.terms if term.by), None)
        for month, scope in itertools.product(self.truth.months, self.truth.scopes):
            if not all(self._is_covered(identity, term, month, scope[0]) for term in identity.terms):
                continue
            keys: list[tuple[str, ...]] = [()]
            if lead is not None:
                cuts = [n.cut for n in self._numbers(identity, lead, month, scope, None) if n in self.truth.numbers]
                keys = sorted({tuple(dict(cut)[column] for column in lead.by) for cut in cuts})
            for key in keys:
                row: dict[Number, int] = defaultdict(int)
                for term in identity.terms:
                    for back in range(term.back[0], term.back[1] + 1):
                        for number in self._numbers(identity, term, months_before(month, back), scope, key):
                            row[number] += term.times
                yield dict(row)

    def _is_covered(self, identity: Identity, term: Term, month: date, scope_type: str) -> bool:
        if term.name.startswith("{"):
            return True
        of, dimension = self._name(identity, term)
        return all(
            (of, term.part, dimension, months_before(month, back), scope_type) in self.truth.covered
            for back in range(term.back[0], term.back[1] + 1)
        )

    def _name(self, identity: Identity, term: Term) -> tuple[str, str]:
        if term.part:
            return term.name, next(iter(term.columns), "")
        return f"{identity.table}.{term.name}", ""

    def _numbers(
        self, identity: Identity, term: Term, month: date, scope: Scope, key: tuple[str, ...] | None
    ) -> list[Number]:
        """The numbers of a term, of these values of what it is cut by (of all: None)."""
        if term.name.startswith("{"):
            return [Number((key or ("",))[0], term.part, month, scope)]
        of, dimension = self._name(identity, term)
        found = []
        for cut in self.truth.places[of, term.part, dimension].get(month, ()):
            named = dict(cut)
            chosen = all((named[one.column] in one.values) != one.without for one in term.chosen)
            if chosen and (key is None or tuple(named[column] for column in term.by) == key[: len(term.by)]):
                found.append(Number(of, term.part, month, scope, cut))
        return found

    def _sums(self) -> Iterator[dict[Number, int]]:
        """Scopes that make up the company or a region, values of a dimension that make up the whole."""
        for (of, part, _), by_month in self.truth.places.items():
            for month, cuts in by_month.items():
                for cut in cuts:
                    yield from self._scope_sums(of, part, month, cut)
                if part and WHOLE not in cuts:
                    for scope in self.truth.scopes:
                        yield {Number(of, part, month, scope): 1} | {
                            Number(of, part, month, scope, cut): -1 for cut in cuts
                        }

    def _scope_sums(self, of: str, part: str, month: date, cut: Cut) -> Iterator[dict[Number, int]]:
        for scope_type in TYPES:
            members = [Number(of, part, month, s, cut) for s in self.truth.scopes if s[0] == scope_type]
            yield {Number(of, part, month, COMPANY, cut): 1} | dict.fromkeys(members, -1)
        for region in set(self.truth.regions.values()):
            stores = [s for s in self.truth.scopes if s[0] == "store" and self.truth.regions.get(s[1]) == region]
            inside = [Number(of, part, month, store, cut) for store in stores]
            yield {Number(of, part, month, ("region", region), cut): 1} | dict.fromkeys(inside, -1)

    def _is_true(self, row: Mapping[Number, int], *, at_most: bool = False) -> bool:
        parts = [times * self.truth.numbers.get(number, Fraction(0)) for number, times in row.items()]
        near = Fraction(1, 10**7) * max(1, sum(map(abs, parts)))
        there = {times > 0 for number, times in row.items() if number in self.truth.numbers}
        return (sum(parts) <= near if at_most else abs(sum(parts)) <= near) and len(there) == 2

    # what follows

    def leaks(self, small: int, *, bounds: bool = True) -> list[Leak]:
        """Targets that are printed, come out, or whose sum of fewer than `small` does."""
        hidden = sorted(number for number in self.targets if number not in self.known)
        found = [Leak((one,), self.truth.numbers[one], "printed") for one in self.targets if one in self.known]
        unknown = [[n for n in row if not self.is_known(n)] for row in self.rows]
        for part in self._parts(unknown, set(hidden)):
            found += _Part(self, part).leaks(small, bounds=bounds)
        return found

    def _parts(self, unknown: Sequence[Sequence[Number]], wanted: set[Number]) -> list[list[int]]:
        """Rows that hang together and have a target."""
        above: dict[object, object] = {}

        def top(one: object) -> object:
            while above.setdefault(one, one) != one:
                above[one] = above[above[one]]
                one = above[one]
            return one

        for i, numbers in enumerate(unknown):
            for number in numbers:
                above[top(number)] = top(i)
        with_target = {top(number) for number in wanted if number in above}
        parts: dict[object, list[int]] = defaultdict(list)
        for i, numbers in enumerate(unknown):
            if numbers and top(i) in with_target:
                parts[top(i)].append(i)
        return list(parts.values())


class _Part:
    """A system of rows that hang together, solved."""

    def __init__(self, attack: Attack, rows: Sequence[int]) -> None:
        self.attack, self.rows = attack, [attack.rows[i] for i in rows]
        unknown = {number for row in self.rows for number in row if not attack.is_known(number)}
        self.names = sorted(unknown)
        self.place = {number: i for i, number in enumerate(self.names)}
        self.targets = [number for number in self.names if number in attack.targets]

    def value(self, number: Number) -> Fraction:
        return self.attack.truth.numbers.get(number, Fraction(0))

    def leaks(self, small: int, *, bounds: bool) -> Iterator[Leak]:
        signature = self._signatures()
        for size in range(1, MAX_TOGETHER + 1):
            for numbers in self._summing_to_nothing(signature, size):
                cases = sum((self.value(number) for number in numbers), Fraction(0))
                if cases < small:
                    yield Leak(numbers, cases, "by sums")
        if bounds:
            yield from self._pinned()

    def _signatures(self) -> dict[Number, int]:
        """Per unknown a number modulo a prime: unknowns whose signatures sum to 0 have a sum that the rows say."""
        matrix = np.zeros((len(self.rows), len(self.names)), dtype=np.int64)
        for i, row in enumerate(self.rows):
            for number, times in row.items():
                if number in self.place:
                    matrix[i, self.place[number]] = times % PRIME
        pivots: list[int] = []
        for column in range(matrix.shape[1]):
            at = len(pivots)
            below = np.flatnonzero(matrix[at:, column])
            if not len(below):
                continue
            matrix[[at, at + below[0]]] = matrix[[at + below[0], at]]
            matrix[at] = matrix[at] * pow(int(matrix[at, column]), -1, PRIME) % PRIME
            others = np.flatnonzero(matrix[:, column])
            others = others[others != at]
            matrix[others] = (matrix[others] - matrix[others, column][:, None] * matrix[at] % PRIME) % PRIME
            pivots.append(column)
            if len(pivots) == matrix.shape[0]:
                break
        free = sorted(set(range(matrix.shape[1])) - set(pivots))
        random = np.random.default_rng(7).integers(1, PRIME, len(free))
        found = {self.names[column]: (PRIME - int(random[i])) % PRIME for i, column in enumerate(free)}
        for i, column in enumerate(pivots):
            parts = [int(matrix[i, other]) * int(random[j]) for j, other in enumerate(free)]
            found[self.names[column]] = sum(parts) % PRIME
        return found

    def _summing_to_nothing(self, signature: Mapping[Number, int], size: int) -> Iterator[tuple[Number, ...]]:
        """Targets of one name and month, so many, of scopes or cuts apart, whose sum is said, and none by itself."""
        alone = [one for one in self.targets if signature[one] == 0]
        if size == 1:
            yield from ((one,) for one in alone)
            return
        groups: dict[tuple[str, str, date, str], list[Number]] = defaultdict(list)
        for one in self.targets:
            if signature[one]:
                groups[one.of, one.part, one.month, one.scope[0]].append(one)
        for group in groups.values():
            by_signature: dict[int, list[Number]] = defaultdict(list)
            for one in group:
                by_signature[signature[one]].append(one)
            for some in itertools.combinations(group, size - 1):
                wanted = -sum(signature[one] for one in some) % PRIME
                for last in by_signature.get(wanted, ()):
                    if last > some[-1] and len({(one.scope, one.cut) for one in (*some, last)}) == size:
                        yield (*some, last)

    def _pinned(self) -> Iterator[Leak]:
        """Targets that can be one whole number only, as nothing is less than none, and what is told to be there is."""
        if not self.targets:
            return
        equal, at = self._linear(self.rows)
        limits = [
            row
            for row in self.attack.limits
            if not self.place.keys().isdisjoint(row)
            and all(one in self.place or self.attack.is_known(one) for one in row)
        ]
        most, upto = self._linear(limits)
        bounds = [(1.0 if number in self.attack.there else 0.0, None) for number in self.names]
        low, high = np.full(len(self.names), np.inf), np.full(len(self.names), -np.inf)  # seen in what may be
        for target in self.targets:
            at_target = self.place[target]
            for sign in (1, -1):
                if np.floor(high[at_target] + NEAR) > np.ceil(low[at_target] - NEAR):
                    break
                aim = np.zeros(len(self.names))
                aim[at_target] = sign
                found = linprog(aim, most, upto, equal, at, bounds, method="highs")
                if found.status != 0:  # no end to it
                    low[at_target], high[at_target] = -np.inf, np.inf
                else:
                    low, high = np.minimum(low, found.x), np.maximum(high, found.x)
            ends = (low[at_target], high[at_target])
            if np.floor(ends[1] + NEAR) <= np.ceil(ends[0] - NEAR):
                yield Leak((target,), self.value(target), f"within {ends[0]:.3f} and {ends[1]:.3f}")

    def _linear(self, rows: Sequence[Mapping[Number, int]]) -> tuple[np.ndarray, np.ndarray]:
        left = np.zeros((len(rows), len(self.names)))
        right = np.zeros(len(rows))
        for i, row in enumerate(rows):
            for number, times in row.items():
                if number in self.place:
                    left[i, self.place[number]] = times
                else:
                    right[i] -= times * float(self.value(number))
        return left, right
