"""An experiment: one question put to the past, and the answer it got.

    question  strategy, market and its data, symbols, sessions, cash, policy, prompts, code     -> the id, exp-…
    answer    equity by session, figures, round trips, what the gates said                      -> the digest

Both are values in canonical form, so the same question gives the same bytes on every machine. The code is a part of the
question: another version of Sage may decide otherwise, and its answer is another experiment.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from domain.case import TradingState
from domain.ids import derive
from domain.market import Symbol, Timeframe
from domain.record.canonical import digest
from trading.backtest.figures import Figures, Returns

ALL = "all"
"""The name under which all strategies run together."""


@dataclass(frozen=True, slots=True)
class Question:
    """Everything that the answer depends on."""

    strategy: str
    """Its name, or ``all``."""
    market: str
    news: str
    seed: int
    """Of the simulated market; files do not ask for it."""
    symbols: tuple[Symbol, ...]
    timeframe: Timeframe
    first_day: date
    last_day: date
    sessions: int
    after_open_min: int
    """Minutes from the opening of a session to its cycle."""
    cash: Decimal
    approves: bool
    """Whether every order that waits for a person gets a yes at once; otherwise nobody answers."""
    policy: str
    policy_digest: str
    prompt_digest: str
    code_digest: str
    data_digest: str
    """Of everything the sources could tell about the symbols until the end of the period."""

    @property
    def id(self) -> str:
        """``exp-…``."""
        return derive("exp", self)


class Close(NamedTuple):
    """The end of a session: equity, what of it was cash, and what the same cash held in all symbols was worth."""

    day: date
    equity: Decimal
    cash: Decimal
    held: Decimal


class RoundTrip(NamedTuple):
    """A trade from its first entry to flat; ``pnl`` is net of commissions."""

    symbol: Symbol
    strategy: str
    side: str
    opened_at: datetime
    closed_at: datetime
    pnl: Decimal


class Stopped(NamedTuple):
    """How many orders one check of one gate stood in the way of."""

    gate: str
    code: str
    orders: int


@dataclass(frozen=True, slots=True)
class GateTally:
    """What the gates said to the orders that were proposed, each order once: by their last word on it.

    ``unanswered`` waited for a person until it was too late. ``by_gate`` has the most frequent refusals first; an order
    that two gates refuse is in two of its lines.
    """

    proposed: int
    passed: int
    reduced: int
    unanswered: int
    refused: int
    by_gate: tuple[Stopped, ...]


@dataclass(frozen=True, slots=True)
class ExperimentResult:
    """What came out. ``holding`` is equal cash in every symbol from the first opening to the last close, free of cost.

    ``candidates`` is how many the strategies proposed to the roles; ``degraded`` counts cycles in which a source or a
    model did not answer.
    """

    closes: tuple[Close, ...]
    figures: Figures
    holding: Returns
    trips: tuple[RoundTrip, ...]
    candidates: int
    judged: GateTally
    open_positions: int
    degraded: int
    trading_state: TradingState
    """Where breakers have left it: from REDUCING on no entry was made any more."""


@dataclass(frozen=True, slots=True)
class Experiment:
    """A stored run."""

    id: str
    made_at: datetime
    made_by: str
    question: Question
    answer: ExperimentResult

    @property
    def digest(self) -> str:
        """Of question and answer; when and by whom it was asked is no part of either."""
        return digest({"question": self.question, "answer": self.answer})
