"""Against a real SMTP server on loopback: nobody gets two, nobody is lost silently, one refusal stops no other."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from reports.bundle.model import Bundle
from reports.delivery.mail import content_hash
from tests.reports.postoffice import NOW, PDF, PERIOD, House, Office, certificate, house, login, over, serving

pytestmark = pytest.mark.slow
NAMES = ("ann", "bob", "cho")


@pytest.fixture
def home(tmp_path: Path, bundle: Bundle) -> House:
    made = house(tmp_path, bundle)
    made.names(*NAMES)
    return made


@pytest.fixture
def office() -> Iterator[Office]:
    with serving() as opened:
        yield opened


def test_each_gets_one_over_one_connection_and_none_at_the_next_run(home: House, office: Office) -> None:
    first = home.send(over(office))
    assert (len(first.sent), first.not_sent, office.greeted) == (3, [], 1)
    second = home.send(over(office))
    assert (second.sent, len(second.already), second.not_sent) == ([], 3, [])
    assert office.got == dict.fromkeys(NAMES, 1)
    assert home.states() == dict.fromkeys(NAMES, "sent")


def test_the_ledger_has_the_hash_of_what_was_sent(home: House, office: Office) -> None:
    home.send(over(office))
    assert {one.content_sha256 for one in home.ledger.deliveries()} == {content_hash(mail) for mail in office.mails}


def test_a_server_that_is_busy_is_asked_again_and_the_others_do_not_wait(home: House, office: Office) -> None:
    office.answers["RCPT", "ann"] = ["450 greylisted, come back later", "451 not yet"]
    tally = home.send(over(office))
    assert [key.recipient for key in tally.sent] == ["bob", "cho", "ann"]
    assert home.waits == [1, 2]
    assert office.got == dict.fromkeys(NAMES, 1)
    assert {one.key.recipient: one.attempts for one in home.ledger.deliveries()} == {"ann": 3, "bob": 1, "cho": 1}


@pytest.mark.parametrize("step", ["RCPT", "DATA"])
def test_a_server_that_stays_busy_is_asked_again_by_the_next_run(home: House, office: Office, step: str) -> None:
    office.answers[step, "ann"] = ["452 full"] * 4
    first = home.send(over(office))
    assert len(first.sent) == 2
    assert first.not_sent == ["ann: 452 full; the next run tries again"]
    assert home.states()["ann"] == "failed"
    assert [key.recipient for key in home.send(over(office)).sent] == ["ann"]
    assert office.got == dict.fromkeys(NAMES, 1)


@pytest.mark.parametrize("step", ["RCPT", "DATA"])
def test_a_bad_address_is_asked_once_stops_no_other_and_goes_again_only_by_hand(
    home: House, office: Office, step: str
) -> None:
    office.answers[step, "bob"] = ["550 no such user <bob@example.com>, bob is unknown"]
    first = home.send(over(office))
    assert [key.recipient for key in first.sent] == ["ann", "cho"]
    assert home.waits == []
    reported = "bob: refused for good: 550 no such user <<address>>, <name> is unknown"
    assert first.not_sent == [reported]
    assert home.send(over(office)).not_sent == [reported]
    assert office.got == {"ann": 1, "cho": 1}
    assert [one.key.recipient for one in home.ledger.deliveries() if one.needs_a_person] == ["bob"]

    home.ledger.release("service_quality", PERIOD, "bob", by="Li Lei", reason="mailbox opened", now=NOW)
    assert [key.recipient for key in home.send(over(office)).sent] == ["bob"]
    assert office.got == dict.fromkeys(NAMES, 1)


def test_a_mended_address_goes_after_its_release(home: House, office: Office) -> None:
    office.answers["RCPT", "bob"] = ["550 no such user"]
    home.send(over(office))
    path = home.home / "recipients.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("bob@", "robert@"), encoding="utf-8")
    home.ledger.release("service_quality", PERIOD, "bob", by="Li Lei", reason="address mended", now=NOW)
    home.send(over(office))
    assert office.got == {"ann": 1, "cho": 1, "robert": 1}


@pytest.mark.parametrize("reported", ["take and cut", "lose and cut"])
def test_cut_after_the_mail_was_handed_over_is_unknown_and_never_sent_by_itself(
    home: House, office: Office, reported: str
) -> None:
    office.answers["DATA", "bob"] = [reported]
    first = home.send(over(office))
    assert [key.recipient for key in first.sent] == ["ann", "cho"]
    assert home.states()["bob"] == "unknown"
    assert first.not_sent[0].startswith("bob: unknown whether it arrived")
    second = home.send(over(office))
    assert second.sent == []
    assert second.not_sent[0].startswith("bob: unknown whether it arrived")
    assert office.got["bob"] == (reported == "take and cut")


def test_cut_while_the_mail_is_handed_over_is_no_delivery_and_goes_again(home: House, office: Office) -> None:
    """Without its last line no server takes a mail, so this one is certain."""
    folder = home.home / "reports" / "service_quality" / PERIOD / "company" / "en"
    (folder / "report.pdf").write_bytes(PDF * 400)  # more than the kernel takes in one go
    office.answers["MIDDLE", "bob"] = ["cut"]
    tally = home.send(over(office))
    assert tally.not_sent == []
    assert office.got == dict.fromkeys(NAMES, 1)


def test_cut_before_the_mail_was_handed_over_goes_again(home: House, office: Office) -> None:
    office.answers["RCPT", "bob"] = ["cut"]
    assert home.send(over(office)).not_sent == []
    assert office.got == dict.fromkeys(NAMES, 1)


def test_a_server_that_closes_between_two_mails_costs_no_round(home: House, office: Office) -> None:
    office.answers["DATA", "ann"] = ["250 fine"]
    office.answers["RCPT", "bob"] = ["421 too many mails, closing"]
    assert home.send(over(office)).not_sent == []
    assert office.got == dict.fromkeys(NAMES, 1)


def test_without_a_server_all_are_told_and_the_next_run_sends(home: House, office: Office) -> None:
    port = office.port
    nobody = over(office).model_copy(update={"port": 1})
    tally = home.send(nobody)
    assert len(tally.not_sent) == 3
    assert "smtp://127.0.0.1:1" in tally.not_sent[0]
    assert home.states() == dict.fromkeys(NAMES, "failed")
    assert not any(one.needs_a_person for one in home.ledger.deliveries())
    assert len(home.send(over(office).model_copy(update={"port": port})).sent) == 3


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_tls_with_an_authority_of_one_s_own(home: House, tmp_path: Path, security: str) -> None:
    context, authority = certificate(tmp_path)
    options = {"tls_context": context, "require_starttls": True} if security == "starttls" else {"ssl_context": context}
    with serving(**options) as office:
        mistrusted = home.send(over(office, security=security))
        assert office.taken == []
        assert "CERTIFICATE_VERIFY_FAILED" in mistrusted.not_sent[0]
        assert home.waits == []  # asking again would not help
        assert len(home.send(over(office, security=security, ca_file=authority)).sent) == 3
        assert office.got == dict.fromkeys(NAMES, 1)


def test_a_server_without_tls_gets_no_mail_that_asks_for_it(home: House, office: Office) -> None:
    tally = home.send(over(office, security="starttls"))
    assert "STARTTLS" in tally.not_sent[0]
    assert office.taken == []


def test_login_and_a_wrong_password_is_no_recipient_s_fault(home: House, tmp_path: Path) -> None:
    context, authority = certificate(tmp_path)
    with serving(**login("kefu", "s3cret"), tls_context=context) as office:
        mail = over(office, security="starttls", ca_file=authority, user="kefu")
        wrong = home.send(mail.model_copy(update={"password": SecretStr("wrong")}))
        assert len(wrong.not_sent) == 3
        assert "535" in wrong.not_sent[0]
        assert "wrong" not in " ".join(wrong.not_sent)
        assert len(home.send(mail.model_copy(update={"password": SecretStr("s3cret")})).sent) == 3


def test_a_password_does_not_travel_in_the_open(home: House, office: Office) -> None:
    mail = over(office, user="kefu", password=SecretStr("s3cret"), host="mail.example.com")
    tally = home.send(mail)
    assert "unencrypted" in tally.not_sent[0]
    assert "s3cret" not in " ".join(tally.not_sent)


def test_a_mail_over_the_cap_goes_without_its_attachments_and_says_so(home: House, office: Office) -> None:
    folder = home.home / "reports" / "service_quality" / PERIOD / "company" / "en"
    (folder / "report.pdf").write_bytes(PDF * 20)
    assert len(home.send(over(office, max_bytes=100_000, archive="https://reports.example.com/")).sent) == 3
    for mail in office.mails:
        assert list(mail.iter_attachments()) == []
        text = mail.get_body(("plain",)).get_content()
        assert "too large for a mail" in text
        assert "https://reports.example.com/" in text


def test_a_server_s_own_limit_is_a_cap_too(home: House) -> None:
    folder = home.home / "reports" / "service_quality" / PERIOD / "company" / "en"
    (folder / "report.pdf").write_bytes(PDF * 20)
    with serving(data_size_limit=100_000) as office:
        assert len(home.send(over(office)).sent) == 3
        assert all(list(mail.iter_attachments()) == [] for mail in office.mails)
        sent = {content_hash(mail) for mail in office.mails}
    assert {one.content_sha256 for one in home.ledger.deliveries()} == sent


def test_a_scope_without_a_report_is_told_and_the_others_get_theirs(home: House, office: Office) -> None:
    with (home.home / "recipients.yml").open("a", encoding="utf-8") as file:
        file.write("  - {id: dan, name: Dan, address: dan@example.com, scope: {store: demo:S99}}\n")
    tally = home.send(over(office))
    assert len(tally.sent) == 3
    assert tally.not_sent[0].startswith("dan: no report of store demo:S99 can be read")


def test_what_only_became_a_file_is_sent_once_there_is_a_server(home: House, office: Office) -> None:
    files = over(office).model_copy(update={"transport": "file"})
    assert len(home.send(files).sent) == len(list((home.home / "outbox").glob("*.eml"))) == 3
    assert len(home.send(files).already) == 3
    assert len(home.send(over(office)).sent) == 3
    assert len(home.send(over(office)).already) == 3
    assert len(home.send(files).already) == 3


def test_a_page_of_another_issue_than_the_figures_is_not_sent(home: House, office: Office) -> None:
    """A revision whose pages were not rendered would carry the old PDF."""
    page = home.home / "reports" / "service_quality" / PERIOD / "company" / "en" / "report.html"
    page.write_text("of another issue", encoding="utf-8")
    tally = home.send(over(office))
    assert len(tally.not_sent) == 3
    assert "another issue than its bundle" in tally.not_sent[0]
    assert office.taken == []
    assert home.states() == {}


CHILD = """
import sys
from pathlib import Path
from tests.reports.postoffice import House, Office, over

print(flush=True)
House(Path(sys.argv[1])).send(over(Office(port=int(sys.argv[2]))))
"""


def test_killed_between_the_server_s_answer_and_the_ledger_is_unknown_and_never_sent_twice(
    home: House, office: Office
) -> None:
    """The server takes the second mail and kills the sender before the sender can write it down."""
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(home.home), str(office.port)], stdout=subprocess.PIPE
    ) as child:

        def kill_at_the_second() -> None:
            if len(office.taken) == 2:
                os.kill(child.pid, signal.SIGKILL)
                child.wait()

        office.before_answer = kill_at_the_second
        assert child.wait(timeout=60) == -signal.SIGKILL
    office.before_answer = lambda: None
    assert home.states() == {"ann": "sent", "bob": "claimed"}

    tally = home.send(over(office))
    assert [key.recipient for key in tally.sent] == ["cho"]
    assert tally.not_sent == [
        "bob: unknown whether it arrived: whoever sent it died before the answer was written down"
    ]
    assert office.got == dict.fromkeys(NAMES, 1)
    assert home.states() == {"ann": "sent", "bob": "unknown", "cho": "sent"}

    home.ledger.confirm("service_quality", PERIOD, "bob", by="Li Lei", reason="Bob has it", now=NOW)
    assert home.send(over(office)).not_sent == []
    assert office.got == dict.fromkeys(NAMES, 1)
