"""What gates count besides exposure, from our own record: messages, fills, round trips, waits, faults, profits.

Nothing is kept in memory, so a new process on the same database counts the same. Windows have no end: what a clock
that was ahead has stamped with a time to come is inside today's until that time has passed, and a clock that goes back
looks further back and finds no less.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from domain.book import Counters
from domain.case import MarketView
from domain.market import Symbol
from domain.money import ZERO
from domain.orders import Order, OrderStatus
from trading.store.accounts.equity import EquityStore
from trading.store.activity import Happening, MessageKind
from trading.store.orders import OrderStore
from trading.store.trades import Lot, Span, Trade

SLIPPAGE_FILLS = 20
FEWEST_FILLS = 5
"""Below these the mean slippage says nothing yet and is 0."""
TRADE_SESSIONS = 5
REMEMBERED = timedelta(days=7)
"""How far back rejections and slippage count. Without an end to it a gate that they hold shut would stay shut for ever
where nothing is held: no order goes out, so none can be accepted or filled better. A resume resets neither."""


def counters(
    orders: OrderStore, equity: EquityStore, today: Iterable[Order], fills_today: int, *, now: datetime
) -> Counters:
    """All counters; ``today`` are this exchange day's orders without protective legs."""
    # DENIED never left us; what the broker refused was a message and counts (I-19).
    sent = [order for order in today if order.status is not OrderStatus.DENIED]
    asked = orders.activity.messages_since(equity.day_start(now))
    newest = orders.activity.newest()
    day_trades = round_trips(orders, equity, now)
    return Counters(
        entries_today=sum(not order.reduce_only for order in sent),
        cancels_today=asked.get(MessageKind.CANCEL, 0),
        messages_today=len(sent) + sum(asked.values()),
        fills_today=fills_today,
        round_trips_5d=day_trades.recent,
        round_trips_today=day_trades.today,
        last_exit_at=newest[Happening.EXIT],
        last_stop_at=newest[Happening.STOP],
        last_reject_at=newest[Happening.REJECT],
        last_loss_on=newest[Happening.LOSS],
        rejects_in_row=orders.rejected_in_row(now, since=now - REMEMBERED),
        api_error_pct=orders.activity.failed_pct(now),
        slippage_pct=mean_slippage(orders.slippage(SLIPPAGE_FILLS, since=now - REMEMBERED)),
    )


def mean_slippage(costs: tuple[Decimal, ...]) -> Decimal:
    """The mean of what fills cost in percent; 0 over fewer than five."""
    return ZERO if len(costs) < FEWEST_FILLS else sum(costs, ZERO) / len(costs)


class RoundTrips(NamedTuple):
    """Positions opened and closed on one exchange day: in the last five sessions, and today by symbol."""

    recent: int
    today: dict[Symbol, int]


def round_trips(orders: OrderStore, equity: EquityStore, now: datetime) -> RoundTrips:
    """Round trips within a day; what was held over a night is none."""
    day = equity.day_of(now)

    def within_a_day(span: Span) -> bool:
        return equity.day_of(span.opened_at) == equity.day_of(span.closed_at)

    spans = [span for span in orders.trades.spans(equity.sessions_from(now)) if within_a_day(span)]
    if not spans:
        return RoundTrips(0, {})
    # The calendar takes a second to load, so it is asked only where there is something to count.
    first = equity.session_day(now, TRADE_SESSIONS)
    closed = [(equity.day_of(span.closed_at), span.symbol) for span in spans]
    return RoundTrips(
        recent=sum(on >= first for on, _ in closed), today=dict(Counter(symbol for on, symbol in closed if on >= day))
    )


class Profits(NamedTuple):
    """Net, realised this exchange month and open; None where a holding has no price."""

    by_strategy: dict[str, Decimal] | None
    by_symbol: dict[Symbol, Decimal] | None


def profits(
    realized: Mapping[tuple[str, Symbol], Decimal],
    lots: Iterable[Lot],
    open_trades: Mapping[Symbol, Trade],
    market: MarketView | None,
) -> Profits:
    """What each strategy and symbol made: final since the month began, partial exits included, plus what is open.

    Open lots count from their entry at the side of our quote that would close them, a long at the bid: 10 bought at
    100 for a commission of 1, 4 of them sold at 105, bid 97: 20 - 1 + 6 x (97 - 100) = 1. A holding without a quote
    makes all of it unknown, for a name that is not listed would have made nothing.
    """
    by_strategy: dict[str, Decimal] = {}
    by_symbol: dict[Symbol, Decimal] = {}
    made = [(strategy, symbol, amount) for (strategy, symbol), amount in realized.items()]
    for lot in lots:
        price = closing_price(lot, market)
        if price is None:
            return Profits(None, None)
        owner = open_trades[lot.symbol].strategy if lot.symbol in open_trades else ""
        made.append((owner, lot.symbol, lot.qty * (price - lot.price)))
    for strategy, symbol, amount in made:
        by_strategy[strategy] = by_strategy.get(strategy, ZERO) + amount
        by_symbol[symbol] = by_symbol.get(symbol, ZERO) + amount
    return Profits(by_strategy, by_symbol)


def closing_price(lot: Lot, market: MarketView | None) -> Decimal | None:
    """The side of our quote that a lot would be closed at; None without a quote, or with an impossible one."""
    view = None if market is None else market.symbols.get(lot.symbol)
    if view is None or view.quote is None:
        return None
    price = view.quote.bid if lot.qty > ZERO else view.quote.ask
    return price if price.is_finite() and price > ZERO else None
