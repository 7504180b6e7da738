"""The book of a what-if case: account, losses, holdings, orders under way and counters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from domain.book import Account, AccountKind, Book, Counters, Performance, Position
from domain.ids import ClientOrderId, DecisionId
from domain.market import Symbol
from domain.money import ZERO
from domain.orders import Order, OrderStatus, OrderType, Origin, Side, TimeInForce
from policies.whatif.fields import (
    EPOCH,
    NAN,
    Fields,
    count_of,
    decimals_of,
    known,
    moment_of,
    refused,
    text_of,
    word_of,
)

SPELLED = {"cancelled": OrderStatus.CANCELED}


def read_book(top: Fields, account: Fields, now: datetime) -> Book:
    """Everything exposure and losses are counted from; what a case does not tell is unknown."""
    positions = top.by_symbol("positions", Fields)
    counters = top.inner("counters")
    return Book(
        account=_account(account),
        performance=_performance(account),
        positions={symbol: _position(fields, symbol) for symbol, fields in known(positions).items()},
        open_orders=_orders(top.rows("open_orders"), now),
        recent_orders=_orders(top.rows("recent_orders"), now),
        orders_today=top.count("orders_today"),
        turnover_today=top.amount("turnover_today"),
        counters=_counters(counters) if counters is not None else Counters(),
    )


def _account(fields: Fields) -> Account:
    return Account(
        account_id=fields.text("account_id", "case"),
        as_of=fields.moment("as_of") or EPOCH,
        currency=fields.text("currency", "unknown currency of the account"),
        paper=fields.flag("paper", default=True) is True,
        equity=fields.number("equity"),
        cash=fields.number("cash"),
        buying_power=fields.number("buying_power"),
        trading_blocked=fields.flag("trading_blocked", default=False),
        kind=fields.word("kind", AccountKind),
        settled_cash=fields.number("settled_cash"),
        maintenance_margin=fields.number("maintenance_margin"),
    )


def _performance(fields: Fields) -> Performance:
    return Performance(
        day_start_equity=fields.number("day_start_equity"),
        peak_equity=fields.number("peak_equity"),
        realized_pnl_day=fields.number("realized_pnl_day"),
        unrealized_pnl=fields.number("unrealized_pnl"),
        consecutive_losses=fields.count("consecutive_losses"),
        last_loss_at=fields.moment("last_loss_at"),
        week_start_equity=fields.number("week_start_equity"),
        month_start_equity=fields.number("month_start_equity"),
        day_peak_equity=fields.number("day_peak_equity"),
        strategy_pnl=fields.mapping("strategy_pnl", decimals_of),
        symbol_pnl=fields.by_symbol("symbol_pnl", decimals_of),
        strategy_losses=fields.mapping("strategy_losses", count_of),
    )


def _position(fields: Fields, symbol: Symbol) -> Position:
    qty, price = fields.number("qty"), fields.number("avg_price")
    made = Position(
        symbol=symbol,
        # NaN and not zero: a holding that is not known must not look like none.
        qty=NAN if qty is None else qty,
        avg_price=NAN if price is None else price,
        available_qty=fields.number("available_qty"),
        stop_loss=fields.amount("stop_loss"),
        entries=fields.count("entries"),
    )
    fields.close()
    return made


def _orders(rows: Iterable[Fields], now: datetime) -> tuple[Order, ...]:
    """Orders with an id each: their own, else the decision's with a number, so that open and recent mean one order."""
    seen: Counter[str] = Counter()
    made = []
    for fields in rows:
        decision = fields.text("decision_id") or fields.path("decision_id")
        made.append(_order(fields, decision, f"{decision}#{seen[decision]}", now))
        seen[decision] += 1
        fields.close()
    return tuple(made)


def _order(fields: Fields, decision: str, name: str, now: datetime) -> Order:
    at = fields.moment("at") or now  # undated counts as just now: no window of a rate gate may miss it
    kind = fields.word("type", OrderType) or OrderType.MARKET
    qty, filled = fields.amount("qty"), fields.amount("filled_qty", ZERO)
    if qty is None or qty == ZERO or filled is None or filled > qty:
        raise refused(fields.path("qty"), fields.raw("qty"), "a quantity above zero, of which no more is filled")
    parent = fields.text("parent_id")
    return Order(
        client_order_id=ClientOrderId(fields.text("client_order_id", name)),
        decision_id=DecisionId(decision),
        symbol=fields.symbol("symbol"),
        side=word_of(fields.raw("side"), fields.path("side"), Side),
        qty=qty,
        type=kind,
        tif=fields.word("tif", TimeInForce) or TimeInForce.DAY,
        status=_status(fields.raw("status"), fields.path("status")),
        created_at=at,
        updated_at=at,
        strategy=fields.text("strategy", "case"),
        origin=Origin.MANUAL,
        filled_qty=filled,
        limit_price=fields.amount("limit_price"),
        trigger_price=fields.amount("stop_price"),
        stop_loss=fields.amount("stop_loss"),
        reduce_only=fields.flag("reduce_only") is True,
        leg=fields.text("leg", "entry"),
        parent_id=ClientOrderId(parent) if parent else None,
    )


def _status(value: Any, path: str) -> OrderStatus:
    """Our status of that name; a broker's word that is none of ours is an order of unknown fate, which counts whole."""
    if value is None:
        return OrderStatus.UNKNOWN
    name = text_of(value, path).lower()
    ours = {status.value: status for status in OrderStatus} | SPELLED
    return ours.get(name, OrderStatus.UNKNOWN)


def _counters(fields: Fields) -> Counters:
    made = Counters(
        entries_today=fields.count("entries_today"),
        cancels_today=fields.count("cancels_today"),
        messages_today=fields.count("messages_today"),
        fills_today=fields.count("fills_today"),
        round_trips_5d=fields.count("round_trips_5d"),
        round_trips_today=fields.by_symbol("round_trips_today", count_of),
        last_exit_at=fields.by_symbol("last_exit_at", moment_of),
        last_stop_at=fields.by_symbol("last_stop_at", moment_of),
        last_reject_at=fields.by_symbol("last_reject_at", moment_of),
        last_loss_on=fields.by_symbol("last_loss_on", moment_of),
        rejects_in_row=fields.count("rejects_in_row"),
        api_error_pct=fields.number("api_error_pct"),
        slippage_pct=fields.number("slippage_pct"),
    )
    fields.close()
    return made
