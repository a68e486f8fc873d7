"""A local server that answers as the webhooks of chats do, and counts what it took.

Each answer is one that its API documents; `took` says whether a room shows the card after it.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass(frozen=True)
class Behaviour:
    """What a server does with a post."""

    status: int = 200
    body: str | Mapping[str, Any] = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    takes: bool = False  # whether the room has the card
    hangs: float = 0  # seconds before it answers
    cuts: bool = False  # hangs up instead of answering

    @property
    def text(self) -> str:
        return self.body if isinstance(self.body, str) else json.dumps(self.body)


GOOD = {
    "wecom": Behaviour(200, {"errcode": 0, "errmsg": "ok"}, takes=True),
    "dingtalk": Behaviour(200, {"errcode": 0, "errmsg": "ok"}, takes=True),
    "feishu": Behaviour(200, {"StatusCode": 0, "code": 0, "data": {}, "msg": "success"}, takes=True),
    "slack": Behaviour(200, "ok", takes=True),
    "teams": Behaviour(202, "", takes=True),
}  # fmt: skip


@dataclass
class Room:
    """The server: its behaviours are used up from the front, then it is good. Posts are kept as they came."""

    channel: str
    port: int = 0
    path: str = "/hook/send?key=5ecret-0f-the-r00m"
    behaviours: list[Behaviour] = field(default_factory=list)
    posts: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    shown: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.path}"


@contextmanager
def chat(channel: str) -> Iterator[Room]:
    """The server at work, on a port of loopback."""
    room = Room(channel)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            room.posts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            room.paths.append(self.path)
            room.headers.append(dict(self.headers))
            behaviour = room.behaviours.pop(0) if room.behaviours else GOOD[room.channel]
            room.shown += behaviour.takes
            time.sleep(behaviour.hangs)
            if behaviour.cuts:
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            with suppress(OSError):  # who waited no longer is gone
                self.send_response(behaviour.status)
                for name, value in behaviour.headers.items():
                    self.send_header(name, value)
                content = behaviour.text.encode()
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    room.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield room
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
