"""A way to a server of this machine that breaks when a certain word is sent."""

import select
import socket
import socketserver

from tests.servers.loopback import Served


class BreakingLine(Served):
    """Passes on everything both ways. Once ``breaks_at`` is sent the line is dead: ``heard`` by the server or not."""

    def __init__(self, target: tuple[str, int], *, heard: bool) -> None:
        self._target = target
        self._heard = heard
        self.breaks_at: bytes | None = None

    @property
    def port(self) -> int:
        """Where to call instead of the target."""
        return int(self._server.server_address[1])

    def sessions(self) -> type[socketserver.BaseRequestHandler]:
        line = self

        class Session(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with socket.create_connection(line._target) as server:
                    line._pass_on(self.request, server)

        return Session

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        other = {client: server, server: client}
        while True:
            for one in select.select(list(other), [], [])[0]:
                said = one.recv(65536)
                if not said:
                    return
                if one is client and self.breaks_at is not None and self.breaks_at in said:
                    self.breaks_at = None
                    if self._heard:
                        server.sendall(said)
                        server.recv(65536)  # what nobody will hear; when it comes, it is done
                    return
                other[one].sendall(said)
