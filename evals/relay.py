"""A relay that speaks the OpenAI protocol on this machine and has its questions answered through files.

    python -m evals.relay --port 8765 --folder relay

Each question appears as ``<n>-<digest>.request.json`` (system, user, schema); whoever answers, from the question alone,
writes the document it asks for into ``<n>-<digest>.answer.json`` beside it. The text of that file is returned as it is,
so an answer that breaks the schema is passed on and recorded like any other. The same question finds its old answer.
Point ``SAGE_MODEL=openai:relay`` and ``OPENAI_BASE_URL=http://127.0.0.1:8765/v1`` at it; what is recorded through it
carries the origin ``relay``. Token counts are estimated from characters, four to a token, because nobody counted them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

MODEL = "relay"
LARGEST_QUESTION = 1_000_000
_CHARS_PER_TOKEN = 4


@dataclass
class Relay:
    """The folder where questions wait, how long one may wait there, and the name of the ``model`` that answers."""

    folder: Path
    timeout_s: float
    model: str = MODEL
    poll_s: float = 0.2
    stopped: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, question: dict[str, Any]) -> str | None:
        """Lay a question out and wait for its answer; None when nobody answered in time."""
        path = self._lay_out(question)
        deadline = time.monotonic() + self.timeout_s
        seen = b""
        while time.monotonic() < deadline and not self.stopped.is_set():
            content = path.read_bytes() if path.exists() else b""
            # Read twice alike: whoever answers may still be writing.
            if content and content == seen:
                return content.decode("utf-8", "replace").strip()
            seen = content
            self.stopped.wait(self.poll_s)
        return None

    def _lay_out(self, question: dict[str, Any]) -> Path:
        """Write the question, unless it waits already; the path where its answer is expected."""
        digest = hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()[:12]
        # One at a time: two questions at once would be given the same number.
        with self._lock:
            waiting = sorted(self.folder.glob(f"*-{digest}.request.json"))
            number = len(list(self.folder.glob("*.request.json"))) + 1
            path = waiting[0] if waiting else self.folder / f"{number:03d}-{digest}.request.json"
            if not waiting:
                path.write_text(json.dumps(question, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        return path.with_name(path.name.replace(".request.", ".answer."))


def question_of(body: dict[str, Any]) -> dict[str, Any]:
    """System text, user text and schema of a chat-completions request; raises ValueError for anything else."""
    messages, wanted = body.get("messages"), body.get("response_format")
    if not isinstance(messages, list) or not all(isinstance(item, dict) for item in messages):
        raise ValueError("messages is not a list of messages")
    texts = {item.get("role"): item.get("content") for item in messages}
    if not isinstance(texts.get("user"), str):
        raise ValueError("there is no user message")
    schema = wanted.get("json_schema", {}) if isinstance(wanted, dict) else {}
    return {"system": texts.get("system") or "", "user": texts["user"], "schema": schema}


def completion_of(question: dict[str, Any], answer: str, model: str = MODEL) -> dict[str, Any]:
    """The answer as an OpenAI chat completion."""
    sent = (len(question["system"]) + len(question["user"])) // _CHARS_PER_TOKEN
    came = len(answer) // _CHARS_PER_TOKEN
    message = {"role": "assistant", "content": answer}
    return {
        "id": "chatcmpl-relay",
        "object": "chat.completion",
        "created": 0,
        "model": model,
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        "usage": {"prompt_tokens": sent, "completion_tokens": came, "total_tokens": sent + came},
    }


def serve(relay: Relay, port: int) -> ThreadingHTTPServer:
    """A server on this machine's ``port`` (0: any free one), ready for ``serve_forever``."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if not length.isascii() or not length.isdigit() or int(length) > LARGEST_QUESTION:
                # The body stays unread, and would be taken for the next request.
                self.close_connection = True
                return self._send(
                    HTTPStatus.BAD_REQUEST, _error(f"send at most {LARGEST_QUESTION} bytes with a length")
                )
            content = self.rfile.read(int(length))
            if self.path != "/v1/chat/completions":
                return self._send(HTTPStatus.NOT_FOUND, _error(f"{self.path} is not served here"))
            try:
                question = question_of(json.loads(content))
            except (ValueError, AttributeError) as error:
                return self._send(HTTPStatus.BAD_REQUEST, _error(f"not a chat-completions request: {error}"))
            answer = relay.ask(question)
            if answer is None:
                return self._send(HTTPStatus.GATEWAY_TIMEOUT, _error(f"no answer within {relay.timeout_s:g} s"))
            return self._send(HTTPStatus.OK, completion_of(question, answer, relay.model))

        def _send(self, status: HTTPStatus, body: dict[str, Any]) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """The files tell enough."""

    relay.folder.mkdir(parents=True, exist_ok=True)
    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


def _error(message: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "relay_error", "code": None}}


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m evals.relay", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--model", default=MODEL, help="name of the model that answers, for the record")
    parser.add_argument("--timeout", type=float, default=3600.0, help="seconds to wait for one answer")
    chosen = parser.parse_args(arguments)
    relay = Relay(chosen.folder, chosen.timeout, chosen.model)
    with serve(relay, chosen.port) as server:
        print(f"relay on http://127.0.0.1:{server.server_port}/v1, questions in {chosen.folder}", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            relay.stopped.set()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
