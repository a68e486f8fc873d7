"""The `kefu` command: words in, exit code out (0 done, 1 a check failed or input was refused, 2 wrong use)."""

from __future__ import annotations

import os
import sys
import warnings
from datetime import UTC, date, datetime
from pathlib import Path

import click
from pydantic import ValidationError

from orchestration.errors import CommandFailedError
from orchestration.lock import WarehouseBusyError
from orchestration.progress import reporting_to
from orchestration.settings import REPOSITORY, Settings

FAILED = 1


class Day(click.ParamType[date]):
    """A calendar day, YYYY-MM-DD."""

    name = "YYYY-MM-DD"

    def convert(self, value: str | date, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no day; write it as 2026-10-31", param, ctx)


class Month(click.ParamType[str]):
    """A calendar month, YYYY-MM."""

    name = "YYYY-MM"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return datetime.strptime(value, "%Y-%m").replace(tzinfo=UTC).strftime("%Y-%m")
        except ValueError:
            self.fail(f"{value!r} is no month; write it as 2026-10", param, ctx)


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done, 1 a check failed or input was refused, 2 wrong use.",
)
@click.version_option(package_name="kefu")
@click.pass_context
def cli(context: click.Context) -> None:
    """Kefu: a customer-service data warehouse in a box.

    Everything lives under KEFU_HOME (default: var/ below this folder): deliveries in landing/<source>/<YYYY-MM-DD>/,
    mappings in sources/<source>.yml, settings in kefu.toml, the warehouse in published/kefu.duckdb, reports in
    reports/, mails in outbox/.
    """
    if context.resilient_parsing:
        return
    try:
        context.obj = Settings()
    except ValidationError as error:
        lines = (f"  {'.'.join(map(str, fault['loc'])) or 'settings'}: {fault['msg']}" for fault in error.errors())
        raise click.UsageError("settings that make no sense:\n" + "\n".join(lines)) from error


@cli.command()
@click.option("--date", "day", type=Day(), required=True, help="Day of delivery: landing/<source>/<day>/ is read.")
@click.pass_obj
def ingest(settings: Settings, day: date) -> None:
    """Read one day's deliveries into the raw zone."""
    from orchestration import commands

    _not_in_future(settings, day)
    commands.ingest(settings, day, day)


@cli.command()
@click.option("--date", "day", type=Day(), required=True, help="Day of delivery; figures are cut at its end.")
@click.pass_obj
def nightly(settings: Settings, day: date) -> None:
    """Ingest a day, build the warehouse, check it, publish it."""
    from orchestration import commands

    _not_in_future(settings, day)
    commands.nightly(settings, day, day)


@cli.command()
@click.option("--from", "first", type=Day(), required=True, help="First day of delivery.")
@click.option("--to", "last", type=Day(), required=True, help="Last day of delivery.")
@click.pass_obj
def backfill(settings: Settings, first: date, last: date) -> None:
    """The nightly job for a range of days, in one run with one dbt call."""
    from orchestration import commands

    if first > last:
        raise click.UsageError(f"--from {first} is after --to {last}")
    _not_in_future(settings, last)
    commands.nightly(settings, first, last)


@cli.command()
@click.option("--month", type=Month(), required=True, help="Month to report.")
@click.option("--send", is_flag=True, help="Mail it too; held back while the month is incomplete or a source is stale.")
@click.option("--replace", is_flag=True, help="Issue it anew where the issued figures differ from today's.")
@click.pass_obj
def report(settings: Settings, month: str, send: bool, replace: bool) -> None:
    """Freeze the figures of a month and render the report."""
    from orchestration import commands

    _not_in_future(settings, date.fromisoformat(f"{month}-01"))
    commands.report(settings, month, send=send, replace=replace)


@cli.command()
@click.option(
    "--size",
    type=click.Choice(["xs", "s", "m", "l"]),
    default="s",
    show_default=True,
    help="xs 200, s 5,000, m 1 million, l 10 million customers.",
)
@click.pass_obj
def demo(settings: Settings, size: str) -> None:
    """Make the demo company's exports, run its nights as one backfill, and its last report."""
    from orchestration.demo_run import run_demo

    for line in run_demo(settings, size):
        click.echo(line)


@cli.command()
@click.pass_obj
def doctor(settings: Settings) -> None:
    """Say what is wrong with this installation and how to mend it."""
    from orchestration.doctor import examine

    findings = examine(settings)
    for finding in findings:
        click.echo(f"{'✓' if finding.is_fine else '✗'} {finding.name:<12} {finding.text}")
    if not all(finding.is_fine for finding in findings):
        sys.exit(FAILED)


@cli.command()
@click.option("--port", type=click.IntRange(1, 65535), default=3000, show_default=True, help="Port on loopback.")
@click.pass_obj
def dev(settings: Settings, port: int) -> None:
    """Open the Dagster UI of this home, with its schedules and sensor."""
    from orchestration.commands import prepare_dagster_home

    dagster = Path(sys.executable).with_name("dagster")
    environment = os.environ | {"DAGSTER_HOME": str(prepare_dagster_home(settings)), "KEFU_HOME": str(settings.home)}
    workspace = str(REPOSITORY / "workspace.yaml")
    os.chdir(REPOSITORY)  # dagster dev keeps its own scratch folder where it is started
    os.execve(dagster, [str(dagster), "dev", "-w", workspace, "-h", "127.0.0.1", "-p", str(port)], environment)  # noqa: S606


def _not_in_future(settings: Settings, day: date) -> None:
    today = datetime.now(settings.company.zone).date()
    if day > today:
        raise click.UsageError(f"{day} is in the future (it is {today} in {settings.company.time_zone})")


def main() -> None:
    """Runs the command line. Errors that a person can mend are printed without a traceback."""
    if not sys.warnoptions:  # what libraries tell developers is not for the reader of a terminal
        warnings.simplefilter("ignore")
    try:
        with reporting_to():
            cli.main(standalone_mode=True)
    except (CommandFailedError, WarehouseBusyError) as error:
        click.echo(f"kefu: {error}", err=True)
        sys.exit(FAILED)
