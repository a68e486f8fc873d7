"""Slack: an incoming webhook, https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks.

Blocks of plain_text, in which nothing is a mark or a mention. It shows pictures of public addresses alone, so the line
of a figure is one of characters. A webhook answers `ok`, or a word for the error with a status of 400 and above; what
stands in for it may answer 200 with `"ok": false` as Slack's other methods do.
"""

from __future__ import annotations

from datetime import datetime

from reports.delivery.card import Card, CardFigure
from reports.delivery.outcomes import OutcomeUnknownError, RefusedError, scrubbed
from reports.delivery.webhook import Answer, Channel, Json, judged_by_status
from reports.text.language import plain

_MOST_BYTES = 40_000
_SECTION, _HEADER, _BUTTON = 3000, 150, 75  # characters that a block, a header, a button may have
_BUSY = {"ratelimited", "rate_limited", "message_limit_exceeded"}
_UNCLEAR = {"internal_error", "fatal_error", "request_timeout", "service_unavailable", "rollup_error"}


def _body(card: Card) -> Json:
    blocks: list[Json] = [{"type": "header", "text": _text(card.title, _HEADER)}]
    blocks += [_context(card.subtitle)] if card.subtitle else []
    blocks += [_section(card.lead)] if card.lead else []
    blocks += [_section(_figure(one)) for one in card.figures]
    if card.lines:
        blocks += [{"type": "divider"}, *([_section(card.heading)] if card.heading else [])]
        blocks += [_section(f"• {line}") for line in card.lines]
    if card.link:
        button = {"type": "button", "text": _text(card.link.text, _BUTTON), "url": card.link.url}
        blocks.append({"type": "actions", "elements": [button]})
    blocks += [_context(card.foot)] if card.foot else []
    fallback = plain(f"{card.title} · {card.subtitle}" if card.subtitle else card.title, _SECTION)
    return {"text": _escaped(fallback), "blocks": blocks}


def _figure(one: CardFigure) -> str:
    mark = "🔴 " if one.is_worse else ""
    first = "  ".join(filter(None, (f"{mark}{one.label}", one.value, one.line)))
    return "\n".join((first, *([" · ".join(one.notes)] if one.notes else [])))


def _text(text: str, longest: int = _SECTION) -> Json:
    cut = text if len(text) <= longest else f"{text[: longest - 1]}…"
    return {"type": "plain_text", "text": cut, "emoji": False}


def _section(text: str) -> Json:
    return {"type": "section", "text": _text(text)}


def _context(text: str) -> Json:
    return {"type": "context", "elements": [_text(text)]}


def _escaped(text: str) -> str:
    """For the notice on a phone, which alone is no plain_text."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _judge(answer: Answer, now: datetime) -> None:
    said = answer.document.get("error") if answer.document.get("ok") is False else answer.text.strip()
    if answer.status < 300 and (said == "ok" or answer.document.get("ok") is True):
        return
    word = scrubbed(str(said))
    if word in _UNCLEAR:
        raise OutcomeUnknownError(f"{answer.status} {word}")
    if word in _BUSY:
        raise RefusedError(f"{answer.status} {word}", lasting=False, after=answer.wait(now))
    judged_by_status(answer, now)
    if answer.document.get("ok") is False:
        raise RefusedError(f"{answer.status} {word}", lasting=True)
    raise OutcomeUnknownError(f"{answer.status} {word}: an answer that is none")


CHANNEL = Channel("slack", _MOST_BYTES, _body, _judge)
