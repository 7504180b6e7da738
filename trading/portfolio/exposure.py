"""What the book is exposed to, as pure functions of book and market; unknown is None, never a smaller number.

Positions are valued at the worse side of our own quote: a long at the bid, a short at the ask. One position without a
quote makes every total that contains it None. Open orders are left to the gates, which count their worst case.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from domain.book import Account, Book, Performance, Position
from domain.case import MarketView, SymbolView
from domain.market import Symbol
from domain.money import HUNDRED, ZERO, known
from policies.measures.worst_case import usable

_NO_VIEW = SymbolView()


def view_of(market: MarketView, symbol: Symbol) -> SymbolView:
    """The symbol as the market shows it; an empty view for one that it does not."""
    return market.symbols.get(symbol, _NO_VIEW)


def mark_of(position: Position, market: MarketView) -> Decimal | None:
    """The price that closing would get now."""
    quote = usable(view_of(market, position.symbol).quote)
    return None if quote is None else quote.bid if position.qty > 0 else quote.ask


def values(book: Book, market: MarketView) -> Mapping[Symbol, Decimal] | None:
    """Signed market value of every position, shorts negative; None while one cannot be valued."""
    found: dict[Symbol, Decimal] = {}
    for symbol, position in book.positions.items():
        mark = mark_of(position, market)
        if mark is None:
            return None
        found[symbol] = position.qty * mark
    return found


def gross(book: Book, market: MarketView) -> Decimal | None:
    """Sum of absolute position values in the account's currency."""
    worth = values(book, market)
    return None if worth is None else sum((abs(value) for value in worth.values()), ZERO)


def net(book: Book, market: MarketView) -> Decimal | None:
    """Longs less shorts in the account's currency."""
    worth = values(book, market)
    return None if worth is None else sum(worth.values(), ZERO)


def share_pct(amount: Decimal | None, equity: Decimal | None) -> Decimal | None:
    """``amount`` in per cent of equity; None where either is unknown or there is no equity."""
    amount, equity = known(amount), known(equity)
    return None if amount is None or equity is None or equity <= 0 else amount / equity * HUNDRED


def pnl_pct(position: Position, market: MarketView) -> Decimal | None:
    """Unrealised result in per cent of the average price: bought at 100, bid 103 -> 3."""
    mark = mark_of(position, market)
    if mark is None or position.avg_price <= 0:
        return None
    return (mark / position.avg_price - 1) * HUNDRED * (1 if position.qty > 0 else -1)


def day_pnl_pct(account: Account, performance: Performance) -> Decimal | None:
    """Change of equity since the start of the exchange day, in per cent of that start."""
    equity, start = known(account.equity), known(performance.day_start_equity)
    return None if equity is None or start is None else share_pct(equity - start, start)


def drawdown_pct(account: Account, performance: Performance) -> Decimal | None:
    """How far equity stands below its peak, in per cent of the peak: peak 110, now 99 -> 10; 0 at a new peak."""
    equity, peak = known(account.equity), known(performance.peak_equity)
    return None if equity is None or peak is None else share_pct(max(ZERO, peak - equity), peak)
