"""Messages to people over a line that fails: how many were lost, how many came twice, and whether the order stood.

    taken for certain not    the server answers 429 or 502, or hangs up before it has the message
    nobody knows             the server takes the message and hangs up before it answers

The first kind must lose nothing and repeat nothing. The second looks to us as a hang-up does: such a message is sent
again, and its second copy says that it may be one; they are counted apart. The server is a webhook on this machine, and
time for waiting is virtual, so that the seconds are those of the work.
"""

from __future__ import annotations

import json
import logging
import random
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import perf_counter

from harness.report import Report, Row, arguments
from pydantic import SecretStr

from domain.clock import FixedClock
from interfaces.delivery.deliverer import PERHAPS_TWICE, Deliverer
from interfaces.delivery.slack import SlackCarrier
from trading.store.database import open_database
from trading.store.messages.message import Kind, Message
from trading.store.messages.outbox import OutboxStore, Rate

AT = datetime(2026, 3, 17, 15, tzinfo=UTC)
CHANNELS = 10
TAKE_NOT, TAKE_AND_HANG_UP = ("429", "502", "hang up"), ("take and hang up",)


class Channel:
    """A webhook that keeps every text it took; a share of the requests fails in one of these ways."""

    def __init__(self, share: float, ways: tuple[str, ...]) -> None:
        self.texts: list[str] = []
        self.failed = 0
        self._dice = random.Random(7)
        self._share = share
        self._ways = ways
        self._lock = threading.Lock()

    def answer(self, text: str) -> int | None:
        """The status, or None for a line that breaks."""
        with self._lock:
            way = self._dice.choice(self._ways) if self._dice.random() < self._share else ""
            self.failed += bool(way)
            if way in ("", *TAKE_AND_HANG_UP):
                self.texts.append(text)
            return 200 if not way else int(way) if way.isdigit() else None


@contextmanager
def served(channel: Channel) -> Iterator[str]:
    """The address of the webhook."""

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            text = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"]
            status = channel.answer(text)
            if status is not None:
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

        def log_message(self, *_told: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def delivered(folder: Path, name: str, count: int, share: float, ways: tuple[str, ...]) -> Row:
    """Put so many messages, deliver until none waits, and count what arrived."""
    channel = Channel(share, ways)
    with served(channel) as hook, closing(open_database(f"sqlite:///{folder / name}.db")) as database:
        outbox, carrier = OutboxStore(database), SlackCarrier(SecretStr(hook))
        for number in range(count):
            text = f"{number:05}"
            outbox.put(Message(text, f"slack:{number % CHANNELS}", Kind.TRADE, text, text, AT))
        deliverer = Deliverer(outbox, [carrier], FixedClock(AT), paces={"slack": Rate(0, 1)})
        now, begun = AT, perf_counter()
        while outbox.waiting():
            deliverer.deliver_due(now)
            now += timedelta(seconds=1)
        elapsed = perf_counter() - begun
        carrier.close()
    return counted(name, count, channel, elapsed)


def counted(name: str, count: int, channel: Channel, elapsed: float) -> Row:
    """One line of the table."""
    numbers = [text.partition("\n")[0] for text in channel.texts]
    unmarked = Counter(text for text in channel.texts if PERHAPS_TWICE not in text)
    first = list(dict.fromkeys(numbers))
    lines = ([text for text in first if int(text) % CHANNELS == which] for which in range(CHANNELS))
    return {
        "failures": name,
        "messages": count,
        "failed attempts": channel.failed,
        "lost": count - len(set(numbers)),
        "twice": sum(times - 1 for times in unmarked.values()),
        "twice and marked so": len(numbers) - len(set(numbers)) - sum(times - 1 for times in unmarked.values()),
        "channels out of order": sum(line != sorted(line) for line in lines),
        "a second": round(count / elapsed),
    }


def main() -> None:
    """Measure and report."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--count", type=int, default=1000, help="messages for each kind of failure")
    parser.add_argument("--share", type=float, default=0.1, help="of the requests that fail")
    told = parser.parse_args()
    logging.getLogger("interfaces.delivery").setLevel(logging.ERROR)  # the failures are counted, not told one by one
    report = Report("delivery")
    with tempfile.TemporaryDirectory() as folder:
        rows = [
            delivered(Path(folder), name, told.count, told.share, ways)
            for name, ways in (("not taken", TAKE_NOT), ("nobody knows", TAKE_AND_HANG_UP))
        ]
    report.add("Messages over a line that fails", rows)
    report.write(told.json)


if __name__ == "__main__":
    main()
