"""Companies whose rows satisfy the contract and are as hostile as it allows: what a night must never stop for.

`write` lays many of them into one home: each has keys of its own, and several share a source. A seed says all about a
home, so that one that stopped a night can be had again.
"""

from __future__ import annotations

import csv
import random
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

from foundation.contract import Column, Entity, contract
from foundation.settings import DBT_PROJECT_DIR, REPOSITORY
from orchestration.metric_docs import lineage_rows

DELIVERIES = (date(2026, 10, 31), date(2026, 11, 30))
AS_OF = DELIVERIES[-1]
_MAPPING = REPOSITORY / "orchestration" / "mappings" / "canonical.yml"
_TABLES = (REPOSITORY / "demo" / "reference", DBT_PROJECT_DIR / "seeds")


def _at(*parts: int) -> datetime:
    return datetime(*parts)  # noqa: DTZ001 - as files state it


_EDGES = (
    _at(1900, 1, 1),
    _at(1969, 12, 31, 23, 59, 59, 999999),
    _at(2026, 3, 8, 6, 30),  # an hour that New York's clocks leave out
    _at(2026, 3, 8, 7, 0),
    _at(2026, 11, 1, 5, 30),  # one that they show twice
    _at(2026, 11, 1, 6, 30),
    _at(2026, 10, 31, 16, 0),  # November begins in Shanghai
    _at(2026, 11, 1, 4, 0),  # and in New York
    _at(2026, 11, 30, 23, 59, 59, 999999),
    _at(2026, 12, 31),  # ahead
    _at(2099, 1, 1),
)
_STEPS = tuple(
    timedelta(**step)
    for step in (
        {},
        {"microseconds": 1},
        {"microseconds": -1},
        {"milliseconds": 200},
        {"seconds": 30},
        {"minutes": 1},
        {"minutes": -5},
        {"hours": 3},
        {"days": 1},
        {"days": -1},
        {"days": 31},
        {"days": 400},
    )
)
_TEXTS = (
    "",
    " ",
    "a",
    "A",
    "明灯",
    "O'Hara",
    '"',
    "*",
    "company",
    "unknown",
    "none",
    "-",
    "=1+1",
    "two\nlines",
    "x" * 300,
)
_NUMBERS = ("0", "1", "-1", "2", "3", "0.0001", "-0.01", "99.99", "5", "7", "10", "100", "1000000000", "-1000000000")
_HUGE = ("9999999999999", "-9999999999999")


@dataclass(frozen=True)
class Company:
    """What one company sends."""

    prefix: str
    random: random.Random
    entities: frozenset[str]
    rows: int  # of an entity, at most
    instants: tuple[datetime, ...]
    nulls: Callable[[random.Random, str, Column], bool]
    is_huge: bool
    rows_by_entity: dict[str, list[dict[str, str]]] = field(default_factory=lambda: defaultdict(list))


def write(
    home: Path, seed: int, *, sources: int, companies: int, states: bool, entities: frozenset[str] | None = None
) -> None:
    """Lays `companies` for each of `sources` into a home.

    `states` what the company states too: the demo company's tables, so that business hours, limits and targets count.
    `entities` alone, where they are named.
    """
    chosen = random.Random(seed)  # noqa: S311 - no secret
    zone = chosen.choice(("Asia/Shanghai", "America/New_York", "America/Bogota", "Asia/Kathmandu", "UTC"))
    (home / "kefu.toml").write_text(
        f'[company]\nname = "Hostile {seed}"\ntime_zone = "{zone}"\ncurrency = "CNY"\n'
        "[ingestion]\nmax_bad_share = 1\n"  # so that a file is not refused for the rows that the contract puts aside
    )
    (home / "sources").mkdir()
    if states:
        (home / "reference").mkdir()
        for path in _TABLES[0].glob("*.csv"):
            (home / "reference" / path.name).write_bytes(path.read_bytes())
    for number in range(sources):
        source = f"s{number}"
        text = _MAPPING.read_text(encoding="utf-8").replace("source: canonical", f"source: {source}")
        (home / "sources" / f"{source}.yml").write_text(text, encoding="utf-8")
        made = [_company(f"c{place}-", chosen, entities) for place in range(companies)]
        for day in DELIVERIES:
            _deliver(home / "landing" / source / str(day), made, is_last=day == AS_OF, chosen=chosen)


def _company(prefix: str, chosen: random.Random, only: frozenset[str] | None) -> Company:
    own = random.Random(chosen.random())  # noqa: S311
    everything = frozenset(contract())
    entities = only or own.choice(
        (
            everything,
            everything,
            everything,
            frozenset(own.sample(sorted(everything), 6)),
            frozenset(own.sample(sorted(everything), 1)),  # an entity alone
        )
    )
    begin = _at(2026, 11, 30) - timedelta(days=own.choice((3, 40, 200, 420)))
    span = own.choice((1, 1, 25, 400))  # one month alone, or a history
    usual = [begin + timedelta(days=own.random() * span) for _ in range(6)]
    instants = own.choice((tuple(usual), (*usual, own.choice(_EDGES)), (usual[0], *_EDGES), (usual[0],)))
    company = Company(
        prefix, own, entities, own.choice((1, 2, 6, 12)), instants, own.choice(_null_rules()), own.random() < 0.2
    )
    for name in contract():
        if name in entities:
            for number in range(own.randint(1, company.rows)):
                company.rows_by_entity[name].append(_row(company, contract()[name], number))
    return company


def _null_rules() -> tuple[Callable[[random.Random, str, Column], bool], ...]:
    """Which optional columns a company leaves empty: all, none, some, always the same ones."""

    def always_the_same(_: random.Random, entity: str, column: Column) -> bool:
        return zlib.crc32(f"{entity}.{column.name}".encode()) % 4 == 0

    return (
        lambda *_: True,
        lambda *_: False,
        lambda random, *_: random.random() < 0.3,
        lambda random, *_: random.random() < 0.8,
        always_the_same,
    )


def _row(company: Company, entity: Entity, number: int) -> dict[str, str]:
    row = {}
    for column in entity.mapped:
        is_needed = column.key or column.required
        if not is_needed and company.nulls(company.random, entity.name, column):
            row[column.name] = ""
        else:
            row[column.name] = _value(company, entity, column, number)
    return row


def _value(company: Company, entity: Entity, column: Column, number: int) -> str:
    own = company.random
    known = _known(column.name)
    if entity.keys == (column,):
        return f"{company.prefix}{number}"
    if column.references or column.identifier:
        # orphans, itself, cycles
        return own.choice((f"{company.prefix}{own.randint(0, company.rows)}", f"{company.prefix}{number}", "nobody"))
    if column.accepted_values:
        return own.choice(column.accepted_values)
    kind = column.data_type.partition("(")[0]
    if kind == "timestamp":
        return str(own.choice(company.instants) + own.choice(_STEPS))
    if kind == "date":
        return str((own.choice(company.instants) + own.choice(_STEPS)).date())
    if kind == "boolean":
        return own.choice(("true", "false"))
    if kind == "bigint":
        return own.choice(
            [text for text in _NUMBERS if "." not in text] + (["999999999999"] if company.is_huge else [])
        )
    if kind == "decimal":
        if column.name == "rate":
            return own.choice(("0.0000000001", "1", "7.1", "99999999"))
        return own.choice(_NUMBERS + (_HUGE if company.is_huge else ()))
    if column.name == "currency":
        return own.choice(("CNY", "cny", "EUR", "", "XXX"))
    if column.name == "time_zone":
        return own.choice(("Asia/Shanghai", "America/New_York", ""))
    return own.choice(known) if known and own.random() < 0.8 else own.choice(_TEXTS) or ("k" if column.key else "")


@cache
def _known(name: str) -> tuple[str, ...]:
    """What the demo company's tables and those that ship with Kefu have to say under a name."""
    if name == "metric_id":
        return tuple(sorted(lineage_rows()))
    alias = {"reason": "raw_reason", "closure_reason": "raw_reason", "cause": "code", "category": "code"}
    found: set[str] = set()
    for folder in _TABLES:
        for path in sorted(folder.glob("*.csv")):
            with path.open(encoding="utf-8", newline="") as file:
                for row in csv.DictReader(file):
                    for column in (name, alias.get(name, name)):
                        found |= {row[column]} if row.get(column) else set()
    return tuple(sorted(found))


def _deliver(folder: Path, companies: list[Company], *, is_last: bool, chosen: random.Random) -> None:
    folder.mkdir(parents=True)
    for name, entity in contract().items():
        rows = [
            row
            for company in companies
            for number, row in enumerate(company.rows_by_entity[name])
            # of a snapshot all rows come each time; of all else half at first, and some once more, changed
            if entity.load_mode == "snapshot" or (number % 2 == 0) != is_last or company.random.random() < 0.2
        ]
        if is_last:
            rows = [_changed(entity, row, chosen) for row in rows]
        if rows:
            with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, [column.name for column in entity.mapped])
                writer.writeheader()
                writer.writerows(rows)


def _changed(entity: Entity, row: Mapping[str, str], chosen: random.Random) -> dict[str, str]:
    """The row with another value or none in one column that may lack."""
    optional = [column.name for column in entity.mapped if not (column.key or column.required)]
    return {**row, chosen.choice(optional): ""} if optional and chosen.random() < 0.3 else dict(row)


def seeds(count: int, first: int = 1) -> Iterator[int]:
    """Those of homes that once stopped a night, and `count` more."""
    yield from dict.fromkeys((*KEPT, *range(first, first + count)))


KEPT: tuple[int, ...] = (12,)  # two customers with one incident: a key came twice
