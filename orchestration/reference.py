"""Reference tables: the project's seeds, each of which a file KEFU_HOME/reference/<seed>.csv replaces.

What is declared of them (`foundation/seeds.py`) says columns, types, what a row must keep to, and which tables only the
company can fill (opening hours, targets, costs): those ship empty. No measure is here.
"""

from __future__ import annotations

import csv
import difflib
import hashlib
import io
import os
import shutil
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from foundation.declarations import metric_ids
from foundation.errors import CommandFailedError
from foundation.seeds import BUILT_IN, Seed, seeds
from foundation.settings import DBT_PROJECT_DIR, Settings

_LINKED = ("dbt_project.yml", "macros", "models", "profiles.yml", "tests")
_KEPT = 3  # copies of the project: one may be read by a build that began before a file changed
_LISTED = 10  # faults of one file that are told; a file of another make has one in every line
# how a value of a type is called and written; decimals are the rest
_WRITTEN = {
    "date": ("date", "2026-01-31"),
    "integer": ("whole number", "7"),
    "bigint": ("whole number", "7"),
    "boolean": ("truth value", "true or false"),
}


def replaced(settings: Settings) -> list[Path]:
    """The files that replace a built-in table, faulty or not."""
    folder = settings.reference
    found = folder.iterdir() if folder.is_dir() else ()
    return sorted(path for path in found if not path.name.startswith((".", "~$")))  # what desktops leave behind


def version(settings: Settings) -> str | None:
    """Content hash of the files in KEFU_HOME/reference; None where there are none."""
    digest = hashlib.sha256()
    for path in replaced(settings):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12] if replaced(settings) else None


def check(settings: Settings) -> None:
    """Raises CommandFailedError naming every fault of the files by file, line and column, with what to do."""
    reported = [fault for path in replaced(settings) for fault in faults(path)]
    if reported:
        raise CommandFailedError("\n".join(["reference tables that make no sense (docs/reference.md):", *reported]))


def init(settings: Settings) -> list[Path]:
    """Lays a file to fill in for each table that only the company can state; those that are there stay as they are.
    Returns the new ones."""
    settings.reference.mkdir(parents=True, exist_ok=True)
    laid = []
    for seed in seeds().values():
        path = settings.reference / f"{seed.name}.csv"
        if seed.stated_by_company and not path.exists():
            path.write_text(_form(seed), encoding="utf-8")
            laid.append(path)
    return laid


def not_stated(settings: Settings) -> list[Seed]:
    """The tables that only the company can state, of which it has stated no row."""
    own = {path.stem: path for path in replaced(settings)}
    return [
        seed
        for seed in seeds().values()
        if seed.stated_by_company and (seed.name not in own or len(_lines(own[seed.name])) < 2)  # a header alone
    ]


def _form(seed: Seed) -> str:
    """A table without rows: comments that say what goes into it, and the header."""
    words = [f"# {line}" for line in textwrap.wrap(seed.description, 110)]
    width = max(map(len, seed.types))
    for name, kind in seed.types.items():
        called, example = _WRITTEN.get(kind, ("text", "") if kind == "string" else ("number", "0.25"))
        accepted = seed.accepted_values.get(name)
        hint = f"one of {', '.join(accepted)}" if accepted else f"{called}{f', such as {example}' if example else ''}"
        words.append(f"#   {name:<{width}}  {seed.columns[name]} ({hint})")
    words += [f"# Rule: {rule}" for rule in seed.checks]
    return "\n".join([*words, ",".join(seed.types), ""])


def faults(path: Path) -> list[str]:
    """What is wrong with one file, in words; empty when it may replace its table."""
    with duckdb.connect() as connection:
        reported = list(_faults(connection, path))
    more = [f"{path}: {len(reported) - _LISTED} more faults"] if len(reported) > _LISTED else []
    return reported[:_LISTED] + more


def project_folder(settings: Settings) -> Path:
    """The dbt project: the one beside this package, or one of links to it whose seeds are a copy, in which the
    company's files stand in the place of the built-in ones.

    While a file is faulty it is the first: what is scheduled can be loaded all the same, and `check` stops the build.
    The name of the second is that of its contents: it never changes under a build that reads it. Seeds stay inside a
    project, for dbt writes what it runs to their path under its target: given a whole path, over the seeds themselves.
    """
    chosen = version(settings)
    if chosen is None or any(faults(path) for path in replaced(settings)):
        return DBT_PROJECT_DIR
    contents = [path.read_bytes() for path in sorted(BUILT_IN.iterdir())]
    # the links too: a home that another installation built would go on with that one's models
    built_in = hashlib.sha256(b"".join([os.fsencode(DBT_PROJECT_DIR), *contents])).hexdigest()[:12]
    folder = settings.build / "projects" / f"{built_in}-{chosen}"
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(dir=folder.parent))
        for name in _LINKED:
            (new / name).symlink_to(DBT_PROJECT_DIR / name)
        shutil.copytree(BUILT_IN, new / BUILT_IN.name)
        for path in replaced(settings):
            _write_typed(path, new / BUILT_IN.name / path.name)
        try:
            new.rename(folder)
        except OSError:  # another process was faster; its copy is the same, and it takes the old ones away
            shutil.rmtree(new)
        else:
            finished = folder.parent.glob("*-*")  # what another process is making has no such name yet
            for old in sorted(finished, key=lambda path: path.stat().st_mtime)[:-_KEPT]:
                shutil.rmtree(old)
    return folder


def seed_folder(settings: Settings) -> Path:
    """The folder from which dbt takes the seeds."""
    return project_folder(settings) / BUILT_IN.name


def _faults(connection: duckdb.DuckDBPyConnection, path: Path) -> Iterator[str]:
    seed = seeds().get(path.stem)
    if seed is None or path.suffix != ".csv":
        names = ", ".join(f"{name}.csv" for name, one in seeds().items() if not one.fixed)
        yield f"{path}: no reference table is called so; rename it to one of {names}, or take it away"
        return
    if seed.fixed:
        yield f"{path}: {seed.name} is not for a company to replace ({seed.fixed}); take the file away"
        return
    try:
        lines = _lines(path)
    except UnicodeDecodeError as error:
        yield f"{path}: not UTF-8 at byte {error.start}; save it as CSV UTF-8"
        return
    header = lines[0][1] if lines else []
    missing = [name for name in seed.types if name not in header and name not in seed.nullable]
    if missing or len(set(header)) < len(header) or not set(header) <= set(seed.types):
        unknown = [name for name in header if name not in seed.types]
        reported = [f"lacks {', '.join(missing)}"] if missing else []
        reported += [f"has {', '.join(map(repr, unknown))} too much"] if unknown else []
        reported = reported or ["names a column twice"]
        yield f"{path} line 1: {' and '.join(reported)}; the columns are {','.join(seed.types)}"
        return
    uneven = [number for number, cells in lines if len(cells) != len(header)]
    if uneven:
        for number in uneven:
            yield f"{path} line {number}: not as many cells as line 1; quote a cell that holds a comma"
        return
    _fill(connection, seed, lines)
    reported = [f"{path} line {number}{words}" for number, words in _untyped(connection, seed)]
    if not reported:
        _cast(connection, seed)
        reported = [f"{path} line {number}{words}" for number, words in _broken(connection, seed)]
    yield from reported


def _lines(path: Path) -> list[tuple[int, list[str]]]:
    """The cells of each line that holds any, with its number; spreadsheets add a byte order mark, blank lines and
    commas to a comment (#)."""
    reader = csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""))
    stripped = ((reader.line_num, [cell.strip() for cell in cells]) for cells in reader)
    return [(number, cells) for number, cells in stripped if any(cells) and not cells[0].startswith("#")]


def _fill(connection: duckdb.DuckDBPyConnection, seed: Seed, lines: list[tuple[int, list[str]]]) -> None:
    """Makes the table `written`: the cells as they are written, null where empty, with their line."""
    columns = ", ".join(f"{name} varchar" for name in seed.types)
    connection.execute(f"create table written (line integer, {columns})")
    places = {name: place for place, name in enumerate(lines[0][1])}
    rows = [
        [number, *((cells[places[name]] or None) if name in places else None for name in seed.types)]
        for number, cells in lines[1:]
    ]
    if rows:
        connection.executemany(f"insert into written values (?{', ?' * len(seed.types)})", rows)


def _untyped(connection: duckdb.DuckDBPyConnection, seed: Seed) -> Iterator[tuple[int, str]]:
    for name, kind in seed.types.items():
        whole = kind in {"integer", "bigint"}  # a cast would round
        digits = f" and regexp_full_match({name}, '-?[0-9]+')" if whole else ""
        fits = f"try_cast({name} as {kind}) is not null{digits}"
        sql = f"select line, {name} from written where {name} is not null and not ({fits}) order by line"
        called, example = _WRITTEN.get(kind, ("number", "0.25"))
        for line, value in connection.execute(sql).fetchall():
            yield line, f", {name}: {value!r} is no {called}; write it as {example}"


def _cast(connection: duckdb.DuckDBPyConnection, seed: Seed) -> None:
    """Makes the table `typed` of `written`."""
    columns = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in seed.types.items())
    connection.execute(f"create table typed as select line, {columns} from written")


def _broken(connection: duckdb.DuckDBPyConnection, seed: Seed) -> Iterator[tuple[int, str]]:
    """What dbt's tests of a row would refuse, with the line."""

    def found(sql: str) -> list[Any]:
        return connection.execute(f"{sql} order by line").fetchall()

    for name in dict.fromkeys([*seed.key, *seed.not_null, *seed.accepted_values]):
        if name not in seed.nullable and name in {*seed.key, *seed.not_null}:
            for (line,) in found(f"select line from typed where {name} is null"):
                yield line, f", {name}: empty; fill it in"
        if accepted := seed.accepted_values.get(name):
            listed = ", ".join(f"'{value}'" for value in accepted)
            for line, value in found(f"select line, {name} from typed where {name} not in ({listed})"):
                yield line, f", {name}: {value!r} is not known; write one of {', '.join(accepted)}"
    for name in seed.metrics:
        for line, value in found(f"select line, {name} from typed where {name} is not null"):
            if value not in metric_ids():
                near = difflib.get_close_matches(value, metric_ids()) or ["one of docs/metrics"]
                yield line, f", {name}: {value!r} is no metric; write {' or '.join(near)}"
    first = f"min(line) over (partition by {', '.join(seed.key)})"
    for line, before in found(f"select line, {first} as before from typed qualify before < line"):
        yield line, f": the same {', '.join(seed.key)} as line {before}; keep one of them"
    for rule in seed.checks:
        for (line,) in found(f"select line from typed where not ({rule})"):
            yield line, f": breaks the rule {rule}; change the line so that it holds"


def _write_typed(path: Path, to: Path) -> None:
    """The file in the order of columns and in the spelling of values that both engines read."""
    seed = seeds()[path.stem]
    with duckdb.connect() as connection:
        _fill(connection, seed, _lines(path))
        _cast(connection, seed)
        columns = ", ".join(seed.types)
        connection.execute(f"copy (select {columns} from typed order by line) to '{to}' (format csv, header)")
