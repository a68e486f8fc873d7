"""DingTalk (钉钉): a robot of a group, https://open.dingtalk.com/document/orgapp/custom-robots-send-group-messages.

An actionCard of Markdown with one button. It shows pictures of public addresses alone, so the line of a figure is one
of characters. Errors come in a 200 answer as `errcode`. A room may ask for a signature of the moment.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime

from reports.delivery.card import Card, CardFigure
from reports.delivery.webhook import Answer, Channel, Json, Signed, judged_by_code, unmarked

_MOST_BYTES = 20_000  # above, errcode 460101
_BUSY = (130101, 410100)  # more than 20 a minute: then nothing for ten minutes
_UNCLEAR = (-1,)


def _body(card: Card) -> Json:
    parts = [f"### {unmarked(card.title)}", *filter(None, (unmarked(card.subtitle), unmarked(card.lead)))]
    parts += [_figure(one) for one in card.figures]
    parts += [f"**{unmarked(card.heading)}**"] if card.heading else []
    parts += ["\n".join(f"- {unmarked(line)}" for line in card.lines)] if card.lines else []
    parts += [unmarked(card.foot)] if card.foot else []
    text = "\n\n".join(parts)
    if card.link is None:
        return {"msgtype": "markdown", "markdown": {"title": card.title, "text": text}}
    button = {"singleTitle": card.link.text, "singleURL": card.link.url}
    return {"msgtype": "actionCard", "actionCard": {"title": card.title, "text": text, **button}}


def _figure(one: CardFigure) -> str:
    value = unmarked(one.value)
    value = f'<font color="#c2410c">{value}</font>' if one.is_worse else f"**{value}**"
    first = " ".join(filter(None, (unmarked(one.label), value, one.line)))
    return "  \n".join((first, *([unmarked(" · ".join(one.notes))] if one.notes else [])))


def _judge(answer: Answer, now: datetime) -> None:
    judged_by_code(answer, now, code="errcode", words="errmsg", busy=_BUSY, unclear=_UNCLEAR)


def _sign(secret: str, now: datetime) -> Signed:
    """HMAC-SHA256 of the milliseconds and the secret; good for an hour."""
    stamp = str(int(now.timestamp() * 1000))
    digest = hmac.new(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256).digest()
    return Signed(query={"timestamp": stamp, "sign": base64.b64encode(digest).decode()})


CHANNEL = Channel("dingtalk", _MOST_BYTES, _body, _judge, _sign)
