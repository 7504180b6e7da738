"""The book as evidence, known since the broker told it."""

from __future__ import annotations

from decimal import Decimal

from domain.evidence import Evidence, Value
from domain.money import rounded
from tools.environment import Environment
from tools.tool import SymbolArgument, figure, tool
from trading.portfolio.exposure import day_pnl_pct, drawdown_pct, gross, pnl_pct, share_pct


@tool
def portfolio(env: Environment) -> tuple[Evidence, ...]:
    """Cash, equity, gross exposure, result of the day, drawdown and number of positions."""
    account, counters = env.book.account, env.book.performance
    held = sum(position.qty != 0 for position in env.book.positions.values())
    figures: tuple[tuple[str, Value, str], ...] = (
        ("book.cash", account.cash, "USD"),
        ("book.equity", account.equity, "USD"),
        ("book.gross_pct", _shown(share_pct(gross(env.book, env.market), account.equity)), "pct"),
        ("book.day_pnl_pct", _shown(day_pnl_pct(account, counters)), "pct"),
        ("book.drawdown_pct", _shown(drawdown_pct(account, counters)), "pct"),
        ("book.positions", held, "count"),
    )
    return tuple(figure(name, value, unit, source="broker", at=account.as_of) for name, value, unit in figures)


@tool
def position(env: Environment, symbol: SymbolArgument) -> tuple[Evidence, ...]:
    """Quantity held, average price, unrealised result and protective stop; a quantity of 0 where nothing is held."""
    held = env.book.positions.get(symbol)
    figures: list[tuple[str, Value, str]] = [("position.qty", Decimal(0) if held is None else held.qty, "shares")]
    if held is not None and held.qty != 0:
        figures += [
            ("position.avg_price", held.avg_price, "USD"),
            ("position.pnl_pct", _shown(pnl_pct(held, env.market)), "pct"),
            ("position.stop", held.stop_loss, "USD"),
        ]
    at = env.book.account.as_of
    return tuple(figure(name, value, unit, source="broker", at=at, symbol=symbol) for name, value, unit in figures)


def _shown(value: Decimal | None) -> Decimal | None:
    return None if value is None else rounded(float(value))
