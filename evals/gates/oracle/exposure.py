"""Worst-case arithmetic: what every position, working order and this order are worth on the bad side.

Price of a buy: its limit, else the ask (or the trigger, where that is higher) times 1 + market_slippage_pct / 100. Of
a sell: the bid moved up likewise, or its limit where that is higher. A holding is worth the ask. For every symbol
``up`` is the holding plus all open buys, ``down`` the holding less all open sells; both carry a sign, and this order is
in its side. Worked number: hold 50 at ask 100.05, buy 30 of 100 still open at 99.00, this order buys 20 at 100.00:
up = 5,002.50 + 2,970 + 2,000 = 9,972.50; an open sell of 40 leaves ``up`` untouched.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from evals.gates.oracle.reading import View

ZERO = Fraction(0)
PERCENT = Fraction(1, 100)
# What the broker asks of a short sale, as the catalogue has it under D1.
_SHORT_MARK_UP = Fraction(103, 100)


class Unknown(Exception):
    """An input of the arithmetic is not known; new exposure is denied."""


def known(value: Any) -> Any:
    """The value, or ``Unknown`` where it is None."""
    if value is None:
        raise Unknown
    return value


def amount(value: Any) -> Fraction:
    """The number, or ``Unknown``."""
    if not isinstance(value, Fraction):
        raise Unknown
    return value


def seen(view: View, symbol: str) -> dict[str, Any]:
    """The market as seen for a symbol."""
    if symbol not in view.market:
        raise Unknown
    return view.market[symbol]


def own(view: View) -> dict[str, Any]:
    """The same for the symbol of this order."""
    return seen(view, view.order["symbol"])


def quote(view: View, symbol: str, side: str) -> Fraction:
    """Bid or ask of a symbol; nothing from a missing, crossed or non-positive quote."""
    bid, ask = (amount(seen(view, symbol).get(name)) for name in ("bid", "ask"))
    if bid <= 0 or ask < bid:
        raise Unknown
    return bid if side == "bid" else ask


def slip(view: View) -> Fraction:
    """1 + market_slippage_pct / 100."""
    return 1 + amount(view.limits.get("market_slippage_pct", ZERO)) * PERCENT


def price(view: View, order: dict[str, Any], trigger: Fraction | None = None) -> Fraction:
    """What a share of an order costs at worst."""
    symbol, limit = order["symbol"], order.get("limit_price")
    if order["side"] == "sell":
        return max(quote(view, symbol, "bid") * slip(view), limit or ZERO)
    if limit is not None:
        return amount(limit)
    return max(quote(view, symbol, "ask"), trigger or ZERO) * slip(view)


def notional(view: View) -> Fraction:
    """This order at its worst price."""
    return view.qty * price(view, view.order, view.order["trigger"])


def left(order: dict[str, Any]) -> Fraction:
    """What may still fill of a working order."""
    return amount(order.get("qty")) - amount(order.get("filled_qty", ZERO))


def held(view: View, symbol: str | None = None) -> Fraction:
    """Signed position in shares."""
    position = view.positions.get(symbol or view.order["symbol"])
    return ZERO if position is None else amount(position.get("qty"))


def working(view: View, side: str, symbol: str | None = None) -> Fraction:
    """Open shares of one side of a symbol."""
    name = symbol or view.order["symbol"]
    return sum((left(each) for each in view.working if each["symbol"] == name and each["side"] == side), ZERO)


def closes(view: View) -> bool:
    """True for an order that provably reduces risk: opposite, and no more than is left to close."""
    side = view.order["side"]
    try:
        position, under_way = held(view), working(view, side)
    except Unknown:
        return False
    opposite = position > 0 if side == "sell" else position < 0
    return opposite and view.qty <= abs(position) - under_way


def symbols(view: View) -> set[str]:
    """Every symbol that is held, worked on or ordered now."""
    names = {name for name, each in view.positions.items() if each.get("qty") != 0}
    return names | {each["symbol"] for each in view.working if left(each) > 0} | {view.order["symbol"]}


def sides(view: View, symbol: str) -> tuple[Fraction, Fraction]:
    """(up, down) of one symbol in money, this order included."""
    position = held(view, symbol)
    start = position * quote(view, symbol, "ask") if position else ZERO
    reach = {"buy": start, "sell": start}
    for each in view.working:
        if each["symbol"] == symbol:
            sign = 1 if each["side"] == "buy" else -1
            reach[each["side"]] += sign * left(each) * price(view, each, each.get("stop_price"))
    if symbol == view.order["symbol"]:
        reach[view.order["side"]] += (1 if view.order["side"] == "buy" else -1) * notional(view)
    return reach["buy"], reach["sell"]


def worst(view: View, symbol: str) -> Fraction:
    """The larger magnitude of the two sides."""
    return max(abs(each) for each in sides(view, symbol))


def worst_qty(view: View) -> Fraction:
    """The same in shares, for the symbol of this order."""
    buys, sells = working(view, "buy"), working(view, "sell")
    if view.order["side"] == "buy":
        buys += view.qty
    else:
        sells += view.qty
    return max(abs(held(view) + buys), abs(held(view) - sells))


def gross(view: View) -> Fraction:
    """Sum of the worst magnitudes."""
    return sum((worst(view, name) for name in symbols(view)), ZERO)


def reserved(view: View) -> Fraction:
    """What open buys will cost."""
    return sum((left(each) * price(view, each, each.get("stop_price")) for each in view.working
                if each["side"] == "buy"), ZERO)  # fmt: skip


def need(view: View) -> Fraction:
    """What this order asks of the buying power; a short is taken at 1.03 ask, or its limit where that is higher."""
    if view.order["side"] == "buy":
        return notional(view)
    marked = quote(view, view.order["symbol"], "ask") * _SHORT_MARK_UP
    return view.qty * max(marked, view.order.get("limit_price") or ZERO)


def equity(view: View) -> Fraction:
    """Equity, which must be more than nothing."""
    value = amount(view.account.get("equity"))
    if value <= 0:
        raise Unknown
    return value
