"""Breaches of group E."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from domain.case import Case
from domain.market import EventKind, MarketEvent, TradingStatus
from domain.money import CENT
from domain.orders import OrderType
from policies.breaches.case import DAY, Breach, huge, with_order, with_quote, with_view


def _earnings_now(case: Case, limits: Mapping[str, Any]) -> Case:
    return with_view(case, events=(MarketEvent(case.order.symbol, EventKind.EARNINGS, case.now, case.now),))


BREACHES: Mapping[str, Breach] = {
    "E9": huge,
    "E1": lambda case, limits: replace(case, market=replace(case.market, session=None)),
    "E3": lambda case, limits: with_view(case, status=TradingStatus(case.order.symbol, case.now, halted=True)),
    "E4": lambda case, limits: with_quote(case, at=case.now + DAY),
    "E4_bar": lambda case, limits: with_view(case, last_bar_end=None),
    "E6": lambda case, limits: with_quote(case, last=CENT),
    "E6_atr": lambda case, limits: with_view(with_quote(case, last=CENT), atr=CENT),
    "E7": lambda case, limits: with_quote(case, bid=CENT),
    "E8": lambda case, limits: with_order(with_view(case, quote=None), type=OrderType.MARKET, limit_price=None),
    "E13": _earnings_now,
}
