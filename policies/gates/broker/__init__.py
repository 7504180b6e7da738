"""Group D: its gates, in the order in which their verdicts are listed."""

from __future__ import annotations

from policies.gate import Gate
from policies.gates.broker import available_qty, buying_power, self_cross, short_sale

GATES: tuple[Gate, ...] = (
    buying_power.GATE,
    short_sale.GATE,
    self_cross.GATE,
    available_qty.GATE,
)
