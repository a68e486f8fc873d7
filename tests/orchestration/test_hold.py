"""A report in doubt is held back: executives get nothing, the data owner the reasons, and a person may let it pass."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import cast

import dagster as dg
import duckdb
import pytest
from click.testing import CliRunner

from expectations.results import ExpectationOutcome, SuiteResult
from foundation.settings import Alarms, Settings
from orchestration.alerts import mail_on_failure, notify_data_owner
from orchestration.assets.delivery import delivery_asset, delivery_key
from orchestration.assets.reports import files_key
from orchestration.assets.warehouse import PUBLISHED
from orchestration.checks import SUITE, reasons_to_hold, report_checks
from orchestration.cli import cli
from orchestration.commands import _faults
from orchestration.partitions import monthly
from orchestration.resources import writer
from orchestration.warehouse import MARTS_FILE
from reports.bundle.model import Bundle
from reports.delivery.card import RunFailure
from reports.delivery.outcomes import RefusedError
from reports.registry import DEFAULT
from tests.declared_tables import create
from tests.reports.chatroom import chat
from tests.reports.postoffice import house
from tests.reports.published import META, MONTH, warehouse

pytestmark = pytest.mark.slow

LAST = date(2026, 10, 31)
PERIOD = "2026-10"


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    from reports.bundle.reading import make_bundle

    with warehouse(("satisfaction",)) as opened:
        return make_bundle(opened, "service_quality", MONTH, META)


Load = tuple[str, str, date, bool]


def _every_day(source: str, entity: str, until: date, days: int = 20) -> list[Load]:
    return [(source, entity, until - timedelta(days=back), False) for back in range(days)]


def _publish(settings: Settings, loads: list[Load], as_of: date = LAST, doubts: tuple[str, ...] = ()) -> None:
    settings.published.mkdir(parents=True, exist_ok=True)
    path = settings.published / MARTS_FILE
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as connection:
        for table in ("rpt_build", "rpt_loads", "rpt_doubts"):
            create(connection, table, "reporting")
        connection.execute("insert into reporting.rpt_build (as_of_date) values (?)", [as_of])
        given = "source, entity, load_date, is_stale"
        connection.executemany(f"insert into reporting.rpt_loads ({given}) values (?, ?, ?, ?)", loads)
        connection.execute("insert into reporting.rpt_doubts (reported) select unnest(?::varchar[])", [list(doubts)])


FRESH = _every_day("crm", "orders", LAST) + _every_day("crm", "tickets", LAST) + _every_day("shop", "orders", LAST)


@pytest.mark.parametrize(
    ("loads", "as_of", "reasons"),
    [
        (FRESH, LAST, []),
        (FRESH, date(2026, 10, 30), ["2026-10 is not complete: the warehouse knows it up to 2026-10-30"]),
        ([*FRESH, ("crm", "stores", LAST, True)], LAST, ["crm: stores stays at an older load"]),
        (
            FRESH[:40] + _every_day("shop", "orders", date(2026, 10, 20)),
            LAST,
            ["shop has delivered nothing since 2026-10-20"],
        ),
        (
            FRESH[20:] + _every_day("crm", "orders", date(2026, 10, 20)),
            LAST,
            ["crm: orders has not come since 2026-10-20"],
        ),
        # what came once, or in bursts, is not silent, nor is a source that rests on a weekend
        ([*FRESH, ("crm", "training", date(2026, 9, 1), False)], LAST, []),
        (FRESH + [("crm", "visits", LAST - timedelta(days=d), False) for d in (9, 10, 11, 18, 19, 26)], LAST, []),
        (
            [*FRESH, *(("crm", "opportunities", LAST - timedelta(days=d), False) for d in (19, 21, 25, 31, 33))],
            LAST,
            [],
        ),
        (_every_day("crm", "orders", LAST - timedelta(days=3)), LAST, []),
    ],
)
def test_a_month_that_is_not_whole_is_told_source_by_source(
    tmp_path: Path, loads: list[Load], as_of: date, reasons: list[str]
) -> None:
    settings = Settings(home=tmp_path)
    _publish(settings, loads, as_of)
    assert reasons_to_hold(settings, PERIOD) == reasons


def test_what_the_raw_suite_finds_wrong_holds_the_report_and_nothing_else(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    _publish(settings, FRESH, doubts=("error volume_collapsed: orders of crm (1 of 1)",))
    assert reasons_to_hold(settings, PERIOD) == ["error volume_collapsed: orders of crm (1 of 1)"]


@pytest.fixture
def settings(tmp_path: Path, bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A home with an issued report, two recipients and a fresh warehouse."""
    monkeypatch.setenv("KEFU_HOME", str(tmp_path))
    house(tmp_path, bundle).names("ann", "bob")
    made = Settings(home=tmp_path)
    _publish(made, FRESH)
    return made


def _send(settings: Settings, *checks: str) -> list[str]:
    """The end of the monthly job: the checks (on the files, if not told), the delivery, the mail to the data owner."""

    @dg.asset(key=files_key(DEFAULT), partitions_def=monthly(settings), deps=[PUBLISHED])
    def files() -> None:
        """As they lie there."""

    @dg.asset(key=PUBLISHED)
    def published() -> None:
        """As it lies there."""

    wanted = checks or ("ready_to_send",)
    defs = dg.Definitions(
        assets=[files, published, delivery_asset(settings)],
        asset_checks=[check for check in report_checks() if check.check_key.name in wanted],
        jobs=[
            dg.define_asset_job(
                "monthly_report",
                dg.AssetSelection.assets(files_key(DEFAULT), delivery_key(DEFAULT))
                | dg.AssetSelection.checks_for_assets(PUBLISHED),
                partitions_def=monthly(settings),
                hooks={mail_on_failure(settings)},
                executor_def=dg.in_process_executor,
            )
        ],
        resources={"writer": writer(settings)},
    )
    with dg.DagsterInstance.ephemeral() as instance:
        result = defs.resolve_job_def("monthly_report").execute_in_process(
            instance=instance,
            tags={"dagster/partition": PERIOD},
            raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
    return list(_faults(result))


def _mails(settings: Settings) -> list[EmailMessage]:
    found = [message_from_bytes(path.read_bytes(), policy=policy.SMTP) for path in settings.outbox.glob("*.eml")]
    return [cast(EmailMessage, one) for one in found]


def _to(settings: Settings) -> list[str]:
    return sorted(mail["To"].addresses[0].username for mail in _mails(settings))


@pytest.fixture
def kefu() -> Callable[..., str]:
    def run(*words: str, fails: bool = False) -> str:
        result = CliRunner().invoke(cli, words)
        assert bool(result.exit_code) == fails, (result.output, result.exception)
        return result.output if not fails else f"{result.output}{result.exception}"

    return run


def test_a_fresh_month_goes_to_all_and_to_nobody_twice(settings: Settings, kefu: Callable[..., str]) -> None:
    assert _send(settings) == []
    assert _send(settings) == []
    assert _to(settings) == ["ann", "bob"]
    shown = kefu("delivery")
    assert shown.count("  sent ") == 2


def test_with_nobody_in_the_file_nobody_gets_it(settings: Settings) -> None:
    settings.recipients.unlink()
    assert _send(settings) == []
    assert _to(settings) == []


def test_a_silent_source_holds_it_until_a_person_lets_it_pass_and_that_is_written_down(
    settings: Settings, kefu: Callable[..., str]
) -> None:
    _publish(settings, FRESH[:40] + _every_day("shop", "orders", date(2026, 10, 20)))
    (fault,) = _send(settings)
    reason = "shop has delivered nothing since 2026-10-20"
    assert reason in fault
    assert "kefu delivery release-hold service_quality 2026-10" in fault
    assert _to(settings) == ["data-owner"]
    (mail,) = _mails(settings)
    assert mail["Subject"] == "Held back: Monthly service-quality report 2026-10 · Kefu"
    body = mail.get_body(("plain",))
    assert body is not None
    assert reason in body.get_content()
    assert f"held back  {reason}" in kefu("delivery")

    assert "--by" in kefu("delivery", "release-hold", "service_quality", PERIOD, fails=True)
    kefu("delivery", "release-hold", "service_quality", PERIOD, "--by", "Li Lei", "--reason", "the shop was closed")
    assert _send(settings) == []
    assert _to(settings) == ["ann", "bob", "data-owner"]
    shown = kefu("delivery")
    assert "by Li Lei" in shown
    assert "the shop was closed" in shown
    assert f"by Li Lei  the shop was closed (let pass: {reason})" in kefu("delivery", "history")

    _publish(settings, [*FRESH, ("crm", "stores", LAST, True)])
    assert "crm: stores stays at an older load" in _send(settings)[0]  # another doubt holds it again


def test_a_room_is_held_as_a_mailbox_is_and_the_room_of_alarms_is_told_why(
    settings: Settings, kefu: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with chat("wecom") as room, chat("feishu") as alarms:
        monkeypatch.setenv("ROOM", room.url)
        monkeypatch.setenv("ALARMS", alarms.url)
        settings.recipients.write_text(
            "recipients:\n  - {id: room, name: Room, channel: wecom, webhook: {env: ROOM}, language: zh-CN}\n",
            encoding="utf-8",
        )
        told = {"channel": "feishu", "webhook": {"env": "ALARMS"}}
        alarmed = settings.model_copy(update={"alarms": Alarms.model_validate(told)})
        _publish(settings, FRESH[:40] + _every_day("shop", "orders", date(2026, 10, 20)))
        _send(alarmed)
        assert room.posts == []
        (card,) = alarms.posts
        assert card["card"]["header"]["title"]["content"] == "Held back: Monthly service-quality report 2026-10 · Kefu"
        assert "shop has delivered nothing since 2026-10-20" in str(card["card"]["elements"])
        assert _to(settings) == ["data-owner"]
        kefu("delivery", "release-hold", "service_quality", PERIOD, "--by", "Li Lei", "--reason", "closed")
        assert _send(alarmed) == []
        assert _send(alarmed) == []
        assert (room.shown, len(alarms.posts)) == (1, 1)
        assert "wecom" in kefu("delivery")


def test_a_room_of_alarms_that_is_gone_does_not_stop_the_mail(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALARMS", "http://127.0.0.1:1/S3CRET-0f-the-r00m")
    alarms = Alarms.model_validate({"channel": "slack", "webhook": {"env": "ALARMS"}})
    with pytest.raises(RefusedError, match="no connection"):
        notify_data_owner(
            settings.model_copy(update={"alarms": alarms}), "nightly", "1f0c", [RunFailure("raw/orders", "late")]
        )
    assert _to(settings) == ["data-owner"]


def test_a_failed_check_of_the_published_figures_holds_it_too(
    settings: Settings, kefu: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = ExpectationOutcome("kpi_empty", "There are figures at all.", "error", False, 1, 1, 1, 1, ())
    warned = ExpectationOutcome("kpi_odd", "Something is odd.", "warn", False, 1, 1, 1, 1, ())
    monkeypatch.setattr("orchestration.checks._ask", lambda *_: SuiteResult("marts", (broken, warned)))
    checks = (SUITE, "ready_to_send")
    assert "error kpi_empty" in _send(settings, *checks)[0]
    assert _to(settings) == ["data-owner"]
    (mail,) = _mails(settings)
    assert "error kpi_empty" in mail.get_content()
    assert "kpi_odd" not in mail.get_content()
    kefu("delivery", "release-hold", "service_quality", PERIOD, "--by", "Li Lei", "--reason", "a known gap")
    assert _send(settings, *checks) == []
    assert _send(settings, *checks) == []
    assert _to(settings) == ["ann", "bob", "data-owner"]


def test_what_was_not_sent_is_told_by_id_and_never_by_address(settings: Settings) -> None:
    path = settings.recipients
    text = path.read_text(encoding="utf-8").replace(
        "recipients:\n", "recipients:\n  - {id: eve, name: Eve, address: e@f.g, scope: {store: nowhere}}\n"
    )
    path.write_text(text, encoding="utf-8")
    (fault,) = _send(settings)
    assert "eve: no report of store nowhere" in fault
    assert _to(settings) == ["ann", "bob", "data-owner"]
    reported = next(mail for mail in _mails(settings) if mail["To"].addresses[0].username == "data-owner")
    assert "eve" in reported.get_content()
    assert "e@f.g" not in reported.get_content()


def test_a_decision_about_nothing_is_refused(settings: Settings, kefu: Callable[..., str]) -> None:
    signed = ("--by", "Li Lei", "--reason", "x")
    assert "is not held back" in kefu("delivery", "release-hold", "service_quality", PERIOD, *signed, fails=True)
    assert "nothing of it is failed" in kefu(
        "delivery", "release", "service_quality", PERIOD, "ann", *signed, fails=True
    )
    assert "nothing has been delivered yet" in kefu("delivery")


def test_a_preview_shows_every_mail_and_claims_nothing(settings: Settings, kefu: Callable[..., str]) -> None:
    from orchestration.delivery_commands import preview

    page, count = preview(settings, PERIOD)
    assert count == 2
    for link in ("ann.en.html", "bob.en.html"):
        assert link in page.read_text(encoding="utf-8")
        mail = (page.parent / link).read_text(encoding="utf-8")
        assert "List-Unsubscribe" in mail
        assert 'sandbox="allow-same-origin"' in mail  # and no scripts
    assert "nothing has been delivered yet" in kefu("delivery")
    assert not settings.outbox.exists()
    assert _send(settings) == []
    page, _ = preview(settings, PERIOD)
    assert page.read_text(encoding="utf-8").count("has gone already") == 2
    _publish(settings, [*FRESH, ("crm", "stores", LAST, True)])
    page, _ = preview(settings, PERIOD)
    assert "crm: stores stays at an older load" in page.read_text(encoding="utf-8")
