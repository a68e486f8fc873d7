"""Generates the demo company's exports: the model in SQL, then one history export and one delivery a day.

How the company lives is in model/*.sql, how its files look in exports.yml; here is only the order of things.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import duckdb
import yaml
from pydantic import BaseModel, ConfigDict

from demo.files import write_file
from foundation.settings import REPOSITORY

SOURCE = "demo"
HISTORY_DATE = date(2026, 9, 30)
LAST_DATE = date(2026, 10, 31)
DELIVERIES = tuple(HISTORY_DATE + timedelta(days=i) for i in range((LAST_DATE - HISTORY_DATE).days + 1))
DUPLICATE_SHARE = 0.002

_HERE = Path(__file__).resolve().parent
# what a demo's raw zone is made by
_CODE_GLOBS = (
    "demo/**/*",
    "dbt_project/models/staging/_sources.yml",
    "foundation/contract.py",
    "orchestration/ingestion/*.py",
    "orchestration/mappings/demo.yml",
)

Progress = Callable[[str, int], None]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Size(_Frozen):
    """How large the company is; counts of orders and tickets are aimed at, not exact."""

    customers: int
    orders: int
    tickets: int
    agents_per_store: int
    products: int


SIZES = {
    "xs": Size(customers=200, orders=2_400, tickets=600, agents_per_store=2, products=40),
    "s": Size(customers=5_000, orders=60_000, tickets=15_000, agents_per_store=5, products=40),
    "m": Size(customers=10**6, orders=10**7, tickets=2 * 10**6, agents_per_store=50, products=120),
    "l": Size(customers=10**7, orders=10**8, tickets=2 * 10**7, agents_per_store=250, products=240),
}


class BrokenValue(_Frozen):
    """A way to break a row: the value that makes it so, in one column."""

    kind: str
    column: str
    value: str


class Export(_Frozen):
    """One kind of export file; exports.yml explains the fields."""

    file: str
    table: str
    key: tuple[str, ...]
    columns: dict[str, str]
    stamps: tuple[str, ...] = ()
    where: str = "true"
    encoding: str = "utf-8"
    bom: bool = False
    delimiter: str = ","
    sheet: str | None = None
    broken: tuple[BrokenValue, ...] = ()


class FileFacts(_Frozen):
    """What is known of one generated file. `rows` counts everything, duplicates and broken rows included."""

    path: str
    entity: str
    delivery: date
    rows: int
    duplicates: int
    broken: dict[str, int]


class Planted(_Frozen):
    """The effects that a report on this company must find, and those it must not."""

    failing_store: str = "S07"
    failing_from: date = date(2026, 8, 1)
    working_campaign: str = "C09"
    idle_campaign: str = "C10"
    improved_store: str = "S05"  # by the one improvement action that changed anything
    deleted_product: str = "P0037"
    deleted_on: date = date(2026, 10, 15)
    moved_customer: str = "K00000017"
    moved_on: date = date(2026, 10, 12)
    negative_balances: int = 3


class DemoFacts(_Frozen):
    """What is known of a generated company: its files, the distinct rows by entity, the planted effects."""

    size: str
    seed: int
    made_by: str  # code_fingerprint() of the day
    files: tuple[FileFacts, ...]
    rows: dict[str, int]
    planted: Planted

    @property
    def broken(self) -> int:
        return sum(sum(f.broken.values()) for f in self.files)


def generate(landing: Path, size: str, seed: int = 7, progress: Progress | None = None) -> DemoFacts:
    """Write landing/demo/<delivery>/… and beside landing demo_facts.json; an older demo is replaced whole.

    The same size and seed give the same bytes on any number of threads. Raises ValueError for an
    unknown size.
    """
    if size not in SIZES:
        raise ValueError(f"no demo size {size!r}; there are {', '.join(SIZES)}")
    report = progress or (lambda _step, _rows: None)
    target = landing / SOURCE
    partial = landing / f".{SOURCE}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        # Python's own variables are none of the tables, and looking for them would import pandas
        database = partial / "model.duckdb" if size == "l" else ":memory:"
        with duckdb.connect(database, config={"python_enable_replacements": False}) as connection:
            connection.execute(f"set temp_directory = '{partial / 'spill'}'")
            _model(connection, SIZES[size], seed, report)
            exports = load_exports()
            files = tuple(_deliver(connection, exports, partial, report))
            rows = {name: _delivered_rows(connection, export) for name, export in exports.items()}
        for leftover in ("model.duckdb", "model.duckdb.wal"):
            (partial / leftover).unlink(missing_ok=True)
        shutil.rmtree(partial / "spill", ignore_errors=True)
        shutil.rmtree(target, ignore_errors=True)
        partial.replace(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    facts = DemoFacts(size=size, seed=seed, made_by=code_fingerprint(), files=files, rows=rows, planted=Planted())
    facts_path(landing).write_text(facts.model_dump_json(indent=1), encoding="utf-8")
    return facts


@cache
def code_fingerprint() -> str:
    """Content hash of the code that leads from nothing to a demo's raw zone."""
    digest = hashlib.sha256()
    for path in sorted(path for pattern in _CODE_GLOBS for path in REPOSITORY.glob(pattern)):
        if path.is_file() and path.suffix != ".pyc":
            digest.update(path.relative_to(REPOSITORY).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def facts_path(landing: Path) -> Path:
    """Where generate leaves its facts: beside the landing folder, for they are no export."""
    return landing.parent / "demo_facts.json"


def read_facts(landing: Path) -> DemoFacts:
    """The facts of the demo company in this landing folder. Raises FileNotFoundError when there is none."""
    return DemoFacts.model_validate_json(facts_path(landing).read_text(encoding="utf-8"))


def load_exports() -> dict[str, Export]:
    """The kinds of export file by entity, as exports.yml states them."""
    stated = yaml.safe_load((_HERE / "exports.yml").read_text(encoding="utf-8"))
    for export in stated.values():
        export["broken"] = [
            dict(zip(("kind", "column", "value"), way, strict=True)) for way in export.get("broken", [])
        ]
    return {entity: Export.model_validate(export) for entity, export in stated.items()}


def _model(connection: duckdb.DuckDBPyConnection, size: Size, seed: int, report: Progress) -> None:
    """Build the company's whole life as tables of `connection`."""
    horizon = f"timestamp '{LAST_DATE + timedelta(days=1)}'"
    variables = {**size.model_dump(), "seed": f"'{seed}'", "horizon": horizon, "reference": f"'{_HERE / 'reference'}'"}
    for name, value in variables.items():
        connection.execute(f"set variable {name} = {value}")
    for script in sorted((_HERE / "model").glob("*.sql")):
        for statement in duckdb.extract_statements(script.read_text(encoding="utf-8")):
            connection.execute(statement)
        report(f"model: {script.stem[3:]}", 0)


def _deliver(
    connection: duckdb.DuckDBPyConnection, exports: dict[str, Export], folder: Path, report: Progress
) -> Iterator[FileFacts]:
    """Write every delivery and tell what was written."""
    for name, export in exports.items():
        connection.execute(f"create temp table daily_{name} as {_sent(export, _daily_rows(export))}")
        connection.execute(f"create temp view history_{name} as {_sent(export, _history_rows(export))}")
    counts = {
        (name, delivery): (int(rows), int(duplicates))
        for name in exports
        for table in ("daily", "history")
        for delivery, rows, duplicates in connection.execute(f"""
            select delivery, count(*), count(*) filter (where copy_no = 1) from {table}_{name} group by delivery
        """).fetchall()
    }
    for delivery in DELIVERIES:
        (folder / delivery.isoformat()).mkdir()
        written = 0
        for name, export in exports.items():
            rows, duplicates = counts.get((name, delivery), (0, 0))
            if not rows and delivery != HISTORY_DATE:
                continue  # nothing happened: this CRM sends no file
            columns = ", ".join(f'"{header}"' for header in export.columns)
            order = ", ".join(f"order_{i}" for i in range(len(export.key)))
            table = "history" if delivery == HISTORY_DATE else "daily"
            query = f"select {columns} from {table}_{name} where delivery = date '{delivery}' order by {order}"
            path = folder / delivery.isoformat() / export.file
            broken = write_file(connection, query, rows, path, export)
            rows += sum(broken.values())
            written += rows
            yield FileFacts(
                path=f"{delivery}/{export.file}",
                entity=name,
                delivery=delivery,
                rows=rows,
                duplicates=duplicates,
                broken=broken,
            )
        report(f"delivery {delivery}", written)


def _history_rows(export: Export) -> str:
    """The rows of the first export: all that is known at its end."""
    known = f"{export.stamps[0]}::date + delay <= date '{HISTORY_DATE}'" if export.stamps else "true"
    return f"""
        select *, date '{HISTORY_DATE}' as delivery, timestamp '{HISTORY_DATE + timedelta(days=1)}' as cut
        from {export.table}
        where {known}
    """


def _daily_rows(export: Export) -> str:
    """The rows of all daily deliveries: the snapshot, or what was born or changed that day."""
    if not export.stamps:
        return f"""
            select t.*, day::date as delivery, day + interval '1 day' as cut
            from
                {export.table} as t,
                range(timestamp '{DELIVERIES[1]}', getvariable('horizon'), interval '1 day') as d (day)
        """
    return f"""
        select t.*, due.delivery, due.delivery::timestamp + interval '1 day' as cut
        from {export.table} as t
        inner join (
            select distinct row_no, least(changed_at::date + delay, date '{LAST_DATE}') as delivery
            from (
                select rowid as row_no, delay, unnest([{", ".join(export.stamps)}]) as changed_at
                from {export.table}
                where greatest({", ".join(export.stamps)}) >= date '{HISTORY_DATE - timedelta(days=40)}'
            )
            where changed_at < getvariable('horizon') and changed_at::date + delay > date '{HISTORY_DATE}'
        ) as due on due.row_no = t.rowid
    """


def _sent(export: Export, rows: str) -> str:
    """The columns of the file with the delivery each row goes with; some rows are sent twice."""
    key = ", ".join(export.key)
    share = DUPLICATE_SHARE if export.stamps else 0
    columns = ", ".join(f'{expression} as "{header}"' for header, expression in export.columns.items())
    order = ", ".join(f"{column} as order_{i}" for i, column in enumerate(export.key))
    return f"""
        select {columns}, delivery, copy_no, {order}
        from (
            select *, unnest(range(1 + (u(({key}, delivery), 'repeated') < {share})::int)) as copy_no
            from ({rows})
            where {export.where}
        )
    """


def _delivered_rows(connection: duckdb.DuckDBPyConnection, export: Export) -> int:
    """Distinct rows of the entity known after the last delivery."""
    born = f"{export.stamps[0]} < cut" if export.stamps else "true"
    (count,) = connection.execute(f"""
        select count(*) from (select *, getvariable('horizon') as cut from {export.table})
        where {export.where} and {born}
    """).fetchone() or (0,)
    return int(count)
