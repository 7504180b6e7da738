"""What-if documents: one good entry as JSON, and every part of it changeable by its path.

    a_document(order__qty="60", limits__max_order_qty="50")

The good one: buy 10 AAPL at a limit of 200.00 with a stop at 190.00 under a handful of limits, on the day and in the
account of ``tests/builders/policies.py``.
"""

import copy
import json
from datetime import date, datetime
from typing import Any

from domain.case import Case
from domain.market import Session
from policies.whatif.case import PolicyShelf, read_case
from tests.builders.policies import NOW, a_session

GONE = object()
"""In place of a value: the key is left out."""
FOLLOWING = Session(date(2026, 3, 18), NOW.replace(day=18, hour=13, minute=30), NOW.replace(day=18, hour=20))
SHELF = PolicyShelf()

_GOOD: dict[str, Any] = {
    "id": "good",
    "clock": "2026-03-17T15:00:00Z",
    "market_calendar": "XNYS",
    "limits": {
        "max_order_notional": "10000",
        "max_position_pct_equity": "10",
        "max_quote_age_s": "5",
        "max_account_age_s": "60",
        "daily_loss_limit_pct": "2",
        "min_confidence": "0.5",
        "require_stop_loss": True,
    },
    "control": {"kill_switch": False, "trading_state": "ACTIVE"},
    "account": {
        "as_of": "2026-03-17T15:00:00Z",
        "currency": "USD",
        "equity": "100000",
        "cash": "100000",
        "buying_power": "200000",
        "day_start_equity": "100000",
        "peak_equity": "100000",
        "realized_pnl_day": "0",
        "unrealized_pnl": "0",
        "consecutive_losses": 0,
        "last_loss_at": None,
        "broker_reconciled": True,
    },
    "positions": {},
    "open_orders": [],
    "recent_orders": [],
    "orders_today": 0,
    "turnover_today": "0.00",
    "market": {
        "AAPL": {
            "bid": "199.90",
            "ask": "200.00",
            "last": "200.00",
            "ts": "2026-03-17T15:00:00Z",
            "adv": "2000000",
            "halted": False,
            "tradable": True,
            "tick": "0.01",
            "lot": "1",
            "sector": "technology",
            "currency": "USD",
            "next_earnings": None,
        }
    },
    "order": {
        "decision_id": "dec-1",
        "symbol": "AAPL",
        "side": "buy",
        "qty": "10",
        "type": "limit",
        "limit_price": "200.00",
        "tif": "day",
        "stop_price": "190.00",
        "currency": "USD",
        "created_at": "2026-03-17T15:00:00Z",
        "confidence": "0.70",
        "approval": None,
    },
}

AN_EXIT: dict[str, Any] = {
    "positions": {"AAPL": {"qty": "50", "avg_price": "150.00"}},
    "order__side": "sell",
    "order__limit_price": "199.90",
    "order__stop_price": None,
}
"""Changes that make the order a sell of 10 of the 50 held."""


def a_document(**changes: Any) -> dict[str, Any]:
    """The good document with these parts changed; double underscores go down, ``GONE`` takes away."""
    document = copy.deepcopy(_GOOD)
    for path, value in changes.items():
        *above, last = path.split("__")
        place = document
        for name in above:
            place = place.setdefault(name, {})
        if value is GONE:
            place.pop(last, None)
        else:
            place[last] = value
    return document


def a_line(**changes: Any) -> bytes:
    """The same as the line of a file."""
    return json.dumps(a_document(**changes)).encode()


class OneDay:
    """A calendar of the case's day, with the next one behind it."""

    name = "XNYS"

    def session_at(self, at: datetime) -> Session | None:
        return a_session() if at == NOW else None

    def sessions(self, start: datetime, end: datetime) -> tuple[Session, ...]:
        return (a_session(),)

    def session_after(self, at: datetime) -> Session | None:
        return FOLLOWING if at == NOW else None


def told(path: str, value: Any, **changes: Any) -> dict[str, Any]:
    """The document with a value put where a dotted path says, lists by number; ``GONE`` takes it away."""
    document = a_document(**changes)
    place: Any = document
    *above, last = path.split(".")
    for name in above:
        place = place[int(name)] if isinstance(place, list) else place.setdefault(name, {})
    if value is GONE:
        place.pop(last, None)
    else:
        place[last] = value
    return document


def case_of(document: dict[str, Any]) -> Case:
    """The case of a document on that one day."""
    return read_case(document, lambda _name: OneDay(), SHELF).case
