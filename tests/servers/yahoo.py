"""Yahoo's chart interface, with the cookie page and the crumb that yfinance asks for first."""

from collections.abc import Mapping
from typing import Any

from tests.servers.loopback import Answer, Loopback, Request, json_answer

UNKNOWN = {
    "chart": {"result": None, "error": {"code": "Not Found", "description": "No data found, symbol may be delisted"}}
}


def yahoo(charts: Mapping[str, Mapping[str, Any]]) -> Loopback:
    """A server over whole chart answers by symbol; their rows are cut to the asked period as Yahoo does."""

    def route(request: Request) -> Answer:
        match request.path.strip("/").split("/"):
            case [""]:
                return Answer(b"", content_type="text/html")
            case ["v1", "test", "getcrumb"]:
                return Answer(b"crumb0", content_type="text/plain")
            case ["v8", "finance", "chart", symbol] if symbol in charts:
                return json_answer(cut(charts[symbol], request.query))
        return json_answer(UNKNOWN, 404)

    return Loopback(route)


def cut(chart: Mapping[str, Any], query: Mapping[str, str]) -> Mapping[str, Any]:
    results = (chart.get("chart") or {}).get("result")
    if "period1" not in query or not results:
        return chart
    result = results[0]
    start, end = int(query["period1"]), int(query["period2"])
    keep = [place for place, at in enumerate(result.get("timestamp", ())) if start <= at < end]
    series = {
        kind: [{name: [values[place] for place in keep] for name, values in each.items()} for each in several]
        for kind, several in result["indicators"].items()
    }
    stamps = [result["timestamp"][place] for place in keep]
    return {"chart": {"result": [{**result, "timestamp": stamps, "indicators": series}], "error": None}}
