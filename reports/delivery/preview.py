"""Every mail and card of a sending as pages that a browser opens from a folder: what would go, before it goes."""

from __future__ import annotations

import json
import re
import shutil
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path

from foundation.settings import Mail
from reports.bundle.store import write_atomically
from reports.delivery.records import DeliveryKey, DeliveryRecord
from reports.delivery.sending import ReportCard, ReportMail
from reports.delivery.webhook import written
from reports.page.render import environment
from reports.text.language import language

_HEADERS = ("From", "To", "Subject", "Date", "Message-ID", "List-Unsubscribe")
_PICTURE = re.compile(r"base64,[A-Za-z0-9+/=]{40,}")


@dataclass(frozen=True)
class Previewed:
    """A message of the list."""

    key: DeliveryKey
    name: str  # of its files
    subject: str
    to: str
    kilobytes: str
    attached: tuple[str, ...]
    standing: DeliveryRecord | None


def write_preview(
    folder: Path,
    ready: Sequence[ReportMail | ReportCard],
    lacking: Sequence[str],
    mail: Mail,
    *,
    standing: Mapping[DeliveryKey, DeliveryRecord],
    held: Sequence[str],
    moment: datetime,
) -> Path:
    """Replaces the folder by the pages of these messages and gives index.html.

    Raises OSError, ValueError or BundleDamagedError where a message cannot be made. No secret of a room is asked for.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)  # it holds names and addresses
    templates, words = environment("", mail.language), language(mail.language)
    listed = []
    for one in ready:
        name = f"{one.key.recipient}.{one.key.language}"
        shown = _card(one, mail, name) if isinstance(one, ReportCard) else _mail(one, mail, name, moment)
        for file, content in (*shown.files, (shown.source, shown.raw)):
            write_atomically(folder / file, content)
        view = {
            "lang": mail.language,
            "name": name,
            "source": shown.source,
            "headers": shown.headers,
            "html": shown.html,
            "text": shown.text,
            "files": [(file, words.count(len(content) // 1000)) for file, content in shown.files],
        }
        write_atomically(folder / f"{name}.html", templates.get_template("preview_mail.html.j2").render(view).encode())
        kilobytes = words.count(len(shown.raw) // 1000)
        formats = one.recipient.formats
        listed.append(Previewed(one.key, name, shown.subject, shown.to, kilobytes, formats, standing.get(one.key)))
    index = folder / "index.html"
    page = templates.get_template("preview.html.j2").render(
        lang=mail.language, mails=listed, lacking=lacking, held=held, moment=words.moment(moment)
    )
    write_atomically(index, page.encode())
    return index


@dataclass(frozen=True)
class _Shown:
    """A message as its page shows it."""

    subject: str
    to: str
    headers: list[tuple[str, str]]
    html: str
    text: str
    source: str  # the file of what goes over the wire
    raw: bytes
    files: tuple[tuple[str, bytes], ...] = ()


def _mail(one: ReportMail, mail: Mail, name: str, moment: datetime) -> _Shown:
    message = one.fitting(mail, moment)
    attached = ((f"{name}.{part.get_filename()}", part.get_content()) for part in message.iter_attachments())
    return _Shown(
        subject=str(message["Subject"]),
        to=str(message["To"]),
        headers=[(header, str(message[header])) for header in _HEADERS if message[header]],
        html=_with_pictures(message),
        text=_body(message, "plain"),
        source=f"{name}.eml",
        raw=message.as_bytes(),
        files=tuple((file, content.encode() if isinstance(content, str) else content) for file, content in attached),
    )


def _card(one: ReportCard, mail: Mail, name: str) -> _Shown:
    """What a card says, and the JSON that its channel gets."""
    card, code = one.card(mail), one.recipient.language
    raw = json.dumps(written(one.channel, card), ensure_ascii=False, indent=1)
    to = f"{one.recipient.name} ({one.channel.name})"
    return _Shown(
        subject=f"{card.title} · {card.subtitle}",
        to=to,
        headers=[("To", to)],
        html=environment("", code).get_template("card.html.j2").render(lang=code, card=card),
        text=_PICTURE.sub("base64,…", raw),
        source=f"{name}.json",
        raw=raw.encode(),
    )


def _with_pictures(message: EmailMessage) -> str:
    """The mail's page with its drawings in it, as a reader's window shows it."""
    page = _body(message, "html")
    for part in message.walk():
        if part["Content-ID"]:
            data = b64encode(part.get_content()).decode()
            page = page.replace(
                f"cid:{part['Content-ID'].strip('<>')}", f"data:{part.get_content_type()};base64,{data}"
            )
    return page


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part else ""
