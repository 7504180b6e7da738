"""Group C: its gates, in the order in which their verdicts are listed."""

from __future__ import annotations

from policies.gate import Gate
from policies.gates.exposure import (
    cash_reserve,
    gross,
    net,
    open_positions,
    order_notional,
    order_qty,
    position,
    sector,
    trade_risk,
    turnover,
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
    gross.GATE,
    net.GATE,
    gross.LEVERAGE_GATE,
    sector.GATE,
    trade_risk.GATE,
    cash_reserve.GATE,
    cash_reserve.SHARE_GATE,
    turnover.GATE,
)
