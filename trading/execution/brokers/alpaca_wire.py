"""Alpaca's wire, read and written without any network: what an order becomes, and what an answer means.

Numbers travel as decimal strings and times as RFC 3339 with nanoseconds. Old and new forms of one object are mixed:
what is missing, null or blank is unknown and never zero. An execution is named by its order and by how much of it had
been filled after it, because the stream and the list of activities call the same execution by different ids:

    order 61e6… fills 4, then 6 of its 10      61e6…:4, 61e6…:10      from either source
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from domain.book import Account, AccountKind, Charge, Position
from domain.errors import ConfigurationError, DataQualityError
from domain.ids import ClientOrderId
from domain.market import Symbol, parse_symbol
from domain.money import ONE, ZERO
from domain.orders import (
    ApprovedOrder,
    Fill,
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

PAPER_HOST = "paper-api.alpaca.markets"
LIVE_HOST = "api.alpaca.markets"
# How Alpaca's keys and numbers begin; a live account's number is digits.
PAPER_KEY, LIVE_KEY, PAPER_ACCOUNT = "PK", "AK", "PA"
OUR_PREFIX = "ord-"
LIVE_NUMBER = re.compile(r"[0-9]{6,}", re.ASCII)
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_CLASSES = frozenset({OrderClass.BRACKET, OrderClass.OTO, OrderClass.OCO})
_PRICES = {
    OrderType.LIMIT: (True, False),
    OrderType.STOP: (False, True),
    OrderType.STOP_LIMIT: (True, True),
}
_log = logging.getLogger(__name__)


def is_paper(url: str, key_id: str) -> bool:
    """Whether address and key belong to a paper account; a ConfigurationError where they contradict each other.

    Alpaca's own hosts speak for themselves. Behind any other address only a paper key makes it paper.
    """
    parts = urlsplit(url)
    # The keys are in every request.
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        raise ConfigurationError("APCA_API_BASE_URL is not an https address", f"Write it like https://{PAPER_HOST}.")
    if parts.hostname == PAPER_HOST and key_id.startswith(LIVE_KEY):
        raise ConfigurationError(
            "a live key (AK…) was set with the paper address", f"Take the paper key, or https://{LIVE_HOST}."
        )
    if parts.hostname == LIVE_HOST and key_id.startswith(PAPER_KEY):
        raise ConfigurationError(
            "a paper key (PK…) was set with the live address", f"Take https://{PAPER_HOST}, or the live key."
        )
    if parts.hostname in (PAPER_HOST, LIVE_HOST):
        return parts.hostname == PAPER_HOST
    return key_id.startswith(PAPER_KEY)


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


def position_of(raw: object) -> Position:
    """A holding; short where Alpaca says so, whatever sign the quantity carries."""
    held = mapping(raw, "position")
    sign = -ONE if held.get("side") == "short" or number(held, "qty") < 0 else ONE
    free = optional(held, "qty_available")
    return Position(
        symbol=symbol_of(held),
        qty=sign * abs(number(held, "qty")),
        avg_price=number(held, "avg_entry_price"),
        available_qty=None if free is None else sign * abs(free),
    )


def freed(held: Sequence[Position], working: Sequence[OrderReport]) -> tuple[Position, ...]:
    """Holdings with what their protective exits hold counted as free; a pair of exits holds its shares once."""
    legs: dict[tuple[Symbol, ClientOrderId], Decimal] = {}
    for leg in working:
        # A stop that was put back behind a holding has no parent at Alpaca, and gives way to a sale all the same.
        if leg.parent_id is not None or is_our_stop(leg):
            name = (leg.symbol, leg.parent_id or leg.client_order_id)
            # The largest and not the sum: stop and target stand for the same shares.
            legs[name] = max(legs.get(name, ZERO), leg.qty - leg.filled_qty)
    return tuple(_freed(each, sum((qty for (of, _), qty in legs.items() if of == each.symbol), ZERO)) for each in held)


def _freed(position: Position, by_legs: Decimal) -> Position:
    if position.available_qty is None:
        return position
    # Never more than is held, whatever the list of orders says.
    free = min(abs(position.qty), abs(position.available_qty) + by_legs)
    return replace(position, available_qty=free if position.qty > 0 else -free)


def account_of(raw: object, at: datetime, *, paper: bool) -> Account:
    """Account truth; a ConfigurationError where the account's number says the opposite of its address.

    Only settled money can be withdrawn, so what can be is settled; an answer that does not tell it leaves it unknown.
    """
    told = mapping(raw, "account")
    name = word(told, "account_number" if told.get("account_number") else "id")
    # The last of three witnesses after address and key: behind a proxy's address only the account itself can tell.
    if (name.startswith(PAPER_ACCOUNT) and not paper) or (LIVE_NUMBER.fullmatch(name) and paper):
        raise ConfigurationError(
            f"Alpaca's account {name} is {'no ' if paper else 'a '}paper account, its address and key say otherwise",
            "Check APCA_API_BASE_URL and APCA_API_KEY_ID.",
        )
    return Account(
        account_id=name,
        as_of=at,
        currency=word(told, "currency"),
        paper=paper,
        equity=optional(told, "equity"),
        cash=optional(told, "cash"),
        buying_power=optional(told, "buying_power"),
        trading_blocked=_blocked(told),
        kind=_kind(told),
        settled_cash=optional(told, "cash_withdrawable"),
        maintenance_margin=optional(told, "maintenance_margin"),
    )


def _blocked(told: Raw) -> bool | None:
    """True where anything stops trading, None where a word is missing."""
    flags = [told.get(name) for name in ("trading_blocked", "account_blocked", "trade_suspended_by_user")]
    status = told.get("status")
    if True in flags or (isinstance(status, str) and status != "ACTIVE"):
        return True
    # Not blocked only where Alpaca says so in every word; a word that is missing is no permission.
    return False if flags == [False] * len(flags) and status == "ACTIVE" else None


def _kind(told: Raw) -> AccountKind | None:
    multiplier = optional(told, "multiplier")
    if multiplier is None:
        return None
    return AccountKind.CASH if multiplier <= 1 else AccountKind.MARGIN


def fill_id(order_id: str, filled: Decimal) -> str:
    """The name of the execution after which ``filled`` of the order was done."""
    return f"{order_id}:{decimal_text(filled)}"


def fill_of(raw: object, client_order_id: ClientOrderId) -> Fill:
    """An activity of type FILL. Alpaca takes no commission; its regulatory fees are activities of their own."""
    told = mapping(raw, "activity")
    after = optional(told, "cum_qty")
    return Fill(
        # Old activities lack cum_qty; their own id is then the best name there is.
        fill_id=word(told, "id") if after is None else fill_id(word(told, "order_id"), after),
        client_order_id=client_order_id,
        symbol=symbol_of(told),
        side=side_of(told),
        qty=number(told, "qty"),
        price=number(told, "price"),
        commission=ZERO,
        at=moment(told, "transaction_time"),
    )


def charge_of(raw: object) -> Charge | None:
    """An activity of type FEE, at noon UTC of its day, which is that day in New York; None for one that was undone.

    A net amount of -0.27 is a charge of 0.27; money that comes back is less than none.
    """
    told = mapping(raw, "activity")
    if told.get("status") == "canceled":
        return None
    what = " ".join(str(told.get(name) or "") for name in ("activity_sub_type", "description")).strip()
    return Charge(
        charge_id=word(told, "id"),
        at=moment({"date": f"{word(told, 'date')}T12:00:00Z"}, "date"),
        amount=-number(told, "net_amount"),
        what="".join(filter(str.isprintable, what))[:80] or "fee",
        symbol=symbol_of(told) if told.get("symbol") else None,
    )


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
