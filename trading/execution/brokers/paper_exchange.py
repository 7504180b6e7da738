"""How resting paper orders meet the market: bar by bar, the stops first, then the rest, then what expired.

On a bar that reaches both stop and target the stop comes first, because nobody can know that it did not. An entry with
protection leaves a stop and a target behind, which cancel each other. Together they never hold more than the position,
so that an exit replaces them without any cancelling first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from domain.ids import ClientOrderId
from domain.ids import client_order_id as id_of_leg
from domain.market import Bar, Symbol, Timeframe
from domain.money import ONE, ZERO, floor_to
from domain.orders import OrderStatus, OrderType, Side, TimeInForce
from domain.ports import Calendar, Market
from trading.execution.brokers.fill_model import STOP_TYPES, FillRules, Match, commission_due, match_bar, match_quote
from trading.execution.brokers.paper_books import PaperBooks, PaperOrder

BAR_LENGTH = {
    Timeframe.MIN_1: timedelta(minutes=1),
    Timeframe.MIN_5: timedelta(minutes=5),
    Timeframe.MIN_15: timedelta(minutes=15),
    Timeframe.HOUR_1: timedelta(hours=1),
    Timeframe.DAY_1: timedelta(days=1),
}
MOST_BARS = 20_000


class PaperExchange:
    """Matching over the books; every method runs inside the caller's transaction, except ``bars``, which only asks."""

    def __init__(
        self, books: PaperBooks, market: Market, calendar: Calendar, rules: FillRules, timeframe: Timeframe
    ) -> None:
        self._books = books
        self._market = market
        self._calendar = calendar
        self._rules = rules
        self._timeframe = timeframe

    def bars(self, symbols: Sequence[Symbol], since: datetime, to: datetime) -> list[Bar]:
        """Bars of regular sessions that ended in (since, to], by end."""
        limit = min(MOST_BARS, int((to - since) / BAR_LENGTH[self._timeframe]) + 2)
        found = [bar for symbol in symbols for bar in self._market.bars(symbol, self._timeframe, as_of=to, limit=limit)]
        traded = (bar for bar in found if since < bar.end <= to and self._trades(bar))
        return sorted(traded, key=lambda bar: (bar.end, bar.symbol))

    def replay(self, bars: Iterable[Bar], to: datetime) -> None:
        """Match bar by bar, let day orders expire, and end with the quotes at ``to``."""
        for bar in bars:
            self._expire(bar.start)
            self._meet_bar(bar)
        self._expire(to)
        self.meet_quotes(self._books.working(), to)

    def meet_quotes(self, orders: Iterable[PaperOrder], at: datetime) -> None:
        """Each order against the quote of this moment, once a quote; nothing trades while closed or halted."""
        if self._calendar.session_at(at) is None:
            return
        for listed in _stops_first(orders):
            order = self._books.present(listed.client_order_id)
            quote = self._market.quote(order.symbol, as_of=at)
            seen = order.matched_quote_at
            if quote is None or not order.open_qty or (seen is not None and quote.at <= seen):
                continue
            if self._halted(order.symbol, at):
                continue
            order = self._books.save(replace(order, matched_quote_at=quote.at))
            match = match_quote(order.resting, quote, self._rules, self._lot(order.symbol))
            if order.tif is not TimeInForce.FOK or match.qty == order.open_qty:
                self._apply(order, match, at)

    def close(self, client_order_id: ClientOrderId, status: OrderStatus, at: datetime, reason: str) -> None:
        """Take an order out that still works."""
        order = self._books.order(client_order_id)
        if order is not None and order.status.is_open:
            self._books.save(replace(order, status=status, updated_at=at, reason=reason))
            self._fit_legs(order.symbol, at)

    def _meet_bar(self, bar: Bar) -> None:
        room = floor_to(bar.volume * self._rules.participation, self._lot(bar.symbol))
        for listed in _stops_first(self._books.working(bar.symbol)):
            order = self._books.present(listed.client_order_id)
            if order.open_qty and bar.start >= order.accepted_at:
                match = match_bar(order.resting, bar, self._rules, self._lot(bar.symbol), room=room)
                room -= self._apply(order, match, bar.end)

    def _apply(self, order: PaperOrder, match: Match, at: datetime) -> Decimal:
        """Book what a match brought, as far as holding and cash allow; the answer is the executed quantity."""
        if match.triggered and not order.triggered and order.type in STOP_TYPES:
            order = self._books.save(replace(order, triggered=True, status=OrderStatus.TRIGGERED, updated_at=at))
        if match.qty <= 0:
            return ZERO
        qty = min(match.qty, self._possible(order, match))
        if qty <= 0:
            self.close(order.client_order_id, OrderStatus.CANCELED, at, "holding or cash is used up")
            return ZERO
        commission = commission_due(order.filled_qty + qty, order.commission, self._rules)
        filled = self._books.execute(order, qty, match.price, commission, at)
        if not filled.is_leg and not filled.reduce_only:
            self._add_legs(filled, at)
        self._fit_legs(order.symbol, at)
        return qty

    def _possible(self, order: PaperOrder, match: Match) -> Decimal:
        """The most that holding (for sells) or cash (for buys) allows."""
        if order.side is Side.SELL:
            return self._books.held(order.symbol)
        commission = commission_due(order.filled_qty + match.qty, order.commission, self._rules)
        return max(ZERO, floor_to((self._books.cash() - commission) / match.price, self._lot(order.symbol)))

    def _add_legs(self, parent: PaperOrder, at: datetime) -> None:
        """The stop and the target behind an entry, with its first execution."""
        if parent.side is not Side.BUY:
            return
        if parent.stop_loss is not None:
            self._add_leg(parent, "stop", OrderType.STOP, None, parent.stop_loss, at)
        if parent.take_profit is not None:
            self._add_leg(parent, "target", OrderType.LIMIT, parent.take_profit, None, at)

    def _add_leg(
        self,
        parent: PaperOrder,
        leg: str,
        type: OrderType,
        limit: Decimal | None,
        trigger: Decimal | None,
        at: datetime,
    ) -> None:
        client_order_id = id_of_leg(parent.decision_id, leg)
        if self._books.order(client_order_id) is None:
            self._books.save(
                PaperOrder(
                    client_order_id=client_order_id,
                    decision_id=parent.decision_id,
                    symbol=parent.symbol,
                    side=Side.SELL,
                    qty=parent.filled_qty,
                    type=type,
                    tif=TimeInForce.GTC,
                    status=OrderStatus.ACCEPTED,
                    accepted_at=at,
                    updated_at=at,
                    limit_price=limit,
                    trigger_price=trigger,
                    reduce_only=True,
                    leg=leg,
                    parent_id=parent.client_order_id,
                )
            )

    def _fit_legs(self, symbol: Symbol, at: datetime) -> None:
        """Legs hold what their entry filled and they have not closed yet, and together no more than the position."""
        free = self._books.held(symbol)
        working = [order for order in self._books.working(symbol) if order.is_leg]
        for parent_id in dict.fromkeys(leg.parent_id for leg in working if leg.parent_id is not None):
            parent = self._books.present(parent_id)
            protected = min(parent.filled_qty - self._closed_by_legs(parent, working), free)
            free -= protected
            for leg in working:
                if leg.parent_id == parent_id:
                    self._fit_leg(leg, protected, at, over=not parent.status.is_open)

    def _fit_leg(self, leg: PaperOrder, protected: Decimal, at: datetime, *, over: bool) -> None:
        fitted = replace(leg, qty=leg.filled_qty + protected)
        if protected == 0 and over:
            fitted = replace(fitted, status=OrderStatus.CANCELED, reason="nothing left to protect")
        if fitted != leg:
            self._books.save(replace(fitted, updated_at=at))

    def _closed_by_legs(self, parent: PaperOrder, working: Sequence[PaperOrder]) -> Decimal:
        known = {leg.client_order_id: leg for leg in working}
        ids = (id_of_leg(parent.decision_id, leg) for leg in ("stop", "target"))
        legs = (known.get(name) or self._books.order(name) for name in ids)
        return sum((leg.filled_qty for leg in legs if leg is not None), ZERO)

    def _expire(self, until: datetime) -> None:
        for order in self._books.working():
            if order.expires_at is not None and order.expires_at <= until:
                self.close(order.client_order_id, OrderStatus.EXPIRED, order.expires_at, "the day is over")

    def _trades(self, bar: Bar) -> bool:
        """True for a bar of a regular session in which the symbol was not halted."""
        in_session = self._calendar.session_at(bar.start) is not None
        if not in_session and not self._calendar.sessions(bar.start, bar.end):
            return False
        return not self._halted(bar.symbol, bar.start)

    def _halted(self, symbol: Symbol, at: datetime) -> bool:
        status = self._market.status(symbol, as_of=at)
        return status is not None and status.halted

    def _lot(self, symbol: Symbol) -> Decimal:
        instrument = self._market.instrument(symbol)
        return ONE if instrument is None else instrument.lot


def _stops_first(orders: Iterable[PaperOrder]) -> list[PaperOrder]:
    return sorted(orders, key=lambda order: order.type not in STOP_TYPES)
