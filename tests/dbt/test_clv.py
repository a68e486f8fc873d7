"""Lifetime value through the whole chain, from orders to the fit: the CDNOW sample, and a company without any."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

pytestmark = pytest.mark.slow
END = date(1997, 9, 30)  # of the published calibration


def cdnow(real_exports: Path) -> list[dict[str, Any]]:
    """The sample's purchases as orders at noon in Shanghai, the whole 78 weeks."""
    lines = pd.read_fwf(
        real_exports / "cdnow" / "CDNOW_sample.txt",
        header=None,
        names=["master_id", "id", "date", "cds", "value"],
        dtype={"date": str},
    )
    return [
        {
            "order_id": f"crm:{number}",
            "customer_id": f"crm:{row.id}",
            "ordered_at": pd.Timestamp(row.date) + pd.Timedelta(hours=4),
            "gross_amount": Decimal(str(row.value)),
            "updated_at": pd.Timestamp(row.date) + pd.Timedelta(hours=4),
        }
        for number, row in enumerate(lines.itertuples())
    ]


def test_cdnow_orders_give_the_published_fit(warehouse: Any, real_exports: Path) -> None:
    """Orders of a day are one purchase day, those after as_of have not happened."""
    warehouse.load([("orders", END, cdnow(real_exports), None)], as_of=END)
    warehouse.dbt("build", "--select", "+clv_fit", "--exclude-resource-type", "test")
    (fit,) = warehouse.query("select * from customer.clv_fit").to_dict("records")
    found = [round(float(fit[name]), 3) for name in ("r", "alpha", "a", "b", "p", "q", "v")]
    assert found == [0.243, 4.414, 0.793, 2.426, 6.25, 3.744, 15.444]
    assert (fit["customers"], fit["repeaters"]) == (2357, 946)
    groups = warehouse.work_query(
        "select count(*) as n from intermediate.int_customer__purchase_counts where sample = 'all'"
    )
    assert groups["n"][0] < 2357 / 2  # fitted on counts, not on customers
    holdout = warehouse.query("select sum(customers) as n, sum(actual_days) as days from customer.clv_holdout")
    first, split = pd.Timestamp("1997-01-01"), pd.Timestamp("1997-04-01")
    assert (split - first).days == 90  # 26 weeks before the end; everybody had first bought by then
    assert holdout["n"][0] == 2357
    assert fit["status"] in {"forecast", "worse_than_naive", "not_converged"}


def test_without_orders_there_is_no_fit_and_nothing_breaks(warehouse: Any) -> None:
    warehouse.load([("customers", END, [{"customer_id": "crm:1", "name": "One"}], None)], as_of=END)
    warehouse.dbt("build", "--select", "+clv_fit", "--exclude-resource-type", "test")
    assert warehouse.query("select * from customer.clv_fit").empty
    assert warehouse.query("select * from customer.clv_holdout").empty
    fits = warehouse.work_query("select has_converged, customers from intermediate.int_customer__purchase_fit")
    assert fits.to_dict("records") == [{"has_converged": False, "customers": 0}] * 2
