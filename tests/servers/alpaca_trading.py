"""Alpaca's trading interface on this machine: real HTTP and a real WebSocket over one small exchange.

``fail`` makes the next matching requests go wrong, before or after they were carried out; ``moods`` decides what the
stream makes of what happens.
"""

import json
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

from tests.servers.alpaca import SECRET_KEY
from tests.servers.alpaca_exchange import Exchange, Order, Reply

GARBAGE = b"\xff\xfe<html>not what you asked for"


@dataclass
class Fault:
    """What goes wrong with the next request: before it is carried out, or ``after``."""

    how: str
    after: bool = False
    reply: Reply | None = None


@dataclass
class AlpacaTrading:
    """The server. ``posts`` counts what arrived at a path, ``moods`` of the stream are used up one an event.

    ``asked`` is set once somebody wants the updates; they are told from when ``listens`` is set, as it is at first.
    ``market_open`` is what the clock answers, whatever the calendar says.
    """

    exchange: Exchange
    faults: deque[tuple[str, Fault]] = field(default_factory=deque)
    arrived: Counter[str] = field(default_factory=Counter)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    edit: Callable[[str, Any], Any] = lambda path, body: body
    moods: deque[str] = field(default_factory=deque)
    refuses_keys: bool = False
    market_open: Any = True
    assets: list[dict[str, Any]] = field(default_factory=list)

    def __enter__(self):
        self.closing, self._lock = threading.Event(), threading.RLock()
        self._streams: set[ServerConnection] = set()
        self.asked, self.listens = threading.Event(), threading.Event()
        self.listens.set()
        self._kept: list[str] = []
        self.connections = 0
        self.exchange.tell = self.happened
        self._http = Quiet(("127.0.0.1", 0), type("Bound", (Handler,), {"trading": self}))
        self._http.daemon_threads, self._http.block_on_close = True, False
        self._ws: Server = serve(self._stream, "127.0.0.1", 0)
        runs: tuple[tuple[Callable[..., None], dict[str, Any]], ...] = (
            (self._http.serve_forever, {"poll_interval": 0.01}),
            (self._ws.serve_forever, {}),
        )
        self._threads = [threading.Thread(target=run, kwargs=given, daemon=True) for run, given in runs]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc):
        self.closing.set()
        self.drop_streams()
        self._http.shutdown()
        self._ws.shutdown()
        for thread in self._threads:
            thread.join()
        self._http.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    @property
    def stream_url(self) -> str:
        return f"ws://127.0.0.1:{self._ws.socket.getsockname()[1]}/stream"

    def fail(self, request: str, how: str, *, after: bool = False, reply: Reply | None = None, times: int = 1) -> None:
        """``fail("POST /v2/orders", "hang", after=True)``: hang, cut, drip, drip_headers, garbage, empty or reply."""
        self.faults.extend([(request, Fault(how, after, reply))] * times)

    def reply(self, method: str, path: str, query: dict[str, str], body: Any, headers: dict[str, str]) -> Reply:
        if self.refuses_keys or headers.get("apca-api-secret-key") != SECRET_KEY:
            return 401, {"code": 40110000, "message": f"access key not found {headers.get('apca-api-key-id')}"}
        parts = path.removeprefix("/v2/").split("/")
        with self._lock:
            return self._asked(parts, query) if method == "GET" else self._told(method, parts, body)

    def _told(self, method: str, parts: list[str], body: Any) -> Reply:
        if body is not None:
            self.bodies.append(body)
        match method, parts:
            case "POST", ["orders"]:
                return self.exchange.taken(body)
            case "DELETE", ["orders", name]:
                return self.exchange.cancel(name)
            case "PATCH", ["orders", name]:
                return self.exchange.replaced(name, body)
        return 404, {"message": "endpoint not found."}

    def _asked(self, parts: list[str], query: dict[str, str]) -> Reply:
        exchange = self.exchange
        match parts:
            case ["orders"]:
                return 200, exchange.listed(query)
            case ["orders:by_client_order_id"]:
                return self._one(exchange.by_client_id(query["client_order_id"]), query["client_order_id"])
            case ["orders", name]:
                return self._one(exchange.orders.get(name), name)
            case ["positions"]:
                return 200, exchange.positions()
            case ["account"]:
                return 200, exchange.account()
            case ["account", "activities", "FILL"]:
                return 200, exchange.told(query)
            case ["account", "activities", "FEE"]:
                return 200, exchange.charged(query)
            case ["account", "activities"]:
                return 200, exchange.moved(query)
            case ["assets"]:
                return 200, self.assets
            case ["assets", symbol]:
                known = [asset for asset in self.assets if asset["symbol"] == symbol]
                return (200, known[0]) if known else (404, {"code": 40410000, "message": "asset not found"})
            case ["clock"]:
                at = exchange.now().isoformat()
                return 200, {"timestamp": at, "is_open": self.market_open, "next_open": at, "next_close": at}
        return 404, {"message": "endpoint not found."}

    def _one(self, order: Order | None, name: str) -> Reply:
        if order is None:
            return 404, {"code": 40410000, "message": f"order not found for {name}"}
        return 200, self.exchange.shown(order, nested=False)

    def fault_for(self, request: str) -> Fault | None:
        with self._lock:
            for place, (wanted, fault) in enumerate(self.faults):
                if request.startswith(wanted):
                    del self.faults[place]
                    return fault
        return None

    def happened(self, event: str, order: Order, more: dict[str, Any]) -> None:
        """An event for the stream, as the mood of the moment has it: well, twice, drop, or keep for later."""
        shown = self.exchange.shown(order, nested=False)
        told = {"event": event, "timestamp": self.exchange.stamp(), "at": self.exchange.stamp(), "order": shown, **more}
        mood = self.moods.popleft() if self.moods else "well"
        text = json.dumps({"stream": "trade_updates", "data": told})
        if mood == "keep":
            self._kept.append(text)
        elif mood != "drop":
            self.push(*[text] * (2 if mood == "twice" else 1))

    def push(self, *texts: str | bytes) -> None:
        for connection in list(self._streams):
            for text in texts:
                try:
                    connection.send(text.encode() if isinstance(text, str) else text)
                except ConnectionClosed:
                    self._streams.discard(connection)

    def release(self) -> None:
        """Send what was kept, the newest first."""
        kept, self._kept = self._kept[::-1], []
        self.push(*kept)

    def drop_streams(self) -> None:
        for connection in list(self._streams):
            connection.socket.close() if connection.protocol.state.name != "OPEN" else connection.close()
            self._streams.discard(connection)

    def _stream(self, connection: ServerConnection) -> None:
        try:
            given = json.loads(connection.recv(timeout=5))["data"]
            well = given.get("secret_key") == SECRET_KEY and not self.refuses_keys
            status = "authorized" if well else "unauthorized"
            answer = {"stream": "authorization", "data": {"action": "authenticate", "status": status}}
            connection.send(json.dumps(answer).encode())
            if not well or json.loads(connection.recv(timeout=5))["action"] != "listen":
                return
            self.asked.set()
            self.listens.wait(10)
            self._streams.add(connection)
            self.connections += 1
            connection.send(b'{"stream": "listening", "data": {"streams": ["trade_updates"]}}')
            while True:
                connection.recv()
        except (ConnectionClosed, TimeoutError):
            self._streams.discard(connection)


class Quiet(ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """Nothing: a client that hangs up is what some tests are about."""


class Handler(BaseHTTPRequestHandler):
    trading: AlpacaTrading
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one write an answer, so that no client waits for a delayed acknowledgement
    disable_nagle_algorithm = True

    def do_GET(self):
        parts = urlsplit(self.path)
        request = f"{self.command} {parts.path}"
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        self.trading.arrived[request] += 1
        fault = self.trading.fault_for(request)
        if fault is not None and not fault.after:
            self.misbehave(fault, fault.reply or (200, {}))
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.trading.reply(self.command, parts.path, dict(parse_qsl(parts.query)), body, headers)
        if fault is not None:
            self.misbehave(fault, fault.reply or reply)
            return
        self.send(reply[0], self.trading.edit(parts.path, reply[1]))

    def do_POST(self):
        self.do_GET()

    def do_PATCH(self):
        self.do_GET()

    def do_DELETE(self):
        self.do_GET()

    def send(self, status: int, body: Any) -> None:
        content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        self.head(status, len(content))
        self.wfile.write(content)
        self.wfile.flush()

    def head(self, status: int, length: int) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(length))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()

    def misbehave(self, fault: Fault, reply: Reply) -> None:
        content = json.dumps(reply[1]).encode()
        self.close_connection = True
        match fault.how:
            case "hang":
                self.trading.closing.wait(20)
            case "cut":
                self.head(reply[0], len(content) + 100)
                self.wfile.write(content[: len(content) // 2])
            case "drip":
                self.head(reply[0], 100_000)
                self.drip()
            case "drip_headers":
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                self.drip()
            case "garbage":
                self.send(200, GARBAGE)
            case "empty":
                self.send(200, None)
            case _:
                self.send(*reply)

    def drip(self) -> None:
        try:
            until = time.monotonic() + 20
            while time.monotonic() < until and not self.trading.closing.wait(0.05):
                self.wfile.write(b" ")
                self.wfile.flush()
        except OSError:
            return

    def log_message(self, format, *args):
        """Nothing: the tests look at ``arrived``."""
