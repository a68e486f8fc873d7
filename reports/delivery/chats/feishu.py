"""Feishu (飞书) and Lark: a robot of a group, https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot.

An interactive card. A picture must be uploaded by an app first, which a webhook cannot, but the card draws charts from
numbers itself. Texts are plain_text: nothing in them is a mark or a mention. Errors come in the answer as `code`,
whatever its status. A room may ask for a signature of the moment.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime

from reports.delivery.card import Card, CardFigure
from reports.delivery.outcomes import RefusedError
from reports.delivery.webhook import Answer, Channel, Json, Signed, judged_by_code

_MOST_BYTES = 20 * 1024
_BUSY = (11232, 11233, 99991400)  # more than 5 a second or 100 a minute, of the room, of all rooms, of the API
_BAD_OR_BUSY = 9499  # of a bad request and, older, of too many: its words tell which


def _body(card: Card) -> Json:
    elements: list[Json] = [_text(one) for one in (card.subtitle, card.lead) if one]
    elements += [element for one in card.figures for element in _figure(one)]
    if card.lines:
        elements += [{"tag": "hr"}, *([_text(card.heading)] if card.heading else [])]
        elements += [_text(f"• {line}") for line in card.lines]
    if card.link:
        label = {"tag": "plain_text", "content": card.link.text}
        button = {"tag": "button", "text": label, "type": "primary", "url": card.link.url}
        elements.append({"tag": "action", "actions": [button]})
    if card.foot:
        elements.append({"tag": "note", "elements": [{"tag": "plain_text", "content": card.foot}]})
    header = {"title": {"tag": "plain_text", "content": card.title}, "template": "blue"}
    content = {"config": {"wide_screen_mode": True}, "header": header, "elements": elements}
    return {"msg_type": "interactive", "card": content}


def _text(content: str) -> Json:
    return {"tag": "div", "text": {"tag": "plain_text", "content": content}}


def _figure(one: CardFigure) -> list[Json]:
    mark = "🔴 " if one.is_worse else ""
    said = [_text(" · ".join((f"{mark}{one.label}  {one.value}", *one.notes)))]
    if not one.line:
        return said
    values = [{"period": p.period, "value": p.value} for p in one.points if p.value is not None]
    drawn = {
        "type": "line",
        "data": {"values": values},
        "xField": "period",
        "yField": "value",
        "axes": [{"orient": "left", "zero": False, "visible": False}, {"orient": "bottom"}],
        "tooltip": {"visible": False},  # it would show a share as a number and hours as minutes
    }
    return [*said, {"tag": "chart", "aspect_ratio": "2:1", "color_theme": "brand", "chart_spec": drawn}]


def _judge(answer: Answer, now: datetime) -> None:
    document = answer.document
    if document.get("code") == _BAD_OR_BUSY and "too many" in str(document.get("msg", "")).casefold():
        raise RefusedError(f"code {_BAD_OR_BUSY} too many requests", lasting=False, after=answer.wait(now))
    judged_by_code(answer, now, code="code", words="msg", busy=_BUSY)


def _sign(secret: str, now: datetime) -> Signed:
    """HMAC-SHA256 of nothing, with the seconds and the secret as its key; good for an hour."""
    stamp = str(int(now.timestamp()))
    digest = hmac.new(f"{stamp}\n{secret}".encode(), b"", hashlib.sha256).digest()
    return Signed(body={"timestamp": stamp, "sign": base64.b64encode(digest).decode()})


CHANNEL = Channel("feishu", _MOST_BYTES, _body, _judge, _sign)
