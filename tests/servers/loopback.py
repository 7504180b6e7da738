"""Servers on this machine: what they share, and a small HTTP one that answers as a vendor would, or misbehaves."""

import json
import socketserver
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, Self
from urllib.parse import parse_qsl, urlsplit

Mood = int | Literal["well", "hang", "drip", "drip_headers", "garbage", "empty", "deep"]
"""How the server answers: ``well``, never, byte by byte (its body, or its head already), with nonsense, with nothing,
with nesting without end, or a bare status."""


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
    dripping: Literal["", "head", "body"] = ""


def json_answer(body: Any, status: int = 200) -> Answer:
    return Answer(json.dumps(body).encode(), status)


class Served:
    """A server on a free port of this machine for the length of a block; ``sessions`` is what answers there."""

    _server: socketserver.TCPServer

    def sessions(self) -> type[socketserver.BaseRequestHandler]:
        """The handler of one connection, or of one request."""
        raise NotImplementedError

    def let_go(self) -> None:
        """What keeps an answer waiting has to end before the server can."""

    def __enter__(self) -> Self:
        sessions = self.sessions()
        by_http = issubclass(sessions, BaseHTTPRequestHandler)
        self._server = (_HttpServer if by_http else _LineServer)(("127.0.0.1", 0), sessions)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.let_go()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def root(self) -> str:
        """The address without a path."""
        return f"http://127.0.0.1:{self.port}"


class _HttpServer(ThreadingHTTPServer):
    daemon_threads, block_on_close = True, False


class _LineServer(socketserver.ThreadingTCPServer):
    allow_reuse_address, daemon_threads, block_on_close = True, True, False


@dataclass
class Loopback(Served):
    """``mood`` holds until it is changed; ``moods`` are used up first, one a request."""

    route: Callable[[Request], Answer]
    mood: Mood = "well"
    moods: deque[Mood] = field(default_factory=deque)
    requests: list[Request] = field(default_factory=list)

    def sessions(self) -> type[BaseHTTPRequestHandler]:
        self.closing = threading.Event()
        return _handler(self)

    def let_go(self) -> None:
        self.closing.set()

    @property
    def url(self) -> str:
        return self.root

    @property
    def paths(self) -> list[str]:
        return [request.path for request in self.requests]

    def answer(self, request: Request) -> Answer | None:
        self.requests.append(request)
        mood = self.moods.popleft() if self.moods else self.mood
        if mood == "well":
            return self.route(request)
        if mood == "hang":
            self.closing.wait(20)
            return None
        if mood in ("drip", "drip_headers"):
            return Answer(b"", dripping="head" if mood == "drip_headers" else "body")
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
            if answer.dripping:
                self.drip(answer.dripping)
                return
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)
            self.wfile.flush()

        def do_POST(self):
            self.do_GET()

        def drip(self, part):
            self.close_connection = True
            with suppress(OSError):  # whoever asked has gone
                head = b"HTTP/1.1 200 OK\r\n"
                self.wfile.write(head + (b"X-Slow: " if part == "head" else b"Content-Length: 100000\r\n\r\n"))
                for _ in range(400):
                    self.wfile.write(b" ")
                    self.wfile.flush()
                    if server.closing.wait(0.05):
                        return

        def log_message(self, format, *args):
            """Nothing: the tests look at ``requests``."""

    return Handler
