"""Breaches of group E."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from domain.case import Case, TextUsed
from domain.ids import Ref
from domain.market import EventKind, MarketEvent, TradingStatus
from domain.money import CENT, ZERO
from domain.orders import OrderType
from policies.breaches.case import (
    DAY,
    HUGE,
    Breach,
    huge,
    with_market,
    with_order,
    with_proposal,
    with_quote,
    with_session,
    with_view,
)

SECOND = DAY / 86_400
AGES = 400 * DAY
"""More than the oldest that a policy may let texts be."""


def _happening(kind: EventKind, case: Case, limits: Mapping[str, Any]) -> Case:
    return with_view(case, events=(MarketEvent(case.order.symbol, kind, case.now, case.now),))


def _faulty_bars(case: Case, limits: Mapping[str, Any]) -> Case | None:
    return with_view(case, bar_fault="self-test") if limits["require_valid_bars"] else None


def _thin(case: Case, limits: Mapping[str, Any]) -> Case | None:
    return with_view(case, adv_shares=CENT / HUGE) if limits["min_adv_value"] > ZERO else None


def _old_news(case: Case, limits: Mapping[str, Any]) -> Case:
    text = TextUsed(Ref("news.1@SELF"), case.now - AGES, case.now - AGES, stored=True, suspicious=False)
    return with_proposal(case, texts=(text,))


BREACHES: Mapping[str, Breach] = {
    "E9": huge,
    "E9_value": _thin,
    "E1": lambda case, limits: replace(case, market=replace(case.market, session=None)),
    "E3": lambda case, limits: with_view(case, status=TradingStatus(case.order.symbol, case.now, halted=True)),
    "E4": lambda case, limits: with_quote(case, at=case.now + DAY),
    "E4_bar": lambda case, limits: with_view(case, last_bar_end=None),
    "E6": lambda case, limits: with_quote(case, last=CENT),
    "E6_atr": lambda case, limits: with_view(with_quote(case, last=CENT), atr=CENT),
    "E7": lambda case, limits: with_quote(case, bid=CENT),
    "E8": lambda case, limits: with_order(with_view(case, quote=None), type=OrderType.MARKET, limit_price=None),
    "E2": lambda case, limits: with_session(case, case.now + SECOND, case.now + DAY / 8),
    "E2_close": lambda case, limits: with_session(case, case.now - DAY / 8, case.now - SECOND),
    "E5": _faulty_bars,
    "E5_source": lambda case, limits: with_view(case, second_price=CENT),
    "E10": huge,
    "E11": lambda case, limits: with_view(case, sigma_now=HUGE, daily_sigma=CENT),
    "E11_index": lambda case, limits: with_market(case, index_move_pct=-HUGE),
    "E12": lambda case, limits: with_view(case, gap_pct=-HUGE),
    "E13": partial(_happening, EventKind.EARNINGS),
    "E13_macro": partial(_happening, EventKind.MACRO),
    "E14": partial(_happening, EventKind.SPLIT),
    "E15": _old_news,
}
