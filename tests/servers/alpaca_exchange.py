"""The exchange behind the loopback Alpaca: orders, holdings, cash and executions, in the shapes of its documentation.

As at Alpaca, the exits behind an entry hold the shares: another sale of them is refused until they are cancelled; and
they live as long as their entry was asked to, so that those of a day order end with the day.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from domain.market import Quote
from domain.record.canonical import decimal_text

ACCOUNT_NUMBER = "PA3717PJAYWN"
OPEN = {"new", "accepted", "pending_new", "partially_filled", "pending_cancel", "pending_replace", "held"}
UNIQUE = (422, {"code": 40010001, "message": "client_order_id must be unique"})
_STAMPS = (
    "filled_at", "expired_at", "canceled_at", "failed_at", "replaced_at", "replaced_by", "replaces", "notional",
    "filled_avg_price", "limit_price", "stop_price", "legs", "trail_percent", "trail_price", "hwm", "subtag", "source",
)  # fmt: skip

Reply = tuple[int, Any]
Order = dict[str, Any]


def money(value: Decimal) -> str:
    return decimal_text(value)


def uuid(number: int) -> str:
    return str(UUID(int=(0xA1FACA << 104) + (4 << 76) + (8 << 60) + number))


@dataclass
class Exchange:
    """Orders, holdings and cash; a marketable order fills at the touch, up to ``depth`` shares at a time."""

    quote: Callable[[str], Quote | None]
    now: Callable[[], datetime]
    cash: Decimal = Decimal(100_000)
    orders: dict[str, Order] = field(default_factory=dict)
    held: dict[str, tuple[Decimal, Decimal]] = field(default_factory=dict)
    activities: list[dict[str, Any]] = field(default_factory=list)
    fees: list[dict[str, Any]] = field(default_factory=list)
    moves: list[dict[str, Any]] = field(default_factory=list)
    withdrawable: Decimal | None = None
    depth: Decimal | None = None
    cancels_at_once: bool = True
    tell: Callable[[str, Order, dict[str, Any]], None] = lambda event, order, more: None

    def stamp(self) -> str:
        return self.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "123Z"

    def by_client_id(self, name: str) -> Order | None:
        return next((order for order in self.orders.values() if order["client_order_id"] == name), None)

    def taken(self, body: dict[str, Any]) -> Reply:
        if self.by_client_id(body.get("client_order_id", "")) is not None:
            return UNIQUE
        if self.quote(body["symbol"]) is None:
            return 422, {"code": 42210000, "message": f'asset "{body["symbol"]}" not found'}
        wrong = self.wrong(body)
        if wrong is not None:
            return 422, {"code": 42210000, "message": wrong}
        free = self.held.get(body["symbol"], (Decimal(0), Decimal(0)))[0] - self.reserved(body["symbol"])
        if body["side"] == "sell" and Decimal(body["qty"]) > free:
            told = f"insufficient qty available for order (requested: {body['qty']}, available: {free})"
            return 403, {"code": 40310000, "message": told, "symbol": body["symbol"], "available": money(free)}
        order = self.made(body)
        for leg in self.legs_of(body, order):
            order["legs"] = [*(order["legs"] or []), leg]
        self.tell("new", order, {})
        self.meet(order)
        return 200, self.shown(order)

    def wrong(self, body: dict[str, Any]) -> str | None:
        """What Alpaca says of an order that does not go together; an exit needs a position that it closes."""
        kind, held = body.get("order_class", "simple"), self.held.get(body["symbol"], (Decimal(0),))[0]
        if Decimal(body["qty"]) % 1 and kind != "simple":
            return "fractional orders must be simple orders"
        if Decimal(body["qty"]) % 1 and body["time_in_force"] != "day":
            return "fractional orders must be DAY orders"
        if kind == "oco" and (held == 0 or (held > 0) is not (body["side"] == "sell")):
            return "oco orders must be exit orders"
        return None

    def reserved(self, symbol: str) -> Decimal:
        """What working sells hold; the exits behind one entry hold their shares once."""
        sells = [
            o for o in self.orders.values() if (o["symbol"], o["side"]) == (symbol, "sell") and o["status"] in OPEN
        ]
        left = {o["_of"] or o["id"]: Decimal(o["qty"]) - Decimal(o["filled_qty"]) for o in sells if self.bites(o)}
        return sum(left.values(), Decimal(0))

    def bites(self, order: Order) -> bool:
        """False for an exit whose entry has bought nothing yet."""
        parent = self.orders.get(order["_of"])
        return parent is None or parent["side"] == order["side"] or Decimal(parent["filled_qty"]) > 0

    def made(self, body: dict[str, Any], **more: Any) -> Order:
        number, at = len(self.orders) + 1, self.stamp()
        order: Order = dict.fromkeys(_STAMPS) | {
            "id": uuid(number), "client_order_id": body.get("client_order_id") or uuid(number + 900_000),
            "created_at": at, "updated_at": at, "submitted_at": at, "asset_id": uuid(7), "asset_class": "us_equity",
            "symbol": body["symbol"], "qty": body["qty"], "filled_qty": "0", "side": body["side"],
            "order_class": body.get("order_class", ""), "order_type": body["type"], "type": body["type"],
            "time_in_force": body["time_in_force"], "status": "new", "_of": "",
            "extended_hours": body.get("extended_hours", False), "limit_price": body.get("limit_price"),
            "stop_price": body.get("stop_price"), "trail_price": body.get("trail_price"),
            "trail_percent": body.get("trail_percent"),
        } | more  # fmt: skip
        self.orders[order["id"]] = order
        return order

    def legs_of(self, body: dict[str, Any], parent: Order) -> list[Order]:
        other = {"buy": "sell", "sell": "buy"}[body["side"]]
        oco = body.get("order_class") == "oco"
        base = {name: body[name] for name in ("symbol", "qty", "time_in_force")}
        base |= {"side": body["side"] if oco else other, "order_class": body.get("order_class")}
        made = []
        if "take_profit" in body and not oco:
            limit = body["take_profit"]["limit_price"]
            made.append(self.made(base | {"type": "limit", "limit_price": limit}, status="held", _of=parent["id"]))
        if "stop_loss" in body:
            stop = body["stop_loss"]["stop_price"]
            made.append(self.made(base | {"type": "stop", "stop_price": stop}, status="held", _of=parent["id"]))
        return made

    def meet(self, order: Order) -> None:
        """Fill as far as price and depth allow."""
        quote = self.quote(order["symbol"])
        if quote is None or order["status"] not in OPEN or order["type"] not in ("market", "limit"):
            return
        buy = order["side"] == "buy"
        touch, limit = quote.ask if buy else quote.bid, order["limit_price"]
        if limit is not None and (touch > Decimal(limit) if buy else touch < Decimal(limit)):
            return
        left = Decimal(order["qty"]) - Decimal(order["filled_qty"])
        self.fill(order["id"], left if self.depth is None else min(left, self.depth), touch)

    def fill(self, order_id: str, qty: Decimal | int, price: Decimal | int) -> None:
        """One execution, whatever the order's state and size: that is how late fills and over-fills are made."""
        order, qty, price = self.orders[order_id], Decimal(qty), Decimal(price)
        before, value = Decimal(order["filled_qty"]), Decimal(order["filled_avg_price"] or 0)
        after = before + qty
        order["filled_avg_price"] = money((before * value + qty * price) / after)
        order["filled_qty"], order["updated_at"] = money(after), self.stamp()
        if order["status"] in OPEN:
            order["status"] = "filled" if after >= Decimal(order["qty"]) else "partially_filled"
        sign = 1 if order["side"] == "buy" else -1
        self.cash -= sign * qty * price
        self.hold(order["symbol"], sign * qty, price)
        kind = "fill" if order["status"] == "filled" else "partial_fill"
        number = len(self.activities) + 1
        self.activities.append({
            "activity_type": "FILL", "id": f"{self.now():%Y%m%d%H%M%S}{number:03d}::{uuid(number + 500_000)}",
            "cum_qty": money(after), "leaves_qty": money(max(Decimal(order["qty"]) - after, Decimal(0))),
            "price": money(price), "qty": money(qty), "side": order["side"], "symbol": order["symbol"],
            "transaction_time": self.stamp(), "order_id": order_id, "type": kind,
        })  # fmt: skip
        for leg in order["legs"] or ():
            leg["status"] = "new" if leg["status"] == "held" else leg["status"]
        if order["status"] == "filled":
            self.close_siblings(order)
        more = {"qty": money(qty), "price": money(price), "execution_id": uuid(number + 600_000)}
        self.tell(kind, order, more | {"position_qty": money(self.held.get(order["symbol"], (Decimal(0),))[0])})

    def hold(self, symbol: str, qty: Decimal, price: Decimal) -> None:
        had, cost = self.held.pop(symbol, (Decimal(0), Decimal(0)))
        if had + qty != 0:
            average = (had * cost + qty * price) / (had + qty) if had * qty >= 0 else cost
            self.held[symbol] = (had + qty, average)

    def cancel(self, order_id: str) -> Reply:
        order = self.orders.get(order_id)
        if order is None:
            return 404, {"code": 40410000, "message": f"order not found for {order_id}"}
        if order["status"] not in OPEN:
            return 422, {"code": 42210000, "message": f'order is already in "{order["status"]}" state'}
        self.close(order, "canceled" if self.cancels_at_once else "pending_cancel")
        if self.cancels_at_once:
            self.close_siblings(order)
        return 204, None

    def close_siblings(self, order: Order) -> None:
        """Of two exits one cancels the other; of a pair the target is the order and the stop hangs on it."""
        front = self.orders[order["_of"]] if order["_of"] else order
        pair = front["order_class"] == "oco"
        family = (*(front["legs"] or ()), front) if pair else (front["legs"] or ()) if order["_of"] else ()
        for sibling in family:
            if sibling is not order and sibling["status"] in OPEN:
                self.close(sibling, "canceled")

    def end_of_day(self) -> None:
        """What was good for the day ends; an entry that filled takes nothing of its exits along but their own day."""
        for order in list(self.orders.values()):
            if order["time_in_force"] == "day" and order["status"] in OPEN:
                self.close(order, "expired")

    def meet_stops(self) -> None:
        """Stops that the price has reached are executed at the touch."""
        for order in list(self.orders.values()):
            quote = self.quote(order["symbol"])
            if order["type"] != "stop" or order["status"] not in OPEN or quote is None or not self.bites(order):
                continue
            buy, trigger = order["side"] == "buy", Decimal(order["stop_price"])
            if quote.ask >= trigger if buy else quote.bid <= trigger:
                self.fill(
                    order["id"], Decimal(order["qty"]) - Decimal(order["filled_qty"]), quote.ask if buy else quote.bid
                )

    def close(self, order: Order, status: str) -> None:
        order["status"], order["updated_at"] = status, self.stamp()
        for leg in order["legs"] or ():
            if status == "canceled" and leg["status"] in OPEN and Decimal(order["filled_qty"]) == 0:
                self.close(leg, "canceled")
        self.tell(status, order, {})

    def replaced(self, order_id: str, body: dict[str, Any]) -> Reply:
        old = self.orders.get(order_id)
        if old is None:
            return 404, {"code": 40410000, "message": f"order not found for {order_id}"}
        if self.by_client_id(body.get("client_order_id", "")) is not None:
            return UNIQUE
        if old["status"] not in OPEN:
            return 422, {"code": 42210000, "message": f"order {order_id} is not open"}
        changed = {name: body.get(name) or old[name] for name in ("qty", "limit_price", "stop_price", "time_in_force")}
        base = {name: old[name] for name in ("symbol", "side", "type", "order_class")}
        new = self.made(base | changed | {"client_order_id": body.get("client_order_id")}, replaces=old["id"])
        new["_of"], old["replaced_by"], old["replaced_at"] = old["_of"], new["id"], self.stamp()
        for parent in self.orders.values():
            if parent["legs"] and old in parent["legs"]:
                parent["legs"].append(new)
        self.close(old, "replaced")
        self.tell("new", new, {})
        self.meet(new)
        return 200, self.shown(new)

    def shown(self, order: Order, *, nested: bool = True) -> Order:
        told = {name: value for name, value in order.items() if not name.startswith("_")}
        return told | {"legs": [self.shown(leg) for leg in order["legs"]] if nested and order["legs"] else None}

    def account(self) -> dict[str, Any]:
        values = [(qty, self.quote(symbol)) for symbol, (qty, _) in self.held.items()]
        worth = self.cash + sum((qty * quote.bid for qty, quote in values if quote), Decimal(0))
        return {
            "id": uuid(1), "account_number": ACCOUNT_NUMBER, "status": "ACTIVE", "currency": "USD",
            "cash": money(self.cash), "equity": money(worth), "portfolio_value": money(worth),
            "buying_power": money(self.cash), "multiplier": "1", "maintenance_margin": "0", "trading_blocked": False,
            "account_blocked": False, "transfers_blocked": False, "trade_suspended_by_user": False,
            "shorting_enabled": False, "created_at": "2019-06-12T22:47:07.99658Z",
        } | ({} if self.withdrawable is None else {"cash_withdrawable": money(self.withdrawable)})  # fmt: skip

    def positions(self) -> list[dict[str, Any]]:
        return [
            {
                "asset_id": uuid(7), "symbol": symbol, "exchange": "NASDAQ", "asset_class": "us_equity",
                "avg_entry_price": money(cost), "qty": money(qty), "side": "long" if qty > 0 else "short",
                "qty_available": money(qty - self.reserved(symbol)), "cost_basis": money(qty * cost),
            }
            for symbol, (qty, cost) in sorted(self.held.items())
        ]  # fmt: skip

    def listed(self, query: dict[str, str]) -> list[Order]:
        nested, status = query.get("nested") == "true", query.get("status", "open")
        wanted = set(query["symbols"].split(",")) if "symbols" in query else None
        found = [
            order
            for order in self.orders.values()
            if (status == "all" or (order["status"] in OPEN) is (status == "open"))
            and (wanted is None or order["symbol"] in wanted)
            and not (nested and order["_of"])
            and ("until" not in query or instant(order["submitted_at"]) < instant(query["until"]))
        ]
        found.sort(key=lambda order: (order["submitted_at"], order["id"]), reverse=query.get("direction") != "asc")
        return [self.shown(order, nested=nested) for order in found[: int(query.get("limit", 50))]]

    def charge(self, number: int, day: str, amount: str, **more: Any) -> None:
        """A fee of a regulator, booked the day after."""
        self.fees.append({
            "activity_type": "FEE", "activity_sub_type": "TAF",
            "id": f"{day.replace('-', '')}000000000::{uuid(number)}",
            "date": day, "net_amount": amount, "description": f"TAF fee for proceed of 10 shares on {day}",
            "status": "executed", "currency": "USD",
        } | more)  # fmt: skip

    def charged(self, query: dict[str, str]) -> list[dict[str, Any]]:
        """Fees by their day, which has no time."""
        rows = [row for row in self.fees if instant(f"{row['date']}T23:59:59Z") > instant(query["after"])]
        ids = [row["id"] for row in rows]
        start = ids.index(query["page_token"]) + 1 if "page_token" in query else 0
        return rows[start : start + int(query.get("page_size", 100))]

    def transfer(self, number: int, day: str, amount: str, kind: str = "CSD", **more: Any) -> None:
        """Money paid in or out: the cash, and after it the activity that tells of it, which has a day and no time."""
        self.cash += Decimal(amount)
        self.tell_transfer(number, day, amount, kind, **more)

    def tell_transfer(self, number: int, day: str, amount: str, kind: str = "CSD", **more: Any) -> None:
        """The activity alone."""
        self.moves.append({
            "activity_type": kind, "id": f"{day.replace('-', '')}000000000::{uuid(number + 700_000)}", "date": day,
            "net_amount": amount, "description": "", "status": "executed", "currency": "USD",
        } | more)  # fmt: skip

    def moved(self, query: dict[str, str]) -> list[dict[str, Any]]:
        """Transfers of the kinds that are asked for, by their day."""
        kinds = query["activity_types"].split(",")
        rows = [
            row
            for row in self.moves
            if row["activity_type"] in kinds and instant(f"{row['date']}T23:59:59Z") > instant(query["after"])
        ]
        ids = [row["id"] for row in rows]
        start = ids.index(query["page_token"]) + 1 if "page_token" in query else 0
        return rows[start : start + int(query.get("page_size", 100))]

    def told(self, query: dict[str, str]) -> list[dict[str, Any]]:
        rows = [row for row in self.activities if instant(row["transaction_time"]) > instant(query["after"])]
        ids = [row["id"] for row in rows]
        start = ids.index(query["page_token"]) + 1 if "page_token" in query else 0
        return rows[start : start + int(query.get("page_size", 100))]


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def a_clock(start: datetime) -> Callable[[], datetime]:
    """A clock that is a millisecond later at every look, so that no two things happen at one time."""
    looks = iter(range(1_000_000_000))
    return lambda: start + timedelta(milliseconds=next(looks))
