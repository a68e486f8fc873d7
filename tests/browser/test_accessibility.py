"""The report in a browser: who cannot see, or reads on a phone, gets all of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from foundation.languages import LANGUAGES, LanguageCode
from reports.bundle.model import Bundle
from reports.page.render import render_html
from reports.registry import reports

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("report_id", reports())
@pytest.mark.parametrize("code", LANGUAGES)
def test_no_serious_violation_of_accessibility(
    issued: dict[str, Bundle], report_id: str, code: LanguageCode, look: Callable[..., Any], axe: str
) -> None:
    """Figures folded below charts are unfolded first, so that they are checked as well."""
    for seen in look(render_html(issued[report_id], code), axe):
        assert "error" not in seen, seen
        grave = [found for found in seen["violations"] if found["impact"] in {"serious", "critical"}]
        assert grave == [], f"at {seen['width']} px"


def test_axe_finds_what_is_wrong(look: Callable[..., Any], axe: str) -> None:
    """The check itself: a page with a picture that says nothing and grey on grey is not let through."""
    page = '<html><title>x</title><body><img src="data:,"><p style="color:#aaa;background:#bbb">pale</p>'
    found = {violation["id"] for violation in look(page, axe, widths=(390,))[0]["violations"]}
    assert {"image-alt", "color-contrast", "html-has-lang"} <= found


@pytest.mark.parametrize("report_id", reports())
@pytest.mark.parametrize("code", LANGUAGES)
def test_the_page_never_scrolls_sideways(
    issued: dict[str, Bundle], report_id: str, code: LanguageCode, look: Callable[..., Any]
) -> None:
    """A phone shows the whole width; what is wider, a table or a heat map, scrolls in its own box."""
    seen = look(render_html(issued[report_id], code))
    assert [(s["width"], s["scroll"] <= s["width"], s["unfolded"] <= s["width"]) for s in seen] == [
        (width, True, True) for width in (390, 820, 1440)
    ]
    assert all(s["scripts"] == 0 for s in seen)
