"""A server on loopback that pages as the real systems do, with their accidents: busy, broken, cut off, expired."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

PAGE = 3
Rows = list[dict[str, Any]]


@dataclass
class Asked:
    """A request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


@dataclass
class Answer:
    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False  # after half of the body


@dataclass
class System:
    """What a server holds, and what happens to it. `accidents` befall the next requests, one each; None is none."""

    answer: Callable[[System, Asked], Answer]
    rows: Rows
    token: str | None = None  # that a request has to bear
    accidents: list[Answer | None] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    before: Callable[[System, Asked], None] = lambda *_: None  # what happens while it is read
    url: str = ""

    def respond(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        self.before(self, asked)
        accident = self.accidents.pop(0) if self.accidents else None
        if accident and not accident.cut:
            return accident
        if self.token and asked.path != "/token" and self.token not in asked.headers.values():
            return Answer({"error": "invalid_token"}, 401)
        found = self.answer(self, asked)
        found.cut = bool(accident)
        return found


@contextmanager
def serving(system: System) -> Iterator[System]:
    """The system on a free port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do(self) -> None:
            parts = urlsplit(self.path)
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            is_json = "json" in self.headers.get("Content-Type", "")
            body = json.loads(sent) if is_json and sent else {k: v[0] for k, v in parse_qs(sent).items()}
            query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            found = system.respond(Asked(self.command, parts.path, query, dict(self.headers), body))
            content = found.body.encode() if isinstance(found.body, str) else json.dumps(found.body).encode()
            self.send_response(found.status)
            for name, value in {"Content-Type": "application/json", **found.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if found.cut else content)
            self.close_connection = found.cut

        do_GET = do_POST = do  # noqa: N815 - the names of the base class

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    system.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield system
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _since(rows: Rows, field_name: str, start: str) -> Rows:
    found = [row for row in rows if _moment(row[field_name]) >= _moment(start)]
    return sorted(found, key=lambda row: _moment(row[field_name]))


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def zendesk(system: System, asked: Asked) -> Answer:
    """The cursor is a place in the log of changes: what changes goes to its end."""
    log = sorted(system.rows, key=lambda row: (_moment(row["updated_at"]), row["id"]))
    if "cursor" in asked.query:
        at, last = base64.b64decode(asked.query["cursor"]).decode().split("|")
        log = [row for row in log if (_moment(row["updated_at"]), row["id"]) > (_moment(at), int(last))]
    elif asked.query.get("start_time") != "0":
        return Answer({"error": "StartTimeMissing"}, 400)
    page = log[:PAGE]
    cursor = _encoded(f"{page[-1]['updated_at']}|{page[-1]['id']}") if page else asked.query.get("cursor")
    name = asked.path.split("/")[4]
    return Answer({name: page, "after_cursor": cursor, "after_url": "…", "end_of_stream": len(log) <= PAGE})


def salesforce(system: System, asked: Asked) -> Answer:
    """What a query gives is kept under a locator until it was fetched."""
    if match := re.search(r"/query/(\w+)-(\d+)$", asked.path):
        found, offset = system.__dict__["kept"][match[1]], int(match[2])
    else:
        start = re.search(r"SystemModstamp >= (\S+)Z ", asked.query["q"])
        if not start:
            return Answer([{"errorCode": "MALFORMED_QUERY"}], 400)
        found, offset = _since(system.rows, "SystemModstamp", f"{start[1]}+00:00"), 0
        system.__dict__.setdefault("kept", {})[f"01g{len(system.asked)}"] = found
    locator = list(system.__dict__["kept"])[-1]
    answer = {"totalSize": len(found), "done": len(found) <= offset + PAGE, "records": found[offset : offset + PAGE]}
    if not answer["done"]:
        answer["nextRecordsUrl"] = f"/services/data/v62.0/query/{locator}-{offset + PAGE}"
    return Answer(answer)


def hubspot(system: System, asked: Asked) -> Answer:
    """A list in the order of ids, from after one on."""
    left = sorted(
        (row for row in system.rows if int(row["id"]) > int(asked.query.get("after", 0))),
        key=lambda row: int(row["id"]),
    )
    more = {"paging": {"next": {"after": left[PAGE - 1]["id"], "link": "…"}}} if len(left) > PAGE else {}
    return Answer({"results": left[:PAGE], **more})


def _after(rows: Rows, cursor: str, field_name: str) -> Rows:
    """What comes after a row in the order of change, by its value and id."""
    value, last = base64.b64decode(cursor).decode().split("|")
    return [row for row in rows if (str(row[field_name]), row["id"]) > (value, int(last))]


def _cursor(row: dict[str, Any], field_name: str) -> str:
    return _encoded(f"{row[field_name]}|{row['id']}")


def intercom(system: System, asked: Asked) -> Answer:
    """A search by a body, in which numbers are numbers; the cursor says after which conversation."""
    query, pagination = asked.body["query"], asked.body["pagination"]
    if asked.method != "POST" or query["operator"] != ">" or not isinstance(query["value"], int):
        return Answer({"type": "error.list"}, 400)
    found = sorted(
        (r for r in system.rows if r["updated_at"] > query["value"]), key=lambda r: (r["updated_at"], r["id"])
    )
    if "starting_after" in pagination:
        found = _after(found, pagination["starting_after"], "updated_at")
    pages: dict[str, Any] = {"type": "pages"}
    if len(found) > PAGE:
        pages["next"] = {"page": 2, "starting_after": _cursor(found[PAGE - 1], "updated_at")}
    name = "conversations" if "conversations" in asked.path else "data"
    return Answer({"type": "list", name: found[:PAGE], "pages": pages})


def shopify(system: System, asked: Asked) -> Answer:
    """The next page stands in a header, and bears no other parameter."""
    if token := asked.query.get("page_info"):
        if set(asked.query) - {"page_info", "limit"}:
            return Answer({"errors": {"page_info": "Invalid value."}}, 400)
        found = _after(_since(system.rows, "updated_at", "1970-01-01T00:00:00Z"), token, "updated_at")
    else:
        found = _since(system.rows, "updated_at", asked.query["updated_at_min"])
    headers = {}
    if len(found) > PAGE:
        link = f"{system.url}{asked.path}?limit=250&page_info={_cursor(found[PAGE - 1], 'updated_at')}"
        headers = {"Link": f'<{link}>; rel="next"'}
    return Answer({asked.path.split("/")[-1].removesuffix(".json"): found[:PAGE]}, headers=headers)


def numbered(system: System, asked: Asked) -> Answer:
    """Pages by number over what there is at the moment, last changed last."""
    page = int(asked.query.get("page", 1)) - 1
    rows = sorted(system.rows, key=lambda row: (_moment(row["updated_at"]), row["id"]))
    return Answer({"items": rows[page * PAGE : (page + 1) * PAGE], "total": -(-len(rows) // PAGE)})


def with_tokens(answer: Callable[[System, Asked], Answer]) -> Callable[[System, Asked], Answer]:
    """A system that gives out tokens by itself, each another one."""

    def answered(system: System, asked: Asked) -> Answer:
        if asked.path != "/token":
            return answer(system, asked)
        if asked.body.get("client_secret") != "s3cret-of-the-client":
            return Answer({"error": "invalid_client"}, 401)
        number = sum(one.path == "/token" for one in system.asked)
        system.token = f"Bearer token-{number}"
        return Answer({"access_token": f"token-{number}", "token_type": "bearer", "expires_in": 3600})

    return answered
