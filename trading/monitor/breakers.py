"""Breakers: what goes wrong by itself stops new entries, until the owner has looked at it.

    rejects    the broker refused ``max_rejects_in_row`` orders in a row
    broker     more than ``max_api_error_pct`` percent of the calls to the broker failed
    slippage   fills cost more than ``max_slippage_pct`` percent against the price at the decision
    model      of the last 20 answers more than ``max_unusable_answers_pct`` percent could not be used
    blocks     the gates refused the same symbol and side ``max_blocks_in_row`` times in a row within a day

With 40 %, 8 of 20 unusable answers are borne and 9 trip; under 10 answers nothing does. An answer is unusable when it
is malformed, ungrounded, about another symbol or asks for more than it may; a model that is away gives no answer and
trips nothing, because that is a state and no anomaly. What is unknown trips nothing either: the gates refuse it.

A trip moves trading to REDUCING, once, on record and in the log. Nothing here moves it back.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from domain.book import NO_COUNTERS, Counters
from domain.case import TradingState
from domain.market import Symbol
from domain.money import HUNDRED
from domain.orders import Side
from trading.store.calls import CallStore
from trading.store.control import ControlStore

ANSWERS, FEWEST_ANSWERS = 20, 10
BY = "breaker"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the breakers look at. ``faults`` are those of the newest answers, None for an answer that could be used."""

    counters: Counters = NO_COUNTERS
    faults: tuple[str | None, ...] = ()
    blocks: Mapping[tuple[Symbol, Side], int] = field(default_factory=dict)


class Trip(NamedTuple):
    """A breaker that tripped: what it measured against which limit, and that in words."""

    breaker: str
    limit: Decimal
    value: Decimal
    what: str


def trips(facts: Facts, limits: Mapping[str, Any]) -> tuple[Trip, ...]:
    """Every breaker that trips on these facts; a limit that the policy does not set has no breaker."""
    found = (
        _rejects(facts.counters.rejects_in_row, limits.get("max_rejects_in_row")),
        _beyond("broker", facts.counters.api_error_pct, limits.get("max_api_error_pct"), "of broker calls failed"),
        _beyond("slippage", facts.counters.slippage_pct, limits.get("max_slippage_pct"), "slippage on average"),
        _answers(facts.faults, limits.get("max_unusable_answers_pct")),
        *(_blocks(symbol, side, count, limits) for (symbol, side), count in sorted(facts.blocks.items())),
    )
    return tuple(trip for trip in found if trip is not None)


class Breakers:
    """The breakers over the stores: reads the facts, and tightens where one trips."""

    def __init__(self, control: ControlStore, calls: CallStore, limits: Mapping[str, Any]) -> None:
        self._control = control
        self._calls = calls
        self._limits = limits

    def check(self, counters: Counters, *, now: datetime) -> tuple[Trip, ...]:
        """What trips now. What lies before the owner's last resume has been looked at and does not trip again."""
        looked = self._control.resumed_at()
        found = trips(
            Facts(
                counters,
                self._calls.newest_faults(ANSWERS, since=looked),
                self._control.blocks_in_row(now=now),
            ),
            self._limits,
        )
        if found and self._control.read().trading_state is TradingState.ACTIVE:
            what = "; ".join(trip.what for trip in found)
            self._control.tighten(TradingState.REDUCING, by=BY, at=now, reason=what)
            logging.getLogger(__name__).warning("a breaker stops new entries: %s", what)
        return found


def _rejects(count: int | None, limit: Decimal | None) -> Trip | None:
    if count is None or limit is None or count < limit:
        return None
    return Trip("rejects", limit, Decimal(count), f"the broker rejected {count} orders in a row")


def _beyond(breaker: str, value: Decimal | None, limit: Decimal | None, words: str) -> Trip | None:
    if value is None or limit is None or value <= limit:
        return None
    return Trip(breaker, limit, value, f"{value} % {words}, the limit is {limit} %")


def _answers(faults: tuple[str | None, ...], limit: Decimal | None) -> Trip | None:
    if limit is None or len(faults) < FEWEST_ANSWERS:
        return None
    unusable = sum(fault is not None for fault in faults)
    share = HUNDRED * unusable / len(faults)
    if share <= limit:
        return None
    what = f"{unusable} of the last {len(faults)} model answers could not be used"
    return Trip("model", limit, share, what)


def _blocks(symbol: Symbol, side: Side, count: int, limits: Mapping[str, Any]) -> Trip | None:
    limit = limits.get("max_blocks_in_row")
    if limit is None or count < limit:
        return None
    return Trip("blocks", limit, Decimal(count), f"the gates refused to {side} {symbol} {count} times in a row")
