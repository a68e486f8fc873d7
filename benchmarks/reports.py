"""`python -m benchmarks.reports --home var`: bundle, page, mail and PDF of 200 scopes; the PDF beside Chromium's.

Takes a home's published warehouse and multiplies its stores until there are scopes enough; nothing of the home is
changed. Pages and mails, then PDFs, are made by one pool of two processes that serve all scopes. Prints seconds a scope
and language, and the memory of the processes at their first and last scopes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import click
import duckdb

from foundation.languages import LANGUAGES, LanguageCode
from foundation.settings import Settings
from orchestration import warehouse
from reports.bundle.reading import Source
from reports.bundle.rows import Scope
from reports.bundle.store import read_bundle, write_bundle
from reports.delivery.mail import compose
from reports.delivery.recipients import Recipient
from reports.issuing.inputs import meta
from reports.page.render import render_html, render_pdf
from reports.registry import DEFAULT

WORKERS = 2
MOMENT = datetime(2026, 11, 3, 8, tzinfo=UTC)
EDGE = 10  # scopes at each end whose memory is told


@dataclass(frozen=True)
class Made:
    """What one task took: seconds of each step, and what its process holds afterwards."""

    seconds: tuple[float, ...]
    rss_mib: float


@click.command()
@click.option("--home", type=click.Path(path_type=Path, exists=True), default=Path("var"), show_default=True)
@click.option("--month", default="2026-10", show_default=True)
@click.option("--scopes", type=click.IntRange(1), default=200, show_default=True)
@click.option("--pdfs", type=click.IntRange(0), help="How many scopes get a PDF; all unless said.")
@click.option("--prints", type=click.IntRange(0), default=5, show_default=True, help="Pages that Chromium prints too.")
def main(home: Path, month: str, scopes: int, pdfs: int | None, prints: int) -> None:
    """What the reports of a month cost."""
    settings = Settings(home=home)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        with measured(f"multiply stores to {scopes} scopes"):
            multiplied(warehouse.published_version(settings), folder / "kefu.duckdb", scopes)
        paths = bundles(settings, folder, date.fromisoformat(f"{month}-01"), scopes)
        tasks = [(path, code) for path in paths for code in LANGUAGES]
        with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
            pool_of("HTML, mail", pool, page_and_mail, tasks)
            wanted = tasks if pdfs is None else tasks[: pdfs * len(LANGUAGES)]
            pool_of("PDF", pool, pdf, wanted)
        chromium = shutil.which("chromium") or shutil.which("chromium-browser")
        if chromium and prints:
            beside_chromium(chromium, tasks[:prints])


def multiplied(published: Path, target: Path, scopes: int) -> None:
    """A warehouse of the reporting tables in which every store stands so often that there are scopes enough."""
    with duckdb.connect(str(target)) as connection:
        connection.execute(f"attach '{published}' as origin (read_only)")
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'origin' "
            "and (schema_name = 'reporting' or table_name = 'dim_store')"
        ).fetchall()
        counted = "select count(distinct scope_id) from origin.reporting.kpi_monthly where scope_type "
        stores = connection.execute(counted + "= 'store'").fetchall()[0][0]
        others = connection.execute(counted + "in ('region', 'team')").fetchall()[0][0]
        copies = max(1, -(-(scopes - others) // stores))
        for schema, table in tables:
            connection.execute(f"create schema if not exists {schema}")
            columns = {
                name
                for (name,) in connection.execute(
                    "select column_name from duckdb_columns() where database_name = 'origin' "
                    "and schema_name = ? and table_name = ?",
                    [schema, table],
                ).fetchall()
            }
            name = "scope_id" if "scope_id" in columns else "store_id" if table == "dim_store" else None
            if name is None:
                connection.execute(f"create table {schema}.{table} as from origin.{schema}.{table}")
                continue
            is_store = "scope_type = 'store'" if name == "scope_id" else "true"
            copied = f"case when {is_store} and copy.i > 0 then {name} || '-' || copy.i else {name} end as {name}"
            connection.execute(
                f"create table {schema}.{table} as select t.* replace ({copied}) from origin.{schema}.{table} as t "
                f"cross join range({copies}) as copy(i) where {is_store} or copy.i = 0"
            )


def bundles(settings: Settings, folder: Path, month: date, scopes: int) -> list[Path]:
    """The bundle files of as many scopes, the company's first; one connection for all."""
    paths = []
    with duckdb.connect(str(folder / "kefu.duckdb"), read_only=True) as connection:
        start = time.perf_counter()
        source = Source(connection, DEFAULT, month, meta(settings, connection))
        click.echo(
            f"{'suppress and cut, once':<34}{time.perf_counter() - start:>8.2f} s, {len(source.hidden):,} cells hidden"
        )
        seconds, memory = [], []
        for scope in [Scope(), *source.scopes({"store", "region", "team"})][:scopes]:
            begin = time.perf_counter()
            bundle = source.bundle(scope)
            path = folder / bundle.folder / "bundle.json"
            write_bundle(bundle, path)
            seconds.append(time.perf_counter() - begin)
            memory.append(rss_mib())
            paths.append(path)
    tell(f"bundle, {len(paths)} scopes", (time.perf_counter() - start) / len(paths), seconds, memory)
    return paths


def page_and_mail(task: tuple[Path, LanguageCode]) -> Made:
    """The page of a bundle, and the mail that carries it."""
    path, code = task
    begin = time.perf_counter()
    bundle = read_bundle(path)
    page = render_html(bundle, code)
    path.with_name(f"{code}.html").write_text(page, encoding="utf-8")
    middle = time.perf_counter()
    reader = Recipient(id="reader", name="Reader", address="reader@example.com", language=code, scope=bundle.scope)
    compose(
        bundle, reader, {}, sender="kefu@example.com", unsubscribe="mailto:kefu@example.com", moment=MOMENT
    ).as_bytes()
    return Made((middle - begin, time.perf_counter() - middle), rss_mib())


def pdf(task: tuple[Path, LanguageCode]) -> Made:
    """The PDF of a page that is there."""
    path, code = task
    begin = time.perf_counter()
    path.with_name(f"{code}.pdf").write_bytes(render_pdf(path.with_name(f"{code}.html").read_text(encoding="utf-8")))
    return Made((time.perf_counter() - begin,), rss_mib())


def pool_of(
    step: str,
    pool: ProcessPoolExecutor,
    make: Callable[[tuple[Path, LanguageCode]], Made],
    tasks: Sequence[tuple[Path, LanguageCode]],
) -> None:
    """Run a step for all tasks and tell what it took a scope and language."""
    if not tasks:
        return
    begin = time.perf_counter()
    made = list(pool.map(make, tasks))
    wall = (time.perf_counter() - begin) / len(tasks)
    tell(f"{step}, {len(tasks)} renderings", wall, [sum(one.seconds) for one in made], [one.rss_mib for one in made])


def beside_chromium(chromium: str, tasks: Sequence[tuple[Path, LanguageCode]]) -> None:
    """The same pages as PDF by this software and by headless Chromium, one after the other in one run."""
    ours, theirs = [], []
    for path, code in tasks:
        page = path.with_name(f"{code}.html")
        ours.append(pdf((path, code)).seconds[0])
        begin = time.perf_counter()
        options = ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer")
        subprocess.run(  # noqa: S603  a program found on the path, a page of our own
            [chromium, *options, f"--print-to-pdf={page.with_suffix('.chromium.pdf')}", page.as_uri()],
            check=True,
            capture_output=True,
        )
        theirs.append(time.perf_counter() - begin)
    ratio = sum(ours) / sum(theirs)
    click.echo(
        f"PDF here {median(ours):.2f} s, Chromium {median(theirs):.2f} s a page file (median); ratio {ratio:.2f}"
    )


def tell(step: str, wall: float, seconds: Sequence[float], memory: Sequence[float]) -> None:
    first, last = median(memory[:EDGE]), median(memory[-EDGE:])
    click.echo(
        f"{step:<34}{wall:>8.3f} s wall each, {median(seconds):.3f} s median, {max(seconds):.3f} s longest; "
        f"{first:,.0f} MiB at first, {last:,.0f} MiB at last"
    )


def rss_mib() -> float:
    """What this process holds now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@contextmanager
def measured(step: str) -> Iterator[None]:
    begin = time.perf_counter()
    yield
    click.echo(f"{step:<34}{time.perf_counter() - begin:>8.2f} s")


if __name__ == "__main__":
    main()
