"""A Chroma server shared by several processes, and servers that are away or broken."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from traceback import format_exception

import httpx
import pytest

from domain.errors import ConfigurationError, RetryableError
from memory.trades import TradeMemory
from tests.builders.memory import NOON, a_closed_trade, a_situation


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[str]:
    program, port, folder = Path(sys.executable).with_name("chroma"), a_free_port(), tmp_path_factory.mktemp("chroma")
    command = [str(program), "run", "--host", "127.0.0.1", "--port", port, "--path", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        url = f"http://127.0.0.1:{port}"
        wait_for(f"{url}/api/v2/heartbeat")
        yield url
        run.kill()


def a_free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return str(free.getsockname()[1])


def wait_for(url: str) -> None:
    for _ in range(300):
        try:
            httpx.get(url).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(url)


def test_two_memories_share_a_server_and_see_each_other(server, tmp_path):
    one, other = TradeMemory(tmp_path / "one", server), TradeMemory(tmp_path / "other", server)
    one.remember(a_closed_trade("t1"), a_situation(), cycle_id="cyc-1")
    assert other.recall(a_situation(), as_of=NOON).count == 1
    other.remember(a_closed_trade("t2", pnl="-10"), a_situation(), cycle_id="cyc-1")
    assert one.recall(a_situation(), as_of=NOON) == other.recall(a_situation(), as_of=NOON)
    assert one.remembered() == {"t1", "t2"}
    other.clear()
    other.remember(a_closed_trade("t3"), a_situation(), cycle_id="cyc-1")
    other.close()
    one.close()
    assert one.remembered() == {"t3"}
    one.clear()
    one.close()
    assert list(tmp_path.iterdir()) == []


class Broken(BaseHTTPRequestHandler):
    """Answers every question with an error page."""

    def do_GET(self) -> None:
        self.send_response(500)
        self.end_headers()
        self.wfile.write(b"<html>\x1b[31mno</html>")

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def broken() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Broken) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture
def away() -> str:
    return f"http://127.0.0.1:{a_free_port()}"


@pytest.mark.parametrize("kind", ["broken", "away"])
def test_a_server_out_of_reach_is_told_and_cycles_go_on_without(kind, request, tmp_path):
    memory = TradeMemory(tmp_path / "memory", request.getfixturevalue(kind))
    with pytest.raises(RetryableError, match="Look at the Chroma server"):
        memory.remember(a_closed_trade(), a_situation(), cycle_id="cyc-1")
    recall = memory.recall(a_situation(), as_of=NOON)
    assert recall.count is None
    assert "does not answer" in recall.missing


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("owner:planted@chroma:8000", id="no_scheme"),
        pytest.param("ftp://owner:planted@chroma", id="another_scheme"),
        pytest.param("http://owner:8000@chroma:planted", id="no_port"),
        pytest.param("http://[planted", id="half_an_address"),
        pytest.param("http://?planted", id="no_host"),
    ],
)
def test_a_wrong_address_is_refused_and_never_repeated(url, tmp_path):
    with pytest.raises(ConfigurationError, match="SAGE_CHROMA_URL is no address of a Chroma server") as refused:
        TradeMemory(tmp_path / "memory", url)
    assert "planted" not in "".join(format_exception(refused.value))
