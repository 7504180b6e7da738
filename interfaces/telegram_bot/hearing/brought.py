"""Listening for what the chat service brings: one path, one method, one secret.

    404 405 401 411 413 400    another path or method, no secret, no length, too much, no JSON: nothing is done
    503                        not now (no database, or nobody greeted yet): bring it again
    200                        it is durable, or a kill that was pulled; the service forgets it

Who ends TLS before us is the user's affair; beyond this machine nobody should reach us past it.
"""

from __future__ import annotations

import hmac
import json
import logging
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic
from typing import Any, NamedTuple

from domain.errors import ConfigurationError

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
# An update is some thousand bytes, and whoever found the port may send anything.
LONGEST_BODY = 1024 * 1024
LONGEST_IGNORED = 4 * LONGEST_BODY
"""So much of a body that nobody wants is read off: who is cut off while sending never reads the answer."""
OTHERS = ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS")
PATIENCE_S = 5.0
"""How long a connection that says nothing is kept."""
LONGEST_S = 15.0
"""How long one is kept that goes on saying a little, and has not said all."""
MOST_AT_ONCE = 64
"""Connections; three times as many as the service opens (``line.py``), and few enough for threads and files."""
Heard = Callable[[object], bool]
_log = logging.getLogger(__name__)


class Hook(NamedTuple):
    """Where the service brings updates (``url``), where we listen for them, and what proves that it is the service."""

    url: str
    host: str
    port: int
    path: str
    secret: str


@contextmanager
def listening(hook: Hook, heard: Heard) -> Iterator[str]:
    """Answer at the host and port for the length of the block; the value is the address. Port 0 takes any free one."""
    bound = {"hook": hook, "heard": staticmethod(heard), **{f"do_{each}": _Requests.other for each in OTHERS}}
    try:
        server = (_Server6 if ":" in hook.host else _Server)(
            (hook.host, hook.port), type("Requests", (_Requests,), bound)
        )
    except OSError as error:
        raise ConfigurationError(
            f"the webhook cannot listen on {hook.host}:{hook.port}: {error.strerror or error}",
            "Set TELEGRAM_WEBHOOK_LISTEN to another one.",
        ) from error
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.2}, name="webhook", daemon=True)
    thread.start()
    try:
        yield f"http://{hook.host}:{server.server_port}{hook.path}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    """A thread a connection, and no more of them, and none for longer, than what is brought needs."""

    daemon_threads, block_on_close = True, False
    request_queue_size = MOST_AT_ONCE

    def __init__(self, *given: Any) -> None:
        self._since: dict[Any, float] = {}
        self._said_all: set[Any] = set()
        super().__init__(*given)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Begin a connection, where there is room for it."""
        if len(self._since) >= MOST_AT_ONCE:
            self.shutdown_request(request)
            return
        self._since[request] = monotonic()
        super().process_request(request, client_address)

    def said_all(self, request: Any) -> None:
        """It was read to its end, and from here on it is we who let it wait."""
        self._said_all.add(request)

    def service_actions(self) -> None:
        """Several times a second: cut off who drips. Every piece begins the patience of a socket anew."""
        for request, since in tuple(self._since.items()):
            if monotonic() - since > LONGEST_S and request not in self._said_all:
                with suppress(OSError):
                    request.shutdown(socket.SHUT_RDWR)

    def shutdown_request(self, request: Any) -> None:
        """The end of a connection."""
        self._since.pop(request, None)
        self._said_all.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who hangs up fills no log either."""
        if isinstance(sys.exception(), OSError):
            _log.debug("a connection broke off")
        else:
            _log.exception("an update that was brought could not be taken")


class _Server6(_Server):
    address_family = socket.AF_INET6


class _Requests(BaseHTTPRequestHandler):
    """One connection, one request."""

    server: _Server
    hook: Hook
    heard: Heard
    timeout = PATIENCE_S
    server_version, sys_version = "sage", ""

    def do_POST(self) -> None:
        """An update, perhaps."""
        length = length_of(self.headers.get_all("Content-Length", []))
        refused = refusal(self.hook, self.path, self.headers.get_all(SECRET_HEADER, []), length)
        if refused:
            self._answer(refused)
            self._linger()
            return
        try:
            update = json.loads(self.rfile.read(length or 0))
        except (ValueError, RecursionError):
            self._answer(400)
            return
        self.server.said_all(self.connection)
        self._answer(200 if self.heard(update) else 503)

    def other(self) -> None:
        """Another method."""
        self._answer(405 if self.path == self.hook.path else 404)

    def _linger(self) -> None:
        left = LONGEST_IGNORED
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            while left > 0 and (piece := self.rfile.read(min(left, 65_536))):
                left -= len(piece)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        if status == 405:
            self.send_header("Allow", "POST")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Whoever knocks fills no log."""
        _log.debug(format, *args)


def refusal(hook: Hook, path: str, secrets: list[str], length: int | None) -> int:
    """Why a request is none of the service's, in the order in which a stranger learns least; 0 where it is."""
    if path != hook.path:
        return 404
    if len(secrets) != 1 or not hmac.compare_digest(secrets[0].encode(), hook.secret.encode()):
        return 401
    if length is None:
        return 411
    return 413 if length > LONGEST_BODY else 0


def length_of(told: list[str]) -> int | None:
    """The length of a body; None where it is not told, or told in two ways."""
    return int(told[0]) if len(told) == 1 and told[0].isascii() and told[0].isdigit() and len(told[0]) < 12 else None
