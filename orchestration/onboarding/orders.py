"""What orders tell of other files: whose a survey or a ticket about an order is, since when its buyer is a customer."""

from __future__ import annotations

from collections.abc import Iterable

from orchestration.onboarding.profile import FileColumn, FileTable
from orchestration.onboarding.proposal import File, Proposal, ProposedLine, reference
from orchestration.onboarding.vocabulary import fit

_ABOUT = {"surveys": "about_id", "tickets": "order_id"}  # the column that refers to an order
_ENOUGH = 0.6
Contained = Iterable[tuple[FileTable, FileColumn, FileTable, FileColumn, float]]


def by_order(found: Proposal, contained: Contained) -> None:
    """Joins what refers to orders to them, where they tell what it does not say itself."""
    orders = next((file for file in found.files if not file.left and file.feed("orders")), None)
    feed = orders.feed("orders") if orders else None
    key, buyer = (feed.column("order_id"), feed.column("customer_id")) if feed else (None, None)
    if orders is None or feed is None or key is None or buyer is None:
        return
    pairs = {(table.number, column.name, other.number, theirs.name) for table, column, other, theirs, _ in contained}
    for file in found.files:
        for entity, name in _ABOUT.items() if not file.left and file is not orders else ():
            other = file.feed(entity)
            about = other.column(name) if other else None
            is_order = about and (file.table.number, about.name, orders.table.number, key.name) in pairs
            if other and about and is_order and not other.line("customer_id"):
                join = {"file": orders.name, "on": {about.name: key.name}}
                file.joins["ordered"] = (join, "the order that it is about")
                value = f"ordered.{reference(buyer)}"
                lines = [ProposedLine("customer_id", value, "whose order it is about")]
                if entity == "surveys":
                    lines.insert(0, ProposedLine("respondent_id", value, "a guess: who ordered answers"))
                other.lines += lines
    customers = next((file for file in found.files if not file.left and file.feeds and _lists_customers(file)), None)
    if customers:
        _since_the_first(customers, orders, buyer, pairs)
        _ask_for_persons(customers, buyer, found.questions)


def _lists_customers(file: File) -> bool:
    return file.feeds[0].entity == "customers"


def _since_the_first(file: File, orders: File, buyer: FileColumn, pairs: set[tuple[int, str, int, str]]) -> None:
    """A customer without a date was won by the first order; stamps of ISO 8601 sort as they are."""
    customers, feed = file.feeds[0], orders.feed("orders")
    key, ordered = customers.column("customer_id"), feed.column("ordered_at") if feed else None
    if key is None or ordered is None or ordered.moment is None or ordered.moment.formats:
        return
    if customers.line("acquired_at") or (orders.table.number, buyer.name, file.table.number, key.name) not in pairs:
        return
    join = {"file": orders.name, "on": {key.name: buyer.name}, "aggregate": {"first": f"min({reference(ordered)})"}}
    file.joins["bought"] = (join, "the orders of each customer")
    reported = "no column says since when; the first order"
    names = [name for name in ("first_known_at", "acquired_at") if not customers.line(name)]
    customers.lines += [ProposedLine(name, "bought.first", reported) for name in names]


def _ask_for_persons(file: File, buyer: FileColumn, questions: list[str]) -> None:
    """Where no customer ever ordered twice, the key may be of something else, and another column the person's."""
    key = file.feeds[0].column("customer_id")
    others = [
        column.name
        for column in file.table.columns
        if key and column is not key and column.kind == "text" and column.longest >= key.longest
        if (found := fit(column.name, "customers", "customer_id")) and found.score >= _ENOUGH
    ]
    if key and buyer.is_unique and others:
        questions.append(
            f"Each order has a {key.name} of its own, so nobody ordered twice. Is {' or '.join(others)} the customer?"
        )
