"""The book as of now: broker truth for money and holdings, our own records for orders and counters.

Orders in flight and of unknown fate are part of it: until they are settled they count as exposure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple, TypeVar, cast

from domain.book import Account, Book, BrokerTime, Counters, Position
from domain.case import MarketView
from domain.errors import PartlyAnswered
from domain.ids import DecisionId
from domain.money import ZERO
from domain.orders import Fill, Order, OrderReport, OrderStatus, Origin, TimeInForce
from domain.ports import Broker, Clock
from trading.execution.counters import counters, profits
from trading.store.accounts.equity import EquityStore
from trading.store.orders import OrderStore
from trading.store.trades import Trade

T = TypeVar("T")

EXTERNAL = "external"
LONGEST_WAIT = timedelta(seconds=1)
"""An answer that waited longer for its turn to write is asked for again."""
RECENT = timedelta(days=1)
"""Recent orders reach back this far, or to the start of the exchange's day where that is earlier."""


class BrokerState(NamedTuple):
    """What the broker says at one moment: money, holdings, working orders, and its own time."""

    account: Account
    positions: tuple[Position, ...]
    orders: tuple[OrderReport, ...]
    time: BrokerTime


def ask(broker: Broker) -> BrokerState:
    """Ask the broker; it may take its time, so this is no part of a transaction that others wait for."""
    return BrokerState(broker.account(), broker.positions(), broker.orders(), broker.time())


def at_least(question: Callable[[], T]) -> T:
    """The answer, or what those brokers say that do answer: for a time, and for whoever closes what they hold."""
    try:
        return question()
    except PartlyAnswered as partly:
        return cast("T", partly.told)


def ask_to_act(broker: Broker) -> BrokerState:
    """What the gates judge by. Where one of several brokers is silent, no money is known, and exits alone pass."""
    missing: list[PartlyAnswered] = []

    def told(question: Callable[[], T]) -> T:
        try:
            return question()
        except PartlyAnswered as partly:
            missing.append(partly)
            return cast("T", partly.told)

    found = BrokerState(told(broker.account), told(broker.positions), told(broker.orders), told(broker.time))
    return found._replace(account=found.account.incomplete) if missing else found


class DatedState(NamedTuple):
    """What the broker told, when, and how far our own record was just before."""

    told: BrokerState
    at: datetime
    mark: int


class BrokerWatch:
    """Asks the broker ahead of a transaction, so that nobody waits for a network while it holds the write lock.

    Meanwhile another process may book an execution: its order does not count any more, and the holding is not in what
    we were told. Inside the transaction nothing of ours can move, so there the record is compared, and where an order
    was filled or ended since the question, or the answer is old, the broker is asked again.
    """

    def __init__(self, broker: Broker, orders: OrderStore, clock: Clock) -> None:
        self._broker = broker
        self._orders = orders
        self._clock = clock

    def ask(self) -> DatedState:
        """Ask; the mark comes first, so that what is booked while the broker answers is seen as a move."""
        mark = self._orders.mark()
        return DatedState(ask_to_act(self._broker), self._clock.now(), mark)

    def holds(self, answer: DatedState) -> BrokerState:
        """What the broker says, true together with our record as it is in this transaction."""
        return answer.told if self.still_holds(answer) else ask_to_act(self._broker)

    def still_holds(self, answer: DatedState) -> bool:
        """True while an answer is young enough, and no order was filled or ended since."""
        return self._clock.now() - answer.at <= LONGEST_WAIT and not self._orders.moved(answer.mark)


def read_book(
    broker: Broker,
    orders: OrderStore,
    equity: EquityStore,
    *,
    now: datetime,
    market: MarketView | None = None,
) -> Book:
    """Everything that gates count exposure from, for those who only look."""
    return book_of(ask(broker), orders, equity, now=now, market=market)


def read_counters(orders: OrderStore, equity: EquityStore, *, now: datetime) -> Counters:
    """What gates count besides exposure. All of it is our own record, and told whether the broker answers or not."""
    day_start = equity.day_start(now)
    with orders.reading():
        today = filter(is_message, orders.recent(day_start))
        return counters(orders, equity, today, len(orders.fills_since(day_start)), now=now)


def book_of(
    told: BrokerState,
    orders: OrderStore,
    equity: EquityStore,
    *,
    now: datetime,
    market: MarketView | None = None,
    without: Order | None = None,
) -> Book:
    """The same from what the broker has told; call it inside the transaction that will act on it.

    Without a ``market`` what open positions have made by strategy and symbol stays unknown. ``without`` is an order of
    ours that is being judged again or replaced, and is not to count beside itself.
    """
    account, held, working = told.account, told.positions, told.orders
    skipped = None if without is None else without.client_order_id
    day_start = equity.day_start(now)
    with orders.reading():
        since = min(day_start, now - RECENT)
        recent = tuple(each for each in orders.recent(since) if is_message(each) and each.client_order_id != skipped)
        today = [order for order in recent if order.created_at >= day_start]
        fills, trades = orders.fills_since(day_start), orders.trades.all_open()
        made = profits(orders.trades.profits(equity.month_start(now)), orders.trades.lots(), trades, market)
        return Book(
            account=account,
            performance=replace(
                equity.performance(now, equity=account.equity),
                strategy_pnl=made.by_strategy,
                symbol_pnl=made.by_symbol,
            ),
            positions={position.symbol: annotated(position, trades.get(position.symbol)) for position in held},
            open_orders=(
                *(order for order in orders.open() if order.client_order_id != skipped),
                *external_orders(orders, working),
            ),
            recent_orders=recent,
            orders_today=len(today),
            turnover_today=turnover(fills),
            counters=counters(orders, equity, today, len(fills), now=now),
        )


def external_orders(orders: OrderStore, working: tuple[OrderReport, ...]) -> tuple[Order, ...]:
    """Orders that work in the account and that nobody of us made: nothing we do with them, but they count as exposure.

    Protective legs behind an order of ours are not external, also before they are in our books.
    """
    parents = {report.parent_id for report in working if report.parent_id is not None}
    ours = orders.known(parents | {report.client_order_id for report in working})
    return tuple(external_order(report) for report in working if not {report.client_order_id, report.parent_id} & ours)


def external_order(report: OrderReport) -> Order:
    """A foreign order in our words; it may be to open, whatever it was meant for."""
    return Order(
        client_order_id=report.client_order_id,
        decision_id=DecisionId(f"{EXTERNAL}:{report.client_order_id}"),
        symbol=report.symbol,
        side=report.side,
        qty=report.qty,
        type=report.type,
        tif=TimeInForce.GTC,
        # It is on the list of what works, so an end is not believed: unknown counts as exposure.
        status=report.status if report.status.is_open else OrderStatus.UNKNOWN,
        created_at=report.at,
        updated_at=report.at,
        strategy=EXTERNAL,
        origin=Origin.MANUAL,
        filled_qty=report.filled_qty,
        avg_fill_price=report.avg_fill_price,
        limit_price=report.limit_price,
        trigger_price=report.trigger_price,
        leg=EXTERNAL,
        broker_id=report.broker_id,
        broker_status=report.broker_status,
    )


def is_message(order: Order) -> bool:
    """True for an order that we send; protective legs are made by the broker out of their entry."""
    return order.parent_id is None


def turnover(fills: tuple[Fill, ...]) -> Decimal:
    """Money that changed hands, buys and sells added up."""
    return sum((fill.qty * fill.price for fill in fills), ZERO)


def unrealized_pnl(account: Account, held: tuple[Position, ...]) -> Decimal | None:
    """What closing everything at the broker's marks would add: (equity - cash) - cost of what is held."""
    if account.equity is None or account.cash is None:
        return None
    return account.equity - account.cash - sum((position.qty * position.avg_price for position in held), ZERO)


def annotated(position: Position, trade: Trade | None) -> Position:
    """The broker's holding with what only we know about it: whose it is, since when, and its stop."""
    if trade is None:
        return position
    stop = position.stop_loss if trade.stop_loss is None else trade.stop_loss
    return replace(position, opened_at=trade.opened_at, strategy=trade.strategy, stop_loss=stop, entries=trade.entries)
