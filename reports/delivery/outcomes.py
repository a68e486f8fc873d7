"""What may come of handing a message over, for every channel: which error is raised decides whether it goes again."""

from __future__ import annotations

import re

_ANY_ADDRESS = re.compile(r"[^\s<>\"'(),;:]+@[^\s<>\"'(),;:]+")
_LONGEST_REASON = 300  # characters of a server's answer that are kept


class RefusedError(Exception):
    """The other side said no before it took the message: nobody has it. Asking again later may help, if not `lasting`.

    `after`: seconds that it wants to be left alone for, 0 where it did not say.
    """

    def __init__(self, reason: str, *, lasting: bool, after: float = 0) -> None:
        super().__init__(reason)
        self.lasting = lasting
        self.after = after


class UnreachableError(Exception):
    """No mail can be handed over at all. Asking again soon may help, if not `lasting` (a setting is wrong)."""

    def __init__(self, reason: str, *, lasting: bool = False) -> None:
        super().__init__(reason)
        self.lasting = lasting


class OutcomeUnknownError(Exception):
    """The message was handed over and no clear answer came: it may have arrived or not."""


def scrubbed(text: str, recipient: str = "") -> str:
    """A server's answer without addresses, as it may stand in a log."""
    if recipient:
        local = recipient.rpartition("@")[0]
        text = re.sub(re.escape(recipient), "<address>", text, flags=re.IGNORECASE)
        text = re.sub(rf"(?<!\w){re.escape(local)}(?!\w)", "<name>", text, flags=re.IGNORECASE)
    line = " ".join(_ANY_ADDRESS.sub("<address>", text).split())
    return line if len(line) <= _LONGEST_REASON else f"{line[: _LONGEST_REASON - 1]}…"
