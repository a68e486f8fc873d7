"""The build of the warehouse: a candidate beside the last good one, dbt inside it, publication by rename.

No rule and no measure lives here. What the candidate is cut from, ingestion registers; what is computed, dbt says.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from foundation.seals import seal_of, sha256_of, write_seal
from foundation.settings import DBT_PROJECT_DIR, REPOSITORY, Settings
from orchestration import reference
from orchestration.ingestion.manifest import make_way
from orchestration.ingestion.registration import RunContext, register_duckdb, run_of
from orchestration.lock import single_writer
from orchestration.recovery.build import is_sound, superseded

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunner, dbtRunnerResult
    from dbt.contracts.graph.manifest import Manifest

WORK_FILE = "work.duckdb"
MARTS_FILE = "kefu.duckdb"
# Nobody else opens the work file, so that it may be written in a format that older readers do not know but that is
# written faster; the marts keep the one that any DuckDB since 0.10 reads.
_WORK_FORMAT = {"storage_compatibility_version": "v1.5.0"}
# what shapes a table: models, what those in Python call, and their declarations
_CODE_GLOBS = (
    "dbt_project/models/**/*.sql",
    "dbt_project/models/**/*.py",
    "dbt_project/models/**/*.yml",
    "dbt_project/python/**/*.py",
    "dbt_project/macros/**/*.sql",
    "dbt_project/seeds/**/*",
)
_PARSED_GLOBS = (*_CODE_GLOBS, "dbt_project/*.yml", "dbt_project/tests/**/*")
# what else a build's tables follow from: how loads are registered, and what the raw suite asks (rpt_doubts)
_BESIDE_GLOBS = (
    "expectations/**/*.py",
    "expectations/**/*.sql",
    "expectations/**/*.yml",
    "foundation/contract.py",
    "orchestration/ingestion/manifest.py",
    "orchestration/ingestion/registration.py",
)


@dataclass(frozen=True)
class Candidate:
    """A build that nobody reads yet: two DuckDB files in a folder of their own."""

    folder: Path
    build_id: str
    as_of_date: date
    known_at: date | None  # newest load it knows; none when nothing was ever loaded
    is_full: bool  # every period is built, because the last good build cannot be carried on
    settings_version: str
    largest_rows: int  # loaded of the entity that has most
    is_unchanged: bool = False  # it is the last good build itself: its files are links to it, never to be written

    @property
    def work(self) -> Path:
        return self.folder / WORK_FILE

    @property
    def marts(self) -> Path:
        return self.folder / MARTS_FILE


@dataclass(frozen=True)
class NodeResult:
    """What became of one dbt node."""

    unique_id: str
    status: str
    seconds: float
    rows: int | None
    failures: int | None
    message: str | None

    @property
    def is_failed(self) -> bool:
        return self.status in {"error", "fail", "runtime error"}


class WarehouseBuildError(RuntimeError):
    """dbt could not build the candidate, or a blocking test failed."""


def prepare(settings: Settings, as_of: date | None = None, known_at: date | None = None) -> Candidate:
    """Makes the candidate: a copy of the last good build, with the raw loads up to `known_at` registered.

    The incremental build exists only at the newest loads: with a `known_at` the candidate starts empty, in a scratch
    folder of its own. It also starts empty when code, settings or files do not match the last good build. When the last
    good build stands on all that this one would, there is nothing to build: the candidate is that build, by links.
    Raises CommandFailedError when a reference table of the company makes no sense.
    """
    return _prepare_in(_candidate_folder(settings, known_at), settings, as_of, known_at)


def _prepare_in(folder: Path, settings: Settings, as_of: date | None, known_at: date | None) -> Candidate:
    reference.check(settings)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    code, chosen = code_version(), settings_version(settings)
    build_id = _build_id(settings, run_of(settings, known_at, as_of), code, chosen)
    last_good = _last_good(settings) if known_at is None else None
    if last_good and last_good[0] == build_id:
        (folder / WORK_FILE).symlink_to((settings.build / WORK_FILE).resolve())
        (folder / MARTS_FILE).symlink_to(published_version(settings).resolve())
        return _candidate_in(folder)
    carried_on = last_good is not None and last_good[1:] == (code, chosen)
    if carried_on:
        shutil.copyfile(settings.build / WORK_FILE, folder / WORK_FILE)
        shutil.copyfile(settings.published / MARTS_FILE, folder / MARTS_FILE)
    with duckdb.connect(str(folder / WORK_FILE), config=settings.engine.duckdb | _WORK_FORMAT) as connection:
        register_duckdb(connection, settings, known_at=known_at, as_of=as_of)
        connection.execute("insert into control.build values (?, ?, ?, ?)", [build_id, code, chosen, not carried_on])
    return _candidate_in(folder)


def open_candidate(settings: Settings, known_at: date | None = None) -> Candidate:
    """The candidate that `prepare` made, for the steps after it. Raises WarehouseBuildError when there is none."""
    return _candidate_in(_candidate_folder(settings, known_at))


def _candidate_in(folder: Path) -> Candidate:
    if not (folder / WORK_FILE).exists():
        raise WarehouseBuildError(f"{folder}: no candidate build; run the step that prepares it first")
    with duckdb.connect(str(folder / WORK_FILE), read_only=True) as connection:
        row = connection.execute(
            "select build_id, as_of_date, known_at, is_full, settings_version, largest_rows "
            "from control.build cross join control.run cross join "
            "(select coalesce(max(rows), 0) as largest_rows from "
            "(select sum(rows_loaded)::bigint as rows from control.loads where status = 'loaded' group by entity))"
        ).fetchone()
    if row is None:
        raise WarehouseBuildError(f"{folder}: the candidate was not prepared to the end; prepare it again")
    return replace(Candidate(folder, *row), is_unchanged=(folder / WORK_FILE).is_symlink())


def build(
    settings: Settings, candidate: Candidate, on_node: Callable[[NodeResult], None] = lambda _: None
) -> list[NodeResult]:
    """Runs dbt once over the whole project in the candidate, unless it is unchanged: then there are no results. Raises
    WarehouseBuildError after every node has had its turn, naming those that failed."""
    if candidate.is_unchanged:
        return []
    arguments = ["build", "--exclude-resource-type", "unit_test"]
    return _run_dbt(settings, candidate, [*arguments, "--full-refresh"] if candidate.is_full else arguments, on_node)


def unit_test(settings: Settings, candidate: Candidate) -> list[NodeResult]:
    """Runs dbt's unit tests, which read no data but need the tables to be there. Raises WarehouseBuildError for those
    that failed."""
    return _run_dbt(settings, candidate, ["test", "--select", "test_type:unit"], lambda _: None)


def compile_project(settings: Settings) -> Manifest:
    """The parsed project with the SQL of every model, rendered in an empty scratch build. Needs no data."""
    _compiled(settings)
    return manifest(settings)


def compile_inline(settings: Settings, sql: str) -> str:
    """The SQL of a statement in the project's Jinja, as a build of this home would render it. Needs no data."""
    (result,) = _compiled(settings, "--inline", sql)
    return str(result.node.compiled_code)


def _compiled(settings: Settings, *what: str) -> list[Any]:
    settings.build.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="compile-", dir=settings.build) as own:  # several people may ask at once
        candidate = _prepare_in(Path(own), settings, None, date.min)
        return _invoke_dbt(settings, candidate, ["compile", *what], lambda _: None)


def sandbox(settings: Settings, *, fresh: bool = False) -> Path:
    """The folder with the copy of the last good build in which a person may run dbt at will; nights never read it.

    It stays as that person's commands leave it until `fresh`. Raises WarehouseBuildError where nothing is built yet.
    """
    folder = settings.build / "sandbox"
    if fresh:
        shutil.rmtree(folder, ignore_errors=True)
    if not (folder / MARTS_FILE).exists():
        built = [settings.build / WORK_FILE, settings.published / MARTS_FILE]
        if not all(path.exists() for path in built):
            raise WarehouseBuildError(f"{settings.home}: no build to copy yet; run kefu nightly, or kefu demo")
        folder.mkdir(parents=True, exist_ok=True)
        with single_writer(settings):
            for path in built:
                shutil.copyfile(path, folder / path.name)
    return folder


def run_in_sandbox(settings: Settings, words: Sequence[str], *, fresh: bool = False) -> bool:
    """Runs any dbt command on the sandbox with the home's variables, printing what dbt prints; whether it succeeded."""
    from dbt.cli.main import dbtRunner

    reference.check(settings)
    folder = sandbox(settings, fresh=fresh)
    with _dbt_environment(settings, folder / WORK_FILE, folder / MARTS_FILE, settings.engine.threads):
        outcome = _ended(dbtRunner(), [*words, *_project_arguments(settings)])
    return bool(outcome.success)


def _run_dbt(
    settings: Settings, candidate: Candidate, command: list[str], on_node: Callable[[NodeResult], None]
) -> list[NodeResult]:
    ended = _invoke_dbt(settings, candidate, command, on_node)
    results = [_from_result(result) for result in ended]
    failed = [result.unique_id for result in results if result.is_failed]
    if failed:
        lines = "\n".join(_fault(candidate, one) for one in ended if one.node.unique_id in failed)
        raise WarehouseBuildError(f"{len(failed)} of {len(results)} dbt nodes failed:\n{lines}\n{_WHAT_NOW}")
    return results


_WHAT_NOW = (
    "Nothing was published; the last good warehouse stands. No export may break this: unless it names a reference "
    "table that you can mend (docs/reference.md), it is a fault of Kefu. Send these lines to its makers; an error of "
    "the database itself may quote a number."
)
_MAX_TOLD = 5  # broken rules of a test


def _fault(candidate: Candidate, result: Any) -> str:
    """What failed, in words: of a test the model, each broken rule, how many rows break it and the hash of a key."""
    node = result.node
    if node.resource_type != "test" or str(result.status) != "fail":
        return f"  {node.unique_id}: {result.message}"
    models = ", ".join(name.rpartition(".")[2] for name in node.depends_on.nodes if name.startswith("model."))
    with duckdb.connect(str(candidate.work), read_only=True) as connection:
        connection.execute(f"attach '{candidate.marts}' as {candidate.marts.stem} (read_only)")
        found = connection.execute(f"select * from ({node.compiled_code}) limit {_MAX_TOLD}")
        names = [column[0] for column in found.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    if "rule" not in names:  # a test with a shape of its own says in its name what holds no longer
        return f"  {node.name} ({models}): does not hold for {result.failures} rows"
    reported = "; ".join(
        f"{row['rule']}: {row['broken_rows']:,} rows, one of key {str(row['key_hash'])[:12]} (md5)" for row in rows
    )
    return f"  {models}: {reported}"


def _invoke_dbt(
    settings: Settings, candidate: Candidate, command: list[str], on_node: Callable[[NodeResult], None]
) -> list[Any]:
    """The results of one dbt call, as nodes ended. Raises WarehouseBuildError when it could not run."""
    from dbt.artifacts.schemas.run import RunExecutionResult
    from dbt.cli.main import dbtRunner

    def watch(event: Any) -> None:
        if event.info.name == "NodeFinished":
            on_node(_from_event(event))

    if candidate.is_unchanged:
        raise WarehouseBuildError(f"{candidate.folder}: the last good build itself, which nobody may write to")
    if settings_version(settings) != candidate.settings_version:
        raise WarehouseBuildError("settings or reference tables changed since the candidate was prepared; run it again")
    arguments = [*command, *_arguments(settings)]
    threads = settings.engine.threads_a_query(candidate.largest_rows)
    with _dbt_environment(settings, candidate.work, candidate.marts, threads):
        outcome = _ended(dbtRunner(manifest=manifest(settings), callbacks=[watch]), arguments)
    if not isinstance(outcome.result, RunExecutionResult):
        raise WarehouseBuildError(f"dbt {command[0]} gave no results but {outcome.result!r}")
    return list(outcome.result.results)


def _ended(runner: dbtRunner, arguments: list[str]) -> dbtRunnerResult:
    """What became of one dbt command, its database files closed. Raises WarehouseBuildError when it could not run."""
    try:
        outcome = runner.invoke(arguments)
    finally:
        _close_dbt_connections()
    if outcome.exception:
        raise WarehouseBuildError(f"dbt could not run: {outcome.exception}") from outcome.exception
    return outcome


def publish(settings: Settings, candidate: Candidate) -> Path:
    """Replaces published/kefu.duckdb by the candidate's marts and keeps the work file for the next night.

    Both renames are atomic. A crash between them leaves a work file whose build differs from the published one; the
    next night sees that and builds in full. An unchanged candidate is published already.
    """
    if candidate.is_unchanged:
        shutil.rmtree(candidate.folder)
        return settings.published / MARTS_FILE
    for path in (candidate.work, candidate.marts):
        with duckdb.connect(str(path)) as connection:
            connection.execute("checkpoint")
        if path.with_name(path.name + ".wal").exists():
            raise WarehouseBuildError(f"{path}: a write-ahead log is left after the checkpoint; nothing is published")
    versions = settings.published / "versions"
    versions.mkdir(parents=True, exist_ok=True)
    version = versions / f"{candidate.build_id}.duckdb"
    current, work = settings.published / MARTS_FILE, settings.build / WORK_FILE
    write_seal(version, sha256_of(candidate.marts))
    for place in (version, current, work):
        make_way(place)
    candidate.marts.replace(version)
    link = settings.published / f".{MARTS_FILE}.new"
    link.unlink(missing_ok=True)
    os.link(version, link)
    link.replace(current)
    write_seal(work, sha256_of(candidate.work))  # who dies before the rename leaves an older work file: built in full
    candidate.work.replace(work)
    shutil.rmtree(candidate.folder)
    for old in superseded(versions, version, settings.engine.keep_published):
        old.unlink()
        seal_of(old).unlink(missing_ok=True)
    return current


def published_version(settings: Settings) -> Path:
    """The versioned path of the published warehouse. A process that still holds an older file open under the common
    name would get that one again. Raises FileNotFoundError when nothing was published yet."""
    current = settings.published / MARTS_FILE
    if not current.exists():
        raise FileNotFoundError(f"{current}: nothing is published yet; run `kefu nightly --date YYYY-MM-DD` first")
    for version in (settings.published / "versions").glob("*.duckdb"):
        if version.samefile(current):
            return version
    return current


_manifests: dict[str, Manifest] = {}


def manifest(settings: Settings) -> Manifest:
    """The parsed dbt project, parsed at most once a process for each set of variables."""
    from dbt.cli.main import dbtRunner
    from dbt.contracts.graph.manifest import Manifest

    key = settings_version(settings)
    if key not in _manifests:
        folder = settings.build / "candidate"
        with _dbt_environment(settings, folder / WORK_FILE, folder / MARTS_FILE):
            outcome = dbtRunner().invoke(["parse", *_arguments(settings)])
        if not isinstance(outcome.result, Manifest):
            raise WarehouseBuildError(f"the dbt project cannot be parsed: {outcome.exception}")
        _manifests[key] = outcome.result
    return _manifests[key]


def project(settings: Settings) -> dict[str, Any]:
    """The parsed dbt project as plain data, without its macros and docs. It is kept between processes, by the content
    of what is parsed: who only asks which models there are need not wait for dbt."""
    from dbt.version import __version__ as parser

    parsed = hashlib.sha256(f"{parser} {_content_hash(_PARSED_GLOBS)} {settings_version(settings)}".encode())
    kept = settings.build / "dbt" / f"project-{parsed.hexdigest()[:12]}.json"
    if not kept.exists():
        parts = manifest(settings).writable_manifest().to_dict(omit_none=False) | {"macros": {}, "docs": {}}
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=kept.parent, delete=False) as aside:
            json.dump(parts, aside)
        for old in kept.parent.glob("project-*.json"):
            old.unlink(missing_ok=True)
        Path(aside.name).replace(kept)
    kept_parts: dict[str, Any] = json.loads(kept.read_bytes())
    return kept_parts


def code_files() -> list[Path]:
    """The files of the dbt project that shape a table."""
    return _files(_CODE_GLOBS)


def code_version() -> str:
    """Content hash of everything in the dbt project that shapes a table."""
    return _content_hash(_CODE_GLOBS)


def _files(globs: tuple[str, ...]) -> list[Path]:
    return sorted(path for pattern in globs for path in REPOSITORY.glob(pattern) if path.is_file())


@cache
def _content_hash(globs: tuple[str, ...]) -> str:
    digest = hashlib.sha256()
    for path in _files(globs):
        digest.update(str(path.relative_to(REPOSITORY)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def settings_version(settings: Settings) -> str:
    """Content hash of the settings and of the company's own reference tables, which shape a figure alike."""
    chosen = json.dumps(settings.dbt_vars, sort_keys=True, default=str) + (reference.version(settings) or "")
    return hashlib.sha256(chosen.encode()).hexdigest()[:12]


def _candidate_folder(settings: Settings, known_at: date | None) -> Path:
    return settings.build / (f"scratch-{known_at}" if known_at else "candidate")


def _last_good(settings: Settings) -> tuple[str, str, str] | None:
    """Id, code and settings of the last good build; none where its two files are missing or of two builds."""
    work, marts = settings.build / WORK_FILE, settings.published / MARTS_FILE
    if not (work.exists() and marts.exists() and is_sound(settings)):
        return None
    row = _build_row(work, "control.build")
    return row if row == _build_row(marts, "reporting.rpt_build") else None


def _build_row(path: Path, table: str) -> tuple[str, str, str] | None:
    with duckdb.connect(str(path), read_only=True) as connection:
        schema, name = table.split(".")
        found = connection.execute(
            "select 1 from information_schema.tables where table_schema = ? and table_name = ?",
            [schema, name],
        ).fetchone()
        if not found:
            return None
        return connection.execute(f"select build_id, code_version, settings_version from {table}").fetchone()


def _build_id(settings: Settings, run: RunContext, code: str, chosen: str) -> str:
    """Names a build by all that it stands on, so that the same loads, dates, settings and code give the same id."""
    loads = (settings.raw / "manifest.json").read_bytes() if (settings.raw / "manifest.json").exists() else b""
    asked = json.dumps(settings.expectations, sort_keys=True, default=str)
    beside = _content_hash(_BESIDE_GLOBS)
    digest = hashlib.sha256(loads + f"{run.as_of_date}{run.known_at}{code}{chosen}{asked}{beside}".encode())
    return f"{run.as_of_date}-{digest.hexdigest()[:12]}"


def _arguments(settings: Settings) -> list[str]:
    return [*_project_arguments(settings), *("--log-level", "none"), "--no-use-colors"]


def _project_arguments(settings: Settings) -> list[str]:
    project = reference.project_folder(settings)
    # what dbt remembers of a parse is of one project: a large seed it knows by its path alone
    target = settings.build / "dbt" if project == DBT_PROJECT_DIR else project / "target"
    return [
        *("--project-dir", str(project)),
        *("--profiles-dir", str(project)),
        *("--target-path", str(target)),
        *("--log-path", str(settings.build / "dbt")),
        *("--vars", json.dumps(settings.dbt_vars, sort_keys=True, default=str)),
    ]


@contextmanager
def _dbt_environment(settings: Settings, work: Path, marts: Path, threads: int = 1) -> Iterator[None]:
    """What profiles.yml reads, for the length of one call: models side by side on all threads, `threads` a query."""
    engine = settings.engine.duckdb | {"threads": threads, "models_at_once": settings.engine.threads}
    wanted = {"KEFU_WORK_DB": str(work), "KEFU_MARTS_DB": str(marts)}
    wanted |= {f"KEFU_{name.upper()}": str(value) for name, value in engine.items()}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _close_dbt_connections() -> None:
    """dbt-duckdb keeps its files open for the life of the process; the next opener would wait forever."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.adapters.factory import reset_adapters

    if DuckDBConnectionManager._ENV is not None:  # a command that ended before it opened them has none
        DuckDBConnectionManager.env().close()
    DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
    reset_adapters()  # type: ignore[no-untyped-call]


def _from_event(event: Any) -> NodeResult:
    node, result = event.data.node_info, event.data.run_result
    return NodeResult(
        node.unique_id, node.node_status, result.execution_time, None, result.num_failures, result.message
    )


def _from_result(result: Any) -> NodeResult:
    rows = (result.adapter_response or {}).get("rows_affected")
    return NodeResult(
        unique_id=result.node.unique_id,
        status=str(result.status),
        seconds=result.execution_time,
        rows=rows if rows is not None and rows >= 0 else None,
        failures=result.failures,
        message=result.message,
    )
