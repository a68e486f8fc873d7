"""WeCom (企业微信): a robot of a group, https://developer.work.weixin.qq.com/document/path/91770.

One message of Markdown of at most 4,096 bytes. A picture would be a second message, which could be lost or doubled
apart from the first, so the line of a figure is one of characters. Errors come in a 200 answer as `errcode`.
"""

from __future__ import annotations

from datetime import datetime

from reports.delivery.card import Card, CardFigure
from reports.delivery.webhook import Answer, Channel, Json, judged_by_code, unmarked

_MOST_BYTES = 4096  # allowed of the text alone; here it is with the few bytes around it
_BUSY = (45009, 45033)  # more than 20 a minute; too many at once
_UNCLEAR = (-1,)  # the system is busy: not said when


def _body(card: Card) -> Json:
    parts = [f"# {unmarked(card.title)}"]
    parts += [_grey(card.subtitle)] if card.subtitle else []
    parts += ["", unmarked(card.lead)] if card.lead else []
    parts += ["", *(text for one in card.figures for text in _figure(one))] if card.figures else []
    parts += ["", f"**{unmarked(card.heading)}**"] if card.heading else []
    parts += [f"> {unmarked(line)}" for line in card.lines]
    parts += ["", f"[{unmarked(card.link.text)}]({card.link.url})"] if card.link else []
    parts += [_grey(card.foot)] if card.foot else []
    return {"msgtype": "markdown", "markdown": {"content": "\n".join(parts)}}


def _figure(one: CardFigure) -> list[str]:
    value = f'<font color="warning">{unmarked(one.value)}</font>' if one.is_worse else f"**{unmarked(one.value)}**"
    first = " ".join(filter(None, (f"{unmarked(one.label)} {value}", one.line)))
    return [first, *([_grey(" · ".join(one.notes))] if one.notes else [])]


def _grey(text: str) -> str:
    return f'<font color="comment">{unmarked(text)}</font>'


def _judge(answer: Answer, now: datetime) -> None:
    judged_by_code(answer, now, code="errcode", words="errmsg", busy=_BUSY, unclear=_UNCLEAR)


CHANNEL = Channel("wecom", _MOST_BYTES, _body, _judge)
