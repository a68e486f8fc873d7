"""Mail addresses: read, checked, and hashed where a log or a ledger must not tell them. No error here holds one."""

from __future__ import annotations

import hashlib
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.utils import parseaddr


def read_address(text: str) -> Address:
    """One mailbox, with or without a name. ValueError for anything else: a line break could add headers to a mail."""
    name, mailbox = parseaddr(text)
    if any(ord(c) < ord(" ") for c in text) or mailbox.count("@") != 1 or " " in mailbox or mailbox.endswith("."):
        raise ValueError("is no mail address; write one such as li.lei@example.com")
    try:
        return Address(display_name=name, addr_spec=mailbox)
    except (ValueError, IndexError, HeaderParseError) as error:
        raise ValueError("is no mail address; write one such as li.lei@example.com") from error


def hashed(address: str) -> str:
    """The same for every way of writing one mailbox; tells equal addresses apart from others without telling them."""
    return hashlib.sha256(read_address(address).addr_spec.casefold().encode()).hexdigest()[:16]
