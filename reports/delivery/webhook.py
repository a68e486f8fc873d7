"""How a card leaves: one POST to a room's webhook, and what its answer means.

What is certain is told apart from what is not: before a connection stood nobody has the card; once it stood and no
answer came that says no, somebody may have it, and it is never posted again by itself. The address of a webhook is a
secret: it is in no error, log, ledger or repr, and no error here has one of requests as its cause, for those quote it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import ssl
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import requests
import urllib3

from foundation.secrets import LOOPBACK
from reports.delivery.card import Card, shorter
from reports.delivery.outcomes import OutcomeUnknownError, RefusedError, scrubbed

MOST_ANSWERED = 64 * 1024  # bytes of an answer that are read
_SHORTEST_SECRET = 6  # characters: shorter parts of an address are words and versions
_TOO_MANY, _UNAVAILABLE, _SLOW = 429, 503, 408
Json = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What a server said."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def document(self) -> Json:
        """The JSON object that it is; empty where it is none."""
        try:
            found = json.loads(self.text)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def wait(self, now: datetime) -> float:
        """Seconds that it asks to be left alone for; 0 where it does not."""
        asked = self.headers.get("Retry-After", "").strip()
        if asked.isascii() and asked.isdigit():
            return float(asked)
        try:
            moment = parsedate_to_datetime(asked)
        except ValueError:
            return 0.0
        return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds())


@dataclass(frozen=True)
class Signed:
    """A post that carries the signature of its moment."""

    query: Mapping[str, str] = field(default_factory=dict)
    body: Json = field(default_factory=dict)


@dataclass(frozen=True)
class Channel:
    """A kind of chat: how a card is written for it, how much it takes, and what its answers mean.

    `judge` returns where the card was taken, and raises RefusedError or OutcomeUnknownError. `sign` makes what a room
    with a secret asks for, from the secret and the moment.
    """

    name: str
    most_bytes: int
    body: Callable[[Card], Json]
    judge: Callable[[Answer, datetime], None]
    sign: Callable[[str, datetime], Signed] | None = None


def written(channel: Channel, card: Card) -> Json:
    """The card as the channel takes it, shortened until it fits. ValueError where even the shortest does not."""
    for one in shorter(card):
        body = channel.body(one)
        if len(_bytes(body)) <= channel.most_bytes:
            return body
    raise ValueError(f"the card is over the {channel.most_bytes} bytes of {channel.name}, and cannot be shortened")


def content_hash(body: Json) -> str:
    """Of what a card says."""
    return hashlib.sha256(_bytes(body)).hexdigest()


def checked_url(url: str) -> str:
    """The address of a webhook. ValueError, without it, for one that is none or would go over an open line."""
    parts = urlsplit(url)
    if not parts.hostname or parts.scheme not in ("https", "http") or re.search(r"[\s\x00-\x1f]", url):
        raise ValueError("the webhook is no address such as https://host/path")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ValueError("the webhook begins with http://, and its address is a secret: use https://")
    return url


def post(channel: Channel, url: str, body: Json, *, secret: str | None, timeout: float, now: datetime) -> None:
    """Posts once. Raises RefusedError where nobody has it, OutcomeUnknownError where somebody may, ValueError for
    an address that is none."""
    signed = channel.sign(secret, now) if channel.sign and secret else Signed()
    answer = _answer(checked_url(url), {**signed.body, **body}, signed.query, timeout)
    hidden = _secrets(url, secret)
    if isinstance(answer, Answer):
        safe = Answer(answer.status, answer.headers, _without(answer.text, hidden))
        if not 300 <= safe.status < 400:  # a redirect is no answer of the chat's
            channel.judge(safe, now)
            return
        answer = RefusedError(f"{safe.status}: leads elsewhere; see the webhook's address", lasting=True)
    raise answer


def judged_by_code(
    answer: Answer, now: datetime, *, code: str, words: str, busy: Collection[int], unclear: Collection[int] = ()
) -> None:
    """The answer of an API that tells errors by a number in its JSON, 0 being none, whatever its status is.

    `busy` are those of a limit, where nothing was taken and asking again helps; `unclear` those of a server in trouble.
    """
    found = answer.document.get(code)
    if not isinstance(found, int) or isinstance(found, bool):
        judged_by_status(answer, now)
        raise OutcomeUnknownError(f"{answer.status} without {code}: an answer that is none")
    if found == 0 and answer.status < 300:
        return
    reason = scrubbed(f"{code} {found} {answer.document.get(words, '')}")
    if answer.status >= 500 or found in unclear or found == 0:
        raise OutcomeUnknownError(reason)
    is_busy = found in busy or answer.status == _TOO_MANY
    raise RefusedError(reason, lasting=not is_busy, after=answer.wait(now))


def judged_by_status(answer: Answer, now: datetime) -> None:
    """What a status of HTTP says; nothing where it is a good one."""
    status, wait = answer.status, answer.wait(now)
    if 200 <= status < 300:
        return
    reason = scrubbed(f"{status} {answer.text}".strip())
    if status == _TOO_MANY or (status == _UNAVAILABLE and wait):
        raise RefusedError(reason, lasting=False, after=wait)
    if status == _SLOW or status >= 500 or status < 200:  # a gateway answers so too when what stands behind it was slow
        raise OutcomeUnknownError(reason)
    raise RefusedError(reason, lasting=True)


def unmarked(text: str) -> str:
    """A text in which a dialect of Markdown that has no escapes finds no mark, link or mention."""
    return text.translate(_WIDE)


_WIDE = {ord(c): ord(c) + 0xFEE0 for c in "*_[]<>`#~|@\\"}


def _answer(
    url: str, body: Json, query: Mapping[str, str], timeout: float
) -> Answer | RefusedError | OutcomeUnknownError:
    """What the server says, or what it means that it says nothing."""
    try:
        with _silent("urllib3.connectionpool"), requests.Session() as session:
            session.auth = _nobody  # else a .netrc of this machine speaks for it
            session.trust_env = urlsplit(url).hostname not in LOOPBACK  # no proxy gets what stays on this machine
            begun = time.monotonic()
            with session.post(
                url,
                params=dict(query),
                data=_bytes(body),
                headers={"Content-Type": "application/json; charset=utf-8"},
                timeout=timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                got = b""
                for part in response.iter_content(4096):
                    got += part
                    if len(got) >= MOST_ANSWERED or time.monotonic() - begun > 2 * timeout:
                        break
                return Answer(response.status_code, response.headers, got.decode("utf-8", "replace"))
    except OSError as error:  # those of requests are of this kind
        if isinstance(error, ValueError):  # of the address, before anything was tried
            return RefusedError("the webhook is no address such as https://host/path", lasting=True)
        if _is_mistrusted(error):
            return RefusedError("the server's certificate is not trusted", lasting=True)
        if _never_stood(error):
            return RefusedError("no connection", lasting=False)
        return OutcomeUnknownError(f"no answer after the card was handed over ({type(error).__name__})")


def _never_stood(error: OSError) -> bool:
    """Whether it is certain that no connection stood: only what is listed here is."""
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.ProxyError):
        return True
    return isinstance(_reason(error), urllib3.exceptions.NewConnectionError)


def _is_mistrusted(error: OSError) -> bool:
    reason = _reason(error)
    return isinstance(reason, urllib3.exceptions.SSLError) and any(
        isinstance(one, ssl.SSLCertVerificationError) for one in (*reason.args, reason.__cause__)
    )


def _reason(error: OSError) -> object:
    return getattr(error.args[0], "reason", None) if error.args else None


def _nobody(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


@contextmanager
def _silent(name: str) -> Iterator[None]:
    """A logger that writes addresses says nothing meanwhile."""
    logger = logging.getLogger(name)
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


def _secrets(url: str, secret: str | None) -> list[str]:
    """What of an address nobody may read, the longest first: all of it, and what in its path and query is no word."""
    parts = urlsplit(url)
    found = {url, secret or "", parts.query, *(value for _, value in parse_qsl(parts.query)), *parts.path.split("/")}
    found |= {unquote(one) for one in found}
    hidden = (one for one in found if len(one) >= _SHORTEST_SECRET and not (one.isalpha() and one.islower()))
    return sorted(hidden, key=len, reverse=True)


def _without(text: str, hidden: Collection[str]) -> str:
    for one in hidden:
        text = text.replace(one, "<secret>")
    return text


def _bytes(body: Json) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
