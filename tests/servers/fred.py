"""FRED's days of releases, with its error bodies."""

from collections.abc import Mapping, Sequence
from datetime import date

from tests.servers.loopback import Answer, Loopback, Request, json_answer

KEY = "0123456789abcdef0123456789abcdef"


def fred(days: Mapping[int, Sequence[date]]) -> Loopback:
    """A server over the days of each release; those to come are told to whoever asks for them."""

    def route(request: Request) -> Answer:
        query = request.query
        if request.path != "/fred/release/dates":
            return json_answer({"error_code": 404, "error_message": "Not Found"}, 404)
        if query.get("api_key") != KEY:
            told = f"Bad Request.  The value for variable api_key is not registered: {query.get('api_key')}."
            return json_answer({"error_code": 400, "error_message": told}, 400)
        first, last = date.fromisoformat(query["realtime_start"]), date.fromisoformat(query["realtime_end"])
        found = [day for day in days.get(int(query["release_id"]), ()) if first <= day <= last]
        assert query["include_release_dates_with_no_data"] == "true"
        assert query["file_type"] == "json"
        return json_answer(
            {
                "realtime_start": query["realtime_start"], "realtime_end": query["realtime_end"],
                "order_by": "release_date", "sort_order": query["sort_order"], "count": len(found), "offset": 0,
                "limit": 10000,
                "release_dates": [{"release_id": int(query["release_id"]), "date": day.isoformat()} for day in found],
            }
        )  # fmt: skip

    return Loopback(route)
