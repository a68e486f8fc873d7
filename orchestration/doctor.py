"""What `kefu doctor` looks at: settings, disk, versions, fonts, mail server. It mends nothing, it says how."""

from __future__ import annotations

import shutil
import smtplib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from foundation.errors import CommandFailedError
from foundation.settings import Settings

if TYPE_CHECKING:
    from reports.delivery.recipients import Recipient

_INDENT = "\n" + " " * 15
_MAX_FAULTS = 10
_MIN_FREE_BYTES = 2 * 1024**3
_PACKAGES = ("dagster", "dbt-core", "dbt-duckdb", "duckdb", "great-expectations", "typst")


@dataclass(frozen=True)
class HealthFinding:
    """One thing that was looked at; `text` says what to do when it is not fine."""

    name: str
    is_fine: bool
    text: str


def examine(settings: Settings) -> list[HealthFinding]:
    """Looks at everything; a look that fails is a finding, never an exception."""
    looks: list[Callable[[Settings], HealthFinding]] = [
        _python,
        _packages,
        _settings,
        _reference,
        _not_stated,
        _home,
        _disk,
        _published,
        _files,
        _reports,
        _pdf,
        _mail,
        _recipients,
        _alarms,
    ]
    return [_looked(look, settings) for look in looks]


def _looked(look: Callable[[Settings], HealthFinding], settings: Settings) -> HealthFinding:
    try:
        return look(settings)
    except (CommandFailedError, duckdb.Error, OSError) as error:  # what is damaged is named under files
        reported = str(error) if isinstance(error, CommandFailedError) else type(error).__name__
        return HealthFinding(look.__name__.strip("_").replace("_", " "), False, f"could not look: {reported}")


def _python(_: Settings) -> HealthFinding:
    version = ".".join(map(str, sys.version_info[:3]))
    fine = (3, 11) <= sys.version_info[:2] < (3, 13)
    return HealthFinding(
        "python", fine, version if fine else f"{version}; install with Python 3.11 or 3.12 (make setup)"
    )


def _packages(_: Settings) -> HealthFinding:
    missing = [name for name in _PACKAGES if not _installed(name)]
    if missing:
        return HealthFinding("packages", False, f"{', '.join(missing)} missing; install again (make setup)")
    return HealthFinding("packages", True, ", ".join(f"{name} {metadata.version(name)}" for name in _PACKAGES))


def _installed(name: str) -> bool:
    return any(True for _ in metadata.distributions(name=name))


def _settings(settings: Settings) -> HealthFinding:
    file = settings.home / "kefu.toml"
    origin = str(file) if file.exists() else "defaults (no kefu.toml)"
    company = settings.company
    text = f"{origin}; {company.name}, {company.time_zone}, {company.currency}"
    assumed = [name for name in ("time_zone", "currency") if name not in company.model_fields_set]
    if assumed:  # days, months and amounts stand on them
        text += f". Nobody stated {' and '.join(f'company.{name}' for name in assumed)}: if wrong, set them there"
    return HealthFinding("settings", True, text)


def _reference(settings: Settings) -> HealthFinding:
    from orchestration import reference

    own = reference.replaced(settings)
    reported = [fault for path in own for fault in reference.faults(path)]
    if reported:
        return HealthFinding("reference", False, _INDENT.join(reported))
    if not own:
        return HealthFinding(
            "reference", True, f"built-in tables; {settings.reference} replaces some (docs/reference.md)"
        )
    return HealthFinding("reference", True, f"{', '.join(path.stem for path in own)} from {settings.reference}")


def _not_stated(settings: Settings) -> HealthFinding:
    from orchestration import reference

    missing = [seed.name for seed in reference.not_stated(settings)]
    if not missing:
        return HealthFinding("not stated", True, "nothing: every table that only the company can fill has rows")
    waiting = figures_that_wait_for(missing)
    lines = [f"{table}: {_some(waiting[table])}" for table in missing]
    text = "tables that only the company can fill, and the figures that wait (kefu reference init lays them to fill in)"
    return HealthFinding("not stated", True, _INDENT.join([text, *lines]))


def figures_that_wait_for(tables: list[str]) -> dict[str, list[str]]:
    """The ids of the figures that stand on each of these reference tables, as their declarations say."""
    from foundation.declarations import REFERENCE, declared_metrics, stands_on

    found: dict[str, list[str]] = {table: [] for table in tables}
    for _, metric in declared_metrics():
        for need in stands_on(metric):
            for table in {column for entity, column in need if entity == REFERENCE} & set(tables):
                found[table].append(metric["id"])
    return {table: list(dict.fromkeys(ids)) for table, ids in found.items()}


def _some(ids: list[str], most: int = 4) -> str:
    if not ids:
        return "no figure is absent without it"
    more = f" and {len(ids) - most} more" if len(ids) > most else ""
    return ", ".join(ids[:most]) + more


def _home(settings: Settings) -> HealthFinding:
    probe = settings.home / ".doctor"
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
        probe.write_text("", encoding="utf-8")
        probe.unlink()
    except OSError as error:
        return HealthFinding(
            "home",
            False,
            f"{settings.home} cannot be written ({error.strerror}); set KEFU_HOME to a folder that can",
        )
    return HealthFinding("home", True, str(settings.home))


def _disk(settings: Settings) -> HealthFinding:
    existing = next(path for path in (settings.home, *settings.home.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    needed = max(_MIN_FREE_BYTES, 3 * _size_of(settings.published) + 2 * _size_of(settings.build))
    text = f"{free / 1e9:.1f} GB free, {needed / 1e9:.1f} GB wanted for the next build"
    return HealthFinding("disk", free >= needed, text if free >= needed else f"{text}; free some or move KEFU_HOME")


def _size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("*.duckdb"))


def _published(settings: Settings) -> HealthFinding:
    from orchestration.warehouse import MARTS_FILE

    path = settings.published / MARTS_FILE
    text = str(path) if path.exists() else "nothing published yet; run kefu nightly --date YYYY-MM-DD, or kefu demo"
    return HealthFinding("warehouse", True, text)


def _files(settings: Settings) -> HealthFinding:
    from orchestration.recovery.soundness import look

    looked = look(settings)
    found = [str(fault) for one in looked for fault in one.faults]
    if found:
        more = [f"and {len(found) - _MAX_FAULTS} more; kefu verify names each"] if len(found) > _MAX_FAULTS else []
        return HealthFinding("files", False, _INDENT.join([*found[:_MAX_FAULTS], *more]))
    return HealthFinding("files", True, f"{sum(one.files for one in looked):,} files are what was written")


def _reports(settings: Settings) -> HealthFinding:
    from reports.issuing.revisions import recorded
    from reports.registry import report

    found = list(recorded(settings.reports))
    if not found:
        return HealthFinding("reports", True, "no printed figure differs from the issued reports")
    periods = ", ".join(sorted({report(one.report).calendar.name(one.period_start) for one in found}))
    text = f"{sum(one.total for one in found)} printed figures of {periods} differ from the issued reports"
    return HealthFinding("reports", True, f"{text}; see kefu report differences")


def _pdf(_: Settings) -> HealthFinding:
    from pylopdf_fonts_zh_cn import sans_path

    if not sans_path().exists():
        return HealthFinding("pdf", False, f"{sans_path()} is missing; install again (make setup)")
    return HealthFinding("pdf", True, f"Typst {metadata.version('typst')}, fonts packaged")


def _mail(settings: Settings) -> HealthFinding:
    mail = settings.mail
    if mail.transport == "file":
        return HealthFinding("mail", True, f'files in {settings.outbox}; set mail.transport = "smtp" to send')
    try:
        opener = smtplib.SMTP_SSL if mail.security == "tls" else smtplib.SMTP
        with opener(mail.host, mail.port, timeout=mail.timeout_seconds) as server:
            server.noop()
    except OSError as error:
        return HealthFinding(
            "mail",
            False,
            f"{mail.host}:{mail.port} does not answer ({error}); see [mail] host, port and security",
        )
    return HealthFinding("mail", True, f"{mail.host}:{mail.port} answers")


def _recipients(settings: Settings) -> HealthFinding:
    from reports.delivery.recipients import RecipientsError, read_recipients

    path = settings.recipients
    try:
        found = read_recipients(path)
    except RecipientsError as error:
        return HealthFinding("recipients", False, str(error).replace("\n", "\n" + " " * 15))
    if not found:
        return HealthFinding("recipients", True, f"nobody gets a report: {path} names nobody (docs/delivery.md)")
    lost = _scopes_without_figures(settings, found)
    if lost:
        return HealthFinding(
            "recipients", False, f"{path}: {'; '.join(lost)}; name one that reporting.rpt_scope_names has"
        )
    shut = [f"{one.id}: {why}" for one in found if not one.is_mail for why in _why_shut(one)]
    if shut:
        return HealthFinding("recipients", False, f"{path}: {'; '.join(shut)}")
    rooms = sum(not one.is_mail for one in found)
    unlinked = "; cards have no link: set mail.archive" if rooms and not settings.mail.archive else ""
    return HealthFinding("recipients", True, f"{len(found)} in {path}, {rooms} of them rooms of chats{unlinked}")


def _why_shut(one: Recipient) -> Iterator[str]:
    """What is wrong with the address of a room or its secret. Nothing is posted."""
    try:
        _ = one.room, one.signature
    except ValueError as error:
        yield str(error)


def _alarms(settings: Settings) -> HealthFinding:
    from foundation.secrets import reveal
    from reports.delivery.chats import channel
    from reports.delivery.webhook import checked_url

    alarms = settings.alarms
    if not alarms.channel or not alarms.webhook:
        return HealthFinding("alarms", True, "by mail alone (docs/delivery.md)")
    try:
        channel(alarms.channel)
        checked_url(reveal(settings.home, alarms.webhook))
        _ = alarms.secret and reveal(settings.home, alarms.secret)
    except ValueError as error:
        return HealthFinding("alarms", False, str(error))
    return HealthFinding("alarms", True, f"by mail, and to a room of {alarms.channel}")


def _scopes_without_figures(settings: Settings, recipients: tuple[Recipient, ...]) -> list[str]:
    """Recipients of a store, region or team that the published warehouse does not know."""
    from orchestration.warehouse import MARTS_FILE

    path = settings.published / MARTS_FILE
    if not path.exists():
        return []
    with duckdb.connect(str(path), read_only=True) as connection:
        known = set(connection.execute("select scope_type, scope_id from reporting.rpt_scope_names").fetchall())
    return [
        f"{one.id} gets {one.scope.type} {one.scope.id!r}, which does not exist"
        for one in recipients
        if one.scope.type != "company" and (one.scope.type, one.scope.id) not in known
    ]
