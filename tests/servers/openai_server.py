"""A loopback server that speaks the OpenAI chat-completions protocol and misbehaves on request.

It answers with the scripted replies in order, the last one for ever after, and keeps every request body it saw.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

from agents.llm import ModelRequest, Sampling
from agents.models.rules_llm import RulesModel
from agents.outputs import OUTPUTS


@dataclass(frozen=True)
class Scripted:
    """One HTTP answer; ``held`` keeps the client waiting until the server closes.

    ``dripped`` sends its head or its body byte by byte, without end, as long as the client stays.
    """

    body: str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    held: bool = False
    dripped: Literal["", "head", "body"] = ""


Answering = Callable[[dict[str, Any]], Scripted]


def completion(content: str | None, *, finish: str | None = "stop", refusal: str | None = None) -> Scripted:
    """A chat completion as a hosted model sends it."""
    return Scripted(
        json.dumps(
            {
                "id": "chatcmpl-1",
                "object": "chat.completion",
                "created": 1773759600,
                "model": "test-model-0317",
                "choices": [
                    {
                        "index": 0,
                        "finish_reason": finish,
                        "message": {"role": "assistant", "content": content, "refusal": refusal},
                    }
                ],
                "usage": {"prompt_tokens": 321, "completion_tokens": 45, "total_tokens": 366},
            }
        )
    )


def by_rule(asked: dict[str, Any]) -> Scripted:
    """What the rules answer to this question, as a server would send it."""
    system, user = (message["content"] for message in asked["messages"])
    name = asked["response_format"]["json_schema"]["name"]
    role = next(role for role, output in OUTPUTS.items() if output.__name__ == name)
    request = ModelRequest(role, system, user, name, {}, Sampling("rules"), 1, "")
    return completion(RulesModel().complete(request).text)


def refused(status: int, code: str | None = None, *, headers: dict[str, str] | None = None) -> Scripted:
    """An error as OpenAI words it."""
    error = {"message": "Something, said by a stranger.", "type": code or "invalid_request_error", "code": code}
    return Scripted(json.dumps({"error": error}), status, headers or {})


@dataclass
class OpenAIServer:
    """Address of a running server and what it was asked."""

    base_url: str
    requests: list[dict[str, Any]]


@contextmanager
def openai_server(*script: Scripted | Answering) -> Iterator[OpenAIServer]:
    """Serve the script on a free port of this machine until the block ends; a function is given what was asked."""
    requests: list[dict[str, Any]] = []
    closing, lock = threading.Event(), threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with lock:
                requests.append({"path": self.path, "key": self.headers["Authorization"], **json.loads(body)})
                scripted = script[min(len(requests), len(script)) - 1]
            reply = scripted if isinstance(scripted, Scripted) else scripted(json.loads(body))
            if reply.held:
                closing.wait()
                self.close_connection = True
                return
            if reply.dripped:
                self.drip(reply.dripped)
                return
            sent = reply.body.encode()
            self.send_response(reply.status)
            for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def drip(self, part: str) -> None:
            opening = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            opening += "X-Long: " if part == "head" else "Content-Length: 9999999\r\n\r\n{"
            self.close_connection = True
            with suppress(ConnectionError):
                self.wfile.write(opening.encode())
                while not closing.wait(0.02):
                    self.wfile.write(b" ")

        def do_PATCH(self) -> None:
            self.do_POST()  # how a tracer finishes its records

        def log_message(self, *args: object) -> None:
            """Tests speak for themselves."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield OpenAIServer(f"http://127.0.0.1:{server.server_port}/v1", requests)
    finally:
        closing.set()
        server.shutdown()
        server.server_close()
        thread.join()
