"""Who is one person: the connected sets of records that share a key, by scipy and by union and find."""

from __future__ import annotations

import random
from datetime import date, datetime
from decimal import Decimal

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from tests.dbt.rendered import Rendered
from tests.dbt.warehouse import Warehouse
from tests.declared_tables import create
from tests.persons import MAX_RECORDS, persons

pytestmark = pytest.mark.slow

Edges = list[tuple[str, str]]  # record, key


JOINED = Rendered("customer", this="int_customer__joined_records").sql("joined_records")
KEYS = Rendered("customer", identity_key_customers_max=MAX_RECORDS).sql("identity_keys")


def joined(edges: Edges) -> tuple[dict[str, str], int]:
    """The person of each record, and the rounds that it took."""
    with duckdb.connect() as con:
        create(con, "int_customer__identity_keys")
        create(con, "int_customer__joined_records")
        con.register("given_edges", pd.DataFrame(edges, columns=["customer_id", "key_hash"]))
        con.execute("insert into int_customer__identity_keys by name select *, true as is_used from given_edges")
        rounds, before = 0, -1
        while before != (made := con.execute("select count(*) from int_customer__joined_records").fetchall()[0][0]):
            con.execute(f"insert into int_customer__joined_records {JOINED}")
            rounds, before = rounds + 1, made
        sql = "select customer_id, min(person_id) from int_customer__joined_records group by 1"
        found = dict(con.execute(sql).fetchall())
    return {record: found.get(record, record) for record, _ in edges}, rounds


def by_scipy(edges: Edges) -> dict[str, str]:
    """The smallest record of each connected component of records and keys."""
    records, keys = sorted({one for one, _ in edges}), sorted({key for _, key in edges})
    row = [records.index(one) for one, _ in edges]
    column = [len(records) + keys.index(key) for _, key in edges]
    size = len(records) + len(keys)
    _, labels = connected_components(coo_array((np.ones(len(edges)), (row, column)), shape=(size, size)), False)
    smallest: dict[int, str] = {}
    for place, record in enumerate(records):
        smallest.setdefault(labels[place], record)
    return {record: smallest[labels[place]] for place, record in enumerate(records)}


@st.composite
def edges_of_some(draw: st.DrawFn) -> Edges:
    """Chains, circles, stars and what comes of chance, between records whose names are in no order."""
    names = draw(st.permutations([f"c{number:02d}" for number in range(24)]))
    edges = draw(st.lists(st.tuples(st.sampled_from(names), st.sampled_from("pqrstuvw")), max_size=12))
    for part, shape in ((names[:8], "chain"), (names[8:16], "circle"), (names[16:], "star")):
        if draw(st.booleans()):
            others = [part[0]] * len(part) if shape == "star" else [*part[1:], part[0]]
            pairs = list(zip(part, others, strict=True))[: -1 if shape == "chain" else None]
            for number, pair in enumerate(pairs):
                edges += [(one, f"{shape}{number}") for one in pair]
    return sorted(set(edges))


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(edges_of_some())
def test_persons_are_the_connected_sets_of_records(edges: Edges) -> None:
    assert joined(edges)[0] == (by_scipy(edges) if edges else {})


@pytest.mark.parametrize("order", ["rising", "falling", "zigzag", "shuffled"])
def test_a_long_chain_is_closed_in_few_rounds(order: str) -> None:
    """Nothing is left open, and no setting says how far to follow: 2,000 records in a row."""
    count = 2000
    names = [f"c{number:04d}" for number in range(count)]
    if order == "falling":
        names.reverse()
    elif order == "zigzag":
        names = [name for pair in zip(names[: count // 2], names[: count // 2 - 1 : -1], strict=True) for name in pair]
    elif order == "shuffled":
        random.Random(3).shuffle(names)  # noqa: S311 - an order for a test
    edges = [(name, f"k{place + step}") for place, name in enumerate(names) for step in (0, 1)]
    found, rounds = joined(edges)
    assert set(found.values()) == {"c0000"}
    assert rounds <= 2 * np.log2(count)


NUMBERS = st.sampled_from(
    [
        None, "", "91 a", "91A", "N/A", "n/a", "0000000", "310101199001010000", "310101199001011230", "3.1E+17",
        "3,1e+17", "310101199001000", "3101011990010100", "31E5",
    ]
)  # fmt: skip
MAILS = st.sampled_from([None, "a@x.org", " A@X.org", "b@x.org", "@", "a@", "x@y@z"])
PHONES = st.sampled_from(
    [None, "+86 139-0000-0001", "+8613900000001", "13900000001", "+8.61391E+12", "+000000000", "+1234", "(+86)139"]
)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(NUMBERS, MAILS, PHONES), min_size=2, max_size=30))
def test_keys_join_whom_they_should(reported: list[tuple[str | None, str | None, str | None]]) -> None:
    """Written differently, left empty, made up, destroyed by a spreadsheet, shared by too many."""
    records = pd.DataFrame(reported, columns=["tax_id", "email", "phone"], dtype=object)
    records.insert(0, "customer_id", [f"c{number:02d}" for number in range(len(reported))])
    records = records.assign(source_system="crm", first_known_at=pd.NaT, acquired_at=pd.NaT)
    with duckdb.connect() as con:
        con.execute("create table control_run as select timestamp '2026-06-30 16:00:00' as as_of")
        create(con, "identity_overrides")
        create(con, "int_core__customers_ever")
        con.register("told", records)
        con.execute("insert into int_core__customers_ever by name from told")
        edges = con.execute(f"select customer_id, key_hash from ({KEYS}) where is_used").fetchall()
    found = joined(edges)[0] if edges else {}
    assert {record: found.get(record, record) for record in records.customer_id} == persons(records)


@pytest.mark.parametrize(("grain", "buyers", "again"), [("person", 2, 1), ("record", 3, 0)])
def test_two_records_of_one_e_mail_bought_twice_together(
    warehouse: Warehouse, grain: str, buyers: int, again: int
) -> None:
    """Two customers of one e-mail with an order each and a third with one: by person one of two bought again, by record
    none of three. What identity found is told either way."""
    when = datetime(2026, 9, 1, 4)  # noqa: DTZ001 - UTC, stored without zone
    rows = {
        "customers": [
            {"customer_id": f"crm:{name}", "email": mail, "first_known_at": when, "updated_at": when, "type": "person"}
            for name, mail in (("1", "lee@x.org"), ("2", " Lee@x.org"), ("3", "kim@x.org"))
        ],
        "orders": [
            {
                "order_id": f"crm:o{name}", "customer_id": f"crm:{name}", "ordered_at": when.replace(month=month),
                "updated_at": when, "status": "delivered", "gross_amount": Decimal(10),
            }
            for name, month in (("1", 9), ("2", 10), ("3", 10))
        ],
    }  # fmt: skip
    warehouse.load([(entity, date(2026, 11, 1), of, None) for entity, of in rows.items()], as_of=date(2026, 10, 31))
    grain_wanted = f"{{customer_grain: {grain}}}"
    models = [f"+{model}" for model in ("repurchase_rate", "identity")]
    warehouse.dbt("build", "--select", *models, "--indirect-selection", "buildable", "--vars", grain_wanted)
    sql = "select buyers, repeat_buyers from loyalty.repurchase_rate where dimension = 'company' order by month"
    assert tuple(warehouse.query(sql).iloc[-1]) == (buyers, again)
    merged = warehouse.query("select customer_id, person_id from customer.identity where is_merged")
    assert merged.to_numpy().tolist() == [["crm:2", "crm:1"]]
    assert len(warehouse.query("from customer.dim_customer")) == buyers
