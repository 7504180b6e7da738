"""Breaches of group F."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from domain.case import Case
from domain.market import Symbol
from domain.money import ONE
from policies.breaches.case import DAY, Breach, with_book, with_counters, with_performance, working_orders


def _in_the_future(case: Case) -> dict[Symbol, datetime]:
    return {case.order.symbol: case.now + DAY}


def _own_symbol(case: Case, limits: Mapping[str, Any]) -> Case:
    count = int(limits["max_orders_per_symbol_per_day"])
    return with_book(case, recent_orders=working_orders(case, count, symbol=case.order.symbol))


def _all_talk(case: Case, limits: Mapping[str, Any]) -> Case:
    # ten messages are the fewest of which the ratio says anything
    return with_counters(case, messages_today=max(10, int(limits["max_order_to_trade_ratio"]) + 1))


def _round_trips(case: Case, limits: Mapping[str, Any]) -> Case:
    return with_counters(case, round_trips_today={case.order.symbol: int(limits["max_round_trips_per_symbol"])})


BREACHES: Mapping[str, Breach] = {
    "F1_second": lambda case, limits: with_book(
        case, recent_orders=working_orders(case, int(limits["max_orders_per_second"]))
    ),
    "F1": lambda case, limits: with_book(
        case, recent_orders=working_orders(case, int(limits["max_orders_per_minute"]))
    ),
    "F1_day": lambda case, limits: with_book(case, orders_today=int(limits["max_orders_per_day"])),
    "F1_symbol": _own_symbol,
    "F2": _all_talk,
    "F2_cancels": lambda case, limits: with_counters(case, cancels_today=int(limits["max_cancels_per_day"])),
    "F3": lambda case, limits: with_book(case, open_orders=working_orders(case, int(limits["max_active_orders"]))),
    "F4": lambda case, limits: with_book(
        case, recent_orders=working_orders(case, 1, decision_id=case.order.decision_id)
    ),
    "F5": _round_trips,
    "F6": lambda case, limits: with_performance(case, last_loss_at=case.now + DAY),
    "F6_exit": lambda case, limits: with_counters(case, last_exit_at=_in_the_future(case)),
    "F6_stop": lambda case, limits: with_counters(case, last_stop_at=_in_the_future(case)),
    "F6_reject": lambda case, limits: with_counters(case, last_reject_at=_in_the_future(case)),
    "F7": lambda case, limits: with_performance(case, consecutive_losses=int(limits["max_consecutive_losses"])),
    "F7_strategy": lambda case, limits: with_performance(
        case, strategy_losses={case.order.strategy: int(limits["max_strategy_consecutive_losses"])}
    ),
    "F8": lambda case, limits: with_counters(case, rejects_in_row=int(limits["max_rejects_in_row"])),
    "F9": lambda case, limits: with_counters(case, api_error_pct=limits["max_api_error_pct"] + ONE),
    "F9_slippage": lambda case, limits: with_counters(case, slippage_pct=limits["max_slippage_pct"] + ONE),
}
