"""Group E: its gates, in the order in which their verdicts are listed."""

from __future__ import annotations

from policies.gate import Gate
from policies.gates.market import bar_age, collar, earnings, halt, liquidity, market_order, quote_age, session, spread

GATES: tuple[Gate, ...] = (
    session.GATE,
    halt.GATE,
    quote_age.GATE,
    bar_age.GATE,
    collar.GATE,
    collar.ATR_GATE,
    spread.GATE,
    market_order.GATE,
    liquidity.GATE,
    earnings.GATE,
)
