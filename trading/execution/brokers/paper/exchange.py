"""How resting paper orders meet the market: bar by bar, each in its turn, then what expired, then the quotes.

Nothing trades while a symbol is halted; the first bar afterwards opens where it opens, and a stop that it gaps over is
filled there. An order that has not reached the market yet meets neither bars nor quotes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from domain.ids import ClientOrderId
from domain.market import Bar, Symbol
from domain.money import ONE, ZERO, floor_to
from domain.orders import OrderStatus, Side, TimeInForce
from domain.ports import Calendar, Market
from trading.execution.brokers.paper.books import AT_ONCE, AUCTIONS, PaperBooks, PaperOrder
from trading.execution.brokers.paper.costs import fees_due
from trading.execution.brokers.paper.fill_model import (
    STOP_TYPES,
    Match,
    commission_due,
    match_auction,
    match_bar,
    match_quote,
    turn,
)
from trading.execution.brokers.paper.hours import PaperHours
from trading.execution.brokers.paper.legs import PaperLegs
from trading.execution.brokers.paper.settings import PaperSettings

# Three years of quarter hours; a longer gap is matched with its newest bars alone.
MOST_BARS = 20_000
# Alpaca's fractions have nine decimals.
FINEST_FRACTION = Decimal("0.000000001")
_AFTER_ALL = 5
_ENDS = {
    TimeInForce.DAY: "the day is over",
    TimeInForce.GTD: "its date has come",
    TimeInForce.OPG: "the auction is over",
    TimeInForce.CLS: "the auction is over",
}


class PaperExchange:
    """Matching over the books; every method runs inside the caller's transaction, except ``bars``, which only asks."""

    def __init__(self, books: PaperBooks, market: Market, calendar: Calendar, settings: PaperSettings) -> None:
        self._books = books
        self._market = market
        self._calendar = calendar
        self._settings = settings
        self._rules = settings.rules
        self._timeframe = settings.timeframe
        self._hours = PaperHours(calendar, settings)
        self._legs = PaperLegs(books)

    def bars(self, symbols: Sequence[Symbol], since: datetime, to: datetime) -> list[Bar]:
        """Bars in which something may trade that ended in (since, to], by end."""
        # Two to spare: one for the bar under way at each end.
        limit = min(MOST_BARS, int((to - since) / self._timeframe.length) + 2)
        found = [bar for symbol in symbols for bar in self._market.bars(symbol, self._timeframe, as_of=to, limit=limit)]
        traded = (bar for bar in found if since < bar.end <= to and self._trades(bar))
        # By end across all symbols, because they share one cash; by symbol for the same result every time.
        return sorted(traded, key=lambda bar: (bar.end, bar.symbol))

    def replay(self, bars: Iterable[Bar], to: datetime) -> None:
        """Match bar by bar, let what has come to its end expire, and end with the quotes at ``to``."""
        for bar in bars:
            # Before the bar: what ended with the session must not meet the first bar of the next.
            self._expire(bar.start)
            self._meet_bar(bar)
        self._expire(to)
        self.meet_quotes(self._books.working(), to)

    def meet_quotes(self, orders: Iterable[PaperOrder], at: datetime) -> None:
        """Each order against the quote of this moment, once a quote; nothing trades while closed or halted."""
        # Stops first, as inside a bar: whether stop or target came first nobody can know.
        for listed in sorted(orders, key=lambda order: order.type not in STOP_TYPES):
            order = self._books.present(listed.client_order_id)
            # Read again: an execution before it in this loop may have cut or ended it.
            if order.tif in AUCTIONS or at < order.live_at or not self._hours.open(at, extended=order.extended_hours):
                continue
            quote = self._market.quote(order.symbol, as_of=at)
            seen = order.matched_quote_at
            # Once a quote: asked twice about one moment, the size it shows would be taken twice.
            if quote is None or not order.open_qty or (seen is not None and quote.at <= seen):
                continue
            if self._halted(order.symbol, at):
                continue
            order = self._books.save(replace(order, matched_quote_at=quote.at))
            self._apply(order, match_quote(order.resting, quote, self._rules, self._step(order)), at)
            self._end_at_once(order.client_order_id, at)

    def close(self, client_order_id: ClientOrderId, status: OrderStatus, at: datetime, reason: str) -> None:
        """Take an order out that still works, and with one of two exits the other."""
        order = self._books.order(client_order_id)
        if order is None or not order.status.is_open:
            return
        self._books.save(replace(order, status=status, updated_at=at, reason=reason))
        if status is not OrderStatus.REPLACED:
            target = self._legs.cancelled_with(order)
            if target is not None:
                self.close(target, status, at, reason)
        self._legs.fit(order.symbol, at)

    def open_pair(self, order: PaperOrder, at: datetime) -> None:
        """Two exits that cancel each other rest from the start."""
        if order.is_pair and order.status.is_open:
            self._legs.beside_target(order, at)
            self._legs.fit(order.symbol, at)

    def _meet_bar(self, bar: Bar) -> None:
        # Of all our orders together: each would else have its ten per cent of the same volume.
        room = floor_to(bar.volume * self._rules.participation, self._lot(bar.symbol))
        working = [
            order
            for order in self._books.working(bar.symbol)
            # Begun before it arrived, a bar holds prices from before the order.
            if bar.start >= order.live_at and self._hours_of(bar, extended=order.extended_hours)
        ]
        for listed in sorted(working, key=lambda order: _turn(order, bar)):
            order = self._books.present(listed.client_order_id)
            if order.open_qty:
                room -= self._apply(order, self._match(order, bar, room), bar.end)
                self._end_at_once(order.client_order_id, bar.end)

    def _match(self, order: PaperOrder, bar: Bar, room: Decimal) -> Match:
        step = self._step(order)
        if order.tif not in AUCTIONS:
            return match_bar(order.resting, bar, self._rules, step, room=room)
        session = self._calendar.session_at(bar.start)
        if session is None:
            return Match(triggered=False)
        if order.tif is TimeInForce.OPG and bar.start <= session.opens_at:
            return match_auction(order.resting, bar.open, bar, self._rules, step, room=room)
        if order.tif is TimeInForce.CLS and bar.end >= session.closes_at:
            return match_auction(order.resting, bar.close, bar, self._rules, step, room=room)
        return Match(triggered=False)

    def _apply(self, order: PaperOrder, match: Match, at: datetime) -> Decimal:
        """Book what a match brought, as far as holding and cash allow; the answer is the executed quantity."""
        order = self._seen(order, match, at)
        if match.qty <= 0 or (order.tif is TimeInForce.FOK and match.qty != order.open_qty):
            return ZERO
        qty = min(match.qty, self._possible(order, match))
        if qty <= 0:
            # Left working, it would be tried at every bar to come and execute when cash happens to be back.
            self.close(order.client_order_id, OrderStatus.CANCELED, at, "holding or cash is used up")
            return ZERO
        commission = self._commission(order, qty, match.price)
        fees = fees_due(self._rules.fees, order.side, qty, match.price, at)
        filled = self._books.execute(order, qty, match.price, commission, at, fees)
        # In this order: what was closed is counted before new legs are made and all of them are cut to the holding.
        self._legs.count(filled, qty)
        if not filled.is_leg and not filled.reduce_only:
            self._legs.behind_entry(filled, at)
        self._legs.fit(order.symbol, at)
        return qty

    def _seen(self, order: PaperOrder, match: Match, at: datetime) -> PaperOrder:
        """The order with what the market did to its trigger."""
        if match.mark is not None and match.mark != order.mark:
            order = self._books.save(replace(order, mark=match.mark, updated_at=at))
        if match.triggered and not order.triggered and order.type in STOP_TYPES:
            order = self._books.save(replace(order, triggered=True, status=OrderStatus.TRIGGERED, updated_at=at))
        return order

    def _possible(self, order: PaperOrder, match: Match) -> Decimal:
        """The most that holding or cash allows: an exit the position, a buy also its cash."""
        held = self._books.held(order.symbol)
        if order.side is Side.SELL:
            shorts = self._settings.allow_short and not order.reduce_only and not order.protects
            return match.qty if shorts else max(ZERO, held)
        short = max(ZERO, -held)
        if order.reduce_only:
            return short
        cash = self._books.cash() - self._commission(order, match.qty, match.price)
        # A short may always be bought back, also with cash that is short: otherwise risk could not be reduced.
        return max(short, floor_to(cash / match.price, self._step(order)))

    def _commission(self, order: PaperOrder, qty: Decimal, price: Decimal) -> Decimal:
        value = order.filled_value + qty * price
        return commission_due(order.filled_qty + qty, order.commission, self._rules, value)

    def _end_at_once(self, client_order_id: ClientOrderId, at: datetime) -> None:
        """An order for at once has had its chance."""
        if self._books.present(client_order_id).tif in AT_ONCE:
            self.close(client_order_id, OrderStatus.CANCELED, at, "not filled at once")

    def _expire(self, until: datetime) -> None:
        for order in self._books.working():
            if order.expires_at is not None and order.expires_at <= until:
                reason = _ENDS.get(order.tif, _ENDS[TimeInForce.DAY])
                # At its own end and not at ``until``: how far apart the looks are must not show in the books.
                self.close(order.client_order_id, OrderStatus.EXPIRED, order.expires_at, reason)

    def _trades(self, bar: Bar) -> bool:
        """True for a bar of a session, or of the hours around it where they trade, in which there was no halt."""
        if not self._hours_of(bar, extended=True):
            return False
        return not self._halted(bar.symbol, bar.start)

    def _hours_of(self, bar: Bar, *, extended: bool) -> bool:
        # A daily bar of some sources begins at midnight, outside of every session it spans.
        return self._hours.open(bar.start, extended=extended) or bool(self._calendar.sessions(bar.start, bar.end))

    def _halted(self, symbol: Symbol, at: datetime) -> bool:
        status = self._market.status(symbol, as_of=at)
        return status is not None and status.halted

    def _lot(self, symbol: Symbol) -> Decimal:
        instrument = self._market.instrument(symbol)
        return ONE if instrument is None else instrument.lot

    def _step(self, order: PaperOrder) -> Decimal:
        """Whole lots, except for an order of a fraction in what is traded in fractions."""
        instrument = self._market.instrument(order.symbol)
        if instrument is None:
            return ONE
        return FINEST_FRACTION if instrument.fractionable and order.qty % instrument.lot else instrument.lot


def _turn(order: PaperOrder, bar: Bar) -> int:
    """Openings come first by themselves; who waits for the closing auction comes after all others."""
    return _AFTER_ALL if order.tif is TimeInForce.CLS else turn(order.resting, bar)
