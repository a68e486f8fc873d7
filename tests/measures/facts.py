"""What the sources of the demo sent, as tables; figures of the company counted from them, held against the published.

pandas over staging (one row per key, as it holds); no mart, macro or expression of the project is read but the stages
of customers, which tests/dbt/test_core_rules.py proves by brute force. Who is which person is worked out by
tests.persons from the customers as they came: every row of a customer is read as one of the person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import yaml

import demo
from foundation.contract import contract
from foundation.settings import DBT_PROJECT_DIR
from tests.persons import naming_customers, of_persons, one_row_a_person, persons

LOCAL = pd.Timedelta(hours=8)  # the demo company's zone, without changes of the clock
VARS = yaml.safe_load((DBT_PROJECT_DIR / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
_COSTS = Path(demo.__file__).with_name("reference") / "unit_costs.csv"
UNIT_COSTS = pd.read_csv(_COSTS).set_index("cost")["amount"].to_dict()
DONE = ["solved", "closed"]


@dataclass(frozen=True, eq=False)
class Facts:
    """What the demo's sources sent, cut at as_of where a reader asks for it."""

    connection: duckdb.DuckDBPyConnection
    as_of: pd.Timestamp
    kept: dict[str, pd.DataFrame] = field(default_factory=dict)

    def rows(self, entity: str, since: str | None = None) -> pd.DataFrame:
        """Rows of an entity; of those that happened, by this column, before as_of."""
        if entity not in self.kept:
            found = self._of_persons(entity)
            decimals = ["amount", "value", "cost", "fee", "gross_amount", "discount_amount", "refund_amount"]
            decimals += ["compensation_amount", "quantity", "quantity_requested", "quantity_supplied", "unit_cost"]
            decimals += ["points"]
            present = {name: float for name in decimals if name in found}
            self.kept[entity] = found.astype(present)
        found = self.kept[entity]
        return found if since is None else found[found[since] < self.as_of]

    @cached_property
    def person_of(self) -> dict[str, str]:
        """The person of each customer record."""
        return persons(self.connection.execute("from work.staging.stg_crm__customers").df())

    def _of_persons(self, entity: str) -> pd.DataFrame:
        found = self.connection.execute(f"from work.staging.stg_crm__{entity}").df()
        if entity == "customers":
            return one_row_a_person(found, self.person_of, self.as_of)
        if entity == "campaign_contacts":
            return self._contacts_of_persons()
        for name in naming_customers(entity):
            key = [*(column.name for column in contract()[entity].keys), "load_date", "row_hash"]
            sent = self.connection.execute(f"select distinct {', '.join(key)}, {name} from work.raw.{entity}").df()
            found = found.drop(columns=name).merge(sent, "left", on=key, validate="one_to_one")
        return of_persons(entity, found, self.person_of)

    def _contacts_of_persons(self) -> pd.DataFrame:
        """Assignments to campaigns: what was sent to any record of a person was sent to it; in_both names those who
        stand in the test and in the control group."""
        key = ["campaign_id", "customer_id"]
        sent = self.connection.execute("from work.raw.campaign_contacts order by load_date, row_hash").df()
        sent = of_persons("campaign_contacts", sent.drop_duplicates(key, keep="last"), self.person_of)
        sent["is_control"] = sent.is_control.fillna(False).astype(bool)
        sent["delivered"] = sent.delivered.astype(float)
        groups = sent.groupby(key)
        sent["in_both"] = groups.is_control.transform("any") & ~groups.is_control.transform("all")
        addressed = sent[~sent.is_control | ~sent.in_both].groupby(key)
        found = addressed[["sent_at", "opened_at", "clicked_at"]].min()
        found["delivered"] = addressed.delivered.max().map({1.0: True, 0.0: False}).astype(object)
        found["is_control"], found["in_both"] = addressed.is_control.all(), addressed.in_both.any()
        return found.assign(assigned_at=groups.assigned_at.min()).reset_index()

    def by(self, moment: pd.Series) -> pd.Series:
        """The moment where it had come by as_of."""
        return moment.where(moment < self.as_of)

    def month(self, moment: pd.Series) -> pd.Series:
        """First day of the local month."""
        return (moment + LOCAL).dt.to_period("M").dt.to_timestamp()

    def ends(self) -> dict[pd.Timestamp, pd.Timestamp]:
        """The moment with which each month ends; of a month begun, as_of."""
        months = pd.date_range("2024-01-01", self.as_of + LOCAL - pd.Timedelta(seconds=1), freq="MS")
        return {month: month + pd.DateOffset(months=1) - LOCAL for month in months}

    def active(self) -> pd.DataFrame:
        """Customers known to be active at the end of each month: neither prospect, lost nor closed."""
        return self.connection.execute(
            "select month, customer_id, stage from kefu.customer.fct_customer_month where is_active"
        ).df()

    def orders(self) -> pd.DataFrame:
        """Orders that count, with their local day and month and net of discounts."""
        orders = self.rows("orders", "ordered_at")
        orders = orders[~orders.status.isin(["cancelled", "unavailable"])]
        local = orders.ordered_at + LOCAL
        net = orders.gross_amount - orders.discount_amount.fillna(0)
        return orders.assign(day=local.dt.normalize(), month=self.month(orders.ordered_at), net=net)


Cases = pd.DataFrame  # month with value, or with numerator and denominator
Reader = Callable[[Facts], Iterator[tuple[str, str, Cases]]]


class Readers(list[Reader]):
    """What a file of tests reads, in order; as a decorator it takes in one more."""

    def __call__(self, function: Reader) -> Reader:
        self.append(function)
        return function


def cases(month: object, value: object, part: object = "", index: object = None) -> Cases:
    return pd.DataFrame({"month": month, "value": value, "part": part}, index)


def company(connection: duckdb.DuckDBPyConnection, metric_id: str, dimension: str) -> pd.DataFrame:
    """What is published of the company: n and value by month and part of the dimension."""
    return (
        connection.execute(
            "select month, dimension_value as part, n, value::double as value from kefu.reporting.kpi_monthly"
            " where metric_id = ? and scope_type = 'company' and dimension = ?",
            [metric_id, dimension],
        )
        .df()
        .set_index(["month", "part"])
    )


def summed(how: str, found: Cases) -> pd.DataFrame:
    found = found if "part" in found else found.assign(part="")
    groups = found.groupby(["month", "part"])
    if how == "ratio":
        sums = groups[["numerator", "denominator"]].sum()
        return pd.DataFrame({"value": sums.numerator / sums.denominator})
    column = groups["value"]
    if how in ("sum", "share"):
        return pd.DataFrame({"value": column.sum() if how == "sum" else column.mean()})
    if how == "nps":
        net = 100 * ((found.value >= 9).astype(float) - (found.value <= 6)).groupby([found.month, found.part]).mean()
        return pd.DataFrame({"n": column.size(), "value": net})
    return pd.DataFrame({"n": column.count(), "value": column.size() if how == "count" else column.agg(how)})


def answers(facts: Facts, instrument: str, side: str = "score", by: str = "customer") -> pd.DataFrame:
    """Answers of customers (or managers) with what is asked, those that do not apply left out."""
    surveys = facts.rows("surveys", "responded_at")
    surveys = surveys[(surveys.instrument == instrument) & (surveys.respondent_type == by)]
    given = facts.rows("survey_answers")
    found = surveys.merge(given[given.side == side], on="survey_id")
    found = found.merge(facts.rows("survey_items"), on=["instrument", "item_id"])
    found = found[found.score.notna() & (found.score != found.not_applicable_value)]
    return found.assign(month=facts.month(found.responded_at), score=found.score.astype(float))


def first_promises(facts: Facts) -> pd.DataFrame:
    """What was promised of each order when something was first."""
    reported = facts.connection.execute(
        "select order_id, promised_at from work.raw.orders where promised_at is not null order by updated_at, load_date"
    ).df()
    return reported.drop_duplicates("order_id")


def histories(facts: Facts) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tickets not deleted, with when they were merged; and their moves from status to status until then."""
    events = facts.rows("ticket_events", "at").sort_values(["ticket_id", "at", "seq"])
    gone = events[events.event.isin(["deleted", "merged"])].groupby(["ticket_id", "event"])["at"].min().unstack()
    tickets = facts.rows("tickets", "created_at").merge(gone, "left", on="ticket_id")
    tickets = tickets[tickets.deleted.isna() & ~(tickets.deleted_at < facts.as_of)]
    seen = events.merge(tickets[["ticket_id", "merged"]], on="ticket_id")
    return tickets, seen[seen.merged.isna() | (seen["at"] < seen.merged)]


def differences(facts: Facts, read: Reader) -> list[tuple[object, ...]]:
    """Published figures of the company that are not those counted: name, column, month, part, n, value, counted."""
    wrong: list[tuple[object, ...]] = []
    for name, how, found in read(facts):
        metric_id, _, dimension = name.partition(" by ")
        counted = summed(how, found.assign(value=found.value.astype(float)) if "value" in found else found)
        published = company(facts.connection, metric_id, dimension)
        assert not published.empty, metric_id
        both = published.join(counted, rsuffix="_counted")
        for column in counted:
            differs = ~np.isclose(
                both[column].astype(float), both[f"{column}_counted"].astype(float), rtol=1e-7, atol=1e-7
            )
            differs &= ~(both[column].isna() & both[f"{column}_counted"].isna())
            # a count of none is not published
            differs &= ~((both[column] == 0) & both[f"{column}_counted"].isna())
            wrong += [(name, column, *row) for row in both[differs].reset_index().itertuples(index=False)]
    return wrong
