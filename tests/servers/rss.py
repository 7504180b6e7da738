"""A web server with feeds."""

from collections.abc import Mapping

from tests.servers.loopback import Answer, Loopback, Request


def feeds(bodies: Mapping[str, bytes]) -> Loopback:
    """A server that holds each body at its path."""

    def route(request: Request) -> Answer:
        if request.path not in bodies:
            return Answer(b"not here", 404, "text/plain")
        return Answer(bodies[request.path], content_type="application/rss+xml")

    return Loopback(route)
