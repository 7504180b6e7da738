"""Group G: its gates, in the order in which their verdicts are listed."""

from __future__ import annotations

from policies.gate import Gate
from policies.gates.loss import day_loss, drawdown, give_back, period_loss, recovery_ramp, source_loss

GATES: tuple[Gate, ...] = (
    day_loss.GATE,
    day_loss.MONEY_GATE,
    period_loss.WEEK_GATE,
    period_loss.MONTH_GATE,
    drawdown.SOFT_GATE,
    drawdown.GATE,
    source_loss.STRATEGY_GATE,
    source_loss.SYMBOL_GATE,
    give_back.GATE,
    recovery_ramp.GATE,
)
