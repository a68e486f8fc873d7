"""In which unit each figure is, those of tables with a chart of their own too."""

from __future__ import annotations

from reports.bundle.model import Bundle
from reports.bundle.rows import Changed

# Tables with a chart of their own: title, what names a row, columns with heading and unit; titles are messages.
SHAPES: tuple[tuple[str, str, tuple[str, ...], tuple[tuple[str, str, str], ...]], ...] = (
    (
        "servqual",
        "Expected and perceived service quality",
        ("dimension",),
        (("expectation", "Expected", "score"), ("perception", "Perceived", "score"), ("n", "n", "count")),
    ),
    (
        "value_matrix",
        "Customer value matrix",
        ("cell",),
        (
            ("customers", "Customers", "count"),
            ("mean_orders", "Orders per customer in the window", "score"),
            ("mean_order_value", "Value of an order", "money"),
            ("spend", "Spend", "money"),
        ),
    ),
    (
        "cohorts",
        "Customers who bought again by month since their first order",
        ("cohort_month", "month_number"),
        (("rate", "Share", "rate"),),
    ),
)
SHAPE_UNITS = {(title, heading): unit for _, title, _, columns in SHAPES for _, heading, unit in columns}


def unit_of(change: Changed, bundle: Bundle) -> str:
    """In which unit its figures are."""
    if not change.table:
        return bundle.metric(change.metric_id).unit
    if (change.table, change.column) in SHAPE_UNITS:
        return SHAPE_UNITS[change.table, change.column]
    columns = next((spec.columns for spec in bundle.spec.tables if spec.title == change.table), ())
    unit = next((column.unit for column in columns if column.title == change.column), "score")
    known = {metric.metric_id for metric in bundle.metrics}
    if unit not in {"figure", "difference"}:
        return unit
    return bundle.unit_of(next((name for name in change.row if name in known), None))
