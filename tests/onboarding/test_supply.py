"""Which figures columns are enough for: the rule of int_core__metric_sources, worked out by hand."""

from __future__ import annotations

from orchestration.onboarding.supply import EntityColumns, Outlook, in_words

SENT = {"shop": {"orders", "order_lines"}, "pim": {"products"}, "bare": {"orders"}}
GIVEN = {
    "shop": {("orders", "order_id"), ("orders", "discount_amount"), ("order_lines", "product_id")},
    "pim": {("products", "category")},
    "bare": {("orders", "order_id")},
}
SUPPLY = EntityColumns(SENT, GIVEN, {"schedules"})
FULL_PRICE = [(("orders", "discount_amount"),)]
CROSS_USE = [(("order_lines", "product_id"),), (("products", "category"),)]
BY_TIER = [(("reference", "tier_rules"),)]


def test_who_counts_is_as_the_decision_says() -> None:
    """The table of docs/decisions/supply-by-column.md."""
    counts = {
        (name, source): not SUPPLY.lacks(source, needs)
        for name, needs in (("full price", FULL_PRICE), ("categories", CROSS_USE), ("by tier", BY_TIER))
        for source in SENT
    }
    assert counts == {
        ("full price", "shop"): True, ("full price", "pim"): True, ("full price", "bare"): False,
        ("categories", "shop"): True, ("categories", "pim"): True, ("categories", "bare"): True,
        ("by tier", "shop"): False, ("by tier", "pim"): False, ("by tier", "bare"): False,
    }  # fmt: skip


def test_of_alternatives_those_decide_that_a_source_sends_itself() -> None:
    either = ((("orders", "promised_at"), ("products", "category")),)
    assert SUPPLY.lacks("pim", either) == ()
    assert (
        SUPPLY.lacks("bare", either) == either
    )  # its own orders lack it, and the products of another say nothing of them


def test_a_table_that_the_company_states_is_a_need_too() -> None:
    assert SUPPLY.lacks("bare", [(("reference", "schedules"),)]) == ()


def test_one_step_away_is_what_lacks_one_thing_alone() -> None:
    first, second = (("orders", "promised_at"),), (("reference", "tier_rules"),)
    found = Outlook((), {"a": (first,), "b": (first,), "c": (second,), "d": (first, second)})
    assert found.one_step_away() == {first: ["a", "b"], second: ["c"]}
    assert [in_words(need) for need in (first, second)] == ["orders.promised_at", "table tier_rules"]
