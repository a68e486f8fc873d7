"""The home that tests of ingestion deliver into."""

from __future__ import annotations

from pathlib import Path

import pytest

from foundation.settings import Settings
from tests.ingestion.homes import ORDERS, Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with a mapping `crm` of one kind of file, orders; half of a file's rows may be bad."""
    settings = Settings.model_validate({"home": tmp_path, "ingestion": {"max_bad_share": 0.5}})
    return Home(settings).mapping(ORDERS)
