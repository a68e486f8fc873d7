"""Exports that nobody here wrote: copy the mapping and the files, ingest, and the counts and totals are theirs."""

from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.ingestion.homes import Home

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "sources"

CASES: list[tuple[str, str, list[tuple[Any, ...]]]] = [
    (
        "cdnow",
        (
            "select count(*), count(distinct order_id), count(distinct customer_id), sum(gross_amount), "
            "(select count(*) from raw.customers) from raw.orders"
        ),
        [(69_659, 69_659, 23_570, Decimal("2500315.63"), 23_570)],
    ),
    (
        "olist_sample",
        (
            "select count(*) filter (status = 'delivered'), "
            "count(*) filter (status = 'delivered' and delivered_at > promised_at), "
            "count(distinct customer_id), sum(gross_amount) from raw.orders"
        ),
        [(2_904, 191, 2_995, Decimal("392468.58"))],
    ),
    ("olist_sample", "select count(*), sum(unit_price) from raw.order_lines", [(3_397, Decimal("392468.58"))]),
    ("olist_sample", "select sum(amount) from raw.payments", [(Decimal("468087.37"),)]),
    (
        "olist_sample",
        (
            "select count(*), count(distinct survey_id), round(avg(score), 4), "
            "(select round(avg(score), 4) from (select distinct survey_id, item_id, score from raw.survey_answers)) "
            "from raw.survey_answers"
        ),
        [(2_993, 2_992, 4.0698, 4.0695)],
    ),
    (
        "telco_churn",
        (
            "select count(*), count(closed_at), count(*) filter (closure_reason = 'Attitude of support person') "
            "from raw.customers"
        ),
        [(7_043, 1_869, 192)],
    ),
    (
        "salesforce_demo_org",
        (
            "select count(*), (select count(*) from raw.ticket_events where to_status = 'solved'), "
            "(select count(*) from raw.customers where type = 'company'), "
            "(select count(*) from raw.customers where type = 'person') from raw.tickets"
        ),
        [(3_340, 3_249, 250, 1_122)],
    ),
    (
        "helpdesk",
        (
            "select count(*), count(distinct (ticket_id, seq)), count(distinct ticket_id), "
            "(select count(*) from raw.tickets) from raw.ticket_events"
        ),
        [(21_348, 21_348, 4_580, 4_580)],
    ),
    (
        "zh_messages",
        (
            "select count(*), round(median(epoch(reply.at - ticket.created_at) / 86400), 3), "
            "(select count(*) from raw.customers) "
            "from raw.tickets as ticket join raw.ticket_events as reply using (ticket_id) where reply.event = 'comment'"
        ),
        [(2_816, 11.208, 2_559)],
    ),
    (
        "airline_satisfaction",
        (
            "select count(distinct item_id), count(*), round(avg((score >= 4)::int) filter (item_id = 'overall'), 4) "
            "from raw.survey_answers"
        ),
        # 14 items and the verdict, which stands on the item sheet too
        [(16, 16 * 25_976, 0.4390)],
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize("source", sorted({case[0] for case in CASES}))
def test_the_counts_and_totals_are_those_of_the_export(home: Home, real_exports: Path, source: str) -> None:
    home.mapping((EXAMPLES / f"{source}.yml").read_text(encoding="utf-8"), source=source)
    shutil.copytree(real_exports / source, home.settings.landing / source / str(home.day))
    report = home.ingest()
    assert report.ok, report.refusals
    assert all(file.quarantined == file.duplicate == 0 for file in report.files)
    for name, question, answer in CASES:
        if name == source:
            assert home.ask(question) == answer
