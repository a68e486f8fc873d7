"""Issued once and restated in the open: nothing overwritten, nothing changed unseen, nothing hidden told later."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import duckdb
import pytest

from foundation.languages import LANGUAGES, LanguageCode
from reports.bundle.model import Bundle, Meta
from reports.bundle.reading import Source, make_bundle
from reports.bundle.rows import Cause, Scope
from reports.bundle.store import read_bundle, write_bundle
from reports.issuing.comparison import compared
from reports.issuing.revisions import (
    NoSuchEditionError,
    changed,
    edition,
    hidden_before,
    issue,
    issued_scopes,
    recorded,
    remember_hidden,
    restatements_since_last,
    revise,
)

MONTH = date(2026, 10, 1)
REPORT = "service_quality"
LATE = Cause(kind="late_rows", entity="surveys", source_system="demo", rows=12)


def make(con: duckdb.DuckDBPyConnection, meta: Meta, **changes: object) -> Bundle:
    return make_bundle(con, REPORT, MONTH, meta.model_copy(update=changes))


def raise_nps(con: duckdb.DuckDBPyConnection, by: float = 0.5) -> None:
    con.execute(f"update reporting.kpi_monthly set value = value + {by} where metric_id = 'nps' and month = ?", [MONTH])


def test_made_again_it_stands(con: duckdb.DuckDBPyConnection, bundle: Bundle, tmp_path: Path) -> None:
    """Equal figures on later loads change not a byte."""
    issued = issue(bundle, tmp_path).bundle
    path = tmp_path / bundle.folder / "bundle.json"
    before = path.read_bytes()
    again = issue(make(con, bundle.meta, known_at=date(2026, 11, 5), as_of=date(2026, 11, 5)), tmp_path)
    assert (again.bundle, again.is_new, again.pending) == (issued, False, ())
    assert path.read_bytes() == before
    assert json.loads(before)["sha256"] == issued.sha256
    assert [entry.name for entry in path.parent.iterdir()] == ["bundle.json"]


def test_other_figures_are_recorded_and_not_issued(
    con: duckdb.DuckDBPyConnection, bundle: Bundle, tmp_path: Path
) -> None:
    issue(bundle, tmp_path)
    raise_nps(con)
    again = issue(make(con, bundle.meta), tmp_path)
    assert again.bundle == bundle
    assert [(change.metric_id, change.scope_type) for change in again.pending] == [("nps", "company")]
    (record,) = recorded(tmp_path)
    assert (record.period_start, record.revision, record.total) == (MONTH, 1, 1)
    raise_nps(con, -0.5)
    issue(make(con, bundle.meta), tmp_path)
    assert list(recorded(tmp_path)) == [], "what came back to the issued figure is no difference any more"


def test_a_change_that_no_page_prints_is_none(con: duckdb.DuckDBPyConnection, bundle: Bundle, tmp_path: Path) -> None:
    """A revision for the sixth decimal would make executives distrust the seventh."""
    issue(bundle, tmp_path)
    raise_nps(con, 0.00001)
    made = make(con, bundle.meta)
    assert made != bundle
    assert not revise(made, tmp_path, "late answers").is_new
    assert edition(tmp_path, REPORT, MONTH, Scope()) == bundle
    assert [change.metric_id for change in changed(bundle, made, exact=True)] == ["nps"]


def test_a_revision_says_what_changed_and_why(con: duckdb.DuckDBPyConnection, bundle: Bundle, tmp_path: Path) -> None:
    issue(bundle, tmp_path)
    raise_nps(con)
    made = make(con, bundle.meta, known_at=date(2026, 11, 9), settings_version="other")
    one = revise(made, tmp_path, "late answers", [LATE])
    note = one.bundle.restated
    assert one.is_new
    assert note is not None
    assert (one.bundle.revision, note.reason, note.total) == (2, "late answers", 1)
    assert note.causes == (Cause(kind="settings"), LATE)
    (change,) = note.changes
    old, new = bundle.figure("nps"), made.figure("nps")
    assert old is not None
    assert new is not None
    assert (change.old, change.new, change.new_n) == (str(old.value), str(new.value), new.n)
    assert edition(tmp_path, REPORT, MONTH, Scope()) == one.bundle
    assert edition(tmp_path, REPORT, MONTH, Scope(), 1) == bundle
    with pytest.raises(NoSuchEditionError, match="there is no revision 3; there are 1 to 2"):
        edition(tmp_path, REPORT, MONTH, Scope(), 3)


def test_nothing_issued_is_nothing_to_revise(bundle: Bundle, tmp_path: Path) -> None:
    with pytest.raises(NoSuchEditionError, match="nothing was issued"):
        revise(bundle, tmp_path, "why")
    with pytest.raises(NoSuchEditionError, match="kefu report --month 2026-10 first"):
        edition(tmp_path, REPORT, MONTH, Scope())


def test_a_bundle_of_before_a_field_existed_is_whole(bundle: Bundle, tmp_path: Path) -> None:
    """An upgrade would take every issued report for damaged."""
    content = {name: value for name, value in bundle.content.items() if name not in {"exceptions", "withheld"}}
    old = Bundle.model_validate(content)
    write_bundle(old, tmp_path / "bundle.json")
    assert read_bundle(tmp_path / "bundle.json").sha256 == old.sha256 != bundle.sha256


def test_the_next_report_lists_what_was_restated_once(
    con: duckdb.DuckDBPyConnection, bundle: Bundle, tmp_path: Path
) -> None:
    """A correction that stands only in the corrected report is read by nobody."""
    issue(bundle, tmp_path)
    raise_nps(con)
    revise(make(con, bundle.meta, known_at=date(2026, 11, 9)), tmp_path, "late answers", [LATE])

    def issue_later(month: date, known_at: date) -> int:
        notes = restatements_since_last(tmp_path, REPORT, month, Scope())
        meta = bundle.meta.model_copy(update={"known_at": known_at})
        issue(bundle.model_copy(update={"period_start": month, "meta": meta, "restatements": notes}), tmp_path)
        return len(notes)

    assert issue_later(date(2026, 11, 1), date(2026, 12, 1)) == 1
    assert issue_later(date(2026, 12, 1), date(2027, 1, 4)) == 0


@pytest.mark.parametrize("code", LANGUAGES)
def test_two_reports_side_by_side(con: duckdb.DuckDBPyConnection, bundle: Bundle, code: LanguageCode) -> None:
    raise_nps(con)
    table = compared(bundle, make(con, bundle.meta), code)
    assert len(table.headings) == 4
    ((name, old, new, difference),) = table.rows
    assert name == {"en": "Net promoter score (NPS)", "zh-CN": "净推荐值"}[code]
    assert (old, new) != (new, old)
    assert difference.startswith("+0.5")
    assert compared(bundle, bundle, code).rows == ()


def test_what_an_issue_hid_stays_hidden(con: duckdb.DuckDBPyConnection, bundle: Bundle, tmp_path: Path) -> None:
    """Late rows make a small figure large; the two issues subtracted would give the small one back."""
    con.execute("update reporting.kpi_monthly set n = 3 where scope_id = 'demo:S07' and metric_id = 'csat'")
    first = Source(con, REPORT, MONTH, bundle.meta)
    remember_hidden(first.hidden, tmp_path, REPORT, MONTH)
    con.execute("update reporting.kpi_monthly set n = 80 where scope_id = 'demo:S07' and metric_id = 'csat'")
    assert first.hidden
    assert Source(con, REPORT, MONTH, bundle.meta).hidden == frozenset()
    later = Source(con, REPORT, MONTH, bundle.meta, before=hidden_before(tmp_path))
    assert first.hidden <= later.hidden
    figure = later.bundle(Scope(type="store", id="demo:S07")).figure("csat")
    assert figure is not None
    assert figure.status == "suppressed"
    before = (tmp_path / REPORT / "2026-10" / "hidden.parquet").read_bytes()
    remember_hidden(first.hidden, tmp_path, REPORT, MONTH)
    assert (tmp_path / REPORT / "2026-10" / "hidden.parquet").read_bytes() == before


def test_issued_scopes_are_found(con: duckdb.DuckDBPyConnection, bundle: Bundle, tmp_path: Path) -> None:
    source = Source(con, REPORT, MONTH, bundle.meta)
    store = Scope(type="store", id="demo:S07")
    for scope in (store, Scope()):
        issue(source.bundle(scope), tmp_path)
    assert issued_scopes(tmp_path, REPORT, MONTH) == [Scope(), store]
    assert store in source.scopes({"store"})
