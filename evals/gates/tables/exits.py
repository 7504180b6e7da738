"""Exits under every breached limit: fifty shares held, all of them sold, while one limit leaves no room at all."""

from __future__ import annotations

from typing import Any

from evals.gates.oracle.judge import RULES
from evals.gates.oracle.schema import COUNT_LIMITS, NUMBER_LIMITS
from evals.gates.tables.base import COVER, EXIT, Row, ago, sent

# What these mean for an exit is told by rows of their own: the collar, duplicates, and figures that are no caps.
_APART = frozenset({
    "price_collar_pct", "price_collar_atr", "duplicate_window_s", "market_slippage_pct", "close_window_s",
    "cluster_correlation", "approval_ttl_s", "approval_price_band_pct", "auction_buffer_s", "wash_sale_days",
    "give_back_from_pct",
})  # fmt: skip
_FLOORS = ("min_", "cooldown_", "no_entry_", "macro_", "earnings_", "corporate_")
_SPENT: dict[str, Any] = {
    "A/equity": "60000.00", "A/realized_pnl_day": "-40000.00", "A/cash": "55000.00", "A/consecutive_losses": 50,
    "A/last_loss_at": ago(1), "A/as_of": ago(90000), "M/ts": ago(90000), "O/created_at": ago(90000),
    "orders_today": 900, "turnover_today": "9000000.00", "cycle_entries": 90,
    "recent_orders": [sent(second, decision_id=f"r{second}") for second in range(1, 21)],
    "C/reconciled_at": ago(90000), "C/broker_time": ago(90), "M/next_earnings": ago(60),
}  # fmt: skip


def _closed(limit: str) -> dict[str, Any]:
    """The value that lets nothing through."""
    if limit in COUNT_LIMITS:
        return {f"L/{limit}": 0}
    if limit == "min_confidence":
        return {f"L/{limit}": "1"}
    if limit == "corporate_action_days":
        return {f"L/{limit}": "7"}
    return {f"L/{limit}": "100" if limit.startswith(_FLOORS) else "0.01"}


def _every() -> dict[str, Any]:
    capped = [limit for limit in (*NUMBER_LIMITS, *COUNT_LIMITS) if limit not in _APART]
    return {path: value for limit in capped for path, value in _closed(limit).items()}


def _rows() -> tuple[Row, ...]:
    gates = {rule.limit: rule.gate for rule in RULES}
    limits = [limit for limit in (*NUMBER_LIMITS, *COUNT_LIMITS) if limit not in _APART]
    ways = {"exit": EXIT, "cover": COVER}
    alone = [
        Row(gates[limit], f"{limit}_breached_{kind}", "P", {**_SPENT, **_closed(limit), **way})
        for limit in limits
        for kind, way in ways.items()
    ]
    together = [Row("policy", f"all_breached_{kind}", "P", {**_SPENT, **_every(), **way}) for kind, way in ways.items()]
    return (*alone, *together)


ROWS: tuple[Row, ...] = _rows()
