"""H9 budgets of the models: calls and tokens of a cycle, tokens and money of a day, each at most its limit.

With 60 calls a cycle, a proposal that comes after the sixtieth passes and one after the sixty-first does not. What was
used must be on record. The asker keeps a budget too and stops asking; this one stops what was asked past it.

Loops and tool calls have no figure here, because nothing that proposes an order can make one. Code runs the tools of
the trading roles before any model is asked; a role answers one question, with one repair turn
(``agents/ask.py``), and every call counts above. The talker alone asks for looks: so many a question
(``MOST_LOOKS`` in ``graphs/nodes/talk.py``, and the graph's own limit of steps), and it proposes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case, Usage
from domain.money import ZERO
from domain.orders import Origin
from policies.codes import ReasonCode
from policies.gate import Answer, Gate, Reads, Scope, at_most, denied
from policies.gates.model.record import unrecorded
from policies.measures.worst_case import WorstCase, is_finite

AGENT = Origin.AGENT
MODEL_BUDGET = ReasonCode.MODEL_BUDGET


@dataclass(frozen=True, slots=True)
class CallLimits:
    """A count."""

    max_calls_per_cycle: Decimal


@dataclass(frozen=True, slots=True)
class CycleTokenLimits:
    """A count."""

    max_tokens_per_cycle: Decimal


@dataclass(frozen=True, slots=True)
class DayTokenLimits:
    """A count."""

    max_tokens_per_day: Decimal


@dataclass(frozen=True, slots=True)
class CostLimits:
    """In account currency."""

    max_model_cost_per_day: Decimal


def check_calls(case: Case, worst: WorstCase, limits: CallLimits) -> Answer:
    """PASS up to the number of calls."""
    usage = _usage(case)
    return _within("H9", case, limits.max_calls_per_cycle, None if usage is None else usage.calls_cycle)


def check_cycle_tokens(case: Case, worst: WorstCase, limits: CycleTokenLimits) -> Answer:
    """PASS up to the tokens of a cycle."""
    usage = _usage(case)
    return _within("H9_tokens", case, limits.max_tokens_per_cycle, None if usage is None else usage.tokens_cycle)


def check_day_tokens(case: Case, worst: WorstCase, limits: DayTokenLimits) -> Answer:
    """PASS up to the tokens of a day."""
    usage = _usage(case)
    return _within("H9_day", case, limits.max_tokens_per_day, None if usage is None else usage.tokens_day)


def check_cost(case: Case, worst: WorstCase, limits: CostLimits) -> Answer:
    """PASS up to the cost of a day."""
    usage = _usage(case)
    return _within("H9_cost", case, limits.max_model_cost_per_day, None if usage is None else usage.cost_day)


def _usage(case: Case) -> Usage | None:
    return None if case.proposal is None else case.proposal.usage


def _within(gate: str, case: Case, limit: Decimal, used: object) -> Answer:
    if case.proposal is None or case.order.origin is not AGENT:
        return unrecorded(gate, case, limit)
    # `type`, because a bool is an int to isinstance and no count.
    spent = Decimal(used) if type(used) is int else used
    if not is_finite(spent) or spent < ZERO:
        return denied(gate, ReasonCode.USAGE_UNKNOWN, limit)
    return at_most(gate, MODEL_BUDGET, limit, spent)


CALLS_GATE = Gate(
    "H9",
    "model calls a cycle",
    Scope.NEW_EXPOSURE,
    ("proposal",),
    CallLimits,
    check_calls,
    "count",
    reads=Reads.SUBJECT,
)
TOKENS_GATE = Gate(
    "H9_tokens",
    "model tokens a cycle",
    Scope.NEW_EXPOSURE,
    ("proposal",),
    CycleTokenLimits,
    check_cycle_tokens,
    "count",
    reads=Reads.SUBJECT,
)
DAY_GATE = Gate(
    "H9_day",
    "model tokens a day",
    Scope.NEW_EXPOSURE,
    ("proposal",),
    DayTokenLimits,
    check_day_tokens,
    "count",
    reads=Reads.SUBJECT,
)
COST_GATE = Gate(
    "H9_cost", "model cost a day", Scope.NEW_EXPOSURE, ("proposal",), CostLimits, check_cost, "USD", reads=Reads.SUBJECT
)
