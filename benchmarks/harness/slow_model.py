"""A model server that thinks for a fixed time, in a process of its own: OpenAI's chat completions over loopback HTTP.

    python slow_model.py ANSWERS.json SECONDS          prints its port, serves until its standard input ends

``ANSWERS.json`` maps ``schema/symbol`` to the text of the answer; a question without a schema gets the answer of
``plain``. Every connection is served on one event loop, so the server keeps any number of questions waiting at once and
takes next to no CPU from what is measured.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

PLAIN = "plain"
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_SYMBOL = re.compile(r"Symbol: (\S+)")


def answer_to(asked: bytes, answers: Mapping[str, str]) -> bytes:
    """The completion for a request body."""
    question = json.loads(asked)
    schema = question.get("response_format", {}).get("json_schema", {}).get("name")
    found = _SYMBOL.search(question["messages"][-1]["content"])
    symbol = found[1] if found else ""
    text = answers[PLAIN if schema is None else f"{schema}/{symbol}"]
    message = {"role": "assistant", "content": text, "refusal": None}
    completion = {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1773759600, "model": question["model"],
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        "usage": {"prompt_tokens": 1500, "completion_tokens": 280, "total_tokens": 1780},
    }  # fmt: skip
    body = json.dumps(completion).encode()
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)


async def serve(answers: Mapping[str, str], seconds: float) -> None:
    """Answer until standard input ends."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = _LENGTH.search(head)
                asked = await reader.readexactly(int(length[1]) if length else 0)
                await asyncio.sleep(seconds)
                writer.write(answer_to(asked, answers))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # the client has gone, as it may, or the server ends
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, limit=1 << 20, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    # The pipe ends with the parent, however that ends, so no server is left behind.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.close()


@contextmanager
def slow_model(answers: Path, seconds: float) -> Iterator[str]:
    """The base address of a server in another process."""
    command = [sys.executable, str(Path(__file__).resolve()), str(answers), str(seconds)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None, "it was asked for above"
        try:
            yield f"http://127.0.0.1:{int(server.stdout.readline())}/v1"
        finally:
            server.communicate()


if __name__ == "__main__":
    asyncio.run(serve(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), float(sys.argv[2])))
