"""Bundles and pages of the company of published.py."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from foundation.languages import LANGUAGES, LanguageCode
from reports.bundle.model import Bundle
from reports.bundle.reading import make_bundle
from reports.page.render import render_html
from tests.reports.published import META, MONTH, warehouse


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Compares a text with its golden file. `KEFU_GOLDEN=write pytest tests/reports` writes them; read the diff."""

    def check(name: str, text: str) -> None:
        path = Path(__file__).parent / "golden" / name
        if os.environ.get("KEFU_GOLDEN") == "write":
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return check


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """A published warehouse of a company that supplies everything."""
    with warehouse() as opened:
        yield opened


@pytest.fixture(scope="session")
def bundle() -> Bundle:
    """The bundle of that company."""
    with warehouse() as opened:
        return make_bundle(opened, "service_quality", MONTH, META)


@pytest.fixture(scope="session")
def pages(bundle: Bundle) -> dict[LanguageCode, str]:
    """Its page in each language."""
    return {code: render_html(bundle, code) for code in LANGUAGES}


@pytest.fixture(scope="session")
def sparse() -> Callable[..., Bundle]:
    """Bundles of companies that supply some areas only."""

    def made(*areas: str) -> Bundle:
        with warehouse(areas) as opened:
            return make_bundle(opened, "service_quality", MONTH, META)

    return made
