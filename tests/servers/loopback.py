"""A small HTTP server on this machine that answers as a vendor would, or misbehaves on demand."""

import json
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

Mood = int | Literal["well", "hang", "garbage", "empty", "deep"]
"""How the server answers: ``well``, never, with nonsense, with nothing, with nesting without end, or a bare status."""


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]


@dataclass(frozen=True)
class Answer:
    body: bytes
    status: int = 200
    content_type: str = "application/json"


def json_answer(body: Any, status: int = 200) -> Answer:
    return Answer(json.dumps(body).encode(), status)


@dataclass
class Loopback:
    """``mood`` holds until it is changed; ``moods`` are used up first, one a request."""

    route: Callable[[Request], Answer]
    mood: Mood = "well"
    moods: deque[Mood] = field(default_factory=deque)
    requests: list[Request] = field(default_factory=list)

    def __enter__(self):
        self._closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(self, *exc):
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def paths(self) -> list[str]:
        return [request.path for request in self.requests]

    def answer(self, request: Request) -> Answer | None:
        self.requests.append(request)
        mood = self.moods.popleft() if self.moods else self.mood
        if mood == "well":
            return self.route(request)
        if mood == "hang":
            self._closing.wait(20)
            return None
        if isinstance(mood, int):
            return json_answer({"status": "error", "message": "as asked"}, mood)
        bodies = {"garbage": b"\xff\xfe<html>not what you asked for", "empty": b"", "deep": b"[" * 200_000}
        return Answer(bodies[mood])


def _handler(server: Loopback) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        wbufsize = -1  # one write an answer, so that no client waits for a delayed acknowledgement
        disable_nagle_algorithm = True

        def do_GET(self):
            parts = urlsplit(self.path)
            request = Request(
                self.command, parts.path, dict(parse_qsl(parts.query)), {k.lower(): v for k, v in self.headers.items()}
            )
            answer = server.answer(request)
            if answer is None:
                return
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)
            self.wfile.flush()

        def do_POST(self):
            self.do_GET()

        def log_message(self, format, *args):
            """Nothing: the tests look at ``requests``."""

    return Handler
