"""Made-up rows in the shape of five public exports, for the tutorials: python -m tests.onboarding.made_up KIND FOLDER.

Nothing random: every count on the pages follows from the numbers here.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

Rows = Iterable[Sequence[object]]


def _table(path: Path, header: str, rows: Rows) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(header.split(","))
        out.writerows(rows)


def marketplace(folder: Path) -> None:
    """60 orders of 40 people: the files of Olist's public data set. Order i is late where i is a multiple of 10."""
    begin = datetime(2026, 3, 1, 8, 0)  # noqa: DTZ001 - local time, as the export has it
    orders, items, payments, reviews, customers = [], [], [], [], []
    for i in range(60):
        at = begin + timedelta(hours=13 * i)
        promised = (at + timedelta(days=20)).replace(hour=0)
        delivered = promised + timedelta(days=3, hours=12) if i % 10 == 0 else at + timedelta(days=9)
        status = "canceled" if i % 15 == 7 else "delivered"
        order, customer = f"{i:032x}", f"{1000 + i:032x}"
        arrived = delivered if status == "delivered" else ""
        orders.append([order, customer, status, at, at + timedelta(hours=1), at + timedelta(days=2), arrived, promised])
        customers.append([customer, f"{5000 + i % 40:032x}", f"{1000 + i % 40:05}", f"cidade {i % 7}", "SP"])
        for line in range(1 + i % 2):
            seller = f"{9000 + i % 5:032x}"
            items.append([order, line + 1, f"{7000 + i % 12:032x}", seller, at + timedelta(days=4), 50 + i, "10.50"])
        payments.append([order, 1, "credit_card" if i % 3 else "boleto", 1 + i % 4, (50 + i) * (1 + i % 2)])
        created = (at + timedelta(days=10)).replace(hour=0)
        text = "muito bom" if i % 4 == 0 else ""
        score = 1 if i % 10 == 0 else 3 + i % 3
        reviews.append([f"{3000 + i:032x}", order, score, "", text, created, created + timedelta(hours=30)])
    products = [[f"{7000 + i:032x}", f"categoria_{i % 3}", 40, 300, 1, 500, 20, 10, 15] for i in range(12)]
    sellers = [[f"{9000 + i:032x}", 13000 + i, "campinas", "SP"] for i in range(5)]
    _table(
        folder / "olist_orders_dataset.csv",
        "order_id,customer_id,order_status,order_purchase_timestamp,order_approved_at,order_delivered_carrier_date,"
        "order_delivered_customer_date,order_estimated_delivery_date",
        orders,
    )
    _table(
        folder / "olist_order_items_dataset.csv",
        "order_id,order_item_id,product_id,seller_id,shipping_limit_date,price,freight_value",
        items,
    )
    _table(
        folder / "olist_order_payments_dataset.csv",
        "order_id,payment_sequential,payment_type,payment_installments,payment_value",
        payments,
    )
    _table(
        folder / "olist_order_reviews_dataset.csv",
        "review_id,order_id,review_score,review_comment_title,review_comment_message,review_creation_date,"
        "review_answer_timestamp",
        reviews,
    )
    _table(
        folder / "olist_customers_dataset.csv",
        "customer_id,customer_unique_id,customer_zip_code_prefix,customer_city,customer_state",
        customers,
    )
    _table(
        folder / "olist_products_dataset.csv",
        "product_id,product_category_name,product_name_lenght,product_description_lenght,product_photos_qty,"
        "product_weight_g,product_length_cm,product_height_cm,product_width_cm",
        products,
    )
    _table(folder / "olist_sellers_dataset.csv", "seller_id,seller_zip_code_prefix,seller_city,seller_state", sellers)


def churn(folder: Path) -> None:
    """80 customers of a telephone company; every fourth has left."""
    header = (
        "CustomerID,Country,State,City,Zip Code,Gender,Senior Citizen,Tenure Months,Contract,Monthly Charges,"
        "Total Charges,Churn Label,Churn Value,CLTV,Churn Reason"
    )
    rows = []
    for i in range(80):
        left, months, charge = i % 4 == 3, 1 + i % 60, 20 + i / 2
        reason = ("Attitude of support person", "Moved", "Price too high")[i % 3] if left else ""
        total = f"{months * charge:.2f}" if i % 20 else " "
        rows.append(
            [f"{i:04}-ABCDE", "United States", "California", f"Town {i % 9}", 90001 + i % 30, ("Male", "Female")[i % 2],
             ("No", "Yes")[i % 5 == 0], months, ("Month-to-month", "Two year")[i % 2], charge, total,
             ("No", "Yes")[left], int(left), 3000 + 7 * i, reason]
        )  # fmt: skip
    _table(folder / "Telco_customer_churn.csv", header, rows)


def helpdesk(folder: Path) -> None:
    """The log of 50 cases of a help desk; every fifth waits, every tenth has an anomaly, every seventh stays open."""
    begin = datetime(2026, 4, 6, 8, 0)  # noqa: DTZ001 - its offset is written beside it
    rows: list[list[object]] = []
    for i in range(50):
        steps = ["Assign seriousness", "Take in charge ticket"]
        steps += ["Wait"] * (i % 5 == 0) + ["Create SW anomaly", "Resolve SW anomaly"] * (i % 10 == 0)
        steps += ["Resolve ticket", "Closed"] if i % 7 else []
        for hours, step in enumerate(["Insert ticket", *steps]):
            at = begin + timedelta(hours=5 * i + 2 * hours)
            who = f"Value {1 + (i + hours) % 4}"
            rows.append(
                [len(rows), step, "complete", who, f"{at}+00:00", step, who, f"Case {i}", "Variant 1", 1, "Disco"]
            )
    header = (
        ",concept:name,lifecycle:transition,org:resource,time:timestamp,Activity,Resource,case:concept:name,"
        "case:variant,case:variant-index,case:creator"
    )
    _table(folder / "helpdesk.csv", header, rows)


def airline(folder: Path) -> None:
    """120 sheets of airline passengers with 14 items from 0 to 5; the first item says nothing in every tenth sheet."""
    items = (
        "Inflight wifi service,Departure/Arrival time convenient,Ease of Online booking,Gate location,Food and drink,"
        "Online boarding,Seat comfort,Inflight entertainment,On-board service,Leg room service,Baggage handling,"
        "Checkin service,Inflight service,Cleanliness"
    )
    rows = []
    for i in range(120):
        answers = [1 + (i + 2 * item) % 5 for item in range(14)]
        answers[0] = 0 if i % 10 == 0 else answers[0]
        verdict = "satisfied" if i % 5 < 2 else "neutral or dissatisfied"
        rows.append(
            [i, 70000 + i, ("Male", "Female")[i % 2], ("Loyal Customer", "disloyal Customer")[i % 3 == 0], 20 + i % 50,
             ("Business travel", "Personal Travel")[i % 2], ("Eco", "Business", "Eco Plus")[i % 3], 200 + 31 * i,
             *answers, i % 40, i % 40 + 1, verdict]
        )  # fmt: skip
    header = (
        f",id,Gender,Customer Type,Age,Type of Travel,Class,Flight Distance,{items},Departure Delay in Minutes,"
        "Arrival Delay in Minutes,satisfaction"
    )
    _table(folder / "test.csv", header, rows)


def purchases(folder: Path) -> None:
    """200 purchases of 60 customers as CDNOW's log has them, in places of fixed width; three are the same twice."""
    begin = datetime(2026, 1, 2)  # noqa: DTZ001 - days alone
    lines = [
        f" {i % 60 + 1:05} {begin + timedelta(days=i // 2):%Y%m%d} {1 + i % 12:2} {10 + 1.25 * i:7.2f}"
        for i in range(200)
    ]
    kept = [" customer_id  date number_of_cds  dollar_value", *lines, *lines[:3]]
    (folder / "CDNOW_master.txt").write_text("\n".join(kept) + "\n", encoding="ascii")


KINDS: dict[str, Callable[[Path], None]] = {
    one.__name__: one for one in (marketplace, churn, helpdesk, airline, purchases)
}


def main() -> None:
    kind, folder = sys.argv[1:]
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    KINDS[kind](target)


if __name__ == "__main__":
    main()
