"""Builders for everything a role is given, and a journal and a model that answers what it is told."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from agents.ask import Asker
from agents.calls.budget import Budget
from agents.llm import LanguageModel, ModelReply, ModelRequest, Role, Sampling
from agents.outputs import OUTPUTS, schema_of
from domain.clock import FixedClock
from domain.context.news import NewsArticle, SocialPost
from domain.decisions import Advice, Inspection, ModelCall, Ruling, Stance, Statement
from domain.evidence import Evidence, EvidenceSet, Value, gather
from domain.ids import CandidateId, CycleId, Ref
from domain.market import Symbol
from domain.orders import Side
from domain.record.model_use import SetAside
from domain.signals import CandidateKind, TradeCandidate

AT = datetime(2026, 3, 17, 15, 0, tzinfo=UTC)
CYCLE = CycleId("cyc-test")
ACME = Symbol("ACME")

Answer = str | dict[str, Any] | Exception | ModelReply


def a_figure(
    name: str, value: Value, unit: str = "ratio", *, symbol: Symbol | None = ACME, age_s: int = 60
) -> Evidence:
    """``name@ACME``, a minute old."""
    ref = Ref(name if symbol is None else f"{name}@{symbol}")
    at = AT - timedelta(seconds=age_s)
    return Evidence(ref, value, unit, "test", at, at, symbol)


def figures(**changed: Value) -> tuple[Evidence, ...]:
    """A healthy, rising symbol and a healthy book; change a value by its name with ``__`` for the dot."""
    values: dict[str, tuple[Value, str]] = {
        "close": (Decimal("101.5"), "USD"),
        "rsi14": (Decimal("61.2"), "points"),
        "atr14": (Decimal("1.8"), "USD"),
        "low20": (Decimal(97), "USD"),
        "regime": ("trend_up", "text"),
        "quote.bid": (Decimal("101.48"), "USD"),
        "quote.ask": (Decimal("101.52"), "USD"),
        "quote.spread_pct": (Decimal("0.04"), "pct"),
        "quote.age": (2, "seconds"),
        "halted": (False, "text"),
        "signal.score": (Decimal("0.42"), "ratio"),
        "signal.confidence": (Decimal("0.7"), "ratio"),
        "signal.direction": ("up", "text"),
        "text.score": (Decimal("0.3"), "ratio"),
        "text.suspicious": (0, "count"),
        "event.earnings_in": (None, "hours"),
        "position.qty": (Decimal(0), "shares"),
        "room.shares": (Decimal(200), "shares"),
        "memory.trades": (4, "count"),
        "memory.win_rate": (Decimal("0.5"), "ratio"),
    }
    values |= {name.replace("__", "."): (value, "ratio") for name, value in changed.items()}
    book = (
        a_figure("book.drawdown_pct", Decimal(1), "pct", symbol=None),
        a_figure("book.cash", Decimal(50000), "USD", symbol=None),
    )
    return (*(a_figure(name, value, unit) for name, (value, unit) in values.items()), *book)


def an_evidence_set(*extra: Evidence, **changed: Value) -> EvidenceSet:
    """The figures of one cycle about ACME."""
    return gather(CYCLE, AT, (*figures(**changed), *extra))


def a_plan(**changed: Value) -> tuple[Evidence, ...]:
    """The plan of ``a_candidate``."""
    values: dict[str, tuple[Value, str]] = {
        "plan.qty": (Decimal(40), "shares"),
        "plan.entry": (Decimal("101.52"), "USD"),
        "plan.stop": (Decimal("96.5"), "USD"),
        "plan.target": (Decimal("111.5"), "USD"),
        "plan.reward_risk": (Decimal(2), "ratio"),
    }
    values |= {name.replace("__", "."): (value, "ratio") for name, value in changed.items()}
    return tuple(a_figure(name, value, unit, age_s=0) for name, (value, unit) in values.items())


def a_candidate(**changed: Any) -> TradeCandidate:
    """Buy forty ACME."""
    made = TradeCandidate(
        candidate_id=CandidateId("cand-acme"),
        symbol=ACME,
        strategy="momentum",
        kind=CandidateKind.ENTRY,
        side=Side.BUY,
        qty=Decimal(40),
        entry_price=Decimal("101.52"),
        stop_loss=Decimal("96.5"),
        take_profit=Decimal("111.5"),
        score=Decimal("0.42"),
        confidence=Decimal("0.7"),
        reason="the trend is up and momentum agrees",
        refs=(Ref("signal.score@ACME"), Ref("rsi14@ACME")),
    )
    return replace(made, **changed)


def an_exit(**changed: Any) -> TradeCandidate:
    """Sell forty ACME that are held."""
    exit_ = {"kind": CandidateKind.EXIT, "side": Side.SELL, "stop_loss": None, "take_profit": None}
    return a_candidate(**{**exit_, **changed})


def an_advice(**changed: Any) -> Advice:
    """Full support."""
    made = Advice(
        candidate_id=CandidateId("cand-acme"),
        symbol=ACME,
        stance=Stance.TAKE,
        direction=1,
        confidence=Decimal("0.7"),
        size_fraction=Decimal(1),
        horizon="days",
        reference_price=Decimal("101.52"),
        stop_loss=Decimal("96.5"),
        bull=(Statement("The signal stands at {signal.score@ACME}."),),
        bear=(Statement("Daily movement is {atr14@ACME}."),),
        cited=(Ref("atr14@ACME"), Ref("signal.score@ACME")),
        source="test",
    )
    return replace(made, **changed)


def an_inspection(**changed: Any) -> Inspection:
    """No objection."""
    made = Inspection(CandidateId("cand-acme"), ACME, Ruling.ALLOW, Decimal(1), (), (Ref("halted@ACME"),), "test")
    return replace(made, **changed)


def an_article(text: str = "ACME beats estimates", **changed: Any) -> NewsArticle:
    """One headline about ACME."""
    made = NewsArticle("art-1", (ACME,), text, "", AT - timedelta(hours=2), AT - timedelta(hours=2), "test")
    return replace(made, **changed)


def a_post(text: str = "ACME looks strong", **changed: Any) -> SocialPost:
    """One post about ACME."""
    made = SocialPost("post-1", ACME, text, "somebody", 12, AT - timedelta(hours=1), AT - timedelta(hours=1), "test")
    return replace(made, **changed)


def an_advice_answer(**changed: Any) -> dict[str, Any]:
    """What an advisor writes."""
    return {
        "symbol": "ACME",
        "stance": "take",
        "direction": 1,
        "confidence": 0.7,
        "size_fraction": 1,
        "horizon": "days",
        "reference_price": 101.52,
        "stop_ref": None,
        "bull": [{"text": "The signal stands at {signal.score@ACME}.", "weight": "high"}],
        "bear": [{"text": "Daily movement is {atr14@ACME}.", "weight": "low"}],
        "cited": ["signal.score@ACME"],
        **changed,
    }


def an_inspection_answer(**changed: Any) -> dict[str, Any]:
    """What an inspector writes."""
    return {"symbol": "ACME", "ruling": "allow", "max_fraction": 1, "warnings": [], "cited": ["halted@ACME"], **changed}


def a_decision_answer(**changed: Any) -> dict[str, Any]:
    """What a decider writes."""
    return {
        "symbol": "ACME",
        "action": "take",
        "size_fraction": 1,
        "ask_approval": False,
        "stop_ref": None,
        "reasons": [{"text": "The signal stands at {signal.score@ACME}.", "weight": "high"}],
        "cited": ["signal.score@ACME"],
        **changed,
    }


def a_request(role: Role = "advisor", **changed: Any) -> ModelRequest:
    """A small question."""
    schema = schema_of(OUTPUTS[role])
    made = ModelRequest(role, "You advise.", "Symbol: ACME", "AdviceOutput", schema, Sampling("test-model"), 1, "p1")
    return replace(made, **changed)


def a_reply(text: str = "{}", **changed: Any) -> ModelReply:
    """An answer that ended by itself."""
    return replace(ModelReply(text, "stop", "test-model", "scripted", 900, 120, 15), **changed)


class ScriptedModel:
    """Answers in order, the last one for ever after; raises what is an exception; keeps the questions."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = answers
        self.requests: list[ModelRequest] = []

    @property
    def name(self) -> str:
        return "scripted:test"

    @property
    def sampling(self) -> Sampling:
        return Sampling("test-model")

    def complete(self, request: ModelRequest) -> ModelReply:
        self.requests.append(request)
        answer = self._answers[min(len(self.requests), len(self._answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, ModelReply):
            return answer
        return a_reply(answer if isinstance(answer, str) else json.dumps(answer))


class MemoryJournal:
    """Finished calls in a list."""

    def __init__(self, calls: Iterable[ModelCall] = ()) -> None:
        self.calls = list(calls)
        self.faults: list[str] = []

    def finished(self, cycle_id: CycleId, request_digest: str) -> ModelCall | None:
        found = (call for call in self.calls if (call.cycle_id, call.request_digest) == (cycle_id, request_digest))
        return next(found, None)

    def save(self, call: ModelCall) -> ModelCall:
        first = self.finished(call.cycle_id, call.request_digest)
        if first is None:
            self.calls.append(call)
        return first or call

    def unusable(self, call: ModelCall, fault: str) -> None:
        self.faults.append(fault)


def an_asker(
    model: LanguageModel, *, journal: MemoryJournal | None = None, calls: int = 50, tokens: int = 500_000
) -> Asker:
    """An asker with room to spare."""
    return Asker(model, journal or MemoryJournal(), FixedClock(AT), Budget(calls, tokens))


def a_call(**changed: Any) -> ModelCall:
    """A finished call of the reader."""
    made = ModelCall(
        "call-0",
        CYCLE,
        "reader",
        "art-1",
        "test-model",
        "scripted",
        "r-0",
        "p",
        "{}",
        "stop",
        900,
        120,
        Decimal(0),
        1,
        AT,
    )
    return replace(made, **changed)


def set_aside(key: str, tokens: int, usd: str = "0", **changed: Any) -> SetAside:
    """What a call of the reader may come to."""
    return replace(SetAside(CYCLE, key, "reader", "test-model", tokens, Decimal(usd), AT), **changed)


def asking(*answers: Answer) -> tuple[Asker, ScriptedModel, MemoryJournal]:
    """An asker, the model it asks and the journal it keeps."""
    model, journal = ScriptedModel(*answers), MemoryJournal()
    return an_asker(model, journal=journal), model, journal
