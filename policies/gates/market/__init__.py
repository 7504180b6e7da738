"""Group E: its gates, in the order in which their verdicts are listed."""

from __future__ import annotations

from policies.gate import Gate
from policies.gates.market import (
    bar_age,
    blackout,
    collar,
    data_quality,
    halt,
    liquidity,
    market_order,
    news,
    quote_age,
    session,
    session_edge,
    spread,
    turbulence,
)

GATES: tuple[Gate, ...] = (
    session.GATE,
    session_edge.GATE,
    session_edge.CLOSE_GATE,
    halt.GATE,
    quote_age.GATE,
    bar_age.GATE,
    data_quality.GATE,
    data_quality.SOURCE_GATE,
    collar.GATE,
    collar.ATR_GATE,
    spread.GATE,
    market_order.GATE,
    liquidity.GATE,
    liquidity.VALUE_GATE,
    liquidity.PARTICIPATION_GATE,
    turbulence.GATE,
    turbulence.INDEX_GATE,
    turbulence.GAP_GATE,
    blackout.GATE,
    blackout.MACRO_GATE,
    blackout.ACTIONS_GATE,
    news.GATE,
)
