"""Breaches of group G."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.case import Case
from domain.money import ZERO
from policies.breaches.case import EVERYTHING_LOST, Breach, with_account, with_control, with_performance


def _poor(case: Case, limits: Mapping[str, Any]) -> Case:
    return with_performance(
        with_account(case, equity=ZERO),
        day_start_equity=EVERYTHING_LOST,
        peak_equity=EVERYTHING_LOST,
        week_start_equity=EVERYTHING_LOST,
        month_start_equity=EVERYTHING_LOST,
    )


def _handed_back(case: Case, limits: Mapping[str, Any]) -> Case:
    # the account had doubled at least, so that the profit counts whatever share of the start it must be
    equity = case.book.account.equity or ZERO
    return with_performance(case, day_start_equity=equity, day_peak_equity=2 * equity)


BREACHES: Mapping[str, Breach] = {
    "G1": _poor,
    "G1_abs": _poor,
    "G2": _poor,
    "G2_month": _poor,
    "G3_soft": _poor,
    "G3": _poor,
    "G4": lambda case, limits: with_performance(case, strategy_pnl={case.order.strategy: -EVERYTHING_LOST}),
    "G4_symbol": lambda case, limits: with_performance(case, symbol_pnl={case.order.symbol: -EVERYTHING_LOST}),
    "G5": _handed_back,
    "G6": lambda case, limits: with_control(case, ramp=ZERO),
}
