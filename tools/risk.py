"""How much more of a symbol the gates would let through, as evidence: asked of the gates themselves.

The question is a standard entry: a marketable limit above the ask, as the desk would send it, protected two ATR
below. Without quote, instrument or ATR no entry can be protected, so the room is what the gates leave such an order.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from domain.case import Case
from domain.evidence import Evidence
from domain.market import Symbol
from domain.money import floor_to
from policies.measures.headroom import largest_passing, probe
from policies.measures.slippage import slippage_of
from policies.measures.worst_case import usable
from tools.environment import Environment
from tools.tool import SymbolArgument, figure, tool
from trading.portfolio.exposure import view_of
from trading.strategies.base import levels_from

_STOP_ATR = Decimal(2)
_REWARD_RISK = Decimal(2)


@tool
def room(env: Environment, symbol: SymbolArgument) -> tuple[Evidence, ...]:
    """The largest entry that all gates would let through now, in shares, and the gate that stops a larger one."""
    shares, gate = largest_passing(standard_entry(env, symbol), env.policy)
    return (
        figure("room.shares", shares, "shares", source="gates", at=env.as_of, symbol=symbol),
        figure("room.gate", "none" if gate is None else gate, "text", source="gates", at=env.as_of, symbol=symbol),
    )


def standard_entry(env: Environment, symbol: Symbol) -> Case:
    """The smallest such entry as a case for the gates."""
    case = probe(env.as_of, env.control, env.book, env.market, symbol, release=env.release)
    view, signal = view_of(env.market, symbol), env.signals.get(symbol)
    atr = None if signal is None else signal.quant.values.get("atr14")
    quote = usable(view.quote)
    if quote is None or view.instrument is None or atr is None:
        return case
    tick = view.instrument.tick
    levels = levels_from(quote.ask, atr, tick=tick, stop_atr=_STOP_ATR, reward_risk=_REWARD_RISK)
    if levels is None:
        return case
    # Rounded down: a tick more would stand beyond what the policy lets an order pay.
    limit = floor_to(quote.ask * (1 + slippage_of(env.policy.limits)), tick)
    return replace(case, order=replace(case.order, limit_price=limit, stop_loss=levels.stop, take_profit=levels.target))
