"""Group G: its gates, in the order in which their verdicts are listed."""

from __future__ import annotations

from policies.gate import Gate
from policies.gates.loss import day_loss, drawdown

GATES: tuple[Gate, ...] = (
    day_loss.GATE,
    day_loss.MONEY_GATE,
    drawdown.SOFT_GATE,
    drawdown.GATE,
)
