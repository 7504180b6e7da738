"""Breakers: what goes wrong by itself stops new entries, until the owner has looked at it.

    rejects    the broker refused ``max_rejects_in_row`` orders in a row
    broker     more than ``max_api_error_pct`` percent of the calls to the broker failed
    slippage   fills cost more than ``max_slippage_pct`` percent against the price at the decision
    model      of the last 20 answers more than ``max_unusable_answers_pct`` percent could not be used
    blocks     the gates refused the same symbol and side ``max_blocks_in_row`` times in a row within a day, to
               machines, which try again by themselves; not to a person, who is told each time

With 40 %, 8 of 20 unusable answers are borne and 9 trip; under 10 answers nothing does. An answer is unusable when it
is malformed, ungrounded, about another symbol or asks for more than it may; a model that is away gives no answer and
trips nothing, because that is a state and no anomaly. What is unknown trips nothing either: the gates refuse it. The
first three are the limits of the gates F8, F9 and F9_slippage, and it is these gates that are asked.

A trip moves trading to REDUCING, once, on record and in the log. Nothing here moves it back.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from domain.book import NO_COUNTERS, Counters
from domain.case import TradingState
from domain.ids import leg_kind
from domain.market import Symbol
from domain.money import HUNDRED
from domain.orders import OrderIntent, Origin, Side
from domain.verdicts import Outcome
from policies.codes import ReasonCode
from policies.gate import Answer, Gate, bind, in_full
from policies.gates.rate import breakers as rate
from trading.store.calls import CallStore
from trading.store.control import ControlStore

Faults = tuple[str | None, ...]
"""Of answers, newest first; None for one that could be used."""
# Of fewer than ten answers one bad one would be a rate of more than a tenth.
ANSWERS, FEWEST_ANSWERS = 20, 10
BY = "breaker"
_WHOLE = ("entry", "exit")
HELD_BACK = frozenset(
    {
        ReasonCode.KILL_SWITCH, ReasonCode.CONTROL_UNREADABLE, ReasonCode.HALTED, ReasonCode.REDUCING_ONLY,
        ReasonCode.PAUSED, ReasonCode.MODE_FORBIDS_ORDERS, ReasonCode.RELEASE_UNKNOWN, ReasonCode.RELEASE_MISMATCH,
        ReasonCode.MARKET_CLOSED,
    }
)  # fmt: skip
"""Refusals that say nothing of the intent: somebody holds everything back, or the market has not opened."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the breakers look at; ``faults`` are those of the newest answers."""

    counters: Counters = NO_COUNTERS
    faults: Faults = ()
    blocks: Mapping[tuple[Symbol, Side], int] = field(default_factory=dict)


def is_in_row(intent: OrderIntent) -> bool:
    """Whether what the gates say of it counts into the row: all but what a person types.

    The throttle is for what is repeated without anybody looking (RTS 6, article 15(3)), so that the slices of an order
    by hand count, and neither does a person's order that passes end a row of the agents. Whose position it closes makes
    no difference: ``sage close`` carries the strategy that holds.
    """
    return not (intent.origin is Origin.MANUAL and leg_kind(intent.leg) in _WHOLE)


class Trip(NamedTuple):
    """A breaker that tripped: what it measured against which limit, and that in words."""

    breaker: str
    limit: Decimal
    value: Decimal
    what: str


class Watch(NamedTuple):
    """A breaker over the counters: the gate whose limit it shares, how that judges, and the trip in words."""

    breaker: str
    gate: Gate
    judge: Callable[[Counters, Any], Answer]
    words: str


WATCHES = (
    Watch("rejects", rate.REJECTS_GATE, rate.judge_rejects, "the broker rejected {value} orders in a row"),
    Watch("broker", rate.ERRORS_GATE, rate.judge_errors, "{value} % of broker calls failed, the limit is {limit} %"),
    Watch("slippage", rate.SLIPPAGE_GATE, rate.judge_slippage, "{value} % slippage on average, the limit is {limit} %"),
)


def trips(facts: Facts, limits: Mapping[str, Any]) -> tuple[Trip, ...]:
    """Every breaker that trips on these facts; a limit that the policy does not set has no breaker."""
    found = (
        *(_counted(watch, facts.counters, limits) for watch in WATCHES),
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
        found = self.found(counters, now)
        # What is REDUCING or HALTED already is not told again at every order.
        if found and self._control.read().trading_state is TradingState.ACTIVE:
            what = "; ".join(trip.what for trip in found)
            self._control.tighten(TradingState.REDUCING, by=BY, at=now, reason=what)
            logging.getLogger(__name__).warning("a breaker stops new entries: %s", what)
        return found

    def found(self, counters: Counters, now: datetime, faults: Faults | None = None) -> tuple[Trip, ...]:
        """The same, and nothing is done about it; ``faults`` are those that were read a moment ago."""
        seen = self.faults() if faults is None else faults
        # From the limit on: asked at every refusal, it must not read all the refusals of the day again.
        blocks = self._control.blocks_in_row(now=now, fewest=int(self._limits.get("max_blocks_in_row", 1)))
        return trips(Facts(counters, seen, blocks), self._limits)

    def faults(self) -> Faults:
        """What was wrong with the newest answers since the owner's last resume."""
        return self._calls.newest_faults(ANSWERS, since=self._control.resumed_at())


def _counted(watch: Watch, counters: Counters, limits: Mapping[str, Any]) -> Trip | None:
    bound = bind(watch.gate, limits)
    if bound is None:
        return None
    verdict = in_full(bound.id, watch.judge(counters, bound.limits))
    # What nobody could count trips nothing: the gate refuses entries, and that is enough.
    if verdict.outcome is not Outcome.DENY or verdict.code is ReasonCode.COUNTERS_UNKNOWN:
        return None
    limit, value = Decimal(str(verdict.limit)), Decimal(str(verdict.value))
    return Trip(watch.breaker, limit, value, watch.words.format(value=value, limit=limit))


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
