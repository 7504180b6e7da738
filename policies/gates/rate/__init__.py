"""Group F: its gates, in the order in which their verdicts are listed."""

from __future__ import annotations

from policies.gate import Gate
from policies.gates.rate import active_orders, cooldown, duplicate, loss_streak, order_rate

GATES: tuple[Gate, ...] = (
    order_rate.GATE,
    order_rate.DAY_GATE,
    active_orders.GATE,
    duplicate.GATE,
    cooldown.GATE,
    loss_streak.GATE,
)
