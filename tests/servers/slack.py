"""Slack's incoming webhooks on this machine, taking texts or misbehaving on demand."""

import json
import threading
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Literal

from tests.servers.loopback import Served

Mood = int | Literal["well", "drop before", "drop after"]
HOOK = "/services/T0/B0/secret-of-the-hook"


@dataclass
class SlackServer(Served):
    """``moods`` are used up first, one a request; then all goes well."""

    moods: deque[Mood] = field(default_factory=deque)
    texts: list[str] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)

    def sessions(self) -> type[BaseHTTPRequestHandler]:
        return _answers(self)

    @property
    def hook(self) -> str:
        """What SAGE_SLACK_WEBHOOK would be."""
        return f"{self.root}{HOOK}"


def _answers(server: SlackServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        wbufsize = -1
        disable_nagle_algorithm = True

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            mood = server.moods.popleft() if server.moods else "well"
            if mood in ("well", "drop after"):
                server.texts.append(json.loads(body)["text"])
                server.arrived.set()
            if mood in ("drop before", "drop after"):
                return
            self.send_response(mood if isinstance(mood, int) else 200)
            answer = b"ok" if mood == "well" else b"as asked"
            self.send_header("Content-Length", str(len(answer)))
            if mood == 429:
                self.send_header("Retry-After", "7")
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format, *args):
            """Nothing: the tests look at ``texts``."""

    return Handler
