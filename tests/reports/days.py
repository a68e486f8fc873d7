"""The daily figures of the small warehouse of published.py: five weeks of a service desk that has a bad last day.

Stores share the company's figures by weight; store S10 is so small that its cells must be hidden.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

import duckdb

from tests.declared_tables import create
from tests.reports.published import STORES, insert, translate

DAY = date(2026, 10, 31)
FIRST = date(2026, 9, 26)
# id, en, zh, unit, direction, dated, level, n, target
METRICS: tuple[tuple[str, str, str, str, str, str, float, int, float | None], ...] = (
    ("backlog_received", "Tickets received", "新收工单", "count", "none", "event", 140, 140, None),
    ("backlog_solved", "Tickets solved", "解决工单", "count", "none", "event", 132, 132, None),
    ("calls", "Calls offered", "呼入电话量", "count", "none", "event", 210, 210, None),
    ("first_reply", "First response time (median)", "首次响应时间（中位数）", "minutes", "down", "event", 44, 120, 60),
    ("sla", "Time limits kept", "服务时限达成率", "rate", "up", "event", 0.91, 260, 0.9),
    ("calls_service_level", "Calls answered within 20 seconds", "20秒内接通率", "rate", "up", "event", 0.8, 210, None),
    ("calls_abandoned", "Calls abandoned", "电话放弃率", "rate", "down", "event", 0.06, 210, None),
    ("backlog", "Open tickets", "未结工单", "count", "down", "snapshot", 410, 410, None),
    ("overdue", "Open past a time limit", "超时未结工单", "count", "down", "snapshot", 90, 90, None),
    ("complaints", "Complaints", "投诉", "count", "down", "event", 12, 12, None),
    ("csat", "Customer satisfaction (CSAT)", "客户满意度", "rate", "up", "event", 0.84, 60, 0.8),
    ("low_scores", "Low satisfaction scores", "低分评价", "count", "down", "event", 7, 7, None),
    ("promise_kept", "Promises kept", "承诺兑现率", "rate", "up", "event", 0.95, 300, 0.95),
    ("promises_broken", "Promises broken", "未兑现承诺", "count", "down", "event", 15, 15, None),
)
WORSE = {"sla": 0.78, "csat": 0.61}  # of the last day, at the company
SPLITS = {"priority": {"urgent": 9, "high": 21, "normal": 44, "low": 16}, "team": {"hotline": 52, "online": 38}}
TESTED = {"sla", "calls_service_level", "calls_abandoned", "csat", "promise_kept"}

translate({en: zh for _, en, zh, *_ in METRICS} | {f"What {en} means.": f"{zh}的口径。" for _, en, zh, *_ in METRICS})


def add_days(con: duckdb.DuckDBPyConnection, supplied: Collection[str] | None = None) -> None:
    """Adds the daily tables, with figures of the supplied metrics (of all, if not told)."""
    for table in ("rpt_daily_metric_definitions", "kpi_daily"):
        create(con, table, "reporting")
    definitions = [
        (
            m,
            en,
            f"What {en} means.",
            unit,
            way,
            dated,
            m in TESTED,
            4,
            "confidential",
            "count" if unit == "count" else "mean",
        )
        for m, en, _, unit, way, dated, *_ in METRICS
    ]
    insert(con, "rpt_daily_metric_definitions", definitions)
    insert(
        con,
        "kpi_daily",
        [row for metric in METRICS if supplied is None or metric[0] in supplied for row in _rows(metric)],
    )


def _rows(metric: tuple[str, str, str, str, str, str, float, int, float | None]) -> list[tuple[object, ...]]:
    metric_id, unit, level, n, target = metric[0], metric[3], metric[6], metric[7], metric[8]
    found: list[tuple[object, ...]] = []
    shares = {("company", "company"): 1.0}
    shares |= {("store", store): weight / sum(STORES.values()) for store, weight in STORES.items()}
    for back in range((DAY - FIRST).days + 1):
        day = DAY - timedelta(days=back)
        for scope, share in shares.items():
            cases = round(n * share * (1 + (back % 5) / 20))
            is_count = unit == "count"
            value: float | None = float(cases) if is_count else level + (back % 5) / 100
            is_own_bad_day = back == 0 and scope[0] == "company" and metric_id in WORSE
            if is_own_bad_day:
                value = WORSE[metric_id]
            few = not is_count and cases < 30
            status = "no_target"
            if few:
                status = "too_few"
            elif target is not None and value is not None:
                status = "met" if (value >= target) == (metric[4] == "up") else "missed"
            change = None
            if metric_id in TESTED and not few:
                change = "worse" if is_own_bad_day else "no_clear_change"
            usual = None if few else n * share * 1.05 if is_count else level + 0.02
            ends = (value - 0.04, value + 0.04) if metric_id in TESTED and value is not None else (None, None)
            key = (day, *scope, metric_id)
            tail = (target, status, usual, cases * 4, None, change)
            found.append((*key, "", "", unit, value, None, None, cases, *ends, *tail))
        if metric_id == "overdue":
            for dimension, parts in SPLITS.items():
                for part, count in parts.items():
                    split = (day, "company", "company", metric_id, dimension, part, unit, count, None, None, count)
                    found.append((*split, None, None, None, "no_target", None, None, None, None))
    return found
