"""Breaches of group D."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.case import Case
from domain.money import ONE, ZERO
from domain.orders import OrderType, Side
from policies.breaches.case import Breach, holding, huge, with_book, with_order, working_orders


def _own_order_in_the_way(case: Case, limits: Mapping[str, Any]) -> Case | None:
    if not limits["forbid_self_cross"]:
        return None
    resting = working_orders(case, 1, symbol=case.order.symbol, side=Side.SELL, type=OrderType.MARKET, limit_price=None)
    return with_book(case, open_orders=resting)


BREACHES: Mapping[str, Breach] = {
    "D1": huge,
    "D3": lambda case, limits: with_order(case, side=Side.SELL),
    "D5": _own_order_in_the_way,
    "D8": lambda case, limits: with_order(holding(case, ONE, available=ZERO), side=Side.SELL),
}
