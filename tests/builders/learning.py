"""Closed trades before the learner, and what it writes."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from agents.decider import decide
from agents.learner import ClosedCase
from agents.record import Record
from domain.evidence import Value
from domain.market import Symbol
from domain.orders import Side
from domain.record.canonical import digest
from domain.record.entries import ClosedTrade
from domain.signals import Regime
from interfaces.views.memory import LearnView, MemoryStatsView, RecallView, RememberedTrade, TallyRow
from memory.calibration import Forecast
from memory.lessons import figures, lesson_of
from memory.reviews import Finding, LearnedTrade, Review, ReviewSubject, Suggestion
from memory.situation import Situation
from tests.builders.agents import (
    ACME,
    AT,
    CYCLE,
    a_candidate,
    a_decision_answer,
    a_figure,
    a_plan,
    an_advice,
    an_evidence_set,
    an_inspection,
    asking,
)

CLOSED = AT + timedelta(days=3)
TARGETS = {
    ReviewSubject.PROMPT: frozenset({"advisor", "decider"}),
    ReviewSubject.POLICY: frozenset({"min_confidence"}),
    ReviewSubject.STRATEGY: frozenset({"momentum"}),
}


def a_case(*, pnl: str = "-36", exit_reason: str = "stop", **similar: Value) -> ClosedCase:
    """Forty ACME, decided with everybody's consent, that ended at their stop; ``similar`` are figures of the memory."""
    asker, *_ = asking(a_decision_answer())
    evidence = an_evidence_set()
    decision = decide(asker, CYCLE, evidence, a_candidate(), a_plan(), an_advice(), an_inspection())
    trade = ClosedTrade(
        "trade-acme", "ACME", "momentum", "buy", "40", "101.52", "100.62", pnl, AT, CLOSED, decision.decision_id,
        exit_reason,
    )  # fmt: skip
    features = {"direction": Decimal(1), "confidence": Decimal("0.7")}
    situation = Situation(ACME, "momentum", Side.BUY, Regime.TREND_UP, features)
    told = tuple(a_figure(f"memory.{name}", value) for name, value in similar.items())
    return ClosedCase(Record(decision, evidence, a_plan()), trade, lesson_of(trade, situation), told)


def a_review_answer(**changed: Any) -> dict[str, Any]:
    """What a learner writes of a loss."""
    return {
        "symbol": "ACME",
        "finding": "thesis_wrong",
        "lesson": [
            {"text": "It brought {trade.pnl_pct@ACME} although the score was {signal.score@ACME}.", "weight": "high"}
        ],
        "cited": ["trade.pnl_pct@ACME"],
        "suggestions": [],
        **changed,
    }


def a_suggestion_answer(**changed: Any) -> dict[str, Any]:
    """What a learner writes of a change."""
    reasons = [{"text": "Its stop stood at {plan.stop@ACME}.", "weight": "low"}]
    return {"subject": "strategy", "target": "momentum", "change": "review", "reasons": reasons, **changed}


def a_learned_trade(
    number: int = 1, *suggestions: Suggestion, pnl: str = "-36", source: str = "hosted:large"
) -> LearnedTrade:
    """A lesson on record, with what it suggests."""
    trade = ClosedTrade(
        f"trade-{number}", "ACME", "momentum", "buy", "40", "101.52", "100.62", pnl, AT,
        CLOSED + timedelta(days=number),
        f"dec-{number}", "stop",
    )  # fmt: skip
    situation = Situation(Symbol("ACME"), "momentum", Side.BUY, Regime.TREND_UP, {"direction": Decimal(1)})
    lesson = lesson_of(trade, situation)
    finding = Finding.THESIS_WRONG if pnl.startswith("-") else Finding.AS_EXPECTED
    made = Review(finding, (lesson.statement,), (), suggestions, source, "0123456789abcdef" * 4)
    forecasts = (Forecast("advisor", source, Decimal("0.7"), not pnl.startswith("-")),)
    return LearnedTrade(
        lesson, trade.closed_at, trade.decision_id, "cyc-1", digest(trade), made, forecasts, figures(trade)
    )


TALLIES = (
    TallyRow("advisor", "hosted:large", 240, Decimal("0.181"), Decimal("0.274"), Decimal("0.041"), True),
    TallyRow("signal", "code", 240, Decimal("0.249"), None, Decimal("0.122"), False),
)


def a_memory_stats() -> MemoryStatsView:
    """A memory of three hundred trades of many symbols."""
    symbols = {f"SYM{number}": 20 for number in range(15)}
    return MemoryStatsView(
        AT, ".sage/memory", "v2", 42, 300, AT, CLOSED, symbols, {"trend_up": 200, "range": 100}, 240, TALLIES,
        "answered from the ledger: the trade memory belongs to another running Sage",
    )  # fmt: skip


def a_recall(few: int = 3) -> RecallView:
    """Trades of ACME like its situation now, some of which contradict each other."""
    trades = tuple(
        RememberedTrade(
            f"trade-{number}", f"dec-{number}", "cyc-1", ACME, CLOSED, "momentum", Side.BUY, Regime.TREND_UP,
            Decimal("0.42"), Decimal("-1.8") if number % 2 else Decimal("2.5"), Decimal("0.353553"), bool(number % 2),
            "A long trade with the signal in a rising market lost -1.8 % and ended at its stop.",
            ("It brought -1.8 % although the score was 0.42.",), "hosted:large", "ab" * 32, "v2",
        )
        for number in range(few)
    )  # fmt: skip
    rate, mean = (Decimal("0.6"), Decimal("0.8")) if few else (None, None)
    return RecallView(AT, ACME, None, "the signal of cycle cyc-1", few, few // 2, Decimal("1.06"), rate, mean, trades)


def a_learning() -> LearnView:
    """A run that learned from two trades and left one."""
    problems = ("learner: budget, 1 trades wait",)
    return LearnView(AT, ("trade-1", "trade-2"), 1, 1, ("prop-1",), ".sage/proposals", TALLIES, problems)
