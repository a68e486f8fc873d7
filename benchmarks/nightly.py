"""`python -m benchmarks.nightly --size s`: what each step of a night costs, beside the floor.

Prints rows, wall and CPU seconds and peak memory, and how many times the floor's CPU a step takes. All steps run one
after the other in this process; what they wrote is thrown away at the end.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import click
import duckdb

from benchmarks import floor
from benchmarks.meter import Cost, measured
from demo import DELIVERIES, SIZES, furnish, generate
from expectations.suites import run_suite
from foundation.settings import Settings
from orchestration import commands, warehouse
from orchestration.ingestion import ingest

_DEAREST = 12
_HEAD = f"{'step':<38}{'rows':>14}{'wall s':>10}{'CPU s':>10}{'peak MiB':>10}{'x floor':>9}"


@click.command()
@click.option("--size", type=click.Choice(tuple(SIZES)), default="s", show_default=True)
@click.option("--home", type=click.Path(path_type=Path, file_okay=False), default=Path("var/bench"), show_default=True)
@click.option("--keep", is_flag=True, help="Leave what was written in HOME.")
def main(size: str, home: Path, keep: bool) -> None:
    """What each step of a night costs, beside the floor."""
    if home.exists() and any(home.iterdir()):
        raise click.UsageError(f"{home} is not empty; name another folder by --home or empty it")
    settings = Settings(home=home)
    click.echo(f"size {size}, {settings.engine.threads} threads, {settings.engine.memory_limit} of memory\n\n{_HEAD}")
    try:
        run(settings, size)
    finally:
        if not keep:
            shutil.rmtree(settings.home, ignore_errors=True)


def run(settings: Settings, size: str) -> None:
    """All steps, the real ones and the floor's, each printed as soon as it is measured."""
    furnish(settings.home)
    _step("generate", lambda: sum(file.rows for file in generate(settings.landing, size).files))
    lands = _step("floor: landing to Parquet", lambda: floor.land(settings.landing / "demo", settings.home / "floor"))
    shutil.rmtree(settings.home / "floor")
    _step("ingest", lambda: _ingest(settings), lands)
    _step("prepare", lambda: _rows(warehouse.prepare(settings).work, "control.loads"))
    candidate = warehouse.open_candidate(settings)
    bare = settings.home / "bare"
    shutil.copytree(candidate.folder, bare)
    _step("check raw", lambda: _check(settings, "raw", candidate))
    _step("parse the dbt project", lambda: len(warehouse.manifest(settings).nodes))
    empty = _next_to_nothing(settings.home / "empty")
    bare_graph = warehouse.prepare(empty, as_of=DELIVERIES[-1])
    nothing = _step("dbt where raw is empty but for stores", lambda: _build(empty, bare_graph))
    dbt = _step("dbt (beside dbt on empty raw)", lambda: _build(settings, candidate), nothing)
    _floor_of_dbt(settings, bare, candidate, dbt)
    shutil.rmtree(bare)
    _step("check marts", lambda: _check(settings, "marts", candidate))
    _step("publish", lambda: _rows(warehouse.publish(settings, candidate), "reporting.kpi_monthly"))
    _step("report", lambda: _report(settings))


def _step(name: str, work: Callable[[], int], of: Cost | None = None) -> Cost:
    with measured(name) as cost:
        cost.rows = work()
    _print(cost, of)
    return cost


def _print(cost: Cost, of: Cost | None = None) -> None:
    ratio = f"{cost.cpu_seconds / max(of.cpu_seconds, 0.01):>9.1f}" if of else ""
    click.echo(
        f"{cost.step:<38}{cost.rows:>14,}{cost.wall_seconds:>10.2f}{cost.cpu_seconds:>10.2f}{cost.peak_mib:>10,.0f}{ratio}"
    )


def _floor_of_dbt(settings: Settings, bare: Path, candidate: warehouse.Candidate, dbt: Cost) -> None:
    """Prints dbt's cost beside that of its own SQL, and the dearest models beside their hand-tuned SQL."""
    code = floor.compiled(settings.build / "dbt")
    costs: dict[str, Cost] = {}
    with floor.bare_connection(bare, candidate.folder, code.seeds) as connection:
        with measured("floor: dbt's models, bare SQL") as models:
            for model in code.models:
                with measured(model.name) as costs[model.name]:
                    costs[model.name].rows = floor.build(connection, model)
        models.rows = sum(cost.rows for cost in costs.values())
        models.peak_mib = max(cost.peak_mib for cost in costs.values())
        with measured("floor: dbt's tests, bare SQL") as tests:
            tests.rows = sum(floor.failures(connection, test) for test in code.tests)
        whole = Cost("floor of dbt", cpu_seconds=models.cpu_seconds + tests.cpu_seconds)
        _print(dbt, whole)
        _print(models)
        _print(tests)
        for name in sorted(costs, key=lambda name: -costs[name].cpu_seconds)[:_DEAREST]:
            costs[name].step = f"  {name}"
            _print(costs[name])
        for name, sql in floor.tuned():
            relation = next(model.relation for model in code.models if model.name == name)
            with measured(f"  {name}, hand-tuned") as hand:
                hand.rows = floor.build_tuned(connection, sql)
            floor.compare(connection, relation)
            _print(costs[name], hand)
            _print(hand)


def _next_to_nothing(home: Path) -> Settings:
    """A home whose raw zone holds the demo's stores and is empty else."""
    settings = Settings(home=home)
    generate(settings.landing, "xs")
    furnish(settings.home)
    for path in settings.landing.glob("*/*/*"):
        if path.name != "stores.csv" or path.parent.name != DELIVERIES[0].isoformat():
            path.unlink()
    ingest(settings, DELIVERIES[0], DELIVERIES[0])
    return settings


def _build(settings: Settings, candidate: warehouse.Candidate) -> int:
    return sum(node.rows or 0 for node in warehouse.build(settings, candidate))


def _rows(database: Path, table: str) -> int:
    with duckdb.connect(database, read_only=True) as connection:
        return int(connection.execute(f"select count(*) from {table}").fetchall()[0][0])


def _ingest(settings: Settings) -> int:
    outcome = ingest(settings, DELIVERIES[0], DELIVERIES[-1])
    for refusal in outcome.refusals:
        click.echo(f"refused: {refusal.message}", err=True)
    return sum(file.accepted for file in outcome.files)


def _check(settings: Settings, suite: Literal["raw", "marts"], candidate: warehouse.Candidate) -> int:
    """Asks one border's expectations; a finding is told, for a benchmark goes on all the same. Returns how many."""
    result = run_suite(
        suite, candidate.work, candidate.marts, overrides=settings.expectations, config=settings.engine.duckdb
    )
    if not result.passed:
        click.echo(f"{suite} suite: {result.summary()}", err=True)
    return len(result.outcomes)


def _report(settings: Settings) -> int:
    """The report of the last month without its mail; returns the files written."""
    commands.report(settings, f"{DELIVERIES[-1]:%Y-%m}", send=False)
    return sum(1 for path in settings.reports.rglob("*") if path.is_file())


if __name__ == "__main__":
    main()
