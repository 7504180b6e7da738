"""Group F: its gates, in the order in which their verdicts are listed."""

from __future__ import annotations

from policies.gate import Gate
from policies.gates.rate import (
    active_orders,
    breakers,
    cooldown,
    duplicate,
    loss_streak,
    order_rate,
    order_to_trade,
    round_trips,
    symbol_cooldown,
)

GATES: tuple[Gate, ...] = (
    order_rate.SECOND_GATE,
    order_rate.GATE,
    order_rate.DAY_GATE,
    order_rate.SYMBOL_GATE,
    order_to_trade.GATE,
    order_to_trade.CANCELS_GATE,
    active_orders.GATE,
    duplicate.GATE,
    round_trips.GATE,
    cooldown.GATE,
    symbol_cooldown.EXIT_GATE,
    symbol_cooldown.STOP_GATE,
    symbol_cooldown.REJECT_GATE,
    loss_streak.GATE,
    loss_streak.STRATEGY_GATE,
    breakers.REJECTS_GATE,
    breakers.ERRORS_GATE,
    breakers.SLIPPAGE_GATE,
)
