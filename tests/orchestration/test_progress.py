"""What a person sees: one line a step where there is no terminal, and a failed step marked as such."""

from __future__ import annotations

import io
import re

import pytest

from orchestration.progress import PlainLines, reporting_to, step


def test_each_step_is_one_plain_line_with_its_count_and_time() -> None:
    stream = io.StringIO()
    with reporting_to(PlainLines(stream)), step("ingest") as running:
        running.count("3 files")
        running.count("7 files")
    assert re.fullmatch(r"✓ ingest       7 files  \d+\.\d s\n", stream.getvalue())


def test_a_step_that_raises_is_marked_failed() -> None:
    stream = io.StringIO()
    with pytest.raises(RuntimeError), reporting_to(PlainLines(stream)), step("dbt"):
        raise RuntimeError
    assert stream.getvalue().startswith("✗ dbt")
