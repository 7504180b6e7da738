"""A mail server on this machine that takes mail, or misbehaves on demand."""

import base64
import socketserver
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Literal

from tests.servers.loopback import Served

Mood = int | Literal["well", "hang up", "drop before", "drop after"]
"""``hang up`` greets nobody; ``drop before`` and ``drop after`` break the line when the mail is whole, before or after
it was taken, which looks the same from the other side; a number is the answer to the mail."""


@dataclass
class MailServer(Served):
    """``moods`` are used up first, one a session; then all goes well."""

    login: tuple[str, str] | None = None
    moods: deque[Mood] = field(default_factory=deque)
    taken: list[EmailMessage] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)

    def sessions(self) -> type[socketserver.BaseRequestHandler]:
        return _session_with(self)

    @property
    def url(self) -> str:
        """What SAGE_SMTP_URL would be."""
        user = f"{self.login[0]}:{self.login[1]}@" if self.login else ""
        return f"smtp://{user}127.0.0.1:{self.port}"

    def take(self, content: bytes) -> None:
        found = message_from_bytes(content, policy=policy.default)
        assert isinstance(found, EmailMessage)
        self.taken.append(found)
        self.arrived.set()


def _session_with(server: MailServer) -> type[socketserver.StreamRequestHandler]:  # noqa: C901  # a class
    class Session(socketserver.StreamRequestHandler):
        def handle(self):
            mood = server.moods.popleft() if server.moods else "well"
            if mood == "hang up":
                return
            self.say("220 here")
            logged_in = server.login is None
            for line in self.rfile:
                word, *rest = line.decode().split()
                match [word.upper(), *rest]:
                    case ["EHLO", *_]:
                        self.say("250-here", *(["250-AUTH PLAIN"] if server.login else []), "250 SIZE 10000000")
                    case ["AUTH", "PLAIN", given]:
                        _, user, password = base64.b64decode(given).decode().split("\0")
                        logged_in = (user, password) == server.login
                        self.say("235 ok" if logged_in else "535 no")
                    case ["DATA"] if logged_in:
                        self.say("354 go on")
                        if not self.content(mood):
                            return
                    case ["QUIT"]:
                        self.say("221 bye")
                        return
                    case _:
                        self.say("250 ok" if logged_in else "530 log in first")

        def content(self, mood: Mood) -> bool:
            """Read to the lonely dot; False where the line breaks here."""
            content = b"".join(self.lines())
            if mood in ("well", "drop after"):
                server.take(content)
            if mood in ("drop before", "drop after"):
                return False
            self.say("250 taken" if mood == "well" else f"{mood} as asked")
            return True

        def lines(self) -> Iterator[bytes]:
            for line in self.rfile:
                if line == b".\r\n":
                    return
                yield line.removeprefix(b".")

        def say(self, *lines: str) -> None:
            self.wfile.write(("\r\n".join(lines) + "\r\n").encode())

    return Session
