"""`kefu report` and what stands below it: the old form keeps working, and words that make no sense are wrong use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest
from click.testing import CliRunner, Result

from foundation.settings import Settings
from orchestration import reporting
from orchestration.assets import reports as assets
from orchestration.cli import cli
from orchestration.ingestion.manifest import Manifest
from reports.bundle.rows import Scope
from reports.bundle.suppression import CellKey
from reports.issuing import inputs, verification
from reports.issuing.inputs import Inputs
from reports.issuing.inputs import meta as real_meta
from reports.issuing.issue import compare_issued, issue_period, pending
from reports.issuing.revisions import remember_hidden
from reports.issuing.wanted import renderings
from reports.registry import DEFAULT
from tests.declared_tables import create
from tests.reports.days import DAY, add_days
from tests.reports.published import META, MONTH, warehouse

pytestmark = pytest.mark.slow

DIGEST = "daily_digest"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Settings, duckdb.DuckDBPyConnection]]:
    """A home whose published warehouse is the one made by hand."""
    settings = Settings(home=tmp_path)
    with warehouse() as con:

        @contextmanager
        def published(_: Settings) -> Iterator[Inputs]:
            yield _inputs(settings, con)

        monkeypatch.setattr(assets, "published", published)
        for module in (inputs, verification):
            monkeypatch.setattr(module, "meta", lambda *_: META)
        yield settings, con


def _inputs(settings: Settings, con: duckdb.DuckDBPyConnection) -> Inputs:
    return Inputs(settings, con, Manifest().known)


def run(settings: Settings, *words: str) -> Result:
    return CliRunner(env={"KEFU_HOME": str(settings.home)}).invoke(cli, ["report", *words])


@pytest.mark.parametrize(
    ("words", "reported"),
    [
        ([], "say which month"),
        (["--month", "2026-10", "--revise"], "--revise and --reason TEXT go together"),
        (["--month", "2026-10", "--reason", "x"], "--revise and --reason TEXT go together"),
        (["--month", "2026-10", "diff", "2026-09", "2026-10"], "give diff the month as a word"),
        (["diff", "2026-09", "2026-10@0"], "'0' is no revision"),
        (["diff", "2026-09", "october"], "'october' is no month"),
        (["diff", "2026-09", "2026-10", "--scope", "shop=1"], "'shop=1' is no scope"),
        (["--report", "daily_digest"], "say which day"),
        (["--report", "daily_digest", "--month", "2026-10"], "daily_digest is made daily: give it a day"),
        (["--day", "2026-10-31"], "service_quality is made monthly: give it a month"),
        (["--month", "2026-10", "--day", "2026-10-31"], "say which month"),
        (["--report", "weekly", "--month", "2026-10"], "no report is called 'weekly'"),
        (["verify", "2026-10-31"], "service_quality is made monthly"),
        (["diff", "2026-09", "2026-10", "--report", "daily_digest"], "daily_digest is made daily"),
    ],
)
def test_wrong_use_says_what_would_do(tmp_path: Path, words: list[str], reported: str) -> None:
    result = run(Settings(home=tmp_path), *words)
    assert result.exit_code == 2
    assert reported in result.output


def test_two_revisions_are_shown_side_by_side(home: tuple[Settings, duckdb.DuckDBPyConnection]) -> None:
    settings, con = home
    issue_period(_inputs(settings, con), MONTH)
    con.execute("update reporting.kpi_monthly set value = value + 2 where metric_id = 'nps' and month = ?", [MONTH])
    assert issue_period(_inputs(settings, con), MONTH).issued[0].pending
    assert "nps" in run(settings, "differences").output
    assert "stand" in " ".join(pending(settings, MONTH))
    outcome = issue_period(_inputs(settings, con), MONTH, revise_it=True, reason="late answers")
    assert outcome.issued[0].bundle.revision == 2
    result = run(settings, "diff", "2026-10@1", "2026-10")
    assert result.exit_code == 0
    assert "Net promoter score" in result.output
    assert "late answers" in result.output
    assert "no printed figure differs" in run(settings, "differences").output


def test_the_next_month_restates_the_one_before(home: tuple[Settings, duckdb.DuckDBPyConnection]) -> None:
    """A correction of September that nobody asks for goes out with October."""
    settings, con = home
    september = date(2026, 9, 1)
    issue_period(_inputs(settings, con), september)
    con.execute("update reporting.kpi_monthly set value = value + 2 where metric_id = 'nps' and month = ?", [september])
    assert [one.period_start for one in compare_issued(_inputs(settings, con))] == [september]
    outcome = issue_period(_inputs(settings, con), MONTH)
    assert [(one.bundle.period_start, one.bundle.revision) for one in outcome.revised] == [(september, 2)]
    assert compare_issued(_inputs(settings, con)) == []


def test_scopes_of_recipients_are_issued_and_one_without_figures_is_told(
    home: tuple[Settings, duckdb.DuckDBPyConnection],
) -> None:
    """A store that was misspelt must not stop the others, nor pass unseen."""
    settings, con = home
    people = [
        "{id: a, name: A, address: a@example.com, scope: {store: 'demo:S07'}, language: zh-CN, formats: [html]}",
        "{id: b, name: B, address: b@example.com, scope: {store: 'demo:S99'}}",
    ]
    settings.recipients.write_text("recipients:\n" + "".join(f"  - {one}\n" for one in people), encoding="utf-8")
    outcome = issue_period(_inputs(settings, con), MONTH)
    store = Scope(type="store", id="demo:S07")
    assert [one.bundle.scope for one in outcome.issued] == [Scope(), store]
    assert "no figure for store demo:S99" in " ".join(outcome.reported())
    wanted = {(one.path.parent.name, one.code): one.pdf for one in renderings(settings, MONTH)}
    assert wanted == {("company", "en"): False, ("company", "zh-CN"): False, (store.folder, "zh-CN"): False}


def test_a_digest_is_issued_once_and_stands(home: tuple[Settings, duckdb.DuckDBPyConnection]) -> None:
    """Days are neither compared by the night nor restated by the next morning; by command they are."""
    settings, con = home
    add_days(con)
    person = "{id: a, name: A, address: a@example.com, report: daily_digest, scope: {store: 'demo:S01'}}"
    settings.recipients.write_text(f"recipients:\n  - {person}\n", encoding="utf-8")
    day_before = DAY - timedelta(days=1)
    first = issue_period(_inputs(settings, con), day_before, DIGEST)
    assert [one.bundle.scope.folder for one in first.issued] == ["company", "store=demo_S01"]
    con.execute("update reporting.kpi_daily set value = value + 9 where metric_id = 'calls' and day = ?", [day_before])
    assert compare_issued(_inputs(settings, con)) == []
    assert issue_period(_inputs(settings, con), DAY, DIGEST).revised == []
    assert [one.path.parent.name for one in renderings(settings, DAY, DIGEST)] == [
        "company", "company", "store=demo_S01",
    ]  # fmt: skip
    result = run(settings, "diff", "2026-10-30", "2026-10-31", "--report", DIGEST)
    assert result.exit_code == 0
    assert "Calls offered" in result.output
    again = issue_period(_inputs(settings, con), day_before, DIGEST, revise_it=True, reason="late calls")
    assert again.issued[0].bundle.revision == 2
    assert "--report daily_digest --day 2026-10-30" in " ".join(_pending_after_a_change(settings, con, day_before))


def _pending_after_a_change(settings: Settings, con: duckdb.DuckDBPyConnection, day: date) -> list[str]:
    con.execute("update reporting.kpi_daily set value = value + 9 where metric_id = 'calls' and day = ?", [day])
    issue_period(_inputs(settings, con), day, DIGEST)
    return pending(settings, day, DIGEST)


def test_a_month_hides_what_would_tell_a_day_that_a_digest_hid(
    home: tuple[Settings, duckdb.DuckDBPyConnection],
) -> None:
    settings, con = home
    add_days(con)
    hidden = CellKey("sla", date(2026, 10, 3), "store", "demo:S01")
    remember_hidden({hidden}, settings.reports, DIGEST, hidden.month)
    company = issue_period(_inputs(settings, con), MONTH).issued[0].bundle
    shown = {f.scope_id for f in company.parts("sla", "store") if f.month == MONTH}
    assert "demo:S02" in shown
    assert "demo:S01" not in shown


@pytest.mark.parametrize(
    ("words", "first", "change"),
    [
        (["2026-10"], MONTH, "kpi_monthly set value = value + 0.0001 where metric_id = 'nps' and month = $first"),
        (["2026-10-31", "--report", DIGEST], DAY, "kpi_daily set n = n + 1 where metric_id = 'csat' and day = $first"),
        (
            ["2026-10-31", "--report", DIGEST],
            DAY,
            "kpi_daily set usual = usual + 0.0001 where metric_id = 'sla' and day = $first",
        ),
    ],
    ids=["month", "day", "what is usual"],
)
def test_verify_tells_a_figure_that_comes_out_otherwise(
    home: tuple[Settings, duckdb.DuckDBPyConnection],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    words: list[str],
    first: date,
    change: str,
) -> None:
    settings, con = home
    add_days(con)
    report_id = DIGEST if DIGEST in words else DEFAULT
    person = f"{{id: a, name: A, address: a@example.com, report: {report_id}, scope: {{store: 'demo:S09'}}}}"
    settings.recipients.write_text(f"recipients:\n  - {person}\n", encoding="utf-8")
    issue_period(_inputs(settings, con), first, report_id)

    def rebuilt(*_: object) -> SimpleNamespace:
        folder = tmp_path / "scratch"
        folder.mkdir()
        marts = folder / "kefu.duckdb"
        con.execute(f"attach '{marts}' as scratch")
        tables = con.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'memory'"
        ).fetchall()
        for schema, table in tables:
            con.execute(f"create schema if not exists scratch.{schema}")
            con.execute(f"create table scratch.{schema}.{table} as from memory.{schema}.{table}")
        con.execute("detach scratch")
        return SimpleNamespace(folder=folder, marts=marts)

    monkeypatch.setattr(reporting, "_build", rebuilt)
    result = run(settings, "verify", *words)
    equal = [f"{words[0]} {scope}, revision 1: equal" for scope in ("company", "store=demo_S09")]
    assert (result.exit_code, result.output.splitlines()) == (0, equal)
    con.execute(f"update reporting.{change} and scope_type = 'company'", {"first": first})
    result = run(settings, "verify", *words)
    assert result.exit_code == 1
    assert "1 figures differ" in result.output
    assert equal[1] in result.output
    assert not (tmp_path / "scratch").exists()


def test_a_bundle_says_what_made_it(home: tuple[Settings, duckdb.DuckDBPyConnection]) -> None:
    """Equal loads under other models give other figures; a bundle that does not say so cannot be verified."""
    settings, con = home
    create(con, "rpt_build", "reporting")
    given = "build_id, code_version, settings_version, as_of_date, known_at"
    con.execute(
        f"insert into reporting.rpt_build ({given}) values ('b', 'c', 's', date '2026-10-31', date '2026-10-31')"
    )
    made = real_meta(settings, con)
    assert (made.build_id, made.code_version, made.settings_version) == ("b", "c", "s")
    assert (made.small_cell, made.min_n) == (5, settings.dbt_vars["min_n"])
