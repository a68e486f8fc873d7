"""Asking a suite: SQL measures, Great Expectations expects, results.py answers.

No expectation is written here: they are checks.yml and the queries in raw/ and marts/.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import sqlalchemy as sa
import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import BaseModel, ConfigDict, Field

from expectations.context import marts_context, raw_context
from expectations.results import BrokenSubject, ExpectationOutcome, Severity, Suite, SuiteResult
from foundation.contract import literal, quote

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite
    from great_expectations.core import ExpectationValidationResult

HERE = Path(__file__).resolve().parent
_TELLABLE = (duckdb.CatalogException, duckdb.BinderException, duckdb.IOException)
_MEASURED = """
    create table measured (
        id varchar, subject varchar, examined bigint, compared bigint, broken bigint, hashed_keys varchar[]
    )
"""
_MEASURE = """
    insert into measured
    select unnest({ids}), subject, count(*), count(is_broken), count(*) filter (where is_broken),
        coalesce(min(case when is_broken then md5(cast(key as varchar)) end, 5), [])
    from ({query})
    group by subject
"""
_BROKEN = """
    select * from {{batch}} where id = {id} and broken > {max_share} * compared order by subject
"""
_TOTALS = """
    select id, count(*), sum(examined)::bigint, sum(compared)::bigint, sum(broken)::bigint
    from measured
    group by id
"""


class Expectation(BaseModel):
    """One expectation of checks.yml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    says: str
    severity: Severity
    query: str
    limits: dict[str, float] = Field(default_factory=dict)

    @property
    def max_share(self) -> float:
        return self.limits.get("max_share", 0)

    def overridden(self, by: Mapping[str, Any]) -> Expectation:
        """The check with another severity or other limits. Raises ValueError for an unknown limit."""
        limits = {name: value for name, value in by.items() if name != "severity"}
        unknown = sorted(set(limits) - set(self.limits) - {"max_share"})
        if unknown:
            known = ", ".join(["severity", "max_share", *sorted(self.limits)])
            raise ValueError(f"no such limit {', '.join(unknown)}; the known ones are {known}")
        changed = {"severity": by.get("severity", self.severity), "limits": self.limits | limits}
        return Expectation.model_validate(self.model_dump() | changed)


class ExpectationError(RuntimeError):
    """An expectation that could not be asked: it neither passed nor failed."""


def load_checks(suite: Suite, overrides: Mapping[str, Mapping[str, Any]]) -> dict[str, Expectation]:
    """The expectations of a suite by id. Raises ValueError for an override of what no suite has."""
    document = yaml.safe_load((HERE / "checks.yml").read_text(encoding="utf-8"))
    known = sorted(check_id for checks in document.values() for check_id in checks)
    unknown = sorted(set(overrides) - set(known))
    if unknown:
        raise ValueError(f"no such expectation {', '.join(unknown)}; the known ones are {', '.join(known)}")
    return {
        check_id: Expectation.model_validate(check).overridden(overrides.get(check_id, {}))
        for check_id, check in document[suite].items()
    }


def run_suite(
    suite: Suite,
    work_db: Path,
    marts_db: Path,
    *,
    overrides: Mapping[str, Mapping[str, Any]] | None = None,
    config: Mapping[str, str | int] | None = None,
) -> SuiteResult:
    """Ask every expectation of one border; files are only read, and closed on return.

    `overrides`: severity and limits by expectation id. `config`: DuckDB settings (threads, memory_limit).
    Raises FileNotFoundError where a database is missing, ExpectationError where a table or column is missing,
    ValueError for an override that names nothing. The first call imports GX and takes seconds.
    """
    from expectations.duckdb_source import attached

    checks = load_checks(suite, overrides or {})
    databases = {"work": work_db} if suite == "raw" else {"work": work_db, "kefu": marts_db}
    spill = {"temp_directory": str(work_db.with_suffix(".spill"))}  # what is in memory spills beside the build
    with attached(databases, spill | dict(config or {})) as (source, connection):
        with _asking(suite):
            context = raw_context(connection) if suite == "raw" else marts_context()
        connection.exec_driver_sql(_MEASURED)
        for query, ids in _queries(suite, checks, context).items():
            with _asking(" and ".join(f"{suite}.{check_id}" for check_id in ids)):
                connection.exec_driver_sql(_MEASURE.format(ids=f"[{', '.join(map(literal, ids))}]", query=query))
        asset = source.add_table_asset("measured", table_name="measured")
        batch = asset.add_batch_definition_whole_table("all").get_batch()
        results = batch.validate(_expectation_suite(suite, checks), result_format="COMPLETE").results
        totals = {row[0]: tuple(row[1:]) for row in connection.exec_driver_sql(_TOTALS)}
    by_id = {(result.expectation_config.meta or {})["id"]: result for result in results if result.expectation_config}
    return SuiteResult(
        suite,
        tuple(
            _outcome(check_id, check, by_id[check_id], totals.get(check_id, (0, 0, 0, 0)))
            for check_id, check in checks.items()
        ),
    )


def _queries(suite: Suite, checks: Mapping[str, Expectation], context: Mapping[str, Any]) -> dict[str, list[str]]:
    """Each query that is to be asked, with its checks: those that differ in `max_share` alone share one."""
    environment = _environment(suite)
    queries: dict[str, list[str]] = {}
    for check_id, check in checks.items():
        query = environment.get_template(f"{check.query}.sql").render(limits=check.limits, **context).strip()
        if query:  # else nothing of the kind is supplied
            queries.setdefault(query, []).append(check_id)
    return queries


@contextmanager
def _asking(what: str) -> Iterator[None]:
    try:
        yield
    except sa.exc.DBAPIError as error:
        # only messages about tables, columns and files may be told: a conversion error would quote a value
        reported = f": {error.orig}" if isinstance(error.orig, _TELLABLE) else ""
        raise ExpectationError(f"{what} could not be asked, {type(error.orig).__name__}{reported}") from None


def _environment(suite: Suite) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / suite),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701  # SQL
    )
    environment.filters |= {"literal": literal, "quote": quote}
    return environment


def _expectation_suite(suite: Suite, checks: Mapping[str, Expectation]) -> ExpectationSuite:
    from great_expectations import ExpectationSuite
    from great_expectations.expectations.core.unexpected_rows_expectation import UnexpectedRowsExpectation
    from great_expectations.expectations.metadata_types import FailureSeverity

    severities = {"error": FailureSeverity.CRITICAL, "warn": FailureSeverity.WARNING}
    return ExpectationSuite(
        name=suite,
        expectations=[
            UnexpectedRowsExpectation(
                description=check.says,
                unexpected_rows_query=_BROKEN.format(id=literal(check_id), max_share=check.max_share),
                severity=severities[check.severity],
                meta={"id": check_id},
            )
            for check_id, check in checks.items()
        ],
    )


def _outcome(
    check_id: str, check: Expectation, result: ExpectationValidationResult, totals: tuple[int, int, int, int]
) -> ExpectationOutcome:
    if "details" not in result.result:
        raise ExpectationError(f"{check_id} could not be asked: Great Expectations has no result for it")
    findings = tuple(
        BrokenSubject(row["subject"], row["examined"], row["compared"], row["broken"], tuple(row["hashed_keys"]))
        for row in result.result["details"]["unexpected_rows"]
    )
    return ExpectationOutcome(check_id, check.says, check.severity, bool(result.success), *totals, findings)
