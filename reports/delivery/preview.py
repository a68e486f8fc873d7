"""Every mail of a sending as pages that a browser opens from a folder: what would go, before it goes."""

from __future__ import annotations

import shutil
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path

from foundation.settings import Mail
from reports.bundle.store import write_atomically
from reports.delivery.channels import size_of
from reports.delivery.records import DeliveryKey, DeliveryRecord
from reports.delivery.sending import ReportMail
from reports.page.render import environment
from reports.text.language import language

_HEADERS = ("From", "To", "Subject", "Date", "Message-ID", "List-Unsubscribe")


@dataclass(frozen=True)
class Previewed:
    """A mail of the list."""

    key: DeliveryKey
    name: str  # of its files
    subject: str
    to: str
    kilobytes: str
    attached: tuple[str, ...]
    standing: DeliveryRecord | None


def write_preview(
    folder: Path,
    mails: Sequence[ReportMail],
    lacking: Sequence[str],
    mail: Mail,
    *,
    standing: Mapping[DeliveryKey, DeliveryRecord],
    held: Sequence[str],
    moment: datetime,
) -> Path:
    """Replaces the folder by the pages of these mails and gives index.html.

    Raises OSError, ValueError or BundleDamagedError where a mail cannot be made.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)  # it holds names and addresses
    templates, words = environment("", mail.language), language(mail.language)
    listed = []
    for one in mails:
        message = one.fitting(mail, moment)
        name = f"{one.key.recipient}.{one.key.language}"
        files = {f"{name}.{part.get_filename()}": part.get_content() for part in message.iter_attachments()}
        for file, content in files.items():
            write_atomically(folder / file, content.encode() if isinstance(content, str) else content)
        write_atomically(folder / f"{name}.eml", message.as_bytes())
        view = {
            "lang": mail.language,
            "name": name,
            "headers": [(header, str(message[header])) for header in _HEADERS if message[header]],
            "html": _with_pictures(message),
            "text": _body(message, "plain"),
            "files": [(file, words.count(len(content) // 1000)) for file, content in files.items()],
        }
        write_atomically(folder / f"{name}.html", templates.get_template("preview_mail.html.j2").render(view).encode())
        kilobytes = words.count(size_of(message) // 1000)
        subject, to = str(message["Subject"]), str(message["To"])
        listed.append(Previewed(one.key, name, subject, to, kilobytes, one.recipient.formats, standing.get(one.key)))
    index = folder / "index.html"
    page = templates.get_template("preview.html.j2").render(
        lang=mail.language, mails=listed, lacking=lacking, held=held, moment=words.moment(moment)
    )
    write_atomically(index, page.encode())
    return index


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
