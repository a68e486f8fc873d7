"""The bundle: what is selected, that it is frozen, and that nobody can change it unseen."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from reports.bundle import Bundle, BundleDamagedError, Meta, Scope, make_bundle, read_bundle
from reports.revisions import issue

MONTH = date(2026, 10, 1)


def make(con: duckdb.DuckDBPyConnection, meta: Meta, scope: Scope | None = None) -> Bundle:
    return make_bundle(con, "service_quality", MONTH, meta, scope)


def test_it_holds_the_month_a_year_back_and_the_stores(bundle: Bundle) -> None:
    assert [figure.month for figure in bundle.series("csat")][::12] == [date(2025, 10, 1), MONTH]
    stores = {figure.scope_id for figure in bundle.parts("sla", "store") if figure.month == MONTH}
    assert len(stores) == bundle.members["store"] == 10
    assert bundle.parts("sla", "store")[0].month == MONTH, "only charts over time need earlier months of the stores"
    assert {figure.dimension_value for figure in bundle.split("csat", "touch_point")} >= {"order", "ticket"}


def test_a_store_gets_its_own_figures_only(con: duckdb.DuckDBPyConnection, bundle: Bundle) -> None:
    store = make(con, bundle.meta, Scope(type="store", id="demo:S07"))
    assert {(figure.scope_type, figure.scope_id) for figure in store.figures} == {("store", "demo:S07")}
    assert store.folder == Path("service_quality/2026-10/store=demo_S07")


@pytest.mark.parametrize("wild", ["../../etc", "a/b", "店 一", "x" * 500, "demo:S07/..", ".", "demo:a b", "demo_a:b"])
def test_a_scope_cannot_leave_its_folder(wild: str) -> None:
    folder = Scope(type="store", id=wild).folder
    assert "/" not in folder
    assert folder.isascii()
    assert len(folder) < 100
    assert folder != Scope(type="store", id=wild + "2").folder


def test_a_changed_file_is_seen(bundle: Bundle, tmp_path: Path) -> None:
    issue(bundle, tmp_path)
    path = tmp_path / bundle.folder / "bundle.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"n":1312', '"n":1313', 1), encoding="utf-8")
    with pytest.raises(BundleDamagedError, match="restore it from a backup"):
        read_bundle(path)


def test_a_metric_nobody_declares_is_an_error(con: duckdb.DuckDBPyConnection, bundle: Bundle) -> None:
    con.execute("delete from reporting.metric_definitions where metric_id = 'nps'")
    with pytest.raises(ValueError, match=r"no model declares the metrics nps; mend its report\.yml"):
        make(con, bundle.meta)


def test_a_month_without_figures_is_an_error(con: duckdb.DuckDBPyConnection, bundle: Bundle) -> None:
    with pytest.raises(ValueError, match="no figure of 2031-01 for company company"):
        make_bundle(con, "service_quality", date(2031, 1, 1), bundle.meta)


def test_a_member_with_a_hidden_figure_is_told_with_those_of_none(
    con: duckdb.DuckDBPyConnection, bundle: Bundle
) -> None:
    """What it adds to a change would tell its figure; the whole stays the change."""
    con.execute(
        "update reporting.kpi_monthly set n = 2 where metric_id = 'csat' and scope_id = 'demo:S03' and month = ?",
        [MONTH],
    )
    told = [c for c in make(con, bundle.meta).contributions if c.scope_type == "store"]
    assert "demo:S03" not in {c.scope_id for c in told}
    assert sum(c.contribution for c in told) == Decimal("-0.039")
    assert next(c for c in told if not c.scope_id).n is None
