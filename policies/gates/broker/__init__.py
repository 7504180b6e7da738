"""Group D: its gates, in the order in which their verdicts are listed."""

from __future__ import annotations

from policies.gate import Gate
from policies.gates.broker import (
    available_qty,
    buying_power,
    margin,
    round_trips,
    self_cross,
    settled_cash,
    short_sale,
    wash_sale,
)

GATES: tuple[Gate, ...] = (
    buying_power.GATE,
    margin.GATE,
    short_sale.GATE,
    round_trips.GATE,
    self_cross.GATE,
    wash_sale.GATE,
    settled_cash.GATE,
    available_qty.GATE,
)
