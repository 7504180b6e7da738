"""The bot beside a busy service: how long a command waits for its answer, and a kill for its acknowledgement.

Each is `sage run` as a process of its own, in simulated time that waits for nothing, so that one cycle follows another
without a pause; the Bot API is a loopback server in this process. Times are from the moment at which an update can be
fetched to the moment at which the request with the answer has arrived.

    answers   commands that look, of many people, while cycles run with the rules as the model
    kills     while a cycle waits for a model that never answers; and orders that appear after the first kill beside
              the busy one: there must be none
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median, quantiles

from harness.report import Report, Row, arguments

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.servers.telegram_api import TOKEN, BotApi  # noqa: E402  # a script finds its own folder, not the tests

COMMANDS = ("/status", "/positions", "/orders", "/risk", "/limits", "/explain last", "/pnl", "/whoami", "/agents")
FIRST = 1_000
PER_PERSON = 15
"""A chat takes a short burst of messages, then about one a second: many people ask, each a few times."""
STARTS_S, SETTLES_S = 60.0, 5.0


@contextmanager
def hanging_model() -> Iterator[str]:
    """The address of a model that takes every question and answers none."""
    closing_down = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            closing_down.wait()

        def log_message(self, *_args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        closing_down.set()
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def served(home: Path, api: BotApi, people: int, **environment: str) -> Iterator[None]:
    """`sage run` over ``home`` until the end of the block; it begins when the bot asks for updates."""
    owners = ",".join(str(FIRST + number) for number in range(people))
    told = {
        "PATH": os.environ.get("PATH", ""), "HOME": str(home), "SAGE_NEWS": "none", "SAGE_HEALTH_PORT": "0",
        "SAGE_SCHEDULE": '{"simulated_speed": 0, "cycle": {"at": ["every 5m"]}}', "TELEGRAM_BOT_TOKEN": TOKEN,
        "TELEGRAM_API_BASE_URL": api.url, "TELEGRAM_OWNER_IDS": owners, **environment,
    }  # fmt: skip
    words = [sys.executable, str(ROOT / "app.py"), "--home", str(home), "run", "--quiet"]
    with subprocess.Popen(words, cwd=home, env=told, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        try:
            api.wait(lambda: sum("getUpdates" in path for path in api.requests) >= 2, STARTS_S)
            yield
        finally:
            running.terminate()
            try:
                running.wait(5)
            except subprocess.TimeoutExpired:
                running.kill()  # its cycle waits for the model that hangs


def people_for(count: int) -> int:
    """As many as it takes, and one more: everybody is also told what happens, so none is there for nothing."""
    return count // PER_PERSON + 2


def answer_ms(api: BotApi, user: int, text: str) -> float:
    """One question."""
    api.now = time.time()
    began = time.perf_counter()
    api.ask(user, text)
    return (time.perf_counter() - began) * 1_000


def cycles_in(home: Path) -> int:
    """How many cycles have ended."""
    with closing(sqlite3.connect(home / "sage.db")) as database:
        return int(database.execute("SELECT count(*) FROM cycles WHERE finished_at IS NOT NULL").fetchone()[0])


def orders_in(home: Path) -> int:
    """How many orders were ever written down to be sent."""
    with closing(sqlite3.connect(home / "sage.db")) as database:
        return int(database.execute("SELECT count(*) FROM orders WHERE parent_id IS NULL").fetchone()[0])


def spread(found: Sequence[float]) -> dict[str, float]:
    """Median, 95th and 99th percentile and the worst, in milliseconds."""
    cuts = quantiles(found, n=100) if len(found) > 1 else [found[0]] * 99
    worst = max(found)
    return {
        "median ms": round(median(found), 1),
        "p95 ms": round(min(cuts[94], worst), 1),
        "p99 ms": round(min(cuts[98], worst), 1),
        "max ms": round(worst, 1),
    }


def beside_cycles(folder: Path, count: int) -> tuple[Row, Row]:
    """Answers beside cycles without a pause, and what one kill does to the orders."""
    with BotApi() as api, served(folder, api, people_for(count)):
        answer_ms(api, FIRST, "/whoami")
        began, before = time.perf_counter(), cycles_in(folder)
        found = [answer_ms(api, FIRST + at // PER_PERSON, COMMANDS[at % len(COMMANDS)]) for at in range(count)]
        lasted, ran = time.perf_counter() - began, cycles_in(folder) - before
        killed_ms = answer_ms(api, FIRST + people_for(count) - 1, "/kill")
        sent = orders_in(folder)
        time.sleep(SETTLES_S)
        after = orders_in(folder) - sent
    answers: Row = {"commands": count, "cycles a second": round(ran / lasted, 1), **spread(found)}
    return answers, {"kill ms": round(killed_ms, 1), "orders before": sent, "orders after": after}


def beside_a_hung_model(folder: Path, count: int) -> Row:
    """Kills while a cycle waits for its model."""
    with hanging_model() as url, BotApi() as api:
        model = {"SAGE_MODEL": "openai:hangs", "OPENAI_API_KEY": "none-needed", "OPENAI_BASE_URL": url}
        with served(folder, api, people_for(count), **model):
            time.sleep(SETTLES_S)  # long enough for the first cycle to begin and ask
            found = [answer_ms(api, FIRST + at // PER_PERSON, "/kill") for at in range(count)]
            return {"kills": count, "cycles ended": cycles_in(folder), **spread(found), "orders": orders_in(folder)}


def main() -> None:
    """Measure and report."""
    parser = arguments(__doc__)
    parser.add_argument("--count", type=int, default=180, help="commands, and kills")
    chosen = parser.parse_args()
    report = Report("bot")
    with tempfile.TemporaryDirectory() as name:
        busy, hung = Path(name) / "busy", Path(name) / "hung"
        busy.mkdir()
        hung.mkdir()
        answers, kill = beside_cycles(busy, chosen.count)
        report.add("Answers beside cycles without a pause", [answers])
        report.add("One kill beside them", [kill])
        report.add("Kills while a cycle waits for a hung model", [beside_a_hung_model(hung, chosen.count)])
    report.write(chosen.json)


if __name__ == "__main__":
    main()
