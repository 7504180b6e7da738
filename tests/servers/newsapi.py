"""NewsAPI's search, with its error bodies."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from tests.servers.loopback import Answer, Loopback, Request, json_answer

KEY = "0123456789abcdef0123456789abcdef"


def newsapi(articles: Sequence[Mapping[str, Any]] = (), *, error: tuple[int, str] | None = None) -> Loopback:
    """A server over these articles; ``error`` is an HTTP status with NewsAPI's own code."""

    def route(request: Request) -> Answer:
        if error:
            return refused(*error)
        if request.headers.get("authorization") != KEY:
            return refused(401, "apiKeyInvalid")
        if request.path != "/v2/everything":
            return refused(404, "notFound")
        found = [each for each in articles if published_in(each, request.query["from"], request.query["to"])]
        found = found[: int(request.query["pageSize"])]
        return json_answer({"status": "ok", "totalResults": len(found), "articles": found})

    return Loopback(route)


def refused(status: int, code: str) -> Answer:
    return json_answer({"status": "error", "code": code, "message": f"about the key {KEY}"}, status)


def published_in(article: Mapping[str, Any], start: str, end: str) -> bool:
    try:
        at = datetime.fromisoformat(article["publishedAt"])
    except (KeyError, TypeError, ValueError):
        return True
    return datetime.fromisoformat(start).replace(tzinfo=UTC) <= at <= datetime.fromisoformat(end).replace(tzinfo=UTC)
