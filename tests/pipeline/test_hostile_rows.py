"""No row that satisfies the contract stops a night, or the report after it."""

from __future__ import annotations

from collections.abc import Callable
from email import message_from_bytes, policy

import duckdb
import pytest

from foundation.contract import contract
from foundation.errors import CommandFailedError
from foundation.settings import Settings
from orchestration import commands
from orchestration.ingestion.manifest import Manifest
from orchestration.warehouse import MARTS_FILE
from tests.pipeline import hostile

pytestmark = pytest.mark.slow

SOURCES, COMPANIES = 4, 12  # in a home: 48 raw zones in one build
LONG = 11  # homes of `make test-long`: with that of `make test` more than 500 zones
TOLD = ("every_load_accepted: ", "raw_suite: ")  # what may go wrong with a delivery, and stops nothing


def night(settings: Settings) -> None:
    """A night over all deliveries, which must be published whatever is told of them."""
    said = ""
    try:
        commands.nightly(Settings(home=settings.home), *hostile.DELIVERIES)
    except CommandFailedError as error:
        said = str(error)
    faults = [line for line in said.splitlines() if not line.startswith((*TOLD, *_sources(settings)))]
    assert not faults, "\n".join(faults)
    with duckdb.connect(str(settings.published / MARTS_FILE), read_only=True) as connection:
        assert connection.execute("select as_of_date from reporting.rpt_build").fetchall() == [(hostile.AS_OF,)]


def _sources(settings: Settings) -> tuple[str, ...]:
    return tuple(f"{path.name}/" for path in settings.landing.iterdir())


def every_row_is_accounted_for(settings: Settings) -> None:
    files = Manifest.read(settings.raw).files
    assert files
    for file in files:
        outcomes = file.accepted + file.filtered + file.duplicate + file.quarantined + file.refused
        assert file.read == outcomes, file.file


def test_a_night_with_hostile_rows_is_published_and_reported(new_home: Callable[[], Settings]) -> None:
    settings = new_home()
    hostile.write(settings.home, 1, sources=SOURCES, companies=COMPANIES, states=True)
    night(settings)
    every_row_is_accounted_for(settings)
    mails = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in settings.outbox.glob("*.eml")]
    reported = "".join(mail.get_body(("plain",)).get_content() for mail in mails)
    assert "key_repeated_often" in reported
    assert "orphans_many" in reported
    with pytest.raises(CommandFailedError, match=r"^ready_to_send: error key_repeated_often"):  # made, and held back
        commands.report(Settings(home=settings.home), f"{hostile.AS_OF:%Y-%m}", send=False)
    made = {path.suffix for path in (settings.home / "reports").rglob("report.*")}
    assert made == {".html", ".pdf"}


@pytest.mark.long
@pytest.mark.parametrize("seed", hostile.seeds(LONG, first=2))
def test_a_night_with_other_hostile_rows_is_published(new_home: Callable[[], Settings], seed: int) -> None:
    settings = new_home()
    hostile.write(settings.home, seed, sources=SOURCES, companies=COMPANIES, states=seed % 2 == 0)
    night(settings)
    every_row_is_accounted_for(settings)


@pytest.mark.long
@pytest.mark.parametrize("entity", contract())
def test_a_night_with_one_entity_alone_is_published(new_home: Callable[[], Settings], entity: str) -> None:
    settings = new_home()
    hostile.write(settings.home, 3, sources=1, companies=6, states=False, entities=frozenset({entity}))
    night(settings)
