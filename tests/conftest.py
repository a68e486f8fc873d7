"""What all tests share."""

from __future__ import annotations

import ast
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from benchmarks.postgresql import NotInstalledError, server

# machines are shared: how long one example takes says nothing of the code
hypothesis.settings.register_profile("kefu", deadline=None)
hypothesis.settings.load_profile("kefu")

# Great Expectations tries pyspark.sql.connect, which ends a process whose main module has no file (as xdist's workers)
# where its own dependencies are missing; with a file it raises ImportError, which is caught.
if not hasattr(sys.modules["__main__"], "__file__"):
    sys.modules["__main__"].__file__ = __file__

# what a test puts into the landing folder is whole: a second look at each would cost two seconds a run
os.environ.setdefault("KEFU_INGESTION__SETTLE_SECONDS", "0")

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def real_exports() -> Path:
    """The folder of real exports beside the checkout (or KEFU_TEST_DATA); a test that needs it is skipped without."""
    folder = Path(os.environ.get("KEFU_TEST_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"the real exports are not here: {folder} is no folder; name it in KEFU_TEST_DATA")
    return folder


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """A PostgreSQL of its own on loopback; skipped where Debian's postgresql is not installed."""
    try:
        with server() as url:
            yield url
    except NotInstalledError as error:
        pytest.skip(f"{error}: what runs on it is not tested")


FAST = "not spark and not slow"  # the -m of `make test-fast`
_NOT_FAST = ("pytestmark = pytest.mark.slow", "pytestmark = pytest.mark.spark")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """A file that is slow as a whole is not imported, with Dagster, dbt and what else it needs, only to be left out."""
    if config.option.markexpr != FAST or collection_path.suffix != ".py":
        return None
    text = collection_path.read_text(encoding="utf-8")
    if not any(mark in text for mark in _NOT_FAST):
        return None
    # as a statement of the module: a text that holds these words marks nothing
    return True if {ast.unparse(statement) for statement in ast.parse(text).body} & set(_NOT_FAST) else None


# what a test may be skipped for where `--strict-skips` is given: what is no part of the repository
_ACCEPTED_SKIPS = ("the real exports are not here",)
_STRICT = "--strict-skips"


def pytest_addoption(parser: pytest.Parser) -> None:
    listed = "; ".join(_ACCEPTED_SKIPS)
    parser.addoption(
        _STRICT, action="store_true", help=f"fail when a test is skipped for another reason than: {listed}"
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """What was skipped, and why."""
    reasons = _skip_reasons(terminalreporter)
    for reason, count in reasons.most_common():
        terminalreporter.write_line(f"skipped {count}: {reason}")
    if _unaccepted(reasons) and config.getoption(_STRICT):
        terminalreporter.write_line(f"{_STRICT}: a skip for a reason that is not accepted fails the run", red=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if not session.config.getoption(_STRICT) or hasattr(session.config, "workerinput") or reporter is None:
        return
    if session.exitstatus == pytest.ExitCode.OK and _unaccepted(_skip_reasons(reporter)):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _skip_reasons(reporter: pytest.TerminalReporter) -> Counter[str]:
    reports = reporter.stats.get("skipped", [])
    reported = (
        report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr) for report in reports
    )
    return Counter(reason.removeprefix("Skipped: ") for reason in reported)


def _unaccepted(reasons: Counter[str]) -> list[str]:
    return [reason for reason in reasons if not reason.startswith(_ACCEPTED_SKIPS)]
