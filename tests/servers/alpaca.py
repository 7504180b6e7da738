"""Alpaca's market data, news, corporate actions and assets, as far as Sage asks for them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tests.servers.loopback import Answer, Loopback, Request, json_answer

KEY_ID, SECRET_KEY = "PKLOOPBACKKEY0000001", "loopback-secret-0123456789abcdef"

Rows = Mapping[str, Sequence[Mapping[str, Any]]]


def alpaca(
    *,
    bars: Rows | None = None,
    quotes: Rows | None = None,
    trades: Rows | None = None,
    assets: Sequence[Mapping[str, Any]] = (),
    news: Sequence[Mapping[str, Any]] = (),
    actions: Mapping[str, Any] | None = None,
    key_id: str = KEY_ID,
) -> Loopback:
    """A server over these rows, oldest first; it filters, sorts and limits as Alpaca does."""
    series = {"bars": bars or {}, "quotes": quotes or {}, "trades": trades or {}}

    def route(request: Request) -> Answer:
        if request.headers.get("apca-api-key-id") != key_id or request.headers.get("apca-api-secret-key") != SECRET_KEY:
            return json_answer({"message": "unauthorized."}, 401)
        match request.path.strip("/").split("/"):
            case ["v2", "stocks", kind, "latest"]:
                symbols = request.query["symbols"].split(",")
                return json_answer({kind: {s: series[kind][s][-1] for s in symbols if series[kind].get(s)}})
            case ["v2", "stocks", kind]:
                symbols = request.query["symbols"].split(",")
                found = {s: chosen(series[kind].get(s, ()), request.query, "t") for s in symbols}
                return json_answer({kind: {s: r for s, r in found.items() if r}, "next_page_token": None})
            case ["v2", "assets"]:
                return json_answer(list(assets))
            case ["v2", "assets", symbol]:
                known = [asset for asset in assets if asset["symbol"] == symbol]
                return json_answer(known[0]) if known else json_answer({"code": 40410000, "message": "not found"}, 404)
            case ["v1beta1", "news"]:
                return json_answer({"news": tagged(news, request.query), "next_page_token": None})
            case ["v1", "corporate-actions"]:
                return json_answer({"corporate_actions": actions or {}, "next_page_token": None})
        return json_answer({"message": "endpoint not found."}, 404)

    return Loopback(route)


def tagged(news: Sequence[Mapping[str, Any]], query: Mapping[str, str]) -> list[Mapping[str, Any]]:
    wanted = set(query["symbols"].split(","))
    return chosen([item for item in news if wanted & set(item["symbols"])], query, "updated_at")


def chosen(rows: Sequence[Mapping[str, Any]], query: Mapping[str, str], stamp: str) -> list[Mapping[str, Any]]:
    start, end = (datetime.fromisoformat(query[name]) for name in ("start", "end"))
    inside = sorted((r for r in rows if start <= datetime.fromisoformat(r[stamp]) <= end), key=lambda r: r[stamp])
    ordered = inside[::-1] if query.get("sort") == "desc" else inside
    return ordered[: int(query.get("limit", 1000))]
