"""``/healthz`` and ``/metrics`` on loopback: figures for whoever watches, and no way to command anything."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CONTENT_TYPE_LATEST

from domain.errors import ConfigurationError
from interfaces.serving.vitals import Vitals

HOST = "127.0.0.1"
PATIENCE_S = 5.0
"""How long a connection that says nothing is kept."""


@contextmanager
def endpoint(vitals: Vitals, port: int) -> Iterator[str]:
    """Answer at the port for the length of the block; the value is the address. 0 takes any free port."""
    try:
        server = ThreadingHTTPServer((HOST, port), _handler(vitals))
    except OSError as error:
        raise ConfigurationError(
            f"the health endpoint cannot use port {port}: {error.strerror}", "Set SAGE_HEALTH_PORT to another one."
        ) from error
    # A connection that hangs must not keep the service from stopping.
    server.daemon_threads, server.block_on_close = True, False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.2}, name="health", daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(vitals: Vitals) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = PATIENCE_S
        # The default header tells the version of Python to whoever asks.
        server_version, sys_version = "sage", ""

        def do_GET(self) -> None:
            if self.path == "/healthz":
                ok, told = vitals.health()
                self._answer(200 if ok else 503, "application/json", json.dumps(told).encode())
            elif self.path == "/metrics":
                self._answer(200, CONTENT_TYPE_LATEST, vitals.metrics())
            else:
                self._answer(404, "text/plain", b"there are /healthz and /metrics\n")

        def _answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        # The base class writes every request to standard error, which is the log of whoever supervises.
        def log_message(self, format: str, *args: object) -> None:
            logging.getLogger(__name__).debug(format, *args)

    return Handler
