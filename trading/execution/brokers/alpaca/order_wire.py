"""Alpaca's orders on the wire, read and written without any network: what one becomes, and what an answer means.

Numbers travel as decimal strings and times as RFC 3339 with nanoseconds. Old and new forms of one object are mixed:
what is missing, null or blank is unknown and never zero. What an account holds and has done is in ``account_wire``.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from domain.errors import DataQualityError
from domain.ids import ClientOrderId
from domain.market import Symbol, parse_symbol
from domain.money import ONE, ZERO
from domain.orders import (
    ApprovedOrder,
    OrderClass,
    OrderIntent,
    OrderReport,
    OrderStatus,
    OrderType,
    Side,
    TimeInForce,
)
from domain.record.canonical import decimal_text
from policies.measures.worst_case import STOP_TYPES
from trading.data.vendors.alpaca_fields import Raw, mapping, moment, number, optional, word

STATUSES: Mapping[str, OrderStatus] = {
    "new": OrderStatus.ACCEPTED,
    "accepted": OrderStatus.ACCEPTED,
    "pending_new": OrderStatus.ACCEPTED,
    "accepted_for_bidding": OrderStatus.ACCEPTED,
    "pending_review": OrderStatus.ACCEPTED,
    "held": OrderStatus.ACCEPTED,
    "done_for_day": OrderStatus.ACCEPTED,
    "stopped": OrderStatus.ACCEPTED,
    "suspended": OrderStatus.ACCEPTED,
    "calculated": OrderStatus.ACCEPTED,
    "partially_filled": OrderStatus.PARTIALLY_FILLED,
    "filled": OrderStatus.FILLED,
    "pending_replace": OrderStatus.PENDING_UPDATE,
    "pending_cancel": OrderStatus.PENDING_CANCEL,
    "canceled": OrderStatus.CANCELED,
    "expired": OrderStatus.EXPIRED,
    "rejected": OrderStatus.REJECTED,
    "replaced": OrderStatus.REPLACED,
}
"""All 18 words of alpaca-py 0.44. Whatever may still execute counts as working, most of all what is merely paused."""

OUR_PREFIX = "ord-"
_CLASSES = frozenset({OrderClass.BRACKET, OrderClass.OTO, OrderClass.OCO})
_PRICES = {
    OrderType.LIMIT: (True, False),
    OrderType.STOP: (False, True),
    OrderType.STOP_LIMIT: (True, True),
}
_log = logging.getLogger(__name__)


def inexpressible(intent: OrderIntent) -> str | None:
    """Why Alpaca has no words for an order, or None."""
    if intent.tif is TimeInForce.GTD:
        return "Alpaca knows no good-till-date orders"
    if intent.qty % ONE and (intent.order_class, intent.tif) != (OrderClass.SIMPLE, TimeInForce.DAY):
        return "Alpaca takes fractions of a share in plain orders for the day only"
    if intent.type in _PRICES:
        limit, trigger = _PRICES[intent.type]
        if (intent.limit_price is None) is limit or (intent.trigger_price is None) is trigger:
            return f"the prices do not fit a {intent.type} order"
    if intent.type is OrderType.TRAILING_STOP and (intent.trail_amount is None) is (intent.trail_pct is None):
        return "a trailing stop trails by an amount or by a percentage"
    if intent.order_class is OrderClass.OTO and intent.reduce_only:
        return "nothing can rest behind an exit but its other half"
    if intent.order_class is OrderClass.OCO and intent.type is not OrderType.LIMIT:
        return "of a pair of exits the order itself is the limit order"
    return None


def order_body(approved: ApprovedOrder) -> dict[str, Any]:
    """The JSON of ``POST /v2/orders``; a buy of 10 at 100.20 with both exits is a bracket."""
    intent = approved.intent
    body: dict[str, Any] = {
        "client_order_id": approved.client_order_id,
        "symbol": intent.symbol,
        "side": intent.side.value,
        "qty": decimal_text(intent.qty),
        "type": intent.type.value,
        "time_in_force": intent.tif.value,
        "order_class": intent.order_class.value,
        "extended_hours": True if intent.extended_hours else None,
        "trail_price": _text(intent.trail_amount),
        "trail_percent": _text(intent.trail_pct),
    }
    body |= {"limit_price": _text(intent.limit_price), "stop_price": _text(intent.trigger_price)}
    # Of a pair the order itself is the target, and Alpaca wants its price once more in ``take_profit``.
    target = intent.limit_price if intent.order_class is OrderClass.OCO else intent.take_profit
    if intent.order_class in _CLASSES:
        body["take_profit"] = None if target is None else {"limit_price": _text(target)}
        body["stop_loss"] = None if intent.stop_loss is None else {"stop_price": _text(intent.stop_loss)}
    return {name: value for name, value in body.items() if value is not None}


def replace_body(approved: ApprovedOrder, old: OrderReport) -> dict[str, Any]:
    """The JSON of ``PATCH /v2/orders/{id}``. Alpaca takes ``qty`` as what is still to fill, as the port does."""
    intent = approved.intent
    same = intent.qty == old.qty and old.filled_qty == 0  # the quantity of a fractional order may not even be repeated
    body = {
        "client_order_id": approved.client_order_id,
        "qty": None if same else decimal_text(intent.qty),
        "time_in_force": intent.tif.value,
        "limit_price": _text(intent.limit_price),
        "stop_price": _text(intent.trigger_price),
        "trail": _text(intent.trail_amount if intent.trail_amount is not None else intent.trail_pct),
    }
    return {name: value for name, value in body.items() if value is not None}


def _text(value: Decimal | None) -> str | None:
    return None if value is None else decimal_text(value)


def rejected(approved: ApprovedOrder, reason: str, at: datetime, code: str = "") -> OrderReport:
    """An order that was certainly not taken."""
    intent = approved.intent
    return OrderReport(
        client_order_id=approved.client_order_id,
        broker_id="",
        status=OrderStatus.REJECTED,
        broker_status=code or "rejected",
        symbol=intent.symbol,
        side=intent.side,
        qty=intent.qty,
        filled_qty=ZERO,
        avg_fill_price=None,
        at=at,
        type=intent.type,
        limit_price=intent.limit_price,
        trigger_price=intent.trigger_price,
        leg=intent.leg,
        reason=reason,
    )


def report_of(raw: object, parent_id: ClientOrderId | None = None) -> OrderReport:
    """An order as Alpaca tells it. Whose leg it is it does not say itself."""
    order = mapping(raw, "order")
    filled, qty = number(order, "filled_qty"), optional(order, "qty")
    if qty is None and optional(order, "notional") is None:
        raise DataQualityError("Alpaca tells an order without a quantity", "Look at it in Alpaca's dashboard.")
    kind = _type(order)
    status = status_of(order, filled, qty)
    return OrderReport(
        client_order_id=ClientOrderId(word(order, "client_order_id")),
        broker_id=word(order, "id"),
        status=status,
        broker_status=str(order.get("status"))[:40],
        symbol=symbol_of(order),
        side=side_of(order),
        # Ordered by value and not by shares: how many it becomes is known once they are filled.
        qty=filled if qty is None else qty,
        filled_qty=filled,
        avg_fill_price=optional(order, "filled_avg_price") if filled > 0 else None,
        at=_last_touched(order),
        type=kind,
        limit_price=optional(order, "limit_price"),
        trigger_price=optional(order, "stop_price"),
        parent_id=parent_id,
        # Alpaca does not say which leg is which: behind an entry the limit order is the target, whatever else is the
        # stop.
        leg="entry" if parent_id is None else "target" if kind is OrderType.LIMIT else "stop",
        reason=_reason(status, order),
        tif=_tif(order),
    )


def _reason(status: OrderStatus, order: Raw) -> str:
    if status is OrderStatus.UNKNOWN:
        return f"Alpaca calls it {str(order.get('status'))[:40]!r}, which nobody has mapped"
    return "Alpaca rejected it after taking it" if status is OrderStatus.REJECTED else ""


def _type(order: Raw) -> OrderType:
    """The type; the legs of an option strategy have none, and execute at any price."""
    told = order.get("type") or order.get("order_type") or OrderType.MARKET.value
    try:
        return OrderType(told)
    except ValueError as error:
        raise DataQualityError(f"Alpaca tells an order of type {str(told)[:40]!r}", "Look at it there.") from error


def _tif(order: Raw) -> TimeInForce | None:
    told = order.get("time_in_force")
    return TimeInForce(told) if isinstance(told, str) and told in set(TimeInForce) else None


def status_of(order: Raw, filled: Decimal, qty: Decimal | None) -> OrderStatus:
    """Alpaca's status in our words; one that nobody has mapped is UNKNOWN, counts as exposure, and is told."""
    told = order.get("status")
    status = STATUSES.get(told) if isinstance(told, str) else None
    if status is None:
        _log.warning("alpaca: order %s has the unmapped status %r", order.get("client_order_id"), str(told)[:40])
        return OrderStatus.UNKNOWN
    # ``done_for_day``, ``stopped`` and others keep their word while shares are filled.
    if status is OrderStatus.ACCEPTED and filled > 0:
        return OrderStatus.FILLED if filled == qty else OrderStatus.PARTIALLY_FILLED
    return status


def with_legs(raw: object) -> Iterator[OrderReport]:
    """An order and what hangs on it; of an option strategy the legs alone, for it has no symbol of its own."""
    order = mapping(raw, "order")
    strategy = order.get("order_class") == "mleg"
    if not strategy:
        yield report_of(order)
    for leg in order.get("legs") or ():
        yield report_of(leg, None if strategy else ClientOrderId(word(order, "client_order_id")))


def may_be_leg(order: Raw) -> bool:
    """True for an order that Alpaca itself named, as it names the exits behind an entry."""
    # We cannot name the legs of a bracket, so Alpaca does, with a UUID.
    ours = str(order.get("client_order_id")).startswith(OUR_PREFIX)
    return not ours and order.get("order_class") in _CLASSES


def is_our_stop(order: OrderReport) -> bool:
    """True for a stop that we named ourselves, as it rests behind a holding and not behind an entry."""
    return order.type in STOP_TYPES and order.client_order_id.startswith(OUR_PREFIX)


def symbol_of(raw: Raw) -> Symbol:
    """The ticker. What is held or ordered by hand may be an option, whose name is longer than any ticker of ours."""
    told = word(raw, "symbol")
    if raw.get("asset_class") in (None, "", "us_equity"):
        return parse_symbol(told)
    if not re.fullmatch(r"[A-Z0-9./-]{1,32}", told, re.ASCII):
        raise DataQualityError(f"{told[:40]!r} is not a symbol", "Look at the source.")
    return Symbol(told)


def side_of(raw: Raw) -> Side:
    """Buy or sell; activities know short sales by a word of their own."""
    told = raw.get("side")
    if told in ("sell", "sell_short"):
        return Side.SELL
    if told != "buy":
        raise DataQualityError(f"Alpaca's side {str(told)[:40]!r} is neither buy nor sell", "Look at the source.")
    return Side.BUY


def _last_touched(order: Raw) -> datetime:
    known = [name for name in ("updated_at", "submitted_at", "created_at") if order.get(name)]
    return moment(order, known[0] if known else "updated_at")
