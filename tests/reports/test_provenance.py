"""What stands out and what the figures stand on, as printed: capped with the total, told with its reasons."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from foundation.languages import LANGUAGES
from reports.bundle.model import Bundle
from reports.bundle.rows import Cause, Changed, Code, Load, Restatement, TableExtract, Warned, Withheld
from reports.page.render import render_html
from reports.text import provenance
from reports.text.language import language
from reports.text.tables import printed_table
from reports.text.wording import Wording

NOTE = Restatement(
    period_start=date(2026, 9, 1),
    revision=2,
    known_at=date(2026, 10, 31),
    reason="Returns of store 7 came late",
    changes=(
        Changed(metric_id="csat", old="0.812", new="0.807", old_n=900, new_n=931),
        Changed(metric_id="sla", scope_type="store", scope_id="demo:S07", old="0.71", new=None, old_n=40),
        Changed(table="Customer value matrix", row=("best",), column="Spend", old="100", new="120.5"),
        Changed(
            table="Public service standards: promised, standard, delivered",
            row=("x",),
            column="On time",
            old="1",
            new="0.9",
        ),
    ),
    total=9,
    causes=(
        Cause(
            kind="late_rows",
            entity="returns",
            source_system="demo",
            first_load_date=date(2026, 10, 2),
            last_load_date=date(2026, 10, 5),
            rows=31,
        ),
        Cause(kind="settings"),
        Cause(kind="code"),
    ),
)


def wording(bundle: Bundle, **updated: object) -> Wording:
    return Wording(bundle.model_copy(update=updated), language("en"))


def test_exceptions_are_capped_and_say_how_many_there_are(bundle: Bundle) -> None:
    missed = tuple(f for f in bundle.figures if f.status == "missed" and f.month == bundle.period_start)
    assert missed
    many = (missed * 40)[:40]
    printed = provenance.exceptions(wording(bundle, exceptions=many, exceptions_total=94))
    assert printed is not None
    assert (len(printed.rows), printed.more) == (provenance.MAX_EXCEPTIONS, 94 - provenance.MAX_EXCEPTIONS)
    assert all(row[-1].endswith("×\u00a0missed") for row in printed.rows)
    assert provenance.exceptions(wording(bundle, exceptions=(), exceptions_total=0)) is None


def test_who_adds_to_a_change_is_capped_to_the_largest_parts_of_it(bundle: Bundle) -> None:
    """A list of all members buries the few that matter, and one of a metric alone those of the others."""
    own = bundle.figure("csat")
    assert own
    assert own.change_previous == "worse"
    parts = [c for c in bundle.contributions if c.metric_id == "csat" and c.scope_type == "store"]
    many = [parts[0].model_copy(update={"scope_id": f"s{i}", "contribution": Decimal(1)}) for i in range(60)]
    other = [c.model_copy(update={"metric_id": "nps", "contribution": Decimal(-50)}) for c in parts[:2]]
    uncalled = [c.model_copy(update={"period": "year_ago"}) for c in parts]
    figures = tuple(
        f.model_copy(update={"change_previous": "worse"}) if f.metric_id == "nps" else f for f in bundle.figures
    )
    printed = provenance.contributions(wording(bundle, contributions=(*many, *other, *uncalled), figures=figures))
    assert printed is not None
    assert (len(printed.rows), printed.more) == (provenance.MAX_CONTRIBUTIONS, 62 - provenance.MAX_CONTRIBUTIONS)
    assert [row[4:6] for row in printed.rows[-2:]] == [("−50.0", "−100.0")] * 2
    assert {row[1] for row in printed.rows} == {"Last month"}
    assert provenance.contributions(wording(bundle, contributions=())) is None


def test_a_figure_in_a_table_has_the_unit_of_its_metric(bundle: Bundle) -> None:
    """A share of 0.9 and a time of 0.9 minutes stand in one column."""
    title = "Promptness, accuracy, reliability: service quality in short"
    spec = next(spec for spec in bundle.spec.tables if spec.title == title)
    rows = (
        ("promptness", "sla", "", "0.91", "0.9", "0.92", "0.95", "812", "812"),
        ("promptness", "first_reply", "", "300", None, None, "60", "812", "812"),
        ("accuracy", "sla", "billing_error", "0.91", None, None, None, "12", "12"),
    )
    names = (Code(taxonomy="service_standards", dimension="standard_id", code="billing_error", place=1, label="Bills"),)
    found = wording(bundle, codes=names)
    table = printed_table(found, spec, TableExtract(id=spec.id, title=title, rows=rows, total=3))
    sla, reply = (found.label(metric) for metric in ("sla", "first_reply"))
    assert table.rows == (
        ("Promptness", sla, "–", "91.0%", "90.0%", "92.0%", "95.0%", "812"),
        ("Promptness", reply, "–", "5.0\u00a0h", "–", "–", "60.0\u00a0min", "812"),
        ("Accuracy", sla, "Bills", *(["too few to say"] * 3), "–", "12"),
    )
    change = Changed(table=title, row=("promptness", "first_reply", ""), column="Value", old="300", new="290")
    note = NOTE.model_copy(update={"changes": (change,)})
    reported = provenance.restatements(wording(bundle, restatements=(note,)))[0].table.rows[0]
    assert reported[2:4] == ("5.0\u00a0h", "4.8\u00a0h")


def test_a_restatement_tells_what_changed_by_how_much_and_why(bundle: Bundle) -> None:
    reported = provenance.restatements(wording(bundle, restatements=(NOTE,)))[0]
    assert reported.title == "September 2026, revision 2 of 31 October 2026"
    assert reported.reasons == (
        "Returns of store 7 came late",
        "returns from demo: 31 rows that speak of the month came between 2 October 2026 and 5 October 2026.",
        "The settings that shape figures changed.",
        "The definitions of figures changed.",
    )
    assert [row[1:] for row in reported.table.rows] == [
        ("Customer satisfaction (CSAT)", "81.2%", "80.7%", "900", "931"),
        ("Service level", "71.0%", "–", "40", "–"),
        ("Customer value matrix · Best · Spend", "CNY\u00a0100.00", "CNY\u00a0120.50", "–", "–"),
        ("Public service standards: promised, standard, delivered · x · On time", "100.0%", "90.0%", "–", "–"),
    ]
    assert reported.table.more == 5


def test_a_revision_says_so_on_its_first_page(bundle: Bundle) -> None:
    revised = bundle.model_copy(update={"revision": 2, "restated": NOTE})
    for code, said in zip(LANGUAGES, ("revision 2", "第 2 版"), strict=True):
        first = render_html(revised, code).split("<section")[1]
        assert said in first
        assert 'class="warning"' in first


def test_the_data_page_tells_what_lacks(bundle: Bundle) -> None:
    """Sources that are stale come first, and counts that a store may not know are no zeros."""
    stale = Load(
        entity="orders",
        source_system="erp",
        last_load_date=date(2026, 9, 3),
        rows_read=None,
        rows_loaded=None,
        rows_filtered=None,
        rows_duplicate=None,
        rows_quarantined=None,
        rows_refused=None,
        is_stale=True,
    )
    reported = wording(
        bundle,
        loads=(*bundle.loads, stale),
        warnings=(Warned(warning="w", subject="prices", cases=3, message="Prices lack."),),
        withheld=(Withheld(metric_id="csat", dimension="touch_point"), Withheld(table="Kano categories")),
        not_supplied=("campaigns",),
    )
    loads = provenance.loads(reported)
    assert loads is not None
    first = next(row for row in loads.rows if row[1] == "erp")
    assert first in loads.rows[: sum(load.is_stale for load in reported.bundle.loads)]
    assert first[2:4] == ("2026-09-03 stale", "–")
    assert provenance.withheld(reported) == "Customer satisfaction (CSAT) by touch point, Kano categories"
    found = provenance.warnings(reported)
    assert found is not None
    assert found.rows == (("prices", "3", "Prices lack."),)
    assert "Supplied by no source: campaigns" in render_html(reported.bundle, "en")
    only = provenance.loads(wording(bundle, loads=(stale,)))
    assert only is not None
    assert [column.title for column in only.columns] == ["Entity", "Source", "Last load"]


def test_rows_that_lost_a_value_are_told_where_there_are_any(bundle: Bundle) -> None:
    def heads(nulled: int) -> list[str]:
        some = tuple(load.model_copy(update={"rows_nulled": nulled}) for load in bundle.loads)
        reported = provenance.loads(wording(bundle, loads=some))
        assert reported is not None
        return [column.title for column in reported.columns]

    assert "Without a value" not in heads(0)
    titles = heads(3)
    assert titles.index("Without a value") == titles.index("Quarantined") + 1
    for code, said in zip(LANGUAGES, ("Without a value", "缺值载入"), strict=True):
        some = tuple(load.model_copy(update={"rows_nulled": 3}) for load in bundle.loads)
        assert said in render_html(bundle.model_copy(update={"loads": some}), code)


def test_a_thin_bundle_prints_every_page(sparse: Callable[..., Bundle]) -> None:
    thin = sparse("service").model_copy(update={"loads": (), "tables": (), "exceptions": (), "exceptions_total": 0})
    for code in LANGUAGES:
        page = render_html(thin, code)
        assert page.count("<section") == len(thin.spec.areas) + 4
        assert "<table" in page
