"""Breaches of group D."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.book import AccountKind
from domain.case import Case
from domain.money import ONE, ZERO
from domain.orders import OrderType, Side
from policies.breaches.case import (
    Breach,
    holding,
    huge,
    with_account,
    with_book,
    with_counters,
    with_order,
    working_orders,
)


def _own_order_in_the_way(case: Case, limits: Mapping[str, Any]) -> Case | None:
    if not limits["forbid_self_cross"]:
        return None
    resting = working_orders(case, 1, symbol=case.order.symbol, side=Side.SELL, type=OrderType.MARKET, limit_price=None)
    return with_book(case, open_orders=resting)


def _bought_back(case: Case, limits: Mapping[str, Any]) -> Case | None:
    if not limits.get("forbid_wash_sale"):
        return None
    return with_counters(case, last_loss_on={case.order.symbol: case.now})


def _unsettled(case: Case, limits: Mapping[str, Any]) -> Case | None:
    if not limits["require_settled_cash"]:
        return None
    return with_account(case, kind=AccountKind.CASH, settled_cash=ZERO)


BREACHES: Mapping[str, Breach] = {
    "D1": huge,
    "D2": huge,
    "D3": lambda case, limits: with_order(case, side=Side.SELL),
    "D4": lambda case, limits: with_counters(case, round_trips_5d=int(limits["max_round_trips_5d"])),
    "D5": _own_order_in_the_way,
    "D6": _bought_back,
    "D7": _unsettled,
    "D8": lambda case, limits: with_order(holding(case, ONE, available=ZERO), side=Side.SELL),
}
