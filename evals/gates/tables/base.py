"""The case that passes, and edits of it: every table of cases starts from one plain order in a calm market.

Tuesday 2026-03-17 at 11:00 New York time; 100,000 USD, nothing held; buy 100 AAPL at a limit of 100.00 with a stop at
95.00, quoted 99.95 / 100.05. Edits are paths: ``{"L/max_order_qty": "99", "M/halted": True}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

NOW = datetime(2026, 3, 17, 15, 0, tzinfo=UTC)
DROP = object()
"""An edit that takes the field away."""

_SHORT = {
    "L": "limits", "C": "control", "A": "account", "P": "positions/AAPL", "M": "market/AAPL", "O": "order",
    "K": "counters", "H": "proposal", "W": "market_wide",
}  # fmt: skip


class Row(NamedTuple):
    """One case by hand: what it is for, what a person says must come out, and how it differs from the base."""

    gate: str
    kind: str
    label: str
    """P pass, D deny, A needs approval, R:n reduced to n."""
    edits: Mapping[str, Any]


def iso(at: datetime) -> str:
    """A moment as it is written in a case."""
    return at.isoformat().replace("+00:00", "Z")


def ago(seconds: float, now: datetime = NOW) -> str:
    """That many seconds before now; negative lies ahead."""
    return iso(now - timedelta(seconds=seconds))


def seen(mid: str, sector: str, *, half: str = "0.05", now: datetime = NOW) -> dict[str, Any]:
    """A symbol in a calm market, quoted ``half`` around ``mid``."""
    cents, edge = round(float(mid) * 100), round(float(half) * 100)
    return {
        "bid": money(cents - edge), "ask": money(cents + edge), "last": money(cents), "ts": ago(2, now),
        "adv": "5000000", "halted": False, "tradable": True, "tick": "0.01", "lot": "1", "sector": sector,
        # Calm and far from every limit, the next earnings thirty days ahead: a row breaks what it edits and no more.
        "currency": "USD", "next_earnings": ago(-30 * 86400, now), "atr": "2.00",
    }  # fmt: skip


def money(cents: int) -> str:
    """Cents as an amount: 12345 is 123.45."""
    sign, cents = ("-", -cents) if cents < 0 else ("", cents)
    return f"{sign}{cents // 100}.{cents % 100:02d}"


def working(
    symbol: str = "MSFT", side: str = "buy", qty: str = "10", limit: str = "200.00", **more: Any
) -> dict[str, Any]:
    """An order that is still open, two hours old."""
    return {
        "decision_id": f"d-{symbol}-{side}-{qty}", "symbol": symbol, "side": side, "qty": qty, "filled_qty": "0",
        "type": "limit", "limit_price": limit, "status": "accepted", "at": ago(7200), **more,
    }  # fmt: skip


def sent(seconds: float, symbol: str = "MSFT", side: str = "buy", qty: str = "7", **more: Any) -> dict[str, Any]:
    """An order of ours from so many seconds ago."""
    given = {"decision_id": f"s-{symbol}-{seconds}", "symbol": symbol, "side": side, "qty": qty}
    return {**given, "at": ago(seconds), "status": "filled", **more}


def plain() -> dict[str, Any]:
    """The base case, fresh."""
    cash = dict.fromkeys(
        ("equity", "cash", "buying_power", "day_start_equity", "peak_equity", "week_start_equity",
         "month_start_equity", "day_peak_equity", "settled_cash"), "100000.00",
    )  # fmt: skip
    return {
        "id": "", "clock": iso(NOW), "market_calendar": "XNYS", "limits": {},
        "control": {"kill_switch": False, "trading_state": "ACTIVE"},
        "account": {
            **cash, "as_of": ago(10), "currency": "USD", "realized_pnl_day": "0.00", "unrealized_pnl": "0.00",
            "consecutive_losses": 0, "last_loss_at": "2026-03-10T15:00:00Z", "broker_reconciled": True,
            "maintenance_margin": "0.00",
        },
        "positions": {}, "open_orders": [], "recent_orders": [], "orders_today": 0, "turnover_today": "0.00",
        "market": {
            "AAPL": seen("100", "Technology"), "MSFT": seen("200", "Technology"), "XOM": seen("50", "Energy"),
        },
        "order": {
            "decision_id": "d-1", "symbol": "AAPL", "side": "buy", "qty": "100", "type": "limit",
            "limit_price": "100.00", "tif": "day", "stop_price": "95.00", "currency": "USD", "created_at": ago(60),
            "confidence": None, "approval": None,
        },
    }  # fmt: skip


def case(edits: Mapping[str, Any]) -> dict[str, Any]:
    """The base with edits; the tables in between are made where they are missing."""
    made = plain()
    for path, value in edits.items():
        first, *rest = path.split("/")
        names = [*_SHORT.get(first, first).split("/"), *rest]
        table = made
        for name in names[:-1]:
            table = table.setdefault(name, {})
        if value is DROP:
            table.pop(names[-1], None)
        else:
            table[names[-1]] = deepcopy(value)
    return made


def table(gate: str, common: Mapping[str, Any], **kinds: tuple[str, Mapping[str, Any]]) -> tuple[Row, ...]:
    """Rows of one gate that share some edits."""
    return tuple(Row(gate, kind, label, {**common, **edits}) for kind, (label, edits) in kinds.items())


HOLDS: Mapping[str, Any] = {"P": {"qty": "50", "avg_price": "90.00"}, "A/cash": "95000.00"}
"""Fifty shares held."""
EXIT: Mapping[str, Any] = {
    **HOLDS, "O/side": "sell", "O/qty": "50", "O/limit_price": "99.95", "O/stop_price": None,
}  # fmt: skip
"""... and all of them sold."""
SHORT: Mapping[str, Any] = {
    "O/side": "sell", "O/limit_price": "100.00", "O/stop_price": "105.00", "L/allow_short": True,
    "M/easy_to_borrow": True, "M/short_restricted": False,
}  # fmt: skip
"""A new short of a hundred shares."""
COVER: Mapping[str, Any] = {
    "P": {"qty": "-50", "avg_price": "110.00"}, "A/cash": "105000.00", "O/qty": "50", "O/limit_price": "100.05",
    "O/stop_price": None,
}  # fmt: skip
"""Fifty shares short, and all of them bought back."""
ROLES = ("advisor", "inspector", "decider")
AGENT: Mapping[str, Any] = {
    "O/confidence": "0.80", "O/origin": "agent", "O/strategy": "case",
    "H": {
        "cited": ["n1"], "known": ["n1", "n2"], "signal_direction": 1, "calibrated": "0.70",
        "provenance": {
            "cycle_id": "c1", "proposer": "case", "models": dict.fromkeys(ROLES, "openai:gpt-x"),
            "prompts": dict.fromkeys(ROLES, "p1"),
        },
        "texts": [{"ref": "n1", "published_at": ago(3600), "first_seen_at": ago(3600), "stored": True,
                   "suspicious": False}],
        "usage": {"calls_cycle": 10, "tokens_cycle": 20000, "tokens_day": 300000, "cost_day": "4.00"},
    },
}  # fmt: skip
"""The agents propose, and everything about it is in order."""
