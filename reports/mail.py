"""Mails as standard MIME messages: the monthly report, and what went wrong in a run. Sending is in delivery.py."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from reports.addresses import read_address
from reports.bundle import Bundle
from reports.language import LanguageCode, language, plain
from reports.render import environment, printed
from reports.story import Teller


@dataclass(frozen=True)
class Failure:
    """What failed in a run: the name of a step, asset or check, and what it said (never a value of a row)."""

    name: str
    message: str


def compose(
    bundle: Bundle, code: LanguageCode, pdf: bytes, *, sender: str, recipient: str, moment: datetime
) -> EmailMessage:
    """The mail that carries a report: key figures as text and as HTML, the PDF attached.

    The same bundle, recipient and moment (with its zone) give the same bytes. ValueError: no such address.
    """
    words = language(code)
    teller = Teller(bundle, words)
    scope = "" if bundle.scope.type == "company" else teller.scope_name(bundle.scope.type, bundle.scope.id)
    view = {
        "lang": code,
        "title": words.say(bundle.spec.title),
        "company": " · ".join(filter(None, (teller.scope_name("company", ""), scope))),
        "month": words.month(bundle.month),
        "story": teller.story(),
        "rows": [printed(teller, figure) for metric in bundle.spec.headlines if (figure := bundle.figure(metric))],
        "hash": bundle.sha256[:12],
    }
    templates = environment(bundle.report, code)
    message = _message(
        subject=f"{view['title']} · {view['company']} · {view['month']}",
        sender=sender,
        recipient=recipient,
        moment=moment,
        key=f"{bundle.folder.as_posix()}|{code}|{recipient}|{bundle.sha256}",
    )
    message["Content-Language"] = code
    message.set_content(templates.get_template("mail.txt.j2").render(view), cte="quoted-printable")
    message.add_alternative(templates.get_template("mail.html.j2").render(view), subtype="html", cte="quoted-printable")
    name = f"{bundle.report}_{bundle.month:%Y-%m}_{bundle.scope.folder}_{code}.pdf"
    message.add_attachment(pdf, maintype="application", subtype="pdf", filename=name)
    return _with_fixed_boundaries(message)


def compose_failure(
    code: LanguageCode,
    failures: Sequence[Failure],
    *,
    company: str,
    job: str,
    run_id: str,
    sender: str,
    recipient: str,
    moment: datetime,
) -> EmailMessage:
    """The mail that tells the data owner what failed in a run. Raises ValueError for an address that is none."""
    words = language(code)
    message = _message(
        subject=words.say("%(job)s failed · %(company)s", job=plain(job), company=plain(company)),
        sender=sender,
        recipient=recipient,
        moment=moment,
        key=f"{job}|{run_id}|{recipient}",
    )
    message["Content-Language"] = code
    view = {"failures": failures, "job": job, "run_id": run_id, "company": company}
    message.set_content(environment("", code).get_template("failure.txt.j2").render(view), cte="quoted-printable")
    return message


def _message(*, subject: str, sender: str, recipient: str, moment: datetime, key: str) -> EmailMessage:
    if moment.tzinfo is None:
        raise ValueError(f"the moment of a mail needs its time zone; {moment.isoformat()} has none")
    message = EmailMessage(policy=SMTP)
    origin = read_address(sender)
    message["Subject"] = plain(subject)
    message["From"] = origin
    message["To"] = read_address(recipient)
    message["Date"] = format_datetime(moment)
    digest = hashlib.sha256(f"{key}|{moment.isoformat()}".encode()).hexdigest()[:32]
    message["Message-ID"] = f"<{digest}@{origin.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    return message


def _with_fixed_boundaries(message: EmailMessage) -> EmailMessage:
    """Boundaries from the Message-ID in place of random ones, so that equal mails are equal bytes."""
    seed = message["Message-ID"].strip("<>").split("@")[0]
    for number, part in enumerate(message.walk()):
        if part.is_multipart():
            part.set_boundary(f"=_{number}_{seed}")
    return message
