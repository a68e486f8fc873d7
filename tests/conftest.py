"""What all tests share."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

# Great Expectations tries pyspark.sql.connect, which ends a process whose main module has no file (as xdist's workers)
# where its own dependencies are missing; with a file it raises ImportError, which is caught.
if not hasattr(sys.modules["__main__"], "__file__"):
    sys.modules["__main__"].__file__ = __file__

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def real_exports() -> Path:
    """The folder of real exports beside the checkout (or KEFU_TEST_DATA); a test that needs it is skipped without."""
    folder = Path(os.environ.get("KEFU_TEST_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"the real exports are not here: {folder} is no folder; name it in KEFU_TEST_DATA")
    return folder
