"""What the paper broker takes and what it refuses, and with which reason.

A buy needs its cash, a sale its shares. With shorts allowed, what is sold beyond the holding must be there to borrow
and half its value free: 100 short at 50 need 2,500. What is short keeps 150 % of its value out of reach, its own
proceeds and that half: 10,000 in cash, of which 5,000 came from those 100 shares, leave 10,000 - 7,500 = 2,500 free.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from decimal import Decimal

from domain.ids import ClientOrderId
from domain.market import Instrument
from domain.money import ZERO
from domain.orders import OrderClass, OrderIntent, OrderType, Side, TimeInForce
from domain.ports import Calendar, Market
from trading.execution.brokers.paper.books import AT_ONCE, AUCTIONS, PaperBooks, PaperOrder
from trading.execution.brokers.paper.settings import PaperSettings

INITIAL = Decimal("0.5")
_ON_AUCTION = frozenset({OrderType.MARKET, OrderType.LIMIT})


class Admission:
    """Asked once for each order, inside the transaction that books it."""

    def __init__(self, books: PaperBooks, market: Market, calendar: Calendar, settings: PaperSettings) -> None:
        self._books = books
        self._market = market
        self._calendar = calendar
        self._settings = settings

    def refusal(
        self, intent: OrderIntent, order_id: ClientOrderId, now: datetime, replacing: PaperOrder | None = None
    ) -> str | None:
        """Why this broker does not take the order, or None; what is ``replacing`` holds no cash and no shares."""
        instrument = self._market.instrument(intent.symbol)
        if instrument is None or not instrument.tradable:
            return f"{intent.symbol} is not traded here"
        # From the id and not from a generator: the same order is rejected again in a replay, whatever was asked
        # between.
        if chance(self._settings.seed, order_id) < self._settings.reject_probability:
            return "the venue rejected the order"
        wrong = self._shape(intent, now)
        if wrong is not None:
            return wrong
        # A leg never holds more than the position (``PaperLegs.fit``), so there is nothing to count.
        if replacing is not None and replacing.is_leg:
            return None
        if intent.side is Side.SELL:
            return self._sale(intent, instrument, now, replacing)
        return self._purchase(intent, now, replacing)

    def _shape(self, intent: OrderIntent, now: datetime) -> str | None:
        """What does not go together, whoever asks."""
        in_session = self._calendar.session_at(now) is not None
        if intent.type is OrderType.TRAILING_STOP and (intent.trail_amount is None) is (intent.trail_pct is None):
            return "a trailing stop has an amount or a percentage to stay behind"
        if intent.tif in AUCTIONS and intent.type not in _ON_AUCTION:
            return f"{intent.type} {intent.tif} orders are not supported"
        if intent.tif is TimeInForce.GTD and (intent.expires_at is None or intent.expires_at <= now):
            return "a good-till-date order needs a date to come"
        if intent.tif is TimeInForce.OPG and in_session:
            return "the opening auction is over"
        if intent.tif in AT_ONCE | {TimeInForce.CLS} and not in_session:
            return "the market is closed"
        if intent.extended_hours and not self._settings.extended_hours:
            return "extended hours are not supported"
        if intent.extended_hours and (intent.type, intent.tif) != (OrderType.LIMIT, TimeInForce.DAY):
            return "extended hours take limit orders for the day only"
        return _pair_fault(intent)

    def _sale(self, intent: OrderIntent, instrument: Instrument, now: datetime, old: PaperOrder | None) -> str | None:
        short = intent.qty - self._free(intent, old)
        if short <= 0:
            return None
        if not self._settings.allow_short or intent.reduce_only or intent.order_class is OrderClass.OCO:
            return f"more than the free holding of {intent.symbol}; this account cannot go short"
        # ``is False``: a source that does not tell is not taken to say that there is nothing.
        if not instrument.shortable or instrument.easy_to_borrow is False:
            return f"no shares of {intent.symbol} to borrow"
        most = self._settings.max_short_qty
        if most is not None and short - min(ZERO, self._books.held(intent.symbol)) > most:
            return f"no more than {most} shares of {intent.symbol} to borrow"
        quote = self._market.quote(intent.symbol, as_of=now)
        free = self._free_cash(now, old)
        if quote is None or free is None:
            return f"no quote of {intent.symbol} to reserve margin by"
        # The higher of the two: a limit above the bid sells dearer, and the margin is of what it sells at.
        if INITIAL * short * max(quote.bid, intent.limit_price or ZERO) > free:
            return "not enough margin"
        return None

    def _purchase(self, intent: OrderIntent, now: datetime, old: PaperOrder | None) -> str | None:
        opened = intent.qty - max(ZERO, -self._books.held(intent.symbol))
        if opened <= 0:
            return None
        if intent.reduce_only:
            return f"more than is short of {intent.symbol}"
        price = self._price_bound(intent, now)
        if price is None:
            return f"no quote of {intent.symbol} to reserve cash by"
        free = self._free_cash(now, old)
        if free is None:
            return "a working buy has no quote to reserve cash by"
        if opened * price > free:
            return "not enough cash"
        return None

    def _free(self, intent: OrderIntent, old: PaperOrder | None) -> Decimal:
        """Shares that no plain sale holds."""
        free = {position.symbol: position.available_qty for position in self._books.positions()}
        held = max(ZERO, free.get(intent.symbol) or ZERO)
        # What is replaced gives its shares back; protection never held any from a plain sale.
        own = old.open_qty if old is not None and old.side is Side.SELL and not old.protects else ZERO
        return min(held + own, max(ZERO, self._books.held(intent.symbol)))

    def _free_cash(self, now: datetime, old: PaperOrder | None) -> Decimal | None:
        """Cash without what working buys may take and what shorts hold; None while one of them has no price."""
        free = self._books.cash()
        for order in self._books.working():
            # Also a stop that may never trigger: were it not counted, two buys could be promised the same cash.
            if order.side is Side.BUY and not order.reduce_only and order != old:
                price = self._price_bound(order, now)
                if price is None:
                    return None
                free -= order.open_qty * price
        for position in self._books.positions() if self._settings.allow_short else ():
            quote = self._market.quote(position.symbol, as_of=now) if position.qty < 0 else None
            if position.qty < 0 and quote is None:
                return None
            free += ZERO if quote is None else position.qty * quote.ask * (1 + INITIAL)
        return free

    def _price_bound(self, order: OrderIntent | PaperOrder, now: datetime) -> Decimal | None:
        """What a share of a buy may cost: its limit, its trigger, or the ask."""
        if order.limit_price is not None:
            return order.limit_price
        # A stop order may fill beyond its trigger; ``PaperExchange._possible`` then cuts it to the cash that is there.
        if order.trigger_price is not None:
            return order.trigger_price
        quote = self._market.quote(order.symbol, as_of=now)
        return None if quote is None else quote.ask


def chance(seed: int, order_id: ClientOrderId) -> Decimal:
    """A number in [0, 1) that only the seed and the order decide."""
    hashed = hashlib.sha256(f"{seed}:{order_id}".encode()).digest()
    # Python's own hash differs from process to process.
    return Decimal(int.from_bytes(hashed[:8])) / (1 << 64)


def _pair_fault(intent: OrderIntent) -> str | None:
    """Exits behind an exit: both, as a target that is the order's own limit and a stop on the other side of it."""
    stop, target = intent.stop_loss, intent.take_profit
    if not intent.reduce_only or (stop is None and target is None):
        return None
    if stop is None or target is None:
        return "an exit carries both exits or none"
    if intent.type is not OrderType.LIMIT or intent.limit_price != target or (target - stop) * intent.side.sign >= 0:
        return "a pair of exits is a limit order at its target with the stop on the other side"
    return None
