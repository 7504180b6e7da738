"""Groups F and G, and D4 and D6: what already happened today, this week and since the peak.

Counts of what happened deny when they reach their limit (3 orders a minute: the fourth is denied), and so do losses.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from evals.gates.oracle.exposure import PERCENT, ZERO, amount, equity, known
from evals.gates.oracle.reading import View
from evals.gates.oracle.rule import Rule, age

_COUNTERS = "COUNTERS_UNKNOWN"
_EQUITY = "EQUITY_UNKNOWN"
_MINUTE, _DAY = 60, 86400
_FEW_MESSAGES = 10
_GIVE_BACK_FROM = Fraction(1, 2)


def _counter(view: View, name: str) -> Any:
    return known((view.top.get("counters") or {}).get(name))


def _below(name: str) -> Any:
    return lambda view, limit: _counter(view, name) < limit


def _sent(view: View, within: int, symbol: str | None = None) -> int:
    # What is stamped ahead of the clock is counted, too: it must not escape the window.
    return sum(age(view, each["at"]) < within and symbol in {None, each["symbol"]} for each in view.recent)


def _rested(name: str) -> Any:
    def holds(view: View, wait: Fraction) -> bool:
        last = _counter(view, name).get(view.order["symbol"])
        return last is None or age(view, last) >= wait

    return holds


def _messages(view: View, limit: Fraction) -> bool:
    messages, fills = _counter(view, "messages_today"), _counter(view, "fills_today")
    return bool(messages < _FEW_MESSAGES or messages <= limit * max(1, fills))


def _no_wash_sale(view: View, forbidden: bool) -> bool:
    if not forbidden or view.order["side"] == "sell":
        return True
    lost = _counter(view, "last_loss_on").get(view.order["symbol"])
    return lost is None or age(view, lost) >= (amount(view.limits.get("wash_sale_days")) + 1) * _DAY


def _lost(view: View, start: str) -> Fraction:
    before = amount(view.account.get(start))
    if before <= 0:
        return Fraction(1)
    return (before - amount(view.account.get("equity"))) / before


def _loss(start: str) -> Any:
    return lambda view, limit: _lost(view, start) < limit * PERCENT


def _lost_money(view: View, limit: Fraction) -> bool:
    return amount(view.account.get("day_start_equity")) - amount(view.account.get("equity")) < limit


def _made(table: str, key: str) -> Any:
    def holds(view: View, limit: Fraction) -> bool:
        made = known(view.account.get(table)).get(view.order[key], ZERO)
        return bool(-made < limit * PERCENT * equity(view))

    return holds


def _kept(view: View, limit: Fraction) -> bool:
    start, now = amount(view.account.get("day_start_equity")), amount(view.account.get("equity"))
    best = amount(view.account.get("day_peak_equity")) - start
    if best <= 0 or best < view.limits.get("give_back_from_pct", _GIVE_BACK_FROM) * PERCENT * start:
        return True
    return best - (now - start) < limit * PERCENT * best


def _recovered(view: View, wait: Fraction) -> bool:
    return age(view, view.account.get("last_loss_at")) >= wait


RULES = (
    Rule("D4", "max_round_trips_5d", _below("round_trips_5d"), ("ROUND_TRIPS", _COUNTERS)),
    Rule("D6", "forbid_wash_sale", _no_wash_sale, ("WASH_SALE", _COUNTERS)),
    Rule("F1", "max_orders_per_second", lambda view, limit: _sent(view, 1) < limit, ("ORDER_RATE",)),
    Rule("F1", "max_orders_per_minute", lambda view, limit: _sent(view, _MINUTE) < limit),
    Rule("F1", "max_orders_per_day", lambda view, limit: known(view.top.get("orders_today")) < limit),
    Rule("F1", "max_orders_per_symbol_per_day",
         lambda view, limit: _sent(view, _DAY, view.order["symbol"]) < limit, ("SYMBOL_ORDERS",)),
    Rule("F2", "max_order_to_trade_ratio", _messages, ("ORDER_TO_TRADE", _COUNTERS)),
    Rule("F2", "max_cancels_per_day", _below("cancels_today"), ("CANCELS_TODAY", _COUNTERS)),
    Rule("F5", "max_round_trips_per_symbol", lambda view, limit:
         _counter(view, "round_trips_today").get(view.order["symbol"], 0) < limit, ("SYMBOL_ROUND_TRIPS", _COUNTERS)),
    Rule("F6", "cooldown_after_loss_s", _recovered),
    Rule("F6", "cooldown_after_exit_s", _rested("last_exit_at"), ("COOLDOWN", _COUNTERS)),
    Rule("F6", "cooldown_after_stop_s", _rested("last_stop_at"), ("COOLDOWN", _COUNTERS)),
    Rule("F6", "cooldown_after_reject_s", _rested("last_reject_at"), ("COOLDOWN", _COUNTERS)),
    Rule("F7", "max_consecutive_losses", lambda view, limit: known(view.account.get("consecutive_losses")) < limit),
    Rule("F7", "max_strategy_consecutive_losses", lambda view, limit:
         known(view.account.get("strategy_losses")).get(view.order["strategy"], 0) < limit,
         ("STRATEGY_LOSS_STREAK", _COUNTERS)),
    Rule("F8", "max_rejects_in_row", _below("rejects_in_row"), ("REJECTS_IN_ROW", _COUNTERS)),
    Rule("F9", "max_api_error_pct", lambda view, limit: _counter(view, "api_error_pct") <= limit,
         ("API_ERRORS", _COUNTERS)),
    Rule("F9", "max_slippage_pct", lambda view, limit: _counter(view, "slippage_pct") <= limit,
         ("SLIPPAGE", _COUNTERS)),
    Rule("G1", "daily_loss_limit_pct", _loss("day_start_equity")),
    Rule("G1", "daily_loss_limit_abs", _lost_money),
    Rule("G2", "weekly_loss_limit_pct", _loss("week_start_equity"), ("WEEK_LOSS", _EQUITY)),
    Rule("G2", "monthly_loss_limit_pct", _loss("month_start_equity"), ("MONTH_LOSS", _EQUITY)),
    Rule("G3", "soft_drawdown_pct", _loss("peak_equity")),
    Rule("G3", "max_drawdown_pct", _loss("peak_equity")),
    Rule("G4", "max_strategy_loss_pct", _made("strategy_pnl", "strategy"), ("STRATEGY_LOSS", _EQUITY, _COUNTERS)),
    Rule("G4", "max_symbol_loss_pct", _made("symbol_pnl", "symbol"), ("SYMBOL_LOSS", _EQUITY, _COUNTERS)),
    Rule("G5", "max_give_back_pct", _kept, ("GIVE_BACK", _EQUITY, _COUNTERS)),
)  # fmt: skip
