"""How the headers of a mail are written, so that any name comes out as it went in, on every Python that is supported.

The standard library's policy breaks names when it folds a long header, in all of 3.11 and until 3.12.9: quotes get
lost and a comma makes two recipients of one, a space falls into a word or out of a name. Here a name that is no plain
text is written as RFC 2047 says, by the older and sound `email.header`, and one in quotes is never folded within.
"""

from __future__ import annotations

from email.header import Header
from email.headerregistry import Address
from email.policy import EmailPolicy
from email.utils import quote
from typing import Any

_EASY = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 ")
_LONGEST_QUOTED = 200  # characters of a name in one line; a line of a mail may have 998
_LONGEST_LINE = 76


class _Wire(EmailPolicy):
    """The policy of SMTP, with subjects and mailboxes folded by hand."""

    def fold(self, name: str, value: Any) -> str:
        addresses = getattr(value, "addresses", None)
        if addresses:
            mailboxes = f",{self.linesep} ".join(_mailbox(name, one, self.linesep) for one in addresses)
            return f"{name}: {mailboxes}{self.linesep}"
        if name.casefold() == "subject":
            return f"{name}: {_text(name, str(value), self.linesep)}{self.linesep}"
        folded: str = super().fold(name, value)
        return folded

    def fold_binary(self, name: str, value: Any) -> bytes:
        return self.fold(name, value).encode("utf-8" if self.utf8 else "ascii", "surrogateescape")


WIRE = _Wire(linesep="\r\n", raise_on_defect=False)
WIRE_UTF8 = WIRE.clone(utf8=True)  # for a mailbox with other letters than ASCII, where the server takes it


def _mailbox(header: str, address: Address, linesep: str) -> str:
    if not address.display_name:
        return address.addr_spec
    return f"{_phrase(header, address.display_name, linesep)}{linesep} <{address.addr_spec}>"


def _phrase(header: str, name: str, linesep: str) -> str:
    """A name before an address: as it is, in quotes, or as encoded words."""
    if not _is_plain(name) or len(name) > _LONGEST_QUOTED:
        return _encoded(header, name, linesep)
    return name if set(name) <= _EASY else f'"{quote(name)}"'


def _text(header: str, text: str, linesep: str) -> str:
    """A subject: as it is, folded between words, or as encoded words."""
    if not _is_plain(text) or max(map(len, text.split(" ")), default=0) > _LONGEST_LINE:
        return _encoded(header, text, linesep)
    return Header(text, "us-ascii", header_name=header, maxlinelen=_LONGEST_LINE).encode(linesep=linesep)


def _encoded(header: str, text: str, linesep: str) -> str:
    return Header(text, "utf-8", header_name=header, maxlinelen=_LONGEST_LINE).encode(linesep=linesep)


def _is_plain(text: str) -> bool:
    """Whether it may stand as it is: printed ASCII whose spaces survive folding, with nothing that looks encoded."""
    return text.isascii() and text.isprintable() and "=?" not in text and text == " ".join(text.split())
