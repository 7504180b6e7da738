"""The books read straight from the tables, and limits checked on them by arithmetic that knows no gate.

    breaches(before, order, quotes, now, limits) -> names of the limits that this order breaks

Prices are the worse side: a buy costs its limit, else the larger of ask and trigger; holdings are worth the ask,
equity is counted at the bid. Worked: 40 held at ask 100.01, 10 working at 100.20, 30 more at 100.10 are 4,000.40 +
1,002.00 + 3,003.00 = 8,005.40 of the symbol.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import select

from domain.market import Quote, Symbol
from domain.money import ZERO
from domain.orders import OrderStatus, OrderType, Side
from domain.record.canonical import restore
from trading.execution.brokers.paper.books import PaperOrder
from trading.store.accounts.paper_tables import paper_accounts, paper_orders, paper_positions
from trading.store.database import Database
from trading.store.tables import fills, orders

START = Decimal(100_000)


class Line(NamedTuple):
    """One order that is no protective leg: at the broker, or on its way there."""

    id: str
    symbol: Symbol
    side: Side
    qty: Decimal
    open: Decimal
    type: OrderType
    limit: Decimal | None
    trigger: Decimal | None
    reduce_only: bool
    at: datetime


class Books(NamedTuple):
    """Cash, holdings, every order ever sent, and what changed hands."""

    cash: Decimal
    held: Mapping[Symbol, Decimal]
    sent: tuple[Line, ...]
    filled: tuple[tuple[datetime, Decimal], ...]

    @property
    def working(self) -> tuple[Line, ...]:
        """What may still fill."""
        return tuple(line for line in self.sent if line.open > 0)

    def selling(self, symbol: Symbol) -> Decimal:
        """Open sells of a symbol."""
        return sum((each.open for each in self.working if each.symbol == symbol and each.side is Side.SELL), ZERO)


def books(database: Database) -> Books:
    """The tables of the paper broker and of our own orders, as they are now."""
    with database.reading() as connection:
        account = connection.execute(select(paper_accounts.c.cash)).scalar_one_or_none()
        held = connection.execute(select(paper_positions.c.symbol, paper_positions.c.qty)).all()
        bodies = connection.execute(select(paper_orders.c.body)).scalars().all()
        ours = connection.execute(select(orders).where(orders.c.parent_id.is_(None))).all()
        legs = select(orders.c.client_order_id).where(orders.c.parent_id.is_not(None))
        guards = set(connection.execute(legs).scalars())
        done = connection.execute(select(fills.c.at, fills.c.qty, fills.c.price)).all()
    told = [order for body in bodies if (order := restore(PaperOrder, body)).parent_id is None]
    # Protection that the desk puts behind a holding stands alone at the broker and is a leg in our own books.
    told = [order for order in told if order.client_order_id not in guards]
    there = {row.client_order_id for row in told}
    # An order of ours that the broker does not know yet may arrive at any moment.
    coming = [row for row in ours if row.client_order_id not in there and OrderStatus(row.status).is_open]
    filled = tuple((row.at, row.qty * row.price) for row in done)
    lines = (*_lines(told, "accepted_at"), *_lines(coming, "created_at"))
    return Books(START if account is None else account, {row.symbol: row.qty for row in held}, lines, filled)


def _lines(rows: Iterable[Any], at: str) -> tuple[Line, ...]:
    return tuple(
        Line(
            row.client_order_id,
            Symbol(row.symbol),
            Side(row.side),
            row.qty,
            row.qty - row.filled_qty if OrderStatus(row.status).is_open else ZERO,
            OrderType(row.type),
            row.limit_price,
            row.trigger_price,
            row.reduce_only,
            getattr(row, at),
        )
        for row in rows
    )


Quotes = Mapping[Symbol, Quote]


def price(line: Line, quotes: Quotes) -> Decimal:
    """What a share of a buy may cost."""
    return line.limit if line.limit is not None else max(quotes[line.symbol].ask, line.trigger or ZERO)


def equity(known: Books, quotes: Quotes) -> Decimal:
    """Cash and holdings at the bid."""
    return known.cash + sum((qty * quotes[symbol].bid for symbol, qty in known.held.items()), ZERO)


def up(known: Books, symbol: Symbol, quotes: Quotes) -> tuple[Decimal, Decimal]:
    """Shares and money of a symbol once all its buys have filled and none of its sells."""
    buys = [each for each in known.working if each.symbol == symbol and each.side is Side.BUY]
    held = known.held.get(symbol, ZERO)
    shares = held + sum((each.open for each in buys), ZERO)
    return shares, held * quotes[symbol].ask + sum((each.open * price(each, quotes) for each in buys), ZERO)


def is_exit(before: Books, line: Line) -> bool:
    """True for a sell of no more than is held and not being sold."""
    free = before.held.get(line.symbol, ZERO) - before.selling(line.symbol)
    return line.side is Side.SELL and line.qty <= free


def breaches(
    before: Books, line: Line, quotes: Quotes, now: datetime, day: datetime, limits: Mapping[str, Any]
) -> list[str]:
    """Limits that this order breaks; an exit is only asked whether it is one. ``day`` is when the exchange's began."""
    if line.side is Side.SELL:
        return [] if is_exit(before, line) else ["allow_short"]
    cost = line.qty * price(line, quotes)
    shares, value = up(before, line.symbol, quotes)
    worth, names = equity(before, quotes), {line.symbol, *before.held, *(each.symbol for each in before.working)}
    gross = cost + sum((up(before, name, quotes)[1] for name in names), ZERO)
    reserved = sum((each.open * price(each, quotes) for each in before.working if each.side is Side.BUY), ZERO)
    minute = [each for each in before.sent if each.at > now - timedelta(seconds=60)]
    today = [each for each in before.sent if each.at >= day]
    turnover = cost + sum((amount for at, amount in before.filled if at >= day), ZERO)
    quote = quotes[line.symbol]
    taken = [name for name in names if name == line.symbol or up(before, name, quotes)[0] != 0]
    measured = {
        "max_order_qty": line.qty, "max_order_notional": cost, "max_position_qty": shares + line.qty,
        "max_position_notional": value + cost, "max_position_pct_equity": 100 * (value + cost) / worth,
        "max_gross_exposure_pct": 100 * gross / worth, "max_leverage": gross / worth,
        "max_open_positions": Decimal(len(taken)),
        "max_orders_per_minute": Decimal(len(minute) + 1), "max_orders_per_day": Decimal(len(today) + 1),
        "max_entries_per_day": Decimal(len([each for each in today if not each.reduce_only]) + 1),
        "max_active_orders": Decimal(len(before.working) + 1), "max_turnover_per_day": turnover,
        "max_spread_pct": 200 * (quote.ask - quote.bid) / (quote.ask + quote.bid),
        "max_quote_age_s": Decimal((now - quote.at) / timedelta(seconds=1)),
        "price_collar_pct": 100 * abs(price(line, quotes) / quote.last - 1),
    }  # fmt: skip
    left = before.cash - reserved - cost
    broken = [name for name, found in measured.items() if name in limits and found > Decimal(str(limits[name]))]
    broken += [name for name in ("min_cash_reserve",) if left < Decimal(str(limits.get(name, 0)))]
    return broken + (["quote of the future"] if quote.at > now else [])
