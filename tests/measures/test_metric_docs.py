"""docs/metrics.md says what the models' yml says; the report's definitions come from the same declarations."""

from __future__ import annotations

from orchestration.metric_docs import PAGE, page


def test_the_page_is_that_of_today_s_declarations() -> None:
    """After an intended change: make docs."""
    assert PAGE.read_text(encoding="utf-8") == page(), "docs/metrics.md is out of date: run make docs"
