"""Issued once, restated in the open: bundles on disk, what differs between two of them, and what was hidden.

A bundle lies in `<report>/<period>/<scope>/bundle.json`, the ones it replaced in `revisions/<n>.json` beside it,
differences that were found and not yet issued in `differences.json`. Nothing is rendered and no warehouse is read here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, ValidationError

from foundation.languages import LanguageCode
from reports.bundle.model import Bundle
from reports.bundle.rows import Cause, Changed, Place, Restatement, Scope
from reports.bundle.store import BundleDamagedError, read_bundle, read_content, write_atomically, write_bundle
from reports.bundle.suppression import CellKey
from reports.periods import CALENDARS, Schedule, first_day
from reports.registry import report
from reports.text.language import language
from reports.text.tables import printed, printed_table
from reports.text.units import SHAPES
from reports.text.wording import Wording

MAX_CHANGES = 60  # of a restatement; how many more there are is told
# earlier reports that the night compares and the next one restates: a month's figures are referred to, a day's are not
RESTATED: dict[Schedule, int] = {"monthly": 3, "daily": 0}
BUNDLE_FILE = "bundle.json"
DIFFERENCES_FILE = "differences.json"
HIDDEN_FILE = "hidden.parquet"


class NoSuchEditionError(LookupError):
    """A report, month, scope or revision that was never issued."""


class Differences(BaseModel):
    """What the warehouse says otherwise than an issued bundle; the file waits for the next revision."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    report: str
    period_start: date
    scope: Scope
    revision: int  # in force, of which they are the differences
    known_at: date
    changes: tuple[Changed, ...]
    total: int


@dataclass(frozen=True)
class IssueResult:
    """What became of a bundle: the one in force, whether this call wrote it, and what it does not say yet."""

    bundle: Bundle
    is_new: bool
    pending: tuple[Changed, ...] = ()


class PrintedValue(NamedTuple):
    """What stands there: as it is printed, and the number behind it."""

    text: tuple[str, ...]
    raw: str | None
    n: int | None


def issue(made: Bundle, reports: Path) -> IssueResult:
    """Write a bundle once below the folder of all reports and give the one in force.

    Made again, the issued one stands byte for byte. Printed figures that differ are recorded beside it and
    given as pending. Raises BundleDamagedError when the issued file is not what was written.
    """
    path = reports / made.folder / BUNDLE_FILE
    if not path.exists():
        write_bundle(made, path)
        return IssueResult(made, is_new=True)
    issued = read_bundle(path)
    changes = changed(issued, made)
    _record(issued, made, changes, path.with_name(DIFFERENCES_FILE))
    return IssueResult(issued, is_new=False, pending=changes)


def revise(
    made: Bundle, reports: Path, reason: str = "", causes: Iterable[Cause] = (), found: IssueResult | None = None
) -> IssueResult:
    """Issue a bundle anew where a printed figure changed, with a note of what and why; the old one is kept.

    `found` is what `issue` gave for it. Without a change of a printed figure the issued one stands. Raises
    NoSuchEditionError when nothing was issued.
    """
    path = reports / made.folder / BUNDLE_FILE
    if not path.exists():
        raise NoSuchEditionError(f"{path}: nothing was issued, so there is nothing to revise; run kefu report first")
    found = found or issue(made, reports)
    issued, changes = found.bundle, found.pending
    path.with_name(DIFFERENCES_FILE).unlink(missing_ok=True)
    if not changes:
        return IssueResult(issued, is_new=False)
    note = Restatement(
        period_start=made.period_start,
        revision=issued.revision + 1,
        known_at=made.meta.known_at,
        reason=reason,
        changes=changes[:MAX_CHANGES],
        total=len(changes),
        causes=(*_own_causes(issued, made), *causes),
    )
    bundle = made.model_copy(update={"revision": note.revision, "restated": note, "restatements": issued.restatements})
    kept = path.parent / "revisions" / f"{issued.revision}.json"
    kept.parent.mkdir(exist_ok=True)
    write_atomically(kept, path.read_bytes())
    write_bundle(bundle, path)
    return IssueResult(bundle, is_new=True)


def edition(reports: Path, report_id: str, month: date, scope: Scope, revision: int | None = None) -> Bundle:
    """An issued bundle: the one in force, or an earlier revision. Raises NoSuchEditionError, naming those there are."""
    spec = report(report_id)
    folder = reports / report_id / spec.calendar.name(month) / scope.folder
    if not (folder / BUNDLE_FILE).exists():
        raise NoSuchEditionError(f"{folder}: no such report was issued; run {spec.command(month)} first")
    current = read_bundle(folder / BUNDLE_FILE)
    if revision in (None, current.revision):
        return current
    kept = folder / "revisions" / f"{revision}.json"
    if not kept.exists():
        raise NoSuchEditionError(f"{folder}: there is no revision {revision}; there are 1 to {current.revision}")
    return read_bundle(kept)


def issued_scopes(reports: Path, report_id: str, month: date) -> list[Scope]:
    """Whose reports of a month were issued, the company first. Of the bundles nothing else is looked at."""
    folder = reports / report_id / report(report_id).calendar.name(month)
    found = [Scope.model_validate(read_content(path).get("scope")) for path in folder.glob(f"*/{BUNDLE_FILE}")]
    return sorted(found, key=lambda scope: (scope.type != "company", scope.type, scope.id))


def recorded(reports: Path) -> Iterator[Differences]:
    """Differences that were found and are not issued, oldest month first."""
    for path in sorted(reports.glob(f"*/*/*/{DIFFERENCES_FILE}")):
        yield read_recorded(path)


def read_recorded(path: Path) -> Differences:
    """Raises BundleDamagedError for a file that is not what was written."""
    try:
        return Differences.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is cut off, empty or no JSON of differences"
        raise BundleDamagedError(f"{path}: cannot be read ({why}); delete it, the next night compares again") from None


def restatements_since_last(reports: Path, report_id: str, month: date, scope: Scope) -> tuple[Restatement, ...]:
    """What was restated of earlier periods after the last one's report went out, the newest first."""
    calendar = report(report_id).calendar
    folder = reports / report_id / calendar.name(calendar.before(month, 1)) / scope.folder
    firsts = [path for path in (folder / "revisions" / "1.json", folder / BUNDLE_FILE) if path.exists()]
    if not firsts:
        return ()
    since = read_bundle(firsts[0]).meta.known_at
    notes = []
    for back in range(1, 13):
        path = reports / report_id / calendar.name(calendar.before(month, back)) / scope.folder / BUNDLE_FILE
        kept = sorted((path.parent / "revisions").glob("*.json"))
        older = [*kept, path] if kept else []  # what was never revised says nothing, and is not read
        found = [note for one in older if (note := read_bundle(one).restated) and note.known_at > since]
        notes += sorted(found, key=lambda note: note.revision)
    return tuple(notes)


def changed(old: Bundle, new: Bundle, *, exact: bool = False) -> tuple[Changed, ...]:
    """Figures of the report's month that are not printed alike (with `exact`: that are not equal), in printed order.

    Earlier months' points follow the restatement of their own report; what is usual belongs to the day beside it.
    """
    before, after = printed_values(old), printed_values(new)
    places = [*after, *(place for place in before if place not in after)]
    return tuple(
        Changed(
            **place.model_dump(),
            old=was.raw if was else None,
            new=now.raw if now else None,
            old_n=was.n if was else None,
            new_n=now.n if now else None,
        )
        for place in places
        if _differ(was := before.get(place), now := after.get(place), exact=exact)
    )


def _differ(was: PrintedValue | None, now: PrintedValue | None, *, exact: bool) -> bool:
    if was is None or now is None:
        return was is not now
    return was != now if exact else was.text != now.text


def printed_values(bundle: Bundle, code: LanguageCode = "en") -> dict[Place, PrintedValue]:
    """Every figure that the report prints of its month, in printed order."""
    wording = Wording(bundle, language(code))
    found: dict[Place, PrintedValue] = {}
    for figure in bundle.figures:
        if figure.month == bundle.period_start:
            row = printed(wording, figure)
            place = Place(
                metric_id=figure.metric_id,
                scope_type=figure.scope_type,
                scope_id=figure.scope_id,
                dimension=figure.dimension,
                dimension_value=figure.dimension_value,
            )
            texts = (row.value, row.interval, row.n, row.target, row.status_text)
            found[place] = PrintedValue(texts, _raw(figure.value), figure.n)
            if bundle.spec.schedule == "daily":  # no other report tells it: days have no report of what is usual
                beside = (row.previous, row.previous_n, row.change_previous)
                usual = place.model_copy(update={"column": "Usual"})
                found[usual] = PrintedValue(beside, _raw(figure.previous), figure.previous_n)
    specs = {(spec.id, spec.title): spec for spec in bundle.spec.tables}
    for table in bundle.tables:
        spec = specs[table.id, table.title]
        lines = printed_table(wording, spec, table).rows
        shown = [(i, c) for i, c in enumerate(spec.columns) if c.printed]
        words = [i for i, column in shown if not column.is_number]
        for values, line in zip(table.rows, lines, strict=True):
            name = tuple(values[i] for i in words) or (values[0],)
            for (i, column), cell in zip(shown, line, strict=True):
                if column.is_number:
                    place = _in_table(bundle.scope, table.title, name, column.title)
                    found[place] = PrintedValue((cell,), values[i], None)
    return found | dict(_shapes(bundle, wording))


def _shapes(bundle: Bundle, wording: Wording) -> Iterator[tuple[Place, PrintedValue]]:
    """The figures of the tables that have charts of their own."""
    for name, title, keys, columns in SHAPES:
        for record in getattr(bundle, name):
            row = tuple(str(getattr(record, key)) for key in keys)
            for column, heading, unit in columns:
                value = getattr(record, column)
                text = wording.words.figure(value, unit, bundle.meta.currency)
                yield _in_table(bundle.scope, title, row, heading), PrintedValue((text,), _raw(value), None)


def _in_table(scope: Scope, table: str, row: tuple[str | None, ...], column: str) -> Place:
    return Place(scope_type=scope.type, scope_id=scope.id, table=table, row=row, column=column)


def _raw(value: object) -> str | None:
    return None if value is None else str(value)


def _own_causes(issued: Bundle, made: Bundle) -> Iterator[Cause]:
    """What changed beside the rows."""
    if issued.meta.code_version != made.meta.code_version:
        yield Cause(kind="code")
    if issued.meta.settings_version != made.meta.settings_version:
        yield Cause(kind="settings")


def _record(issued: Bundle, made: Bundle, changes: tuple[Changed, ...], path: Path) -> None:
    if not changes:
        path.unlink(missing_ok=True)
        return
    found = Differences(
        report=made.report,
        period_start=made.period_start,
        scope=made.scope,
        revision=issued.revision,
        known_at=made.meta.known_at,
        changes=changes[:MAX_CHANGES],
        total=len(changes),
    )
    write_atomically(path, found.model_dump_json(indent=1).encode() + b"\n")


def hidden_by_period(reports: Path, schedule: Schedule = "monthly") -> dict[date, frozenset[CellKey]]:
    """The cells that the issues of any report of such periods hid, by the first day of the period."""
    calendar = CALENDARS[schedule]
    found: dict[date, frozenset[CellKey]] = {}
    for path in sorted(reports.glob(f"*/*/{HIDDEN_FILE}")):
        if calendar.has(path.parent.name):  # a day is no month that begins on it
            first = first_day(path.parent.name)
            found[first] = found.get(first, frozenset()) | read_hidden(path)
    return found


def hidden_before(reports: Path, schedule: Schedule = "monthly") -> frozenset[CellKey]:
    """The cells that any issue of any report of such periods hid: they stay hidden."""
    return frozenset().union(*hidden_by_period(reports, schedule).values())


def read_hidden(path: Path) -> frozenset[CellKey]:
    """The cells that the issues of one month hid; none where nothing was issued."""
    if not path.exists():
        return frozenset()
    try:
        table = pq.read_table(path)
        columns = table.to_pydict()
        cells = [CellKey(*cell) for cell in zip(*(columns[name] for name in CellKey._fields), strict=True)]
    except (OSError, pa.ArrowException, KeyError) as error:
        what = f"{path}: cannot be read ({type(error).__name__}); {_LOST_HIDDEN}"
        raise BundleDamagedError(what) from None
    written = (table.schema.metadata or {}).get(b"sha256", b"").decode()  # none of before it was kept
    if written and written != _hash_of(cells):
        raise BundleDamagedError(f"{path}: its content gives another hash than is written in it; {_LOST_HIDDEN}")
    return frozenset(cells)


_LOST_HIDDEN = (
    "it says which small figures stay hidden, so no report is made without it; restore it from a backup "
    "(docs/recovery.md)"
)


def _hash_of(cells: Iterable[CellKey]) -> str:
    return hashlib.sha256("\n".join(map(repr, sorted(tuple(map(str, cell)) for cell in cells))).encode()).hexdigest()


def remember_hidden(hidden: Collection[CellKey], reports: Path, report_id: str, month: date) -> None:
    """Keep what the issues of a month hide, before any bundle of it is written."""
    path = reports / report_id / report(report_id).calendar.name(month) / HIDDEN_FILE
    known = read_hidden(path)
    cells = sorted(known | set(hidden))
    if path.exists() and len(cells) == len(known):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    types = {name: pa.date32() if name == "month" else pa.string() for name in CellKey._fields}
    columns = {name: pa.array([getattr(cell, name) for cell in cells], type=kind) for name, kind in types.items()}
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns).replace_schema_metadata({"sha256": _hash_of(cells)}), sink)
    write_atomically(path, sink.getvalue().to_pybytes())
