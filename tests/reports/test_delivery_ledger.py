"""The ledger: a mail is claimed once, on SQLite and on PostgreSQL; what a person decides is written down."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation.settings import Mail
from reports.delivery.ledger import Ledger
from reports.delivery.outcomes import OutcomeUnknownError, RefusedError, UnreachableError
from reports.delivery.recipients import Recipient
from reports.delivery.records import OUTBOX, Claim, DeliveryKey, DeliveryRecord, LedgerError
from reports.delivery.sending import ReportMail, deliver
from tests.reports.postoffice import NOW

KEY = DeliveryKey("service_quality", "2026-10", "company", 1, "ann", "en")
BY = {"by": "Li Lei", "reason": "asked on the phone", "now": NOW}
NAMED = (KEY.report, KEY.period, KEY.recipient)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    """An empty ledger of each kind."""
    if request.param == "sqlite":
        opened = Ledger(tmp_path / "delivery.db")
        yield opened
        opened.close()
        return
    url = request.getfixturevalue("postgresql")
    opened = Ledger(url)
    yield opened
    with opened._engine.begin() as connection:
        for table in ("delivery", "hold", "history"):
            connection.exec_driver_sql(f"drop table {table}")
    opened.close()


def _claim(
    ledger: Ledger, key: DeliveryKey = KEY, *, address: str = "a1", via: str = "smtp://x:1"
) -> Claim | DeliveryRecord:
    return ledger.claim(key, address_hash=address, content_sha256="c0", via=via, now=NOW)


def _claimed(ledger: Ledger, key: DeliveryKey = KEY, *, via: str = "smtp://x:1") -> Claim:
    claim = _claim(ledger, key, via=via)
    assert isinstance(claim, Claim)
    return claim


def test_a_claim_is_given_once(ledger: Ledger) -> None:
    _claimed(ledger)
    standing = _claim(ledger)
    assert isinstance(standing, DeliveryRecord)
    assert standing.state == "claimed"


def test_of_many_who_claim_at_once_one_gets_it(ledger: Ledger) -> None:
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda _: _claim(ledger), range(16)))
    assert sum(isinstance(one, Claim) for one in got) == 1


@pytest.mark.parametrize(
    "changed", [{"revision": 2}, {"scope": "store=a"}, {"language": "zh-CN"}, {"period": "2026-11"}]
)
def test_another_issue_scope_or_language_is_another_mail(ledger: Ledger, changed: dict[str, object]) -> None:
    _claimed(ledger)
    _claimed(ledger, DeliveryKey(**{**KEY.__dict__, **changed}))


def test_a_mailbox_with_a_new_id_in_the_recipients_file_has_had_its_mail(ledger: Ledger) -> None:
    ledger.finish(_claimed(ledger), "sent", now=NOW)
    standing = _claim(ledger, DeliveryKey(**{**KEY.__dict__, "recipient": "ann2"}))
    assert isinstance(standing, DeliveryRecord)
    assert (standing.key.recipient, standing.state) == ("ann", "sent")


@pytest.mark.parametrize("state", ["sent", "failed", "unknown"])
def test_what_was_sent_refused_for_good_or_is_unknown_is_not_claimed_again(ledger: Ledger, state: str) -> None:
    ledger.finish(_claimed(ledger), state, now=NOW)  # type: ignore[arg-type]
    assert isinstance(_claim(ledger), DeliveryRecord)


def test_what_was_refused_for_the_time_being_may_be_claimed_again(ledger: Ledger) -> None:
    ledger.finish(_claimed(ledger), "failed", now=NOW, may_send=True)
    _claimed(ledger)
    assert [one.attempts for one in ledger.deliveries()] == [2]


def test_what_only_became_a_file_may_go_through_a_server(ledger: Ledger) -> None:
    ledger.finish(_claimed(ledger, via=OUTBOX), "sent", now=NOW)
    assert isinstance(_claim(ledger, via=OUTBOX), DeliveryRecord)
    ledger.finish(_claimed(ledger), "sent", now=NOW)
    assert isinstance(_claim(ledger), DeliveryRecord)


def test_a_dead_sender_s_claim_is_unknown_until_a_person_decides(ledger: Ledger) -> None:
    claim = _claimed(ledger)
    with ledger.sole_sender():
        assert ledger.abandon(NOW) == (KEY,)
    assert isinstance(_claim(ledger), DeliveryRecord)
    assert ledger.release(*NAMED, **BY) == (KEY,)
    _claimed(ledger)
    with pytest.raises(LedgerError, match="taken back"):  # the dead one was only slow
        ledger.finish(claim, "sent", now=NOW)


def test_a_person_who_knows_that_it_arrived_ends_the_doubt(ledger: Ledger) -> None:
    ledger.finish(_claimed(ledger), "unknown", now=NOW)
    ledger.confirm(*NAMED, **BY)
    assert [(one.state, one.needs_a_person) for one in ledger.deliveries()] == [("sent", False)]
    assert isinstance(_claim(ledger), DeliveryRecord)


@pytest.mark.parametrize("state", ["sent", None])
def test_only_what_failed_or_is_unknown_can_be_released(ledger: Ledger, state: str | None) -> None:
    if state:
        ledger.finish(_claimed(ledger), "sent", now=NOW)
    for decide in (ledger.release, ledger.confirm):
        with pytest.raises(LedgerError, match="nothing of it is failed or unknown"):
            decide(*NAMED, **BY)


@pytest.mark.parametrize("unsigned", [{"by": " "}, {"reason": ""}])
def test_a_decision_has_a_name_and_a_reason(ledger: Ledger, unsigned: dict[str, str]) -> None:
    ledger.finish(_claimed(ledger), "unknown", now=NOW)
    with pytest.raises(LedgerError, match="--by NAME --reason TEXT"):
        ledger.release(*NAMED, **{**BY, **unsigned})  # type: ignore[arg-type]


def test_the_history_tells_who_decided_what_and_why(ledger: Ledger) -> None:
    ledger.finish(_claimed(ledger), "unknown", now=NOW, reason="no answer")
    ledger.release(*NAMED, **BY)
    ledger.hold("service_quality", "2026-10", "ready_to_send", ["crm is silent"], NOW)
    ledger.release_hold("service_quality", "2026-10", **BY)
    assert [(one.happening, one.recipient, one.by, one.reason) for one in ledger.history()] == [
        ("claimed", "ann", None, "smtp://x:1"),
        ("unknown", "ann", None, "no answer"),
        ("released", "ann", "Li Lei", "asked on the phone"),
        ("held", None, None, "crm is silent"),
        ("hold released", None, "Li Lei", "asked on the phone (let pass: crm is silent)"),
    ]
    assert {one.at for one in ledger.history()} == {NOW}


def test_a_released_hold_lets_those_reasons_pass_and_no_others(ledger: Ledger) -> None:
    month = ("service_quality", "2026-10")
    asked = (*month, "ready_to_send")
    assert ledger.hold(*asked, [], NOW) == ()
    assert ledger.hold(*asked, ["a", "b"], NOW) == ("a", "b")
    assert ledger.hold(*month, "published_suite", ["s"], NOW) == ("s",)
    assert ledger.release_hold(*month, **BY) == ("s", "a", "b")
    assert ledger.hold(*asked, ["a", "b"], NOW) == ()
    assert ledger.hold(*month, "published_suite", ["s"], NOW) == ()
    assert ledger.hold(*asked, ["a", "c"], NOW) == ("c",)
    assert ledger.hold(*asked, ["a"], NOW) == ()
    assert ledger.hold(*asked, [], NOW) == ()  # mended
    assert ledger.hold(*asked, ["a"], NOW) == ("a",)  # and broken again
    assert ledger.hold("service_quality", "2026-11", "ready_to_send", ["a"], NOW) == ("a",)


def test_nothing_that_is_not_held_can_be_released(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="is not held back"):
        ledger.release_hold("service_quality", "2026-10", **BY)


def test_one_process_sends_at_a_time(ledger: Ledger) -> None:
    other = Ledger(ledger._file or ledger._engine.url.render_as_string(hide_password=False))
    with ledger.sole_sender(), pytest.raises(LedgerError, match="another process is sending"), other.sole_sender():
        pass
    with other.sole_sender():
        pass
    other.close()


@pytest.mark.parametrize("url", ["mysql://x/y", "nonsense", "postgresql://nobody@127.0.0.1:1/none"])
def test_a_ledger_that_cannot_be_opened_is_told_without_its_url(url: str) -> None:
    with pytest.raises(LedgerError, match=r"mail\.ledger") as raised:
        Ledger(url)
    assert "nobody" not in str(raised.value)


class Fickle:
    """A server that does as it is told, and counts whose mail it took."""

    via = "smtp://fickle:25"

    def __init__(self, moods: list[str]) -> None:
        self.moods, self.got = moods, []

    def __enter__(self) -> Fickle:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def most_bytes(self) -> int | None:
        return None

    def send(self, message: str) -> str:  # type: ignore[override]
        mood = self.moods.pop(0) if self.moods else "takes"
        if mood in ("takes", "takes and dies", "takes and kills"):
            self.got.append(message)
        match mood:
            case "later":
                raise RefusedError("450", lasting=False)
            case "never":
                raise RefusedError("550", lasting=True)
            case "gone":
                raise UnreachableError("gone")
            case "locked":
                raise UnreachableError("535", lasting=True)
            case "takes and dies" | "loses and dies":
                raise OutcomeUnknownError("no answer")
            case "takes and kills" | "loses and kills":
                raise KeyboardInterrupt
        return self.via


class Letter(ReportMail):
    """A message that is its recipient's name."""

    def message(self, *_: object, **__: object) -> str:  # type: ignore[override]
        return self.key.recipient


MOODS = st.sampled_from(
    ["takes", "takes", "later", "never", "gone", "locked", "takes and dies", "loses and dies", "takes and kills",
     "loses and kills"]
)  # fmt: skip


@pytest.mark.slow
@settings(deadline=None, max_examples=30)
@given(runs=st.lists(st.lists(MOODS, max_size=8), min_size=1, max_size=5))
def test_whatever_the_server_does_nobody_gets_two_and_nobody_is_lost_silently(
    tmp_path_factory: pytest.TempPathFactory, runs: list[list[str]]
) -> None:
    home = tmp_path_factory.mktemp("fickle")
    ledger = Ledger(home / "delivery.db")
    people = [Recipient(id=name, name=name, address=f"{name}@example.com") for name in ("ann", "bob", "cho")]
    letters = [Letter(DeliveryKey("r", "2026-10", "company", 1, one.id, "en"), one, home) for one in people]
    taken: list[str] = []
    for moods in runs:
        server = Fickle(list(moods))
        try:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("reports.delivery.sending.content_hash", str)
                patch.setattr("reports.delivery.sending.size_of", len)
                tally = deliver(letters, server, ledger, Mail(), now=lambda: NOW, pause=lambda _: None)  # type: ignore[arg-type]
        except KeyboardInterrupt:
            continue
        finally:
            taken += server.got
        reported = {line.partition(":")[0] for line in tally.not_sent}
        had = {key.recipient for key in (*tally.sent, *tally.already)}
        assert reported | had == {"ann", "bob", "cho"}
        assert not reported & had
        assert had <= set(taken)
    assert len(taken) == len(set(taken))
    states = {one.key.recipient: one.state for one in ledger.deliveries()}
    assert {name for name in taken if states.get(name) not in ("sent", "unknown", "claimed")} == set()
    ledger.close()
