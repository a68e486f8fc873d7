"""What the columns of one row must agree on: each rule of the contract by a row that breaks it, many by brute force."""

from __future__ import annotations

import csv
import dataclasses
import io
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from foundation.contract import contract, quote
from foundation.settings import Settings
from orchestration.ingestion.expressions import parse

if TYPE_CHECKING:
    from tests.ingestion.homes import Home

Row = dict[str, str | None]

# a row of each entity that breaks nothing
GOOD: dict[str, Row] = {
    "customers": {
        "customer_id": "1",
        "referred_by": "2",
        "first_known_at": "2020-01-01 08:00:00",
        "acquired_at": "2020-01-02 08:00:00",
        "closed_at": "2021-01-01 08:00:00",
        "credit_limit": "0",
        "acquisition_cost": "5",
        "birth_date": "1990-01-01",
    },
    "products": {"product_id": "1", "list_price": "5", "unit_cost": "0", "warranty_months": "12"},
    "store_hours": {"store_id": "1", "opened_at": "2026-01-02 08:00:00", "closed_at": "2026-01-02 08:00:00"},
    "promises": {
        "promise_id": "1",
        "value": "0.95",
        "unit": "rate",
        "valid_from": "2026-01-02",
        "valid_to": "2026-01-01",
    },
    "agents": {"agent_id": "1", "hired_at": "2020-01-01 08:00:00", "left_at": "2020-01-01 08:00:00"},
    "agent_shifts": {"agent_id": "1", "started_at": "2026-01-02 08:00:00", "logged_in_seconds": "604800"},
    "orders": {
        "order_id": "1",
        "customer_id": "1",
        "ordered_at": "2026-01-02 08:00:00",
        "delivered_at": "2026-01-01 08:00:00",  # clocks differ, and orders are entered late
        "promised_at": "2025-12-31 08:00:00",
        "gross_amount": "10",
        "discount_amount": "10",
    },
    "order_lines": {
        "order_id": "1",
        "line_no": "1",
        "quantity": "-2",
        "unit_price": "5",
        "discount_amount": "-1",
        "unit_cost": "0",
    },
    "returns": {
        "return_id": "1",
        "order_id": "1",
        "returned_at": "2026-01-02 08:00:00",
        "kind": "refund",
        "quantity": "1",
        "refund_amount": "0",
    },
    "credit_applications": {
        "application_id": "1",
        "customer_id": "1",
        "applied_at": "2026-01-02 08:00:00",
        "decided_at": "2026-01-02 08:00:00",
        "amount": "5",
    },
    "fx_rates": {"currency": "USD", "date": "2026-01-02", "rate": "0.000001"},
    "interactions": {
        "interaction_id": "1",
        "started_at": "2026-01-02 08:00:00",
        "answered_at": "2026-01-02 08:00:00",
        "ended_at": "2026-01-02 08:00:00",
        "follow_up_due_at": "2026-01-01 08:00:00",
        "follow_up_done_at": "2026-01-02 08:00:00",
        "queue_seconds": "0",
        "rings": "3",
    },
    "tickets": {
        "ticket_id": "1",
        "created_at": "2026-01-02 08:00:00",
        "merged_into": "2",
        "deleted_at": "2026-01-01 08:00:00",
        "claim_amount": "1",
        "compensation_amount": "0",
    },
    "sla_policies": {
        "policy_id": "1",
        "metric": "first_reply",
        "priority": "high",
        "target_minutes": "0",
        "clock": "business",
        "valid_from": "2026-01-02",
        "valid_to": "2026-01-01",
    },
    "service_orders": {
        "service_order_id": "1",
        "requested_at": "2026-01-02 08:00:00",
        "started_at": "2026-01-02 08:00:00",
        "completed_at": "2026-01-02 08:00:00",
        "quantity_requested": "2",
        "quantity_supplied": "3",
        "fee": "0",
        "cost": "1",
    },
    "standard_counts": {
        "standard_id": "1",
        "store_id": "1",
        "period_date": "2026-01-02",
        "opportunities": "5",
        "defects": "5",
    },
    "surveys": {
        "survey_id": "1",
        "instrument": "csat",
        "sent_at": "2026-01-02 08:00:00",
        "responded_at": "2026-01-02 08:00:00",
    },
    "survey_items": {
        "instrument": "csat",
        "item_id": "1",
        "scale_min": "1",
        "scale_max": "1.5",
        "not_applicable_value": "9",
    },
    "points_ledger": {
        "entry_id": "1",
        "member_id": "1",
        "at": "2026-01-02 08:00:00",
        "kind": "adjust",
        "points": "-5",
        "expires_at": "2026-01-01 08:00:00",
        "reverses_entry_id": "2",
    },
    "coupons": {
        "coupon_id": "1",
        "issued_at": "2026-01-02 08:00:00",
        "redeemed_at": "2026-01-02 08:00:00",
        "expires_at": "2026-01-02 08:00:00",
        "face_value": "0",
    },
    "campaigns": {
        "campaign_id": "1",
        "starts_at": "2026-01-02 08:00:00",
        "ends_at": "2026-01-02 08:00:00",
        "cost": "0",
    },
    "campaign_contacts": {
        "campaign_id": "1",
        "customer_id": "1",
        "assigned_at": "2026-01-02 08:00:00",
        "sent_at": "2026-01-01 08:00:00",
        "opened_at": "2026-01-01 06:00:00",
        "clicked_at": "2026-01-01 05:00:00",
    },
    "opportunities": {
        "opportunity_id": "1",
        "created_at": "2026-01-02 08:00:00",
        "closed_at": "2026-01-02 08:00:00",
        "amount": "-5",
    },
    "improvement_actions": {
        "action_id": "1",
        "collected_at": "2026-01-02 08:00:00",
        "implemented_at": "2026-01-01 08:00:00",
        "verified_at": "2026-01-01 08:00:00",
    },
}

BEFORE = "2026-01-02 07:59:59.999999"
ASIDE = "put aside"
# entity, what is changed of the good row, the column that is told, and what becomes of the row
BROKEN: list[tuple[str, Row, str, str]] = [
    ("customers", {"referred_by": "1"}, "referred_by", "referred_by"),
    ("customers", {"closed_at": "2019-12-31 08:00:00"}, "closed_at", "closed_at"),
    ("customers", {"closed_at": "2020-01-01 09:00:00"}, "closed_at", "closed_at"),
    ("customers", {"credit_limit": "-1"}, "credit_limit", "credit_limit"),
    ("customers", {"acquisition_cost": "-0.0001"}, "acquisition_cost", "acquisition_cost"),
    ("customers", {"birth_date": "2026-01-06"}, "birth_date", "birth_date"),
    ("customers", {"closed_at": "9999-12-31"}, "closed_at", "closed_at"),
    ("customers", {"birth_date": "0001-01-01"}, "birth_date", "birth_date"),
    ("products", {"list_price": "-1"}, "list_price", "list_price"),
    ("products", {"unit_cost": "-1"}, "unit_cost", "unit_cost"),
    ("products", {"warranty_months": "-1"}, "warranty_months", "warranty_months"),
    ("products", {"warranty_months": "1201"}, "warranty_months", "warranty_months"),
    ("products", {"list_price": "1000000000000.01"}, "list_price", "list_price"),
    ("order_lines", {"quantity": "1000000001"}, "quantity", ASIDE),
    ("stock", {"on_hand": "-1000000001"}, "on_hand", ASIDE),
    ("survey_items", {"scale_min": "-100000"}, "scale_min", "scale_min"),
    ("survey_items", {"scale_max": "100000"}, "scale_max", "scale_max"),
    ("survey_items", {"not_applicable_value": "100000"}, "not_applicable_value", "not_applicable_value"),
    ("survey_answers", {"score": "100000"}, "score", "score"),
    ("store_hours", {"closed_at": BEFORE}, "closed_at", "closed_at"),
    ("promises", {"value": "95"}, "value", "value"),
    ("promises", {"value": "-1"}, "value", "value"),
    ("agents", {"left_at": "2019-12-31 08:00:00"}, "left_at", "left_at"),
    ("agent_shifts", {"logged_in_seconds": "604801"}, "logged_in_seconds", ASIDE),
    ("agent_shifts", {"logged_in_seconds": "-1"}, "logged_in_seconds", ASIDE),
    ("agent_shifts", {"started_at": "9999-12-31"}, "started_at", ASIDE),
    ("orders", {"discount_amount": "10.01"}, "discount_amount", ASIDE),
    ("orders", {"discount_amount": "-1"}, "discount_amount", ASIDE),
    ("order_lines", {"quantity": "1000000000", "unit_price": "100000"}, "quantity", ASIDE),
    ("order_lines", {"quantity": "2"}, "discount_amount", ASIDE),
    ("order_lines", {"unit_cost": "-1"}, "unit_cost", "unit_cost"),
    ("returns", {"quantity": "-1"}, "quantity", "quantity"),
    ("returns", {"refund_amount": "-1"}, "refund_amount", "refund_amount"),
    ("credit_applications", {"decided_at": BEFORE}, "decided_at", ASIDE),
    ("credit_applications", {"amount": "-1"}, "amount", "amount"),
    ("fx_rates", {"rate": "0"}, "rate", ASIDE),
    ("interactions", {"answered_at": BEFORE}, "answered_at", ASIDE),
    ("interactions", {"answered_at": None, "ended_at": BEFORE}, "ended_at", "ended_at"),
    ("interactions", {"answered_at": "2026-01-02 08:00:01"}, "ended_at", "ended_at"),
    ("interactions", {"follow_up_done_at": BEFORE}, "follow_up_done_at", "follow_up_due_at, follow_up_done_at"),
    ("interactions", {"queue_seconds": "-1"}, "queue_seconds", "queue_seconds"),
    ("interactions", {"queue_seconds": "9223372036854775807"}, "queue_seconds", "queue_seconds"),
    ("interactions", {"rings": "1000000000001"}, "rings", "rings"),
    ("tickets", {"merged_into": "1"}, "merged_into", "merged_into"),
    ("tickets", {"claim_amount": "-1"}, "claim_amount", "claim_amount"),
    ("tickets", {"compensation_amount": "-1"}, "compensation_amount", "compensation_amount"),
    ("sla_policies", {"target_minutes": "5270401"}, "target_minutes", ASIDE),
    ("service_orders", {"completed_at": BEFORE}, "completed_at", ASIDE),
    ("service_orders", {"started_at": BEFORE}, "started_at", "started_at"),
    ("service_orders", {"started_at": "2026-01-02 08:00:01"}, "started_at", "started_at"),
    ("service_orders", {"quantity_requested": "-1"}, "quantity_requested", "quantity_requested"),
    ("service_orders", {"quantity_supplied": "-1"}, "quantity_supplied", "quantity_supplied"),
    ("service_orders", {"fee": "-1"}, "fee", "fee"),
    ("service_orders", {"cost": "-1"}, "cost", "cost"),
    ("standard_counts", {"defects": "6"}, "defects", ASIDE),
    ("surveys", {"responded_at": BEFORE}, "sent_at", "sent_at"),
    ("survey_items", {"scale_max": "1"}, "scale_max", "scale_min, scale_max"),
    ("points_ledger", {"kind": "redeem"}, "points", ASIDE),
    ("points_ledger", {"reverses_entry_id": "1"}, "reverses_entry_id", "reverses_entry_id"),
    ("coupons", {"redeemed_at": BEFORE}, "redeemed_at", ASIDE),
    ("coupons", {"expires_at": BEFORE}, "expires_at", "expires_at"),
    ("coupons", {"face_value": "-1"}, "face_value", "face_value"),
    ("campaigns", {"ends_at": BEFORE}, "ends_at", "ends_at"),
    ("campaigns", {"cost": "-1"}, "cost", "cost"),
    ("opportunities", {"closed_at": BEFORE}, "closed_at", ASIDE),
    ("improvement_actions", {"verified_at": "2025-12-31"}, "verified_at", "verified_at"),
]


def written(rows: list[Row]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(dict.fromkeys(name for row in rows for name in row)), lineterminator="\n")
    writer.writeheader()
    writer.writerows([{name: value or "" for name, value in row.items()} for row in rows])
    return out.getvalue()


def rekeyed(entity: str, row: Row, number: int) -> Row:
    """The row under another key, with what it says of itself."""
    key = contract()[entity].keys[0]
    own = {name for name in ("referred_by", "merged_into", "reverses_entry_id") if row.get(name) == row[key.name]}
    new = f"2026-01-{number:02}" if key.data_type == "date" else str(100 + number)
    return {**row, **dict.fromkeys({key.name, *own}, new)}


@pytest.mark.parametrize("entity", sorted(GOOD))
def test_each_rule_is_held(home: Home, entity: str) -> None:
    """All of an entity at once: the good row stays whole, each broken one loses what is its own, or goes."""
    cases = [case for case in BROKEN if case[0] == entity]
    rows = [
        GOOD[entity],
        *(rekeyed(entity, {**GOOD[entity], **change}, n) for n, (_, change, *_) in enumerate(cases, 2)),
    ]
    home.mapping("source: crm\nextends: canonical\n")
    home.put(f"{entity}.csv", written(rows))
    settings = Settings.model_validate({"home": home.settings.home, "ingestion": {"max_bad_share": 1}})
    home.settings = settings
    report = home.ingest()
    assert report.ok, report.refusals
    reported = {int(row["line"]): row for row in home.put_aside(f"{entity}.csv")}
    assert sorted(reported) == list(range(3, 3 + len(cases)))
    key = contract()[entity].keys[0].name
    columns = ", ".join(quote(name) for name in GOOD[entity])
    found = {
        row[0].removeprefix("crm:"): row[1:] for row in home.ask(f"select {key}::varchar, {columns} from raw.{entity}")
    }
    whole = dict(zip(GOOD[entity], found[str(GOOD[entity][key])], strict=True))
    assert all(value is not None for value in whole.values())
    for line, (_, change, column, outcome) in enumerate(cases, 3):
        assert reported[line]["column"] == f"{entity}.{column}", change
        row_key = str(rekeyed(entity, GOOD[entity], line - 1)[key])
        if outcome == ASIDE:
            assert reported[line]["outcome"] == ASIDE, change
            assert row_key not in found
            continue
        assert reported[line]["outcome"] == f"loaded without {outcome}", change
        loaded = dict(zip(GOOD[entity], found[row_key], strict=True))
        sent = {name for name in GOOD[entity] if {**GOOD[entity], **change}[name] is not None}
        assert {name for name in sent if loaded[name] is None} == set(outcome.split(", ")), change
    lost = sum(outcome != ASIDE for *_, outcome in cases)
    assert home.ask(
        f"select rows_nulled, rows_quarantined, rows_loaded from control.loads where entity = '{entity}'"
    ) == [(lost, len(cases) - lost, len(rows) - (len(cases) - lost))]


def test_every_rule_and_limit_of_the_contract_is_broken_above() -> None:
    """A rule that is added needs its row here, and speaks of columns that are there and may be null."""
    tried = {(entity, column) for entity, _, column, _ in BROKEN}
    for entity in contract().values():
        for rule in entity.rules:
            named = {str(reference) for reference in parse(rule.holds).references} | {rule.column, *rule.without}
            assert named <= {column.name for column in entity.mapped}, rule
            assert not any(entity.by_name[name].required or entity.by_name[name].key for name in rule.without), rule
            assert (entity.name, rule.column) in tried, rule
        for column in entity.mapped:
            if column.minimum or column.maximum or column.past:
                assert (entity.name, column.name) in tried, column


@pytest.mark.slow
@pytest.mark.parametrize(
    ("entity", "place"), [(entity.name, n) for entity in contract().values() for n in range(len(entity.rules))]
)
def test_no_rule_could_be_left_out(home: Home, monkeypatch: pytest.MonkeyPatch, entity: str, place: int) -> None:
    """Without a rule, a row that it was for comes through otherwise: each rule is tried, not only its column."""
    found = contract()[entity]
    cases = [case for case in BROKEN if case[0] == entity]
    rows = [rekeyed(entity, {**GOOD[entity], **change}, n) for n, (_, change, *_) in enumerate(cases, 2)]
    home.mapping("source: crm\nextends: canonical\n")
    home.put(f"{entity}.csv", written(rows))
    home.settings = Settings.model_validate({"home": home.settings.home, "ingestion": {"max_bad_share": 1}})
    home.ingest()
    with_it = home.put_aside(f"{entity}.csv")
    fewer = found.rules[:place] + found.rules[place + 1 :]
    monkeypatch.setitem(contract(), entity, dataclasses.replace(found, rules=fewer))
    home.ingest()
    assert home.put_aside(f"{entity}.csv") != with_it, found.rules[place]


# --- brute force ----------------------------------------------------------------------------------------------------

ZONE = ZoneInfo("America/New_York")
Judge = Callable[[dict[str, datetime | None]], tuple[bool, set[str]]]


def _later(row: dict[str, datetime | None], later: str, earlier: str) -> bool:
    """Whether a pair contradicts itself. A beginning of a local day on the day of the earlier is that moment."""
    end, begin = row.get(later), row.get(earlier)
    if end is None or begin is None or end >= begin:
        return False
    local = end.astimezone(ZONE)
    if (local.hour, local.minute, local.second, local.microsecond) == (0, 0, 0, 0) and (
        local.date() == begin.astimezone(ZONE).date()
    ):
        row[later] = begin
        return False
    return True


def _interaction(row: dict[str, datetime | None]) -> tuple[bool, set[str]]:
    aside = _later(row, "answered_at", "started_at")
    without: set[str] = set()
    for other in ("started_at", "answered_at"):
        if _later(row, "ended_at", other):
            row["ended_at"] = None
            without.add("ended_at")
    if _later(row, "follow_up_done_at", "started_at"):
        row["follow_up_done_at"] = row["follow_up_due_at"] = None
        without |= {"follow_up_done_at", "follow_up_due_at"}
    return aside, without


def _service_order(row: dict[str, datetime | None]) -> tuple[bool, set[str]]:
    aside = _later(row, "completed_at", "requested_at")
    without = set()
    for pair in (("started_at", "requested_at"), ("completed_at", "started_at")):
        if _later(row, *pair):
            row["started_at"] = None
            without.add("started_at")
    return aside, without


def _customer(row: dict[str, datetime | None]) -> tuple[bool, set[str]]:
    without = set()
    for other in ("first_known_at", "acquired_at"):
        if _later(row, "closed_at", other):
            row["closed_at"] = None
            without.add("closed_at")
    return False, without


def _survey(row: dict[str, datetime | None]) -> tuple[bool, set[str]]:
    if _later(row, "responded_at", "sent_at"):
        row["sent_at"] = None
        return False, {"sent_at"}
    return False, set()


JUDGES: Mapping[str, tuple[str, dict[str, str], Judge]] = {
    "interactions": ("started_at", {}, _interaction),
    "service_orders": ("requested_at", {}, _service_order),
    "customers": ("", {}, _customer),
    "surveys": ("", {"instrument": "csat"}, _survey),
}


@pytest.mark.parametrize("entity", sorted(JUDGES))
def test_any_times_in_any_order_are_judged_as_python_judges_them(home: Home, entity: str) -> None:
    """Stamps equal, a microsecond apart, days alone, missing, across the change of the clock: a thousand rows."""
    required, fixed, judge = JUDGES[entity]
    key = contract()[entity].keys[0].name
    columns = [
        column.name for column in contract()[entity].mapped if column.data_type == "timestamp" and not column.version
    ]
    dice = random.Random(entity)  # noqa: S311 - no secret
    base = datetime(2025, 11, 1, 12, tzinfo=ZONE)
    moments = [base + timedelta(microseconds=n) for n in (0, 1, -1)]
    moments += [datetime(2025, 11, day, tzinfo=ZONE) for day in (1, 2, 3)]
    moments += [base + timedelta(hours=n) for n in (-30, -13, -12, 11, 12, 36)]
    rows: list[dict[str, datetime | None]] = [
        {name: None if name != required and dice.random() < 0.2 else dice.choice(moments) for name in columns}
        for _ in range(1000)
    ]
    home.settings = Settings.model_validate({"home": home.settings.home, "ingestion": {"max_bad_share": 1}})
    named = ", ".join(f"{name}: {name}" for name in (key, *fixed, *columns))
    home.mapping(
        f"source: crm\ntime_zone: {ZONE.key}\nfiles:\n  f:\n    pattern: x.csv\n    entities:\n"
        f"      - entity: {entity}\n        columns: {{{named}}}\n"
    )
    texts: list[Row] = [
        {key: str(n), **fixed, **{name: at and at.replace(tzinfo=None).isoformat(" ") for name, at in row.items()}}
        for n, row in enumerate(rows)
    ]
    home.put("x.csv", written(texts))
    assert home.ingest().ok
    found = {
        int(row[0].removeprefix("crm:")): row[1:]
        for row in home.ask(f"select {key}, {', '.join(columns)} from raw.{entity}")
    }
    reported: dict[int, set[str]] = {}
    for row in home.put_aside("x.csv"):
        lost = set() if row["outcome"] == ASIDE else set(row["outcome"].removeprefix("loaded without ").split(", "))
        reported.setdefault(int(row["line"]) - 2, set()).update(lost)
    nulled = 0
    for number, sent in enumerate(rows):
        aside, without = judge(sent)
        assert (number not in found) == aside, texts[number]
        if aside:
            continue
        left = tuple(at and at.astimezone(UTC).replace(tzinfo=None) for at in sent.values())
        assert found[number] == left, texts[number]
        assert reported.get(number, set()) == without, texts[number]
        nulled += bool(without)
    assert nulled > 20
    assert home.ask("select rows_nulled from control.loads") == [(nulled,)]


# --- how many bad rows are too many ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("good", "bad", "unruly", "is_taken"),
    [
        (1, 5, 0, True),  # a few are a few, however small the file
        (1, 6, 0, False),
        (594, 6, 0, True),  # one in a hundred
        (593, 6, 0, False),
        (0, 2, 0, False),  # nothing is left: the mapping is wrong
        (0, 1, 0, True),  # of one row nobody can tell
        (0, 1, 1, False),
        (0, 0, 5, True),  # each can be read, and what is wrong with it is told
        (0, 0, 6, False),
    ],
)
def test_how_many_bad_rows_refuse_a_file(home: Home, good: int, bad: int, unruly: int, is_taken: bool) -> None:
    home.settings = Settings(home=home.settings.home)
    home.mapping("source: crm\nextends: canonical\n")
    rows: list[Row] = [{**GOOD["coupons"], "coupon_id": str(n)} for n in range(good)]
    rows += [{**GOOD["coupons"], "coupon_id": f"b{n}", "issued_at": "soon"} for n in range(bad)]
    rows += [{**GOOD["coupons"], "coupon_id": f"u{n}", "redeemed_at": BEFORE} for n in range(unruly)]
    home.put("coupons.csv", written(rows))
    entry = home.file()
    assert (entry.status == "loaded") == is_taken
    assert len(home.put_aside("coupons.csv")) == bad + unruly
    if not is_taken:
        assert f"{bad + unruly:,} of {len(rows):,} rows are bad" in str(entry.error)


def test_rows_that_lose_a_value_are_taken_however_many_they_are(home: Home) -> None:
    home.settings = Settings(home=home.settings.home)
    home.mapping("source: crm\nextends: canonical\n")
    rows: list[Row] = [{**GOOD["surveys"], "survey_id": str(n), "responded_at": BEFORE} for n in range(50)]
    home.put("surveys.csv", written(rows))
    assert home.ingest().ok
    assert home.ask("select count(*), count(sent_at), count(responded_at) from raw.surveys") == [(50, 0, 50)]
    assert {row["outcome"] for row in home.put_aside("surveys.csv")} == {"loaded without sent_at"}


def test_a_value_and_a_row_that_go_are_counted_apart(home: Home) -> None:
    """A row that is put aside for one thing is not told for another; repeated rows are told once."""
    home.mapping("source: crm\nextends: canonical\n")
    good = GOOD["interactions"]
    rows: list[Row] = [
        {**good, "interaction_id": "1", "queue_seconds": "-1", "rings": "-2"},
        {**good, "interaction_id": "1", "queue_seconds": "-1", "rings": "-2"},
        {**good, "interaction_id": "2", "queue_seconds": "-1", "answered_at": BEFORE},
        {**good, "interaction_id": "3", "queue_seconds": "many"},
        {**good, "interaction_id": "4"},
    ]
    home.put("interactions.csv", written(rows))
    entry = home.file()
    (feed,) = entry.feeds
    assert (entry.accepted, entry.duplicate, entry.quarantined, feed.nulled) == (2, 1, 2, 1)
    assert [
        (row["line"], row["column"].split(".")[1], row["outcome"]) for row in home.put_aside("interactions.csv")
    ] == [
        ("2", "queue_seconds", "loaded without queue_seconds"),
        ("2", "rings", "loaded without rings"),
        ("4", "answered_at", "put aside"),
        ("5", "queue_seconds", "put aside"),
    ]


def test_amounts_are_judged_in_the_company_s_money(home: Home) -> None:
    """What does not fit once it is converted is told, not lost without a word."""
    home.mapping("""
source: crm
time_zone: UTC
files:
  rates:
    pattern: rates.csv
    entities: [{entity: fx_rates, columns: {currency: currency, date: date, rate: rate}}]
  orders:
    pattern: orders.csv
    entities:
      - entity: orders
        columns:
          {order_id: id, customer_id: id, ordered_at: at, gross_amount: gross, discount_amount: off, currency: cur}
""")
    home.put("rates.csv", "currency,date,rate\nUSD,2026-01-02,100000\n")
    home.put(
        "orders.csv",
        "id,at,gross,off,cur\n1,2026-01-02,5,1,USD\n2,2026-01-02,99999999999,,USD\n3,2026-01-02,5,6,USD\n4,2026-01-02,5,5,\n",
    )
    home.ingest()
    assert home.ask("select order_id, gross_amount::varchar from raw.orders order by 1") == [
        ("crm:1", "500000.0000"),
        ("crm:4", "5.0000"),
    ]
    assert [(row["line"], row["column"]) for row in home.put_aside("orders.csv")] == [
        ("3", "orders.gross_amount"),
        ("4", "orders.discount_amount"),
    ]


def test_what_the_contract_says_changes_what_files_are_read_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    entity = contract()["coupons"]
    digests: set[Any] = {entity.digest}
    for rules in ((), entity.rules[:1], entity.rules[::-1]):
        digests.add(type(entity)(entity.name, entity.load_mode, entity.event_time, entity.columns, rules).digest)
    assert len(digests) == 4
