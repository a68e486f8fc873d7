"""The pages of docs/tutorials, typed as they stand: every command works and says what the page says, from files to a
loaded source in at most ten edited lines; one of them to the published tables of a night."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest

from foundation.settings import Settings
from tests.onboarding.session import TUTORIALS, blocks, edited, edits, replayed

PAGES = sorted(TUTORIALS.glob("*.md"))
_MOST = 10  # edited lines from a proposal to a right check


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_session_goes_as_the_page_says(page: Path, tmp_path: Path) -> None:
    compared = list(replayed(page, tmp_path))
    assert len(compared) >= 3
    for one in compared:
        assert one.said.rstrip() == one.stated.rstrip()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_page_asks_for_more_than_ten_edited_lines(page: Path) -> None:
    by_sed = sum(text.count("sed -i") for kind, text in blocks(page) if kind == "sh")
    assert 0 < edits(page) + by_sed <= _MOST


def test_an_edit_is_made_where_its_lines_stand_and_nowhere_else() -> None:
    text = "a:\n  x: 1  # told\n  y: 2\nb:\n  x: 1\n"
    assert edited(text, " a:\n-  x: 1\n+  x: 3\n+  z: 4\n") == "a:\n  x: 3\n  z: 4\n  y: 2\nb:\n  x: 1\n"
    with pytest.raises(AssertionError, match="2 places fit"):
        edited(text, "-  x: 1\n+  x: 3\n")


@pytest.mark.slow
def test_a_page_leads_to_the_published_tables_of_a_night(tmp_path: Path) -> None:
    """The figures follow from how tests/onboarding/made_up.py makes the marketplace."""
    from orchestration import commands
    from orchestration.warehouse import published_version

    for _ in replayed(TUTORIALS / "marketplace-orders.md", tmp_path):
        pass
    home = Settings(home=tmp_path / "home")
    commands.nightly(home, date(2026, 5, 1), date(2026, 5, 1))
    cancelled = [i for i in range(60) if i % 15 == 7]
    with duckdb.connect(str(published_version(home)), read_only=True) as con:
        found = {
            name: con.execute(query).fetchone()
            for name, query in {
                "orders": "select count(*), count(*) filter (status = 'cancelled') from customer.fct_order",
                "amount": "select sum(gross_amount)::int from customer.fct_order",
                "late": "select count(*) from customer.fct_order where status = 'delivered' and is_late",
                "people": "select count(*) from customer.dim_customer",
                "reviews": "select count(*), count(*) filter (score = 1) from satisfaction.fct_survey_answer",
            }.items()
        }
    assert found == {
        "orders": (60, len(cancelled)),
        "amount": (sum((50 + i) * (1 + i % 2) for i in range(60)),),
        "late": (len([i for i in range(0, 60, 10) if i not in cancelled]),),
        "people": (40,),
        "reviews": (60, 6),
    }
