"""Records of a REST API: dlt's client turns pages and tries again; here is what is sent to whom, and what an answer
means."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from dlt.common import jsonpath
from dlt.common.configuration.specs.runtime_configuration import RuntimeConfiguration
from dlt.sources.helpers.requests.retry import Client
from dlt.sources.helpers.rest_client.auth import APIKeyAuth, BearerTokenAuth, HttpBasicAuth, OAuth2ClientCredentials
from dlt.sources.helpers.rest_client.client import PageData, RESTClient
from dlt.sources.rest_api.config_setup import create_paginator
from requests.auth import AuthBase

from foundation.secrets import Secret
from foundation.settings import Settings
from orchestration.pulling.declaration import Api, Auth, Endpoint, Since
from orchestration.pulling.errors import PullError
from orchestration.pulling.reading import Batch, Reading, Row, before, digest, line
from orchestration.pulling.secrets import place as where
from orchestration.pulling.secrets import reveal
from orchestration.pulling.state import Place

BACKOFF_SECONDS = 1.0  # before the second attempt, twice as long before each further one
_LONGEST_WAIT = 15 * 60  # that a server may ask for by Retry-After
_PASSES = 6  # over pages whose rows move
_SINCE = "{since}"
_AGAIN = (429, *range(500, 600))
_MEANINGS = {
    400: "the request is not understood; correct `params`, `body` or the query",
    403: "the account may not read it; give it the right",
    404: "there is no such path; correct `url` or `path`",
    410: "that place in the list is no longer known; pull again",
    429: "asks to wait again and again; lower `requests_per_minute`, or pull later",
}


class Caller:
    """One API, its session and its secrets."""

    def __init__(self, settings: Settings, api: Api) -> None:
        self.api = api
        self.host = urlsplit(api.url).netloc
        self.secret = next(iter(_secrets(api.auth)), None)
        client = Client(
            request_timeout=api.timeout_seconds,
            raise_for_status=False,
            request_max_attempts=api.attempts,
            request_backoff_factor=BACKOFF_SECONDS,
            request_max_retry_delay=_LONGEST_WAIT,
        )
        self.session = client.session
        self.session.headers["User-Agent"] = "kefu"
        self.session.hooks = {"response": [self._stays]}  # asking for a token
        self.auth = _auth(settings, api.auth, self.session)
        self.client = RESTClient(
            api.url,
            auth=_ForOneHost(self.auth, api.url) if self.auth else None,
            session=self.session,
            config=RuntimeConfiguration(),
        )
        self._next = 0.0

    def pages(self, endpoint: Endpoint, params: dict[str, Any], body: dict[str, Any] | None) -> Iterator[PageData[Any]]:
        """The pages of a list. Raises PullError for what the server says, and for what it does not."""
        paging = create_paginator(endpoint.paginator.model_dump(exclude_none=True))  # type: ignore[arg-type]
        hooks = {"response": [self._stays, self._checked]}
        try:
            pages = self.client.paginate(
                endpoint.path,
                endpoint.method,
                params,
                body,
                paginator=paging,
                data_selector=endpoint.records,
                hooks=hooks,  # type: ignore[arg-type]
            )
            while True:
                self._pace()
                page = next(pages, None)
                if page is None:
                    return
                yield page
        except requests.HTTPError as error:
            status = error.response.status_code if error.response is not None else 0
            raise PullError(self._meaning(status)) from None
        except requests.exceptions.JSONDecodeError:
            raise PullError(f"{self.host} answers with something that is no JSON; correct `url` or `path`") from None
        except requests.RequestException as error:
            raise PullError(
                f"{self.host} cannot be reached, or breaks off each time ({type(error).__name__}); pull again later"
            ) from None

    def _pace(self) -> None:
        if self.api.requests_per_minute:
            time.sleep(max(0.0, self._next - time.monotonic()))
            self._next = time.monotonic() + 60 / self.api.requests_per_minute

    def _stays(self, response: requests.Response, *_: Any, **__: Any) -> None:
        """A redirect to elsewhere would carry the token, or the secret that asks for one."""
        target = response.headers.get("Location", "") if response.is_redirect else ""
        if target and _origin(urljoin(response.url, target)) != _origin(response.url):
            raise PullError(f"{self.host} sends the request on to another host; if that is right, make it the `url`")

    def _checked(self, response: requests.Response, *_: Any, **kwargs: Any) -> requests.Response | None:
        """Asks for a new token once where the old one has expired; raises for every other answer that is none."""
        if response.status_code == HTTPStatus.UNAUTHORIZED and isinstance(self.auth, OAuth2ClientCredentials):
            response.content  # noqa: B018 - read to its end, so that the connection can be used again
            self.auth.access_token = None
            asked = self.auth(response.request)  # the very request, which may have to be tried again
            response = response.connection.send(asked, **kwargs)
        status = response.status_code
        if status in _AGAIN:
            raise requests.HTTPError(f"HTTP {status}", response=response)  # which the client tries again
        if status >= HTTPStatus.BAD_REQUEST:
            raise PullError(self._meaning(status))
        return response

    def _meaning(self, status: int) -> str:
        if status == HTTPStatus.UNAUTHORIZED:
            reported = f"; renew what {where(self.secret)} holds" if self.secret else "; say in `auth` who asks"
            return f"HTTP 401 from {self.host}: the token or password is refused or has expired{reported}"
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return f"HTTP {status} from {self.host}: the server fails each time; pull again later"
        return f"HTTP {status} from {self.host}: {_MEANINGS.get(status, 'the request is refused')}"


class _ForOneHost(AuthBase):
    """Credentials that are given to no other host, wherever an answer may lead."""

    def __init__(self, auth: AuthBase, url: str) -> None:
        self.auth = auth
        self.origin = _origin(url)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if _origin(str(request.url)) != self.origin:
            raise PullError(f"{self.origin[1]} leads to a next page on another host; no secret is sent there")
        made: requests.PreparedRequest = self.auth(request)
        return made


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _secrets(auth: Auth | None) -> Iterator[Secret]:
    if auth is None:
        return
    if auth.bearer:
        yield auth.bearer
    if auth.basic:
        yield auth.basic.password
    if auth.header:
        yield auth.header.value
    if auth.client_credentials:
        yield auth.client_credentials.client_secret


def _auth(settings: Settings, auth: Auth | None, session: requests.Session) -> AuthBase | None:
    if auth is None:
        return None
    (secret,) = (reveal(settings, one) for one in _secrets(auth))
    if auth.basic:
        return HttpBasicAuth(auth.basic.user, secret)
    if auth.header:
        return APIKeyAuth(auth.header.name, secret, "header")
    if auth.client_credentials:
        asked = auth.client_credentials
        return OAuth2ClientCredentials(
            access_token_url=asked.token_url,
            client_id=asked.client_id,
            client_secret=secret,
            access_token_request_data={"scope": asked.scope} if asked.scope else {},
            session=session,
        )
    return BearerTokenAuth(secret)


# --- reading ------------------------------------------------------------------------------------------------


def read(caller: Caller, endpoint: Endpoint, place: Place | None) -> Reading:
    """The records of a list: all, or from a place in the order of change on."""
    whole = endpoint.since is None and endpoint.resume is None
    batches = _settled(caller, endpoint, place) if endpoint.paginator.shifts else _batches(caller, endpoint, place)
    in_order = endpoint.resume is not None or (endpoint.since is not None and endpoint.since.ordered)
    lag = endpoint.since.lag if endpoint.since else 0
    return Reading(batches, whole, steps=in_order and not endpoint.paginator.shifts, lag=lag)


def _settled(caller: Caller, endpoint: Endpoint, place: Place | None) -> Iterator[Batch]:
    """Pages by number, where a row that moves pushes another over a border, unseen: read again until none is new."""
    known: set[str] = set()
    for _ in range(_PASSES):
        found = 0
        for batch in _batches(caller, endpoint, place):
            new = [number for number, row in enumerate(batch.rows) if digest(line(row)) not in known]
            known.update(digest(line(batch.rows[number])) for number in new)
            found += len(new)
            yield Batch([batch.rows[n] for n in new], [batch.values[n] for n in new] if batch.values else ())
        if not found:
            return
    raise PullError(f"its pages change while they are read, {_PASSES} times on end; pull when less happens")


def _batches(caller: Caller, endpoint: Endpoint, place: Place | None) -> Iterator[Batch]:
    params, body = _asked(endpoint, place)
    seen: set[str] = set()
    for page in caller.pages(endpoint, params, body):
        answer = page.response.json()
        rows = _records(endpoint, answer, page)
        values = [_moment(_at(row, endpoint.since.field), endpoint.since) for row in rows] if endpoint.since else ()
        yield Batch(rows, values, _told_place(endpoint, answer))
        if endpoint.stop_when and any(jsonpath.find_values(endpoint.stop_when, answer)):
            return
        asked = digest(json.dumps([page.request.url, page.request.params, page.request.json], default=str).encode())
        if page.paginator.has_next_page and asked in seen:
            raise PullError(f"{caller.host} leads from one page to the same again; correct `paginator`")
        seen.add(asked)


def _asked(endpoint: Endpoint, place: Place | None) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The parameters and the body of the first request."""
    params: dict[str, Any] = dict(endpoint.params)
    body = copy.deepcopy(endpoint.body)
    if endpoint.resume:
        params |= {endpoint.resume.param: place.text} if place else endpoint.start
    if endpoint.since:
        value = place.value if place else _moment(endpoint.since.start, endpoint.since)
        wanted = _written(before(value, endpoint.since.lag if place else 0), endpoint.since)
        params, body = _filled(params, wanted), _filled(body, wanted)
    return params, body


def _filled(part: Any, wanted: str | int | float) -> Any:
    match part:
        case dict():
            return {key: _filled(value, wanted) for key, value in part.items()}
        case list():
            return [_filled(value, wanted) for value in part]
        case str():
            return wanted if part == _SINCE else part.replace(_SINCE, str(wanted))
    return part


def _records(endpoint: Endpoint, answer: Any, page: PageData[Any]) -> list[Row]:
    if not jsonpath.find_values(endpoint.records, answer):
        raise PullError(f"the answer has no {endpoint.records!r}; correct `records`")
    if not all(isinstance(row, dict) for row in page):
        raise PullError(f"what the answer has as {endpoint.records!r} is no list of records; correct `records`")
    return list(page)


def _told_place(endpoint: Endpoint, answer: Any) -> Place | None:
    if not endpoint.resume:
        return None
    found = [value for value in jsonpath.find_values(endpoint.resume.path, answer) if value is not None]
    return Place(kind="str", text=str(found[0])) if found else None


def _at(row: Row, path: str) -> Any:
    value: Any = row
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if value is None:
        raise PullError(f"a record has no {path!r}, by which it is asked for; correct `since`")
    return value


def _moment(value: Any, since: Since) -> Any:
    """A value of the field, as something that has an order."""
    text = str(value)
    try:
        if isinstance(value, int | float) or text.isdigit():
            return value if isinstance(value, int | float) else int(text)
        found = datetime.fromisoformat(text)
    except ValueError:
        raise PullError(f"{since.field!r} holds neither a number nor a time; correct `since`") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _written(value: Any, since: Since) -> str | int | float:
    """A value as the API wants it."""
    if not isinstance(value, datetime):
        found: int | float = value
        return found
    forms: dict[str, Callable[[datetime], str | int]] = {
        "as_sent": datetime.isoformat,
        "utc": lambda at: f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z",
        "epoch_s": lambda at: int(at.timestamp()),
        "epoch_ms": lambda at: int(at.timestamp() * 1000),
    }
    return forms[since.format](value)
