"""Group B, and what of D and F looks at the order alone: its form, its instrument, its twins and its protection."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

from evals.gates.oracle.exposure import amount, closes, held, known, own, price
from evals.gates.oracle.hours import NEW_YORK, session_after, session_at
from evals.gates.oracle.reading import View
from evals.gates.oracle.rule import Rule, age, seconds

_PRICED = frozenset({"limit", "stop_limit"})
_BUFFER = Fraction(120)
_EXTENDED = (4, 20)


def _quantity(view: View, _: Any) -> bool:
    lot = own(view).get("lot") or Fraction(1)
    whole = (view.qty / lot).denominator == 1
    return view.qty > 0 and (whole or (view.qty == abs(held(view)) and closes(view)))


def _whole_or_fractionable(view: View, allowed: bool) -> bool:
    return view.qty.denominator == 1 or bool(allowed and known(own(view)["fractionable"]))


def _prices(view: View, _: Any) -> bool:
    order, tick = view.order, own(view).get("tick") or Fraction(1, 100)
    if order["type"] in _PRICED and order.get("limit_price") is None:
        return False
    given = [order.get(name) for name in ("limit_price", "trigger", "stop_loss", "take_profit")]
    return all(each > 0 and (each / tick).denominator == 1 for each in given if each is not None)


def _currency(view: View, _: Any) -> bool:
    wanted = {view.order["currency"], known(own(view).get("currency")), known(view.account.get("currency"))}
    return len(wanted) == 1


def _extended(view: View, _: Any) -> bool:
    order = view.order
    return not order.get("extended_hours") or (order["type"] == "limit" and order["tif"] == "day")


def _expiry(view: View, _: Any) -> bool:
    order, session = view.order, session_at(view.now)
    buffer = amount(view.limits.get("auction_buffer_s", _BUFFER))
    if (order["tif"] == "gtd") != (order.get("expires_at") is not None):
        return False
    if order["tif"] == "gtd":
        return bool(order["expires_at"] > view.now)
    if order["tif"] == "cls":
        return session is not None and bool(seconds(session[1] - view.now) >= buffer)
    return order["tif"] != "opg" or (session is None and seconds(session_after(view.now)[0] - view.now) >= buffer)


def _open(view: View, _: Any) -> bool:
    if session_at(view.now) is not None:
        return bool(view.order["tif"] != "opg")
    local = view.now.astimezone(NEW_YORK)
    extended = view.order.get("extended_hours") and view.limits.get("allow_extended_hours")
    trading_day = local.weekday() < 5 and _EXTENDED[0] <= local.hour < _EXTENDED[1]
    return view.order["tif"] == "opg" or bool(extended and trading_day)


def _crosses_zero(view: View) -> bool:
    position = held(view)
    opposite = position > 0 if view.order["side"] == "sell" else position < 0
    return opposite and not closes(view)


def _available(view: View, _: Any) -> bool:
    position = view.positions.get(view.order["symbol"]) or {}
    free = position.get("available_qty")
    selling = view.order["side"] == "sell" and held(view) > 0
    return not selling or free is None or view.qty <= free


def _stop_side(view: View, _: Any) -> bool:
    stop = view.order["stop_loss"]
    if stop is None:
        return True
    cost = view.order.get("limit_price") or price(view, view.order, view.order["trigger"])
    return bool(stop < cost if view.order["side"] == "buy" else stop > cost)


def _stop_distance(view: View) -> Fraction:
    cost = price(view, view.order, view.order["trigger"])
    return abs(cost - amount(view.order["stop_loss"])) / cost * 100


def _unrestricted(view: View, rows: list[dict[str, Any]]) -> bool:
    return not any(
        each["symbol"] == view.order["symbol"] and (each["until"] is None or each["until"] > view.now) for each in rows
    )


def _low(view: View, limit: Fraction) -> bool:
    return min(amount(own(view).get("bid")), amount(own(view).get("last"))) >= limit


def _listed(view: View, days: Fraction) -> bool:
    listed: date = known(own(view).get("listed_on"))
    return (view.now.date() - listed).days >= days


def _plain_fund(view: View, allowed: bool) -> bool:
    return allowed or own(view)["asset_class"] != "etf" or amount(own(view).get("leverage")) == 1


def _shorting(view: View) -> bool:
    return view.order["side"] == "sell" and not closes(view)


def _borrowable(view: View, _: Any) -> bool:
    if not _shorting(view):
        return True
    seen = own(view)
    plain = view.qty.denominator == 1 and not view.order.get("extended_hours")
    easy = known(seen.get("easy_to_borrow")) and not known(seen.get("short_restricted"))
    return bool(plain and easy and known(seen["shortable"]))


def _no_self_cross(view: View, _: Any) -> bool:
    order = view.order
    against = [each for each in view.working if each["symbol"] == order["symbol"] and each["side"] != order["side"]]
    mine = order.get("limit_price")
    theirs = [each.get("limit_price") for each in against]
    if mine is None or any(each is None for each in theirs):
        return not against
    return all(each > mine if order["side"] == "buy" else each < mine for each in theirs)


def _first_time(view: View, _: Any) -> bool:
    return view.order["decision_id"] not in {each["decision_id"] for each in [*view.recent, *view.working]}


def _no_twin(view: View, window: Fraction) -> bool:
    order = view.order
    twins = [
        each
        for each in [*view.recent, *view.working]
        if (each["symbol"], each["side"], each["qty"]) == (order["symbol"], order["side"], view.qty)
    ]
    return all(age(view, each.get("at")) >= window for each in twins)


def _within(name: str) -> Any:
    return lambda view, allowed: view.order[name] in allowed


RULES = (
    Rule("B1", None, lambda view, _: known(own(view).get("tradable"))),
    Rule("B1", "allowed_asset_classes", lambda view, allowed: known(own(view)["asset_class"]) in allowed),
    Rule("B2", None, _quantity, always=True),
    Rule("B2", "allow_fractional", _whole_or_fractionable),
    Rule("B3", None, _prices, always=True),
    Rule("B3", None, _currency, always=True),
    Rule("B4", "allowed_order_types", _within("type"), always=True),
    Rule("B4", "allowed_tif", _within("tif"), always=True),
    Rule("B4", None, _extended, always=True),
    Rule("B4", "allow_extended_hours", lambda view, allowed: allowed or not view.order.get("extended_hours")),
    Rule("B5", None, _expiry, ("EXPIRY_INVALID", "AUCTION_WINDOW"), always=True),
    Rule("E1", None, _open),
    Rule("E1", None, lambda view, _: session_at(view.now) is None or view.control.get("broker_open") is not False,
         ("MARKET_CLOSED",)),
    Rule("B6", None, lambda view, _: not _crosses_zero(view), size=True),
    Rule("B7", None, lambda view, _: not view.order.get("reduce_only") or closes(view), size=True),
    Rule("B8", "require_stop_loss", lambda view, wanted: not wanted or view.order["stop_loss"] is not None),
    Rule("B8", None, _stop_side),
    Rule("B8", "min_stop_distance_pct", lambda view, limit: _stop_distance(view) >= limit),
    Rule("B8", "max_stop_distance_pct", lambda view, limit: _stop_distance(view) <= limit),
    Rule("B9", "restricted", _unrestricted, always=True),
    Rule("B9", "universe", lambda view, names: view.order["symbol"] in names),
    Rule("B10", "min_price", _low),
    Rule("B10", "min_listing_age_d", _listed, ("LISTING_TOO_YOUNG", "LISTING_UNKNOWN")),
    Rule("B10", "min_market_cap", lambda view, limit: known(own(view).get("market_cap")) >= limit,
         ("MARKET_CAP_TOO_SMALL", "MARKET_CAP_UNKNOWN")),
    Rule("B10", "allow_leveraged_funds", _plain_fund, ("LEVERAGED_FUND", "LEVERAGE_UNKNOWN")),
    Rule("D3", "allow_short", lambda view, allowed: allowed or not _shorting(view), size=True),
    Rule("D3", "allow_short", _borrowable, size=True),
    Rule("D5", "forbid_self_cross", lambda view, wanted: not wanted or _no_self_cross(view, wanted)),
    Rule("D8", None, _available, always=True, size=True),
    Rule("F3", "max_active_orders", lambda view, limit: len(view.working) < limit),
    Rule("F4", None, _first_time, always=True),
    Rule("F4", "duplicate_window_s", _no_twin, always=True),
)  # fmt: skip
