"""Mails as standard MIME messages: a report, and what went wrong in a run. Sending is in sending.py."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from functools import lru_cache
from urllib.parse import quote

from foundation.languages import LanguageCode
from reports.bundle.model import Bundle
from reports.charts.chart import Chart, png
from reports.charts.renderer import ChartRenderer
from reports.delivery.addresses import read_address
from reports.delivery.card import RunFailure, page_of
from reports.delivery.headers import WIRE
from reports.delivery.recipients import Format, Recipient
from reports.page.render import environment
from reports.periods import first_day
from reports.registry import report
from reports.text.language import language, plain
from reports.text.story import story
from reports.text.tables import Row, printed
from reports.text.wording import Wording

Attachments = Mapping[Format, bytes]  # the report's files, by what they are
_KINDS: dict[Format, tuple[str, str]] = {"html": ("text", "html"), "pdf": ("application", "pdf")}


_drawn = lru_cache(maxsize=64)(png)  # recipients of one scope and language get the same drawings


@dataclass(frozen=True)
class HeadlineLine:
    """A headline figure, with the line of its last months and that drawing's name within the mail."""

    row: Row
    chart: Chart | None
    cid: str


def compose(
    bundle: Bundle,
    recipient: Recipient,
    attachments: Attachments,
    *,
    sender: str,
    unsubscribe: str,
    moment: datetime,
    archive: str | None = None,
    is_too_large: bool = False,
) -> EmailMessage:
    """The mail that carries a report: key figures as text and as HTML, the files in the order of the formats.

    The same report, recipient and moment (with its zone) give the same bytes; the Message-ID stays from one attempt to
    the next. `archive` is a link to all reports, `is_too_large` says that the files were left out. ValueError: no such
    address.
    """
    words = language(recipient.language)
    wording = Wording(bundle, words)
    scope = "" if bundle.scope.type == "company" else wording.scope_name(bundle.scope.type, bundle.scope.id)
    period = bundle.period
    digest, draw = bundle.sha256, ChartRenderer(bundle, words)
    lines = [
        HeadlineLine(printed(wording, figure), chart, f"{metric}.{digest[:16]}@kefu")
        for metric in bundle.headlines
        if (figure := bundle.figure(metric))
        for chart in [next(iter(draw.sparkline(metric)), None)]
    ]
    view = {
        "lang": recipient.language,
        "title": words.say(bundle.spec.title),
        "company": " · ".join(filter(None, (wording.scope_name("company", ""), scope))),
        "month": words.period(bundle.spec.schedule, bundle.period_start),
        "is_daily": bundle.spec.schedule == "daily",
        "revision": bundle.revision,
        "story": story(wording),
        "lines": lines,
        "hash": digest[:12],
        "formats": sorted(attachments),
        "archive": archive,
        "online": page_of(bundle, recipient.language, archive) if archive else None,
        "is_too_large": is_too_large,
        "sender": read_address(unsubscribe).addr_spec,
    }
    templates = environment(bundle.report, recipient.language)
    revised = [words.say("revision %(number)s", number=view["revision"])] if bundle.revision > 1 else []
    message = _message(
        subject=" · ".join((str(view["title"]), str(view["company"]), str(view["month"]), *revised)),
        sender=sender,
        recipient=recipient.mailbox,
        moment=moment,
        key="|".join((bundle.folder.as_posix(), str(bundle.revision), recipient.id, recipient.language)),
    )
    message["Content-Language"] = recipient.language
    about = quote(f"unsubscribe {bundle.report} {recipient.id}")
    message["List-Unsubscribe"] = f"<mailto:{read_address(unsubscribe).addr_spec}?subject={about}>"
    message.set_content(templates.get_template("mail.txt.j2").render(view), cte="quoted-printable")
    message.add_alternative(templates.get_template("mail.html.j2").render(view), subtype="html", cte="quoted-printable")
    page = message.get_body(("html",))
    for line in lines if page else ():
        if line.chart:
            page.add_related(_drawn(line.chart), "image", "png", cid=f"<{line.cid}>")  # type: ignore[union-attr]
    edition = f"_r{bundle.revision}" if bundle.revision > 1 else ""
    name = f"{bundle.report}_{period}_{bundle.scope.folder}_{recipient.language}{edition}"
    for suffix in recipient.formats:
        if suffix in attachments:
            kind, sub = _KINDS[suffix]
            message.add_attachment(attachments[suffix], maintype=kind, subtype=sub, filename=f"{name}.{suffix}")
    return _with_fixed_boundaries(message)


def content_hash(message: EmailMessage) -> str:
    """Of what a mail says and carries, whenever and to whom it goes."""
    digest = hashlib.sha256()
    for part in message.walk():
        if not part.is_multipart():
            digest.update(f"{part.get_content_type()}|{part.get_filename()}|".encode())
            content = part.get_payload(decode=True)
            digest.update(content.replace(b"\r\n", b"\n") if isinstance(content, bytes) else b"")
    return digest.hexdigest()


def compose_failure(
    code: LanguageCode,
    failures: Sequence[RunFailure],
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
        recipient=read_address(recipient),
        moment=moment,
        key=f"{job}|{run_id}|{recipient}|{moment.isoformat()}",
    )
    message["Content-Language"] = code
    view = {"failures": failures, "job": job, "run_id": run_id, "company": company}
    message.set_content(environment("", code).get_template("failure.txt.j2").render(view), cte="quoted-printable")
    return message


def compose_hold(
    code: LanguageCode,
    report_id: str,
    period: str,
    reasons: Sequence[str],
    *,
    company: str,
    sender: str,
    recipient: str,
    moment: datetime,
) -> EmailMessage:
    """The mail that tells the data owner why a report was not sent. Raises ValueError for an address that is none."""
    words = language(code)
    spec = report(report_id)
    title = words.say(spec.title)
    message = _message(
        subject=words.say(
            "Held back: %(report)s %(month)s · %(company)s", report=title, month=period, company=plain(company)
        ),
        sender=sender,
        recipient=read_address(recipient),
        moment=moment,
        key=f"{report_id}|{period}|{'|'.join(reasons)}|{recipient}|{moment.isoformat()}",
    )
    message["Content-Language"] = code
    view = {
        "title": title,
        "report": report_id,
        "month": period,
        "command": spec.command(first_day(period)),
        "reasons": [plain(one, 800) for one in reasons],
    }
    message.set_content(environment("", code).get_template("hold.txt.j2").render(view), cte="quoted-printable")
    return message


def _message(*, subject: str, sender: str, recipient: Address, moment: datetime, key: str) -> EmailMessage:
    if moment.tzinfo is None:
        raise ValueError(f"the moment of a mail needs its time zone; {moment.isoformat()} has none")
    message = EmailMessage(policy=WIRE)
    origin = read_address(sender)
    message["Subject"] = plain(subject)
    message["From"] = origin
    message["To"] = recipient
    message["Date"] = format_datetime(moment)
    digest = hashlib.sha256(key.encode()).hexdigest()[:32]
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
