"""The `kefu` command: words in, exit code out (0 done, 1 a check failed or input was refused, 2 wrong use)."""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from pydantic import ValidationError

from foundation.errors import CommandFailedError
from foundation.languages import LANGUAGES, SOURCE, LanguageCode
from foundation.settings import Settings
from orchestration.lock import WarehouseBusyError
from orchestration.progress import reporting_to

if TYPE_CHECKING:  # reports are imported by the commands that need them: the others start sooner
    from reports.bundle.rows import Scope
    from reports.registry import ReportSpec

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


class Period(click.ParamType[str]):
    """A month or a day, as reports have them."""

    name = "YYYY-MM[-DD]"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if len(value) > len("2026-10"):
            return Day().convert(value, param, ctx).isoformat()
        return Month().convert(value, param, ctx)


class Edition(click.ParamType[tuple[str, int | None]]):
    """An issued report: its month or day, and its revision if it is not the one in force."""

    name = "YYYY-MM[-DD][@REVISION]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int | None]:
        if isinstance(value, tuple):
            return value
        period, _, revision = value.partition("@")
        if revision and not (revision.isdigit() and int(revision)):
            self.fail(f"{revision!r} is no revision; write a number from 1, such as {period}@1", param, ctx)
        return Period().convert(period, param, ctx), int(revision) if revision else None


class ScopeParam(click.ParamType["Scope"]):
    """Whose report: company, or type=id."""

    name = "SCOPE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Scope:
        from reports.bundle.rows import Scope

        if isinstance(value, Scope):
            return value
        scope_type, _, scope_id = value.partition("=")
        if value == "company":
            return Scope()
        if scope_type not in {"region", "store", "team"} or not scope_id:
            self.fail(f"{value!r} is no scope; write company, or one such as store=demo:S07", param, ctx)
        return Scope(type=scope_type, id=scope_id)


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done, 1 a check failed or input was refused, 2 wrong use.",
)
@click.version_option(package_name="kefu")
@click.pass_context
def cli(context: click.Context) -> None:
    """Kefu: a customer-service data warehouse in a box.

    Everything lives under KEFU_HOME (default: var/ below this folder): deliveries in landing/<source>/<YYYY-MM-DD>/,
    mappings in sources/<source>.yml, how far their pulls are in pulls/<source>.json, settings in kefu.toml, reference
    tables of your own in reference/<table>.csv, the warehouse in published/kefu.duckdb, reports in reports/, mails in
    outbox/.
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
    from orchestration import loading

    _not_in_future(settings, day)
    loading.ingest(settings, day, day)


@cli.command()
@click.option("--date", "day", type=Day(), required=True, help="Day of delivery: landing/<source>/<day>/ is filled.")
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@click.pass_obj
def pull(settings: Settings, day: date, sources: tuple[str, ...]) -> None:
    """Pull sources from their databases and APIs into the landing folder, as `pull:` in sources/<source>.yml says."""
    from orchestration import loading

    _not_in_future(settings, day)
    loading.pull(settings, day, sources)


@cli.command()
@click.option("--date", "day", type=Day(), required=True, help="Day of delivery; figures are cut at its end.")
@click.pass_obj
def nightly(settings: Settings, day: date) -> None:
    """Pull and ingest a day, build the warehouse, check it, publish it."""
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


@cli.group("source")
def source_group() -> None:
    """Where data comes from: propose a mapping from files, try it, list what there is, read it again."""


@source_group.command("add")
@click.argument("name")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="FILE...")
@click.option("--force", is_flag=True, help="Write a mapping anew that is there already.")
@click.option("--land", type=Day(), help="Copy the files to landing/<name>/<day>/ too.")
@click.pass_obj
def source_add(settings: Settings, name: str, files: tuple[Path, ...], force: bool, land: date | None) -> None:
    """Look at files (or folders of them) and propose a mapping, sources/<name>.yml, with evidence and questions."""
    from orchestration.onboarding.commands import add

    found = [one for path in files for one in ([path] if path.is_file() else sorted(path.iterdir())) if one.is_file()]
    add(settings, name, found, force=force, land=land)


@source_group.command("check")
@click.argument("name")
@click.option("--date", "day", type=Day(), help="Day of the delivery to try; the newest by default.")
@click.option(
    "--sample", type=click.Path(exists=True, dir_okay=False, path_type=Path), multiple=True,
    help="Try this file instead of a delivery; may be given several times.",
)  # fmt: skip
@click.option("--show-values", is_flag=True, help="Show the text of the files, which may be personal data.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--watch", is_flag=True, help="Check again whenever the mapping changes; Ctrl-C ends it.")
@click.pass_obj
def source_check(
    settings: Settings,
    name: str,
    day: date | None,
    sample: tuple[Path, ...],
    show_values: bool,
    as_json: bool,
    watch: bool,
) -> None:
    """Dry-run a mapping: what would be read, put aside, filled, and which figures there will be. Loads nothing."""
    from orchestration.onboarding.commands import check, watched

    def once() -> bool:
        return check(settings, name, day, sample, show_values=show_values, as_json=as_json)

    if not (watched(settings, name, once) if watch else once()):
        sys.exit(FAILED)


@source_group.command("schema")
def source_schema() -> None:
    """Print the JSON Schema of mappings, for editors: kefu source schema > mapping.schema.json."""
    from orchestration.ingestion.mapping_schema import schema_text

    click.echo(schema_text(), nl=False)


@source_group.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def source_list(settings: Settings, as_json: bool) -> None:
    """Show every source with its mapping, its newest delivery and its last load."""
    from orchestration.onboarding.commands import show_list

    show_list(settings, as_json=as_json)


@source_group.command("reload")
@click.argument("name")
@click.option("--from", "first", type=Day(), required=True, help="First day of delivery.")
@click.option("--to", "last", type=Day(), required=True, help="Last day of delivery.")
@click.pass_obj
def source_reload(settings: Settings, name: str, first: date, last: date) -> None:
    """Read the landed files of a source again by its mapping of now, after you changed it."""
    from orchestration.reload import reload

    if first > last:
        raise click.UsageError(f"--from {first} is after --to {last}")
    _not_in_future(settings, last)
    for line in reload(settings, name, first, last):
        click.echo(line)


class ReportName(click.ParamType["ReportSpec"]):
    """One of the reports, each a folder of its own."""

    name = "REPORT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> ReportSpec:
        from reports.registry import ReportSpec, report

        if isinstance(value, ReportSpec):
            return value
        try:
            return report(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


_EXAMPLE = date(2026, 10, 31)

_of_report = click.option(
    "--report", "spec", type=ReportName(), default="service_quality", show_default=True, help="Which report."
)


def _first_day(spec: ReportSpec, period: str) -> date:
    """The first day of a report's period; wrong use where the report has no such periods."""
    from reports.periods import first_day

    if not spec.calendar.has(period):
        wanted = f"a {spec.calendar.noun}, such as {spec.calendar.name(_EXAMPLE)}"
        raise click.UsageError(f"{spec.id} is made {spec.schedule}: give it {wanted}")
    return first_day(period)


@cli.group(invoke_without_command=True)
@_of_report
@click.option("--month", type=Month(), help="Month to report, of a monthly report.")
@click.option("--day", type=Day(), help="Day to report, of a daily report.")
@click.option(
    "--send",
    is_flag=True,
    help="Send it too, unless it is incomplete or a source is stale.",
)
@click.option("--dry-run", is_flag=True, help="Write the mails and cards that would go to preview/, and send none.")
@click.option("--revise", is_flag=True, help="Issue it anew where printed figures changed; needs --reason.")
@click.option("--reason", default="", help="Why it is revised, for the note in the report.")
@click.pass_context
def report(
    context: click.Context,
    spec: ReportSpec,
    month: str | None,
    day: date | None,
    send: bool,
    dry_run: bool,
    revise: bool,
    reason: str,
) -> None:
    """Freeze the figures of a month (or a day) and render the reports; look at issued ones."""
    given = [text for text in (month, day.isoformat() if day else None) if text]
    if context.invoked_subcommand:
        if given:
            option = "--month" if month else "--day"
            raise click.UsageError(f"{option} is for issuing; give {context.invoked_subcommand} the month as a word")
        return
    if len(given) != 1:
        raise click.UsageError(f"say which {spec.calendar.noun}: {spec.command(_EXAMPLE)}")
    (period,) = given
    first = _first_day(spec, period)
    if send and dry_run:
        raise click.UsageError("--send and --dry-run: say one of them")
    if revise != bool(reason.strip()):
        raise click.UsageError("--revise and --reason TEXT go together: the note in the report says why")
    from orchestration import commands
    from reports.issuing.issue import pending

    settings: Settings = context.obj
    _not_in_future(settings, first)
    commands.report(settings, period, spec.id, send=send, revise=revise, reason=reason.strip())
    click.echo(f"a folder for each scope, one for each language in it: {settings.reports / spec.id / period}")
    for line in pending(settings, first, spec.id):
        click.echo(line)
    if dry_run:
        from orchestration.delivery_commands import preview

        page, count = preview(settings, period, spec.id)
        click.echo(f"{count} messages to look at, none sent: {page}")


def _scope_option(command: Callable[..., None]) -> Callable[..., None]:
    help_text = "Whose report: company, or type=id such as store=demo:S07."
    return click.option("--scope", type=ScopeParam(), default="company", show_default=True, help=help_text)(command)


@report.command("diff")
@click.argument("old", type=Edition())
@click.argument("new", type=Edition())
@_of_report
@_scope_option
@click.option("--language", type=click.Choice(LANGUAGES), default=SOURCE, show_default=True)
@click.pass_obj
def report_diff(
    settings: Settings,
    old: tuple[str, int | None],
    new: tuple[str, int | None],
    spec: ReportSpec,
    scope: Scope,
    language: LanguageCode,
) -> None:
    """Show what differs between two issued reports, each a month or a month's revision: 2026-09 2026-10, or
    2026-10@1 2026-10@2. Of a daily report: days."""
    from orchestration.report_tables import show_diff
    from reports.issuing.issue import issued

    first, second = (
        issued(settings, scope, _first_day(spec, period), revision, spec.id) for period, revision in (old, new)
    )
    show_diff(first, second, language)


@report.command("differences")
@click.pass_obj
def report_differences(settings: Settings) -> None:
    """Show what the night found: printed figures that the warehouse now gives otherwise than the issued reports.

    The nights compare the last months' reports. A daily one is compared only when it is made again (--day), and stands.
    """
    from orchestration.report_tables import show_recorded

    show_recorded(settings)


@report.command("verify")
@click.argument("period", type=Period())
@_of_report
@click.pass_obj
def report_verify(settings: Settings, period: str, spec: ReportSpec) -> None:
    """Build the warehouse again from raw, as known when the month (or day) was issued, and compare every issued
    figure."""
    from orchestration.report_tables import show_verdict
    from orchestration.reporting import rebuilt
    from reports.issuing.verification import verify

    verdict = verify(settings, _first_day(spec, period), partial(rebuilt, settings), spec.id)
    if not show_verdict(verdict):
        sys.exit(FAILED)


@cli.group(invoke_without_command=True)
@click.option("--month", type=Month(), help="That month's reports alone.")
@click.option("--day", type=Day(), help="That day's reports alone.")
@click.pass_context
def delivery(context: click.Context, month: str | None, day: date | None) -> None:
    """Show which mails and cards were sent, failed, are held back, or nobody knows."""
    if context.invoked_subcommand is None:
        from orchestration.delivery_commands import show

        for line in show(context.obj, day.isoformat() if day else month):
            click.echo(line)


def _signed(command: Callable[..., None]) -> Callable[..., None]:
    """What a person decides has their name and reason."""
    by = click.option("--by", metavar="NAME", required=True, help="Who decides.")
    reason = click.option("--reason", metavar="TEXT", required=True, help="Why; it is kept.")
    return by(reason(command))


def _of_one_mail(command: Callable[..., None]) -> Callable[..., None]:
    """Which mail a person decides about."""
    for name in ("recipient", "period", "report"):  # the one named last comes first on the line
        command = click.argument(name)(command)
    return _signed(command)


def _command(report: str, period: str) -> str:
    """What makes a report that the ledger knows."""
    from reports.periods import first_day
    from reports.registry import report as known

    return known(report).command(first_day(period))


@delivery.command("release")
@_of_one_mail
@click.pass_obj
def delivery_release(settings: Settings, report: str, period: str, recipient: str, by: str, reason: str) -> None:
    """Let a mail go again that failed for good, or of which nobody knows whether it arrived."""
    from orchestration.delivery_commands import release

    for key in release(settings, report, period, recipient, by, reason):
        click.echo(f"{key} goes at the next {_command(report, period)} --send")


@delivery.command("confirm")
@_of_one_mail
@click.pass_obj
def delivery_confirm(settings: Settings, report: str, period: str, recipient: str, by: str, reason: str) -> None:
    """Write down that a mail has arrived of which nobody knew."""
    from orchestration.delivery_commands import confirm

    for key in confirm(settings, report, period, recipient, by, reason):
        click.echo(f"{key} counts as sent")


@delivery.command("release-hold")
@click.argument("report")
@click.argument("period")
@_signed
@click.pass_obj
def delivery_release_hold(settings: Settings, report: str, period: str, by: str, reason: str) -> None:
    """Let a report go for all the reasons that hold it back now; another reason holds it again."""
    from orchestration.delivery_commands import release_hold

    for passed in release_hold(settings, report, period, by, reason):
        click.echo(f"let pass: {passed}")
    click.echo(f"it goes at the next {_command(report, period)} --send")


@delivery.command("history")
@click.pass_obj
def delivery_history(settings: Settings) -> None:
    """Show everything that was written down of deliveries, oldest first."""
    from orchestration.delivery_commands import history

    for line in history(settings):
        click.echo(line)


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


@cli.command("dbt", context_settings={"ignore_unknown_options": True})
@click.option("--fresh", is_flag=True, help="Begin from the last good build again.")
@click.argument("words", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- DBT COMMAND ...")
@click.pass_obj
def dbt_command(settings: Settings, fresh: bool, words: tuple[str, ...]) -> None:
    """Run any dbt command on a copy of the last good build, with the variables of this home (docs/guides)."""
    from orchestration.warehouse import WarehouseBuildError, run_in_sandbox

    try:
        if not run_in_sandbox(settings, words, fresh=fresh):
            sys.exit(FAILED)
    except WarehouseBuildError as error:
        raise CommandFailedError(str(error)) from error


@cli.group("metric")
def metric_group() -> None:
    """How a metric is made, for who looks into a figure."""


@metric_group.command("sql")
@click.argument("name")
@click.pass_obj
def metric_sql(settings: Settings, name: str) -> None:
    """Print the one statement of a measured model, or of a metric's, ready to run on the last good build."""
    from orchestration.metric_statement import statement

    click.echo(statement(settings, name))


@metric_group.command("explain")
@click.argument("name")
def metric_explain(name: str) -> None:
    """Say what a metric, or each of a measured model, counts, over which rows, from which columns."""
    from orchestration.metric_statement import explanation

    click.echo(explanation(name))


@cli.group("reference")
def reference_tables() -> None:
    """What only the company can state: opening hours, holidays, targets, standards, costs."""


@reference_tables.command("init")
@click.pass_obj
def reference_init(settings: Settings) -> None:
    """Lay a commented table to fill in for each; those that are there stay as they are."""
    from orchestration import reference

    for path in reference.init(settings):
        click.echo(path)
    for seed in reference.not_stated(settings):
        click.echo(f"to fill in: {seed.name}")


@cli.command("verify")
@click.pass_obj
def verify_files(settings: Settings) -> None:
    """Check every file of the home against its hash: raw zone, build, published versions, issued reports, ledger."""
    from orchestration.recovery.soundness import look

    looked = look(settings)
    for fault in (fault for one in looked for fault in one.faults):
        click.echo(fault)
    click.echo(", ".join(f"{one.files:,} of {one.kind}" for one in looked if one.files) or "nothing to check yet")
    if any(one.faults for one in looked):
        sys.exit(FAILED)


@cli.command()
@click.pass_obj
def rebuild(settings: Settings) -> None:
    """Make everything above the raw zone again, in full, as of the last day; mends raw files first."""
    from orchestration import commands

    commands.rebuild(settings)


@cli.command()
@click.argument("target", type=click.Path(path_type=Path))
@click.pass_obj
def backup(settings: Settings, target: Path) -> None:
    """Copy the home into a new folder TARGET; nights may run meanwhile. Holds personal data: files are 0600."""
    from orchestration.recovery.copies import backup as copy

    click.echo(copy(settings, target))


@cli.command()
@click.argument("source", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.pass_obj
def restore(settings: Settings, source: Path) -> None:
    """Put the backup SOURCE in the place of what the home holds, which is moved aside, not deleted."""
    from orchestration.recovery.copies import restore as put_back

    for line in put_back(settings, source):
        click.echo(line)


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def status(settings: Settings, as_json: bool) -> None:
    """Say how the home stands: last good night, age of each source, what is held and why, deliveries, disk."""
    from orchestration.recovery.status import lines
    from orchestration.recovery.status import status as told_of

    reported = told_of(settings)
    click.echo(json.dumps(reported, indent=1) if as_json else "\n".join(lines(reported)))
    if reported["problems"]:
        sys.exit(FAILED)


@cli.group("identity")
def identity_group() -> None:
    """Who is one person: likely pairs to judge, why records were joined, decisions by hand."""


@identity_group.command("review")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Another file than identity/review.csv.")
@click.pass_obj
def identity_review(settings: Settings, out: Path | None) -> None:
    """Write the likely pairs to judge, with names: a file that its owner alone can read."""
    from orchestration.identity.likely import review

    path, count = review(settings, out)
    click.echo(f"{count} likely pairs: {path}")
    click.echo("judge each: kefu identity confirm A B --reason TEXT (one person), or apart A B --reason TEXT (two)")


@identity_group.command("explain")
@click.argument("customer")
@click.pass_obj
def identity_explain(settings: Settings, customer: str) -> None:
    """Say which records are one person with a customer, and which rule and column joined them."""
    from orchestration.identity.explaining import explain

    for line in explain(settings, customer):
        click.echo(line)


def _reasoned(command: Callable[..., None]) -> Callable[..., None]:
    return click.option("--reason", metavar="TEXT", required=True, help="Why, without personal data; it is kept.")(
        command
    )


@identity_group.command("confirm")
@click.argument("customer")
@click.argument("other")
@_reasoned
@click.pass_obj
def identity_confirm(settings: Settings, customer: str, other: str, reason: str) -> None:
    """Make two customers one person from the next build on."""
    from orchestration.identity.judging import confirm

    click.echo(confirm(settings, customer, other, reason))


@identity_group.command("apart")
@click.argument("customer")
@click.argument("other")
@_reasoned
@click.pass_obj
def identity_apart(settings: Settings, customer: str, other: str, reason: str) -> None:
    """Take a likely pair off the review: they are two persons."""
    from orchestration.identity.judging import apart

    click.echo(apart(settings, customer, other, reason))


@identity_group.command("split")
@click.argument("customer")
@_reasoned
@click.pass_obj
def identity_split(settings: Settings, customer: str, reason: str) -> None:
    """Make a customer a person of its own again from the next build on, whatever joined it."""
    from orchestration.identity.judging import split

    click.echo(split(settings, customer, reason))


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
    home = prepare_dagster_home(settings)
    environment = os.environ | {"DAGSTER_HOME": str(home), "KEFU_HOME": str(settings.home)}
    os.chdir(home)  # dagster dev keeps its own scratch folder where it is started
    words = ["dev", "-m", "orchestration.definitions", "-a", "defs", "-h", "127.0.0.1", "-p", str(port)]
    os.execve(dagster, [str(dagster), *words], environment)  # noqa: S606


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
