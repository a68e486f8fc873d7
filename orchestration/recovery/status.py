"""`kefu status`: how a home stands, for a person on call or the program that watches it. Nothing is hashed here."""

from __future__ import annotations

import shutil
from collections import Counter
from contextlib import closing
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from foundation.errors import CommandFailedError
from foundation.settings import Settings
from orchestration.ingestion.manifest import Manifest
from orchestration.onboarding.listing import sources
from orchestration.recovery.build import MARTS
from reports.delivery.ledger import Ledger
from reports.issuing.revisions import recorded

SCHEMA = 1  # of the JSON


def status(settings: Settings, today: date | None = None) -> dict[str, Any]:
    """What can be told; what cannot be read stands under `problems`, in words."""
    today = today or datetime.now(settings.company.zone).date()
    problems: list[str] = []

    def reported(part: Any, otherwise: Any) -> Any:
        try:
            return part()
        except CommandFailedError as error:
            problems.append(str(error))
            return otherwise

    result = {
        "schema": SCHEMA,
        "version": version("kefu"),
        "home": str(settings.home),
        "warehouse": reported(lambda: _warehouse(settings, today), None),
        "sources": reported(lambda: _sources(settings, today), []),
        "held": reported(lambda: _held_loads(settings), []),
        "ledger": reported(lambda: _ledger(settings), None),
        "reports_that_differ": reported(lambda: len(list(recorded(settings.reports))), None),
        "disk": _disk(settings),
    }
    is_well = not problems and not result["held"] and result["warehouse"] is not None
    return {**result, "problems": problems, "is_well": is_well}


def lines(reported: dict[str, Any]) -> list[str]:
    """The same for a terminal."""
    found, ledger, disk = reported["warehouse"], reported["ledger"], reported["disk"]
    night = f"{found['as_of']} ({found['age_days']} days ago), build {found['build_id']}" if found else "none yet"
    shown = [("last good night", night)]
    for one in reported["sources"]:
        age = "never" if one["age_days"] is None else f"{one['last_load']}, {one['age_days']} days ago"
        shown.append((f"source {one['name']}", f"{age}, {one['status']}"))
    shown += [("held", f"{one['source']} {one['entity']} {one['day']}: {one['why']}") for one in reported["held"]]
    if ledger:
        counts = ", ".join(f"{count} {state}" for state, count in ledger["deliveries"].items()) or "nothing sent"
        shown.append(("deliveries", counts))
        shown += [(f"{one['report']} {one['period']}", f"held: {'; '.join(one['why'])}") for one in ledger["holds"]]
    if reported["reports_that_differ"]:
        shown.append(
            ("differences", f"of {reported['reports_that_differ']} issued reports; see kefu report differences")
        )
    shown.append(("disk", f"{disk['free_bytes'] / 1e9:.1f} GB free, the home has {disk['used_bytes'] / 1e9:.2f} GB"))
    shown += [("problem", one) for one in reported["problems"]]
    return [f"{name:<16} {text}" for name, text in shown]


def _warehouse(settings: Settings, today: date) -> dict[str, Any] | None:
    path = settings.published / MARTS
    if not path.exists():
        return None
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            row = connection.execute("select build_id, as_of_date, known_at from reporting.rpt_build").fetchone()
    except (duckdb.Error, OSError) as error:
        raise CommandFailedError(f"{path}: cannot be opened ({type(error).__name__}); see kefu verify") from error
    if row is None:
        return None
    published = datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="seconds")
    build_id, as_of, known_at = row
    return {
        "build_id": build_id,
        "as_of": str(as_of),
        "known_at": str(known_at),
        "age_days": (today - as_of).days,
        "published_at": published,
    }


def _sources(settings: Settings, today: date) -> list[dict[str, Any]]:
    return [
        {
            "name": one.name,
            "last_load": str(one.last_load) if one.last_load else None,
            "age_days": (today - one.last_load).days if one.last_load else None,
            "landed": str(one.landed) if one.landed else None,
            "status": one.status,
        }
        for one in sources(settings)
    ]


def _held_loads(settings: Settings) -> list[dict[str, Any]]:
    """The newest load of each entity and source where it was not taken in, and whatever is lost."""
    manifest = Manifest.read(settings.raw)
    newest = {(load.entity, load.source): load for load in sorted(manifest.loads, key=lambda load: load.load_date)}
    stopped = [load for load in newest.values() if load.status != "loaded"]
    lost = {(file.source, file.load_date) for file in manifest.files if file.status == "lost"}
    known = {id(load) for load in stopped}
    stopped += [load for load in manifest.loads if load.part in lost and load.error and id(load) not in known]
    return [
        {"entity": one.entity, "source": one.source, "day": str(one.load_date), "status": one.status, "why": one.error}
        for one in stopped
    ]


def _ledger(settings: Settings) -> dict[str, Any]:
    path = settings.ledger
    lock = path.with_name(f"{path.name}.lock") if isinstance(path, Path) else None
    if isinstance(path, Path) and lock and not path.exists() and not lock.exists():
        return {"deliveries": {}, "holds": []}  # asking must not make one
    with closing(Ledger(path)) as ledger:
        states = Counter(one.state for one in ledger.deliveries())
        holds = [one for one in ledger.holds() if one.open]
    return {
        "deliveries": dict(sorted(states.items())),
        "holds": [{"report": one.report, "period": one.period, "why": list(one.open)} for one in holds],
    }


def _disk(settings: Settings) -> dict[str, int]:
    existing = next(path for path in (settings.home, *settings.home.parents) if path.exists())
    used = sum(path.lstat().st_size for path in settings.home.rglob("*") if not path.is_dir())
    return {"free_bytes": shutil.disk_usage(existing).free, "used_bytes": used}
