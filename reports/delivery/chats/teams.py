"""Microsoft Teams: a webhook of the Workflows app, or an older connector of a channel,
https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook.

An adaptive card of at most 28 KB with its pictures in it. Texts stand in TextRuns, which know no marks. A workflow
answers 202 when it has begun: that it posts the card is its own. A connector told errors in a 200 answer.
"""

from __future__ import annotations

import base64
import re
from datetime import datetime

from reports.charts.chart import Chart, png
from reports.delivery.card import Card, CardFigure
from reports.delivery.outcomes import OutcomeUnknownError, RefusedError, scrubbed
from reports.delivery.webhook import Answer, Channel, Json, judged_by_status

_MOST_BYTES = 28 * 1024
_FAILED = re.compile(r"delivery failed with error(.* HTTP error (?P<status>\d{3}))?", re.IGNORECASE | re.DOTALL)
_BUSY = {"429", "412"}  # a connector gives both where it was asked too often


def _body(card: Card) -> Json:
    items: list[Json] = [_text(card.title, size="Large", weight="Bolder")]
    items += [_text(card.subtitle, isSubtle=True)] if card.subtitle else []
    items += [_text(card.lead)] if card.lead else []
    items += [_figure(one) for one in card.figures]
    items += [_text(card.heading, weight="Bolder")] if card.heading else []
    items += [_text(f"• {line}") for line in card.lines]
    items += [_text(card.foot, isSubtle=True, size="Small")] if card.foot else []
    content: Json = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "lang": card.language[:2],  # two letters, no region
        "msteams": {"width": "Full"},
        "body": items,
    }
    if card.link:
        content["actions"] = [{"type": "Action.OpenUrl", "title": card.link.text, "url": card.link.url}]
    attached = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": content}
    return {"type": "message", "attachments": [attached]}


def _figure(one: CardFigure) -> Json:
    notes = [_text(" · ".join(one.notes), isSubtle=True, size="Small")] if one.notes else []
    colour = {"color": "Attention"} if one.is_worse else {}
    value = _column([_text(one.value, weight="Bolder", **colour)], width="auto")
    return {"type": "ColumnSet", "columns": [_column([_text(one.label), *notes]), *_picture(one.chart), value]}


def _picture(chart: Chart | None) -> list[Json]:
    if chart is None:
        return []
    data = base64.b64encode(png(chart, scale=1)).decode()
    picture = {"type": "Image", "url": f"data:image/png;base64,{data}", "altText": chart.alt}
    return [_column([picture], width="90px")]


def _column(items: list[Json], width: str = "stretch") -> Json:
    return {"type": "Column", "width": width, "items": items}


def _text(text: str, **looks: object) -> Json:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **looks}]}


def _judge(answer: Answer, now: datetime) -> None:
    judged_by_status(answer, now)
    failed = _FAILED.search(answer.text)
    if failed is None and "html" not in answer.headers.get("Content-Type", "").casefold():
        return
    reason = scrubbed(f"{answer.status} {answer.text}")
    status = (failed and failed["status"]) or ""
    if status in _BUSY:
        raise RefusedError(reason, lasting=False, after=answer.wait(now))
    if status.startswith("4"):
        raise RefusedError(reason, lasting=True)
    raise OutcomeUnknownError(reason)


CHANNEL = Channel("teams", _MOST_BYTES, _body, _judge)
