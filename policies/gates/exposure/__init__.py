"""Group C: its gates, in the order in which their verdicts are listed."""

from __future__ import annotations

from policies.gate import Gate
from policies.gates.exposure import (
    adds,
    cash_reserve,
    concentration,
    gross,
    heat,
    net,
    open_positions,
    order_notional,
    order_qty,
    overnight,
    position,
    trade_risk,
    turnover,
    value_at_risk,
)

GATES: tuple[Gate, ...] = (
    order_notional.GATE,
    order_notional.EQUITY_GATE,
    order_qty.GATE,
    position.GATE,
    position.NOTIONAL_GATE,
    position.QTY_GATE,
    open_positions.GATE,
    open_positions.CYCLE_GATE,
    open_positions.DAY_GATE,
    gross.GATE,
    net.GATE,
    gross.LEVERAGE_GATE,
    concentration.GATE,
    concentration.CLUSTER_GATE,
    net.BETA_GATE,
    trade_risk.GATE,
    heat.GATE,
    value_at_risk.GATE,
    value_at_risk.SHORTFALL_GATE,
    position.VOLATILITY_GATE,
    cash_reserve.GATE,
    cash_reserve.SHARE_GATE,
    adds.GATE,
    adds.DOWN_GATE,
    overnight.GATE,
    overnight.WEEKEND_GATE,
    turnover.GATE,
)
