"""What report.yml selects, of bundles that know less than the report prints by now."""

from __future__ import annotations

from reports.registry import DEFAULT, report

ALL = frozenset((*report(DEFAULT).metrics, *report(DEFAULT).drawn_metrics))


def test_a_bundle_that_knows_all_metrics_is_printed_by_the_whole_report() -> None:
    assert report(DEFAULT).within(ALL) == report(DEFAULT)


def test_what_a_bundle_does_not_know_is_in_no_line_chart_or_member_table() -> None:
    for missing in sorted(ALL):
        spec = report(DEFAULT).within(ALL - {missing})
        assert missing not in {*spec.metrics, *spec.drawn_metrics}
        assert set(spec.metrics) == set(report(DEFAULT).metrics) - {missing}
        # a chart goes only where nothing is left to draw, or where its sides would no longer add up
        gone = [chart for chart in report(DEFAULT).charts if chart.title not in {one.title for one in spec.charts}]
        assert all(
            chart.drawn == (missing,) or chart.metrics == (missing,) or missing in (*chart.came, *chart.went)
            for chart in gone
        )


def test_charts_of_a_table_stand_whatever_metrics_are_known() -> None:
    assert [chart for chart in report(DEFAULT).within(frozenset()).charts if chart.table] == [
        chart for chart in report(DEFAULT).charts if chart.table
    ]
