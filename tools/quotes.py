"""The present price as evidence, known since the time of the quote."""

from __future__ import annotations

from domain.evidence import Evidence
from domain.money import rounded
from policies.measures.worst_case import usable
from tools.environment import Environment
from tools.tool import SymbolArgument, figure, tool
from trading.portfolio.exposure import view_of
from trading.signals.composite import spread_pct


@tool
def quotes(env: Environment, symbol: SymbolArgument) -> tuple[Evidence, ...]:
    """Best bid and ask, their spread and age, and whether the symbol is halted."""
    view = view_of(env.market, symbol)
    quote, status = usable(view.quote), view.status
    at = env.as_of if quote is None else quote.at
    source = "missing" if quote is None else f"{quote.source} (modelled)" if quote.modelled else quote.source
    shown = (
        ("quote.bid", None if quote is None else quote.bid, "USD"),
        ("quote.ask", None if quote is None else quote.ask, "USD"),
        ("quote.spread_pct", None if quote is None else rounded(float(spread_pct(quote))), "pct"),
        ("quote.age", None if quote is None else int((env.as_of - quote.at).total_seconds()), "seconds"),
    )
    halted = figure(
        "halted",
        None if status is None else status.halted,
        "text",
        source="missing" if status is None else "status",
        at=env.as_of if status is None else status.at,
        symbol=symbol,
    )
    return (*(figure(name, value, unit, source=source, at=at, symbol=symbol) for name, value, unit in shown), halted)
