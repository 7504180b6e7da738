"""What always holds in a simulated life, and what holds once it is over: judged over both books, never over a log.

no double    an id is posted once; no execution is booked twice, none that the exchange does not have
no loss      what was posted is in our books and no longer an intent; what works there is open here
a next step  at the end every intent is an order at the exchange or has a reason why not; nothing is in flight
book         right after a comparison the books are equal, or the symbol is named as different
exposure     what is held and may still be bought never exceeds the limit; what nobody could expect is counted
cash         bought, sold, fees and profits add up to the same money on both sides
record       the ledger verifies, the books agree with it, and nothing was sent without verdicts
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import select

from domain.ids import ClientOrderId
from domain.market import Symbol
from domain.money import ZERO
from domain.orders import Fill, Order, OrderStatus, Side
from domain.record.entries import RecordKind
from domain.verdicts import Outcome
from tests.builders.execution import House
from tests.builders.market import NOON
from tests.simulation.exchange import START
from tests.simulation.lives.market_side import Memory
from trading.audit.books import check_books
from trading.store.tables import fills as fill_rows

S = OrderStatus
IN_FLIGHT = (S.INTENT, S.SUBMITTED, S.UNKNOWN)
LONG_AGO = NOON - timedelta(days=9)


def ours_now(house: House) -> dict[ClientOrderId, Order]:
    """Every order of our books."""
    return {order.client_order_id: order for order in house.orders.recent(LONG_AGO)}


def always(
    house: House, exchange: Memory, ours: Mapping[ClientOrderId, Order], excused: Iterable[ClientOrderId], most: int
) -> Iterator[str]:
    """What does not hold after a step; ``excused`` orders were given up because a clock had jumped."""
    books = exchange.books
    yield from (f"double: {name} was posted {n} times" for name, n in Counter(books.posts).items() if n > 1)
    for name in books.posts:
        if name not in ours or ours[name].status is S.INTENT:
            yield f"lost: {name} was posted, ours is {ours.get(name)}"
    for name, report in books.orders.items():
        # An order that is filled and still called open has nothing left to lose.
        works = report.status.is_open and report.filled_qty < report.qty
        if works and name not in excused and not (name in ours and ours[name].status.is_open):
            yield f"lost: {name} works there and is {ours.get(name)} here"
    theirs = {fill.fill_id: fill for fill in books.fills}
    booked = house.orders.fills_since(LONG_AGO)
    yield from (f"double: {fill} is booked and was not made" for fill in booked if theirs.get(fill.fill_id) != fill)
    yield from beyond(exchange, most)


def beyond(exchange: Memory, most: int) -> Iterator[str]:
    """Symbols in which more can be held than the limit, or less than nothing."""
    held = exchange.positions()
    buying: dict[Symbol, Decimal] = {}
    for order in exchange.books.orders.values():
        if order.side is Side.BUY and order.status.is_open:
            buying[order.symbol] = buying.get(order.symbol, ZERO) + max(order.qty - order.filled_qty, ZERO)
    for symbol in sorted({*held, *buying}):
        reach = held.get(symbol, ZERO) + buying.get(symbol, ZERO)
        if reach > most + exchange.surprise[symbol, Side.BUY]:
            yield f"beyond: {symbol} can reach {reach} of {most}"
        if held.get(symbol, ZERO) < -exchange.surprise[symbol, Side.SELL]:
            yield f"beyond: {symbol} was sold short, {held[symbol]}"


def at_the_end(
    house: House, exchange: Memory, ours: Mapping[ClientOrderId, Order], asked: Iterable[ClientOrderId]
) -> Iterator[str]:
    """What does not hold where everything has become known."""
    held = {name: qty for name, qty in house.orders.trades.positions().items() if qty}
    if held != exchange.positions():
        yield f"we hold {held}, they {exchange.positions()}"
    yield from (f"nobody knows what becomes of {order}" for order in ours.values() if order.status in IN_FLIGHT)
    for name, report in exchange.books.orders.items():
        order = ours.get(name)
        if order is None or (order.status, order.filled_qty) != (report.status, report.filled_qty):
            yield f"ours is {order}, theirs {report}"
    yield from (f"lost: {name}: {why}" for name in asked for why in [without_reason(house, exchange, name)] if why)
    yield from money(house, exchange)
    if not house.ledger.verify().ok:
        yield f"the ledger: {house.ledger.verify().problems}"
    yield from (f"the books: {each.told}" for each in check_books(house.database, house.equity).findings)


def without_reason(house: House, exchange: Memory, name: ClientOrderId) -> str:
    """Why an intent that was asked for is neither at the exchange nor refused on record; empty where it is."""
    order = house.orders.get(name)
    verdicts = house.ledger.entries(subject=name, kind=RecordKind.VERDICTS)
    if name in exchange.books.posts and not verdicts:
        return "sent without verdicts"
    if name in exchange.books.orders:
        return ""
    if order is not None:
        told = order.status in (S.CANCELED, S.DENIED, S.REJECTED) and order.reason
        return "" if told else f"not there, and ours is {order}"
    refused = verdicts and verdicts[-1].body["evaluation"]["outcome"] not in (Outcome.PASS, Outcome.REDUCE)
    return "" if refused else "no order and no refusal"


def money(house: House, exchange: Memory) -> Iterator[str]:
    """Cash is neither made nor lost: it is the start, less what was paid, on both sides and through the lots."""
    mine = house.orders.fills_since(LONG_AGO)
    if sorted(mine, key=by_id) != sorted(exchange.books.fills, key=by_id):
        yield f"executions differ: ours {len(mine)}, theirs {len(exchange.books.fills)}"
        return
    flow = -sum((fill.qty * fill.price * fill.side.sign for fill in mine), ZERO)
    fees = sum((fill.commission for fill in mine), ZERO)
    if house.broker.account().cash != START + flow - fees:
        yield f"cash is {house.broker.account().cash}, not {START + flow - fees}"
    with house.database.reading() as connection:
        realized = sum(connection.execute(select(fill_rows.c.realized_pnl)).scalars(), ZERO)
    tied = sum((lot.qty * lot.price for lot in house.orders.trades.lots()), ZERO)
    if flow != realized - tied:
        yield f"{flow} went through the market, profits of {realized} and lots of {tied} do not add up to it"


def by_id(fill: Fill) -> str:
    """To compare executions in one order."""
    return fill.fill_id
