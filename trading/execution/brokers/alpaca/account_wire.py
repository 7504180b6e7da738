"""Alpaca's account on the wire: whose it is, what it holds, what it executed and what it was charged.

An execution is named by its order and by how much of it had been filled after it, because the stream and the list of
activities call the same execution by different ids:

    order 61e6… fills 4, then 6 of its 10      61e6…:4, 61e6…:10      from either source
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from urllib.parse import urlsplit

from domain.book import Account, AccountKind, Charge, Position, Transfer
from domain.errors import ConfigurationError, DataQualityError
from domain.ids import ClientOrderId
from domain.market import Symbol
from domain.money import ONE, ZERO
from domain.orders import Fill, OrderReport
from domain.record.canonical import decimal_text
from trading.data.vendors.alpaca_fields import Raw, mapping, moment, number, optional, word
from trading.execution.brokers.alpaca.order_wire import is_our_stop, side_of, symbol_of

PAPER_HOST = "paper-api.alpaca.markets"
LIVE_HOST = "api.alpaca.markets"
# How Alpaca's keys and numbers begin; a live account's number is digits.
PAPER_KEY, LIVE_KEY, PAPER_ACCOUNT = "PK", "AK", "PA"
LIVE_NUMBER = re.compile(r"[0-9]{6,}", re.ASCII)
CASH_MOVES = ("CSD", "CSW", "JNLC", "ACATC")
"""Activities that pay cash in or out: deposit, withdrawal, a journal of cash, cash with a transferred account.

Shares that come or go (ACATS, JNLS) are none: the comparison of holdings tells of them.
"""
DONE = ("executed", "correct", None)
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


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


def transfer_of(raw: object, broker: str) -> Transfer | None:
    """An activity that pays cash in or out; None for one of another kind, or that was undone or is not done yet."""
    told = mapping(raw, "activity")
    kind = told.get("activity_type")
    if kind not in CASH_MOVES or told.get("status") not in DONE:
        return None
    try:
        day = date.fromisoformat(word(told, "date"))
    except ValueError:
        raise DataQualityError(f"a transfer is of {told['date']!r}, which is no day", "Look at the source.") from None
    what = f"{kind} {told.get('description') or ''}".strip()
    name = "".join(filter(str.isprintable, what))[:80]
    return Transfer(word(told, "id"), day, number(told, "net_amount"), name, broker)
