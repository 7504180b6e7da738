"""G4 loss of a strategy and G4_symbol: whoever has lost so much of equity this month enters nothing more.

Equity 100,000 and 3 %: a strategy that has lost 2,999.99 may enter, one that has lost 3,000.00 may not; the others go
on. Results are net and include what is unrealised. A strategy or symbol that is not listed has made nothing yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from domain.case import Case
from domain.money import ZERO
from policies.codes import ReasonCode
from policies.gate import Answer, Gate, Need, Reads, Scope, below, denied
from policies.measures.worst_case import WorstCase, is_finite, percent

STRATEGY_LOSS = ReasonCode.STRATEGY_LOSS
SYMBOL_LOSS = ReasonCode.SYMBOL_LOSS
N = TypeVar("N", bound=str)


@dataclass(frozen=True, slots=True)
class StrategyLossLimits:
    """In percent of equity."""

    max_strategy_loss_pct: Decimal


@dataclass(frozen=True, slots=True)
class SymbolLossLimits:
    """In percent of equity."""

    max_symbol_loss_pct: Decimal


def check_strategy(case: Case, worst: WorstCase, limits: StrategyLossLimits) -> Answer:
    """PASS below the limit of the order's strategy."""
    result = _result(case.book.performance.strategy_pnl, case.order.strategy)
    return _against("G4", STRATEGY_LOSS, limits.max_strategy_loss_pct, result, worst)


def check_symbol(case: Case, worst: WorstCase, limits: SymbolLossLimits) -> Answer:
    """PASS below the limit of the order's symbol."""
    result = _result(case.book.performance.symbol_pnl, case.order.symbol)
    return _against("G4_symbol", SYMBOL_LOSS, limits.max_symbol_loss_pct, result, worst)


def _result(results: Mapping[N, Decimal] | None, name: N) -> Decimal | None:
    return None if results is None else results.get(name, ZERO)


def _against(gate: str, code: ReasonCode, limit: Decimal, result: Decimal | None, worst: WorstCase) -> Answer:
    if not is_finite(result):
        return denied(gate, ReasonCode.COUNTERS_UNKNOWN, limit)
    if worst.equity is None:
        return denied(gate, ReasonCode.EQUITY_UNKNOWN, limit)
    return below(gate, code, limit, percent(max(ZERO, -result), worst.equity))


NEEDS: tuple[Need, ...] = ("account", "counters")
STRATEGY_GATE = Gate(
    "G4",
    "loss of a strategy",
    Scope.NEW_EXPOSURE,
    NEEDS,
    StrategyLossLimits,
    check_strategy,
    "pct",
    reads=Reads.SUBJECT,
)
SYMBOL_GATE = Gate(
    "G4_symbol",
    "loss in a symbol",
    Scope.NEW_EXPOSURE,
    NEEDS,
    SymbolLossLimits,
    check_symbol,
    "pct",
    reads=Reads.SUBJECT,
)
