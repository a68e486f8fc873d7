"""How a mail leaves: as a file in the outbox, or through an SMTP server."""

from __future__ import annotations

import re
import smtplib
import ssl
from email.message import EmailMessage
from pathlib import Path

from orchestration.settings import Mail
from reports.bundle import write_whole

LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def send(message: EmailMessage, mail: Mail, outbox: Path) -> str:
    """Send a mail the way the settings say and tell where it went.

    The same mail twice is one file. Raises smtplib.SMTPException or OSError when the server does not take it,
    ValueError rather than tell a password to a server over an open line.
    """
    if mail.transport == "file":
        return str(_to_file(message, outbox))
    return _to_server(message, mail)


def _to_file(message: EmailMessage, outbox: Path) -> Path:
    outbox.mkdir(parents=True, exist_ok=True)
    recipient = re.sub(r"[^A-Za-z0-9.@-]+", "_", message["To"].addresses[0].addr_spec)[:80]
    digest = message["Message-ID"].strip("<>")[:12]
    path = outbox / f"{message['Date'].datetime:%Y%m%dT%H%M%S}-{recipient}-{digest}.eml"
    write_whole(path, message.as_bytes())
    return path


def _to_server(message: EmailMessage, mail: Mail) -> str:
    if mail.user and mail.security == "none" and mail.host not in LOOPBACK:
        raise ValueError(f"mail.security is none: {mail.host} would get the password unencrypted; set starttls or tls")
    context = ssl.create_default_context()
    server: smtplib.SMTP
    if mail.security == "tls":
        server = smtplib.SMTP_SSL(mail.host, mail.port, timeout=mail.timeout_seconds, context=context)
    else:
        server = smtplib.SMTP(mail.host, mail.port, timeout=mail.timeout_seconds)
    with server:
        if mail.security == "starttls":
            server.starttls(context=context)
        if mail.user:
            server.login(mail.user, mail.password.get_secret_value() if mail.password else "")
        server.send_message(message)
    return f"smtp://{mail.host}:{mail.port}"
