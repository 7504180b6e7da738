"""Closing: everything, or some symbols, at once and by orders of the owner.

    no kill       orders by hand, which pass the gates as exits do: while paused, while reducing, in a loss
    a kill stands a plain order would pass nothing, so closing is a kill that orders it, of all or of some symbols alone
                  (decision 0011; ``controlling.flatten`` takes the one way or the other)

Nothing is bought or opened on this way, and what is still held afterwards is named with the reason.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import partial

from domain.errors import DataQualityError, ManualActionError, RetryableError, UsageError
from domain.market import Symbol
from domain.orders import Origin
from graphs.nodes.observe import market_now
from interfaces.acting.slicing import check_time, settled
from interfaces.runtime import Runtime
from interfaces.telling.standstill import standstill
from interfaces.views.control import HoldingView
from trading.execution.flatten import Flattened, Hands, flatten, meant_by
from trading.execution.settle import Settlement
from trading.store.trades import Trade

LEAST_OF_AN_ID, MOST_NAMED = 8, 3


def close(runtime: Runtime, only: Sequence[Symbol]) -> str:
    """Close these symbols, or all; the answer is what was done. Raises ManualActionError where something is left."""
    check_time(runtime)
    settled(runtime)
    hands = hands_of(runtime, Origin.MANUAL, frozenset(only) or None)
    check_held(hands, only)
    # Named after the moment: another order to close takes out what this one left working, and sells what is held then.
    done = flatten(hands, f"by hand {runtime.deps.clock.now().isoformat()}")
    if done.left:
        # Asked again at the same moment it would send nothing: what is left rests, and fills as time goes on.
        stands, again = standstill(runtime), "ask again to go on with it, or see `sage orders`."
        raise ManualActionError(done.told, f"{stands} Then {again}" if stands else again.capitalize())
    of = f" of {', '.join(only)}" if only else ""
    if done.sent:
        told = f"nothing is held any more{of}; closing orders sent: {done.sent}"
    else:
        told = f"nothing was held{of}, so there was nothing left to close"
    work = _still_working(runtime, frozenset(only))
    stands = standstill(runtime) if work else ""
    return f"{told}{work}{f'. {stands}' if stands else ''}"


def _still_working(runtime: Runtime, only: frozenset[Symbol]) -> str:
    """What could still buy or sell something of these symbols, or of any."""
    work = [each for each in runtime.deps.stores.orders.open() if not only or each.symbol in only]
    if not work:
        return ""
    named = [f"{each.side.value} {each.qty - each.filled_qty:f} {each.symbol}" for each in work[:MOST_NAMED]]
    more = f" and {len(work) - MOST_NAMED} more" if len(work) > MOST_NAMED else ""
    return f"; still working: {', '.join(named)}{more} (see `sage orders`)"


def check_held(hands: Hands, only: Sequence[Symbol]) -> None:
    """UsageError where the broker holds nothing of one of these."""
    held = {each.symbol for each in hands.within_reach()}
    unknown = [symbol for symbol in only if symbol not in held]
    if unknown:
        hands.held()  # raises where one of several brokers does not say what it holds
        raise UsageError(f"{', '.join(unknown)}: nothing is held", "See `sage positions`.")


def holding(runtime: Runtime, name: str) -> HoldingView:
    """What is held of a symbol, of a round trip that is open, or of an order that filled into one.

    The beginning of an id, of eight signs at least, is enough where nothing else begins so. Closing it closes all that
    is held of the symbol.
    """
    settled(runtime)
    trades = runtime.deps.stores.trades.all_open()
    held = {each.symbol: each.qty for each in runtime.deps.broker.positions() if each.qty}
    found = {*_by_name(name, held, trades), *_by_order(runtime, name, trades)} & held.keys()
    if len(found) != 1:
        what = "several holdings are called" if found else "nothing that is held is called"
        raise UsageError(f"{what} {name}", "Take a symbol from `sage positions`, or an id from `sage orders`.")
    symbol = found.pop()
    trade = trades.get(symbol)
    return HoldingView(runtime.deps.clock.now(), name, symbol, held[symbol], "" if trade is None else trade.trade_id)


def _by_name(name: str, held: Mapping[Symbol, Decimal], trades: Mapping[Symbol, Trade]) -> Iterator[Symbol]:
    yield from (symbol for symbol in held if symbol == name.upper())
    yield from (symbol for symbol, trade in trades.items() if begins(trade.trade_id, name))


def _by_order(runtime: Runtime, name: str, trades: Mapping[Symbol, Trade]) -> Iterator[Symbol]:
    """Symbols in whose open round trip an entry of that name has filled; one that only closes stands for nothing."""
    orders = runtime.deps.stores.orders
    for symbol, trade in trades.items():
        filled = {fill.client_order_id for fill in orders.fills_since(trade.opened_at) if fill.symbol == symbol}
        named = (orders.get(each) for each in filled if begins(each, name))
        if any(order is not None and not order.reduce_only for order in named):
            yield symbol


def begins(whole: str, name: str) -> bool:
    """Whether somebody means this id by that name: a sign or two stand for too much to sell anything."""
    return whole == name or (len(name) >= LEAST_OF_AN_ID and whole.startswith(name))


def closed(runtime: Runtime, order: str) -> Flattened:
    """Close everything that the kill of that id orders to be closed."""
    return flatten(hands_of(runtime, only=meant_by(runtime.kill_switch, order)), order)


def go_on_closing(runtime: Runtime) -> None:
    """Go on with a flatten that the present kill has ordered: a crash or a slow market may have left something."""
    ordered = runtime.kill_switch.flatten()
    if not ordered:
        return
    try:
        closed(runtime, ordered)
    except (RetryableError, DataQualityError) as error:
        logging.getLogger(__name__).warning("positions are not closed: %s", error.what)


def hands_of(runtime: Runtime, origin: Origin = Origin.FLATTEN, only: frozenset[Symbol] | None = None) -> Hands:
    """What a flatten works with in this process."""
    deps, stores = runtime.deps, runtime.deps.stores
    settlement = Settlement(stores.database, stores.ledger, stores.orders, stores.control)
    market = partial(market_now, deps)
    return Hands(deps.desk, deps.broker, stores.orders, settlement, deps.clock, market, time.sleep, origin, only)
