"""What all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def real_exports() -> Path:
    """The folder of real exports beside the checkout (or KEFU_TEST_DATA); a test that needs it is skipped without."""
    folder = Path(os.environ.get("KEFU_TEST_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"the real exports are not here: {folder} is no folder; name it in KEFU_TEST_DATA")
    return folder
