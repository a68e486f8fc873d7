"""The wordings of reasons for leaving: the Telco churn workbook counted by them, and every one of them listed."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

SEEDS = Path(__file__).resolve().parents[2] / "dbt_project" / "seeds"

# the public Telco churn workbook: churned customers by the reason it states
TELCO = {
    "Attitude of support person": 192,
    "Competitor offered higher download speeds": 189,
    "Competitor offered more data": 162,
    "Don't know": 154,
    "Competitor made better offer": 140,
    "Attitude of service provider": 135,
    "Competitor had better devices": 130,
    "Network reliability": 103,
    "Product dissatisfaction": 102,
    "Price too high": 98,
    "Service dissatisfaction": 89,
    "Lack of self-service on Website": 88,
    "Extra data charges": 57,
    "Moved": 53,
    "Limited range of services": 44,
    "Lack of affordable download/upload speed": 44,
    "Long distance charges": 44,
    "Poor expertise of phone support": 20,
    "Poor expertise of online support": 19,
    "Deceased": 6,
}


def rows(seed: str) -> list[dict[str, str]]:
    with (SEEDS / f"{seed}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_telco_reasons_are_all_listed_and_give_the_share_caused_by_us() -> None:
    """Prevents reasons that silently become other, and a share that moves with the list."""
    listed = {row["raw_reason"]: row["reason"] for row in rows("churn_reasons")}
    counted: Counter[str] = Counter()
    for wording, customers in TELCO.items():
        counted[listed[wording.strip().lower()]] += customers
    assert counted.total() == 1869
    assert counted == {"better_product": 730, "poor_service": 543, "cheaper": 383, "other": 213}
    ours = {row["reason"] for row in rows("churn_reason_groups") if row["is_caused_by_us"] == "true"}
    assert sum(counted[reason] for reason in ours) / counted.total() == pytest.approx(0.2905, abs=5e-5)


def test_every_wording_leads_to_a_group_and_the_often_quoted_shares_sum_to_one() -> None:
    groups = rows("churn_reason_groups")
    assert {row["reason"] for row in rows("churn_reasons")} == {row["reason"] for row in groups}
    assert sum(float(row["often_quoted_share"]) for row in groups) == pytest.approx(1)
