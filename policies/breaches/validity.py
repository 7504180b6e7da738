"""Breaches of group B."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.case import Case
from domain.market import AssetClass, Symbol
from domain.money import ONE, ZERO
from domain.orders import OrderType
from policies.breaches.case import HUGE, NOW, UNLISTED, Breach, holding, with_instrument, with_order, with_quote


def _outside_lists(case: Case, limits: Mapping[str, Any]) -> Case | None:
    banned = [name for name, entry in limits.get("restricted", {}).items() if entry.until is None or entry.until > NOW]
    if "universe" in limits:
        return with_order(case, symbol=UNLISTED)
    return with_order(case, symbol=banned[0]) if banned else None


def _leveraged_fund(case: Case, limits: Mapping[str, Any]) -> Case | None:
    fund = with_instrument(case, asset_class=AssetClass.ETF, leverage=-ONE)
    return None if limits.get("allow_leveraged_funds") else fund


BREACHES: Mapping[str, Breach] = {
    "B1": lambda case, limits: with_order(case, symbol=Symbol("not a ticker")),
    "B2": lambda case, limits: with_order(case, qty=-ONE),
    "B3": lambda case, limits: with_order(case, type=OrderType.LIMIT, limit_price=None),
    "B4": lambda case, limits: with_order(case, type=OrderType.MARKET, limit_price=None, extended_hours=True),
    "B5": lambda case, limits: with_order(case, expires_at=case.now),
    "B6": lambda case, limits: with_order(holding(case, -ONE), qty=HUGE),
    "B7": lambda case, limits: with_order(case, reduce_only=True),
    "B8": lambda case, limits: with_order(case, stop_loss=HUGE),
    "B9": _outside_lists,
    "B10": lambda case, limits: with_quote(case, last=ZERO),
    "B10_age": lambda case, limits: with_instrument(case, listed_on=None),
    "B10_cap": lambda case, limits: with_instrument(case, market_cap=None),
    "B10_leverage": _leveraged_fund,
}
