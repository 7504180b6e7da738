"""Generated records of decisions: all stances, rulings, actions, gate outcomes, orders and fills, each consistent.

What a role leaves of a trade follows the product's own arithmetic, so that a record never contradicts itself and an
explanation of it can be true.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import ROUND_FLOOR, Decimal

from agents.record import Record
from domain.decisions import Action, Advice, Concern, Decision, Inspection, Ruling, Severity, Stance, Statement
from domain.evidence import Evidence, EvidenceSet, Value, gather
from domain.ids import CandidateId, ClientOrderId, CycleId, DecisionId, Ref
from domain.market import Symbol
from domain.orders import Fill, Order, OrderStatus, OrderType, Origin, Side, TimeInForce
from domain.signals import CandidateKind, TradeCandidate
from domain.verdicts import Evaluation, Outcome, Verdict

AT = datetime(2026, 5, 12, 15, 30, tzinfo=UTC)
SYMBOLS = ("NIMBO", "KORVA", "PELMA", "GLIMR", "TARNE", "VEXO", "BRK.B", "QORI")
STRATEGIES = ("momentum", "mean_reversion", "news_event", "breakout")
_STATUS = (OrderStatus.SUBMITTED, OrderStatus.ACCEPTED, OrderStatus.CANCELED, OrderStatus.REJECTED, OrderStatus.EXPIRED)
_CENT, _FINE = Decimal("0.01"), Decimal("0.0001")


def a_record(chance: random.Random) -> Record:
    """One decision with everything around it."""
    symbol = Symbol(chance.choice(SYMBOLS))
    side = chance.choice((Side.BUY, Side.BUY, Side.SELL))
    price = Decimal(chance.randint(1_200, 48_000)) * _CENT
    evidence = gather(CycleId("cyc-s6"), AT, _figures(chance, symbol, price))
    candidate = _candidate(chance, symbol, side, price, evidence)
    advice, inspection = _advice(chance, candidate), _inspection(chance, candidate)
    decision = _decision(chance, candidate, evidence, advice, inspection)
    evaluation = _evaluation(chance, decision)
    order, fills = _order(chance, decision, evaluation)
    return Record(decision, evidence, _plan(candidate), evaluation, order, fills)


def _figures(chance: random.Random, symbol: Symbol, price: Decimal) -> Iterator[Evidence]:
    def near(low: float, high: float) -> Decimal:
        return (price * Decimal(chance.uniform(low, high))).quantize(_CENT)

    def some(low: float, high: float) -> Decimal:
        return Decimal(chance.uniform(low, high)).quantize(_FINE).normalize()

    spread = near(0.0002, 0.002) or _CENT
    rows: tuple[tuple[str, Value, str], ...] = (
        ("close", near(0.96, 1.04), "USD"),
        ("sma20", near(0.92, 1.08), "USD"),
        ("sma50", near(0.85, 1.15), "USD"),
        ("ema12", near(0.95, 1.05), "USD"),
        ("high20", near(1.0, 1.12), "USD"),
        ("low20", near(0.85, 0.99), "USD"),
        ("atr14", near(0.01, 0.05), "USD"),
        ("quote.bid", price - spread, "USD"),
        ("quote.ask", price, "USD"),
        ("quote.spread_pct", some(0.02, 0.9), "pct"),
        ("quote.age", chance.randint(1, 28), "seconds"),
        ("rsi14", some(18, 84), "points"),
        ("adx14", some(8, 45), "points"),
        ("stoch14", some(3, 97), "points"),
        ("ret1", some(-4, 4), "pct"),
        ("ret5", some(-9, 9), "pct"),
        ("ret20", some(-20, 20), "pct"),
        ("volume_ratio", some(0.3, 2.8), "ratio"),
        ("vol20", some(9, 62), "pct"),
        ("signal.score", some(-0.9, 0.9), "ratio"),
        ("text.score", some(-0.8, 0.8), "ratio"),
        ("text.articles", chance.randint(1, 9), "count"),
        ("event.earnings_in", chance.randint(30, 700), "hours"),
        ("regime", chance.choice(("trend_up", "trend_down", "range")), "text"),
        ("halted", False, "text"),
    )
    for name, value, unit in rows:
        yield _evidence(f"{name}@{symbol}", value, unit, symbol)
    yield _evidence("book.cash", Decimal(chance.randint(9_000, 90_000)), "USD", None)
    yield _evidence("book.drawdown_pct", some(0.1, 7), "pct", None)


def _evidence(ref: str, value: Value, unit: str, symbol: Symbol | None) -> Evidence:
    at = AT - timedelta(minutes=1)
    return Evidence(Ref(ref), value, unit, "generated", at, at, symbol)


def _candidate(
    chance: random.Random, symbol: Symbol, side: Side, price: Decimal, evidence: EvidenceSet
) -> TradeCandidate:
    away = price * Decimal(chance.uniform(0.02, 0.08)) * (1 if side is Side.BUY else -1)
    cited = chance.sample([ref for ref in evidence.items if "@" in ref], k=2)
    return TradeCandidate(
        candidate_id=CandidateId(f"cand-{symbol}"),
        symbol=symbol,
        strategy=chance.choice(STRATEGIES),
        kind=CandidateKind.ENTRY,
        side=side,
        qty=Decimal(chance.randint(20, 900)),
        entry_price=price,
        stop_loss=(price - away).quantize(_CENT),
        take_profit=(price + 2 * away).quantize(_CENT),
        score=Decimal("0.4"),
        confidence=Decimal("0.6"),
        reason="generated",
        refs=tuple(cited),
    )


def _plan(candidate: TradeCandidate) -> tuple[Evidence, ...]:
    rows: tuple[tuple[str, Value, str], ...] = (
        ("plan.qty", candidate.qty, "shares"),
        ("plan.entry", candidate.entry_price, "USD"),
        ("plan.stop", candidate.stop_loss, "USD"),
        ("plan.target", candidate.take_profit, "USD"),
        ("plan.notional", (candidate.qty * candidate.entry_price).quantize(_CENT), "USD"),
    )
    return tuple(_evidence(f"{name}@{candidate.symbol}", value, unit, candidate.symbol) for name, value, unit in rows)


def _advice(chance: random.Random, candidate: TradeCandidate) -> Advice:
    stance = chance.choice((Stance.TAKE, Stance.TAKE, Stance.TAKE, Stance.REDUCE, Stance.REDUCE, Stance.SKIP))
    share = {Stance.TAKE: "1", Stance.REDUCE: chance.choice(("0.4", "0.5", "0.6")), Stance.SKIP: "0"}[stance]
    return Advice(
        candidate_id=candidate.candidate_id,
        symbol=candidate.symbol,
        stance=stance,
        direction=1 if candidate.side is Side.BUY else -1,
        confidence=Decimal(chance.randint(35, 88)) * _CENT,
        size_fraction=Decimal(share),
        horizon="days",
        reference_price=candidate.entry_price,
        stop_loss=candidate.stop_loss,
        bull=(Statement(f"The volume ratio is {{volume_ratio@{candidate.symbol}}}."),),
        bear=(Statement(f"Daily movement is {{atr14@{candidate.symbol}}}."),),
        cited=(Ref(f"volume_ratio@{candidate.symbol}"), Ref(f"atr14@{candidate.symbol}")),
        source="generated",
    )


def _inspection(chance: random.Random, candidate: TradeCandidate) -> Inspection:
    ruling = chance.choice((Ruling.ALLOW, Ruling.ALLOW, Ruling.ALLOW, Ruling.SHRINK, Ruling.ASK, Ruling.BLOCK))
    share = {Ruling.ALLOW: "1", Ruling.SHRINK: chance.choice(("0.3", "0.5")), Ruling.ASK: "1", Ruling.BLOCK: "0"}
    ref = Ref(f"quote.spread_pct@{candidate.symbol}")
    warned = () if ruling is Ruling.ALLOW else (Concern("spread_wide", Severity.CAUTION, (ref,), candidate.symbol),)
    return Inspection(
        candidate.candidate_id, candidate.symbol, ruling, Decimal(share[ruling]), warned, (ref,), "generated"
    )


def _decision(
    chance: random.Random, candidate: TradeCandidate, evidence: EvidenceSet, advice: Advice, inspection: Inspection
) -> Decision:
    share = min(advice.size_fraction, inspection.max_fraction)
    qty = (candidate.qty * share).to_integral_value(ROUND_FLOOR)
    action, codes = (Action.TAKE if qty == candidate.qty else Action.SHRINK), tuple[str, ...]()
    asks = inspection.ruling is Ruling.ASK or chance.random() < 0.1
    if inspection.ruling is Ruling.BLOCK:
        action, codes = Action.SKIP, ("INSPECTOR_BLOCK",)
    elif advice.stance is Stance.SKIP:
        action, codes = Action.SKIP, ("ADVISOR_SKIP",)
    elif chance.random() < 0.12:
        action, codes = Action.DELAY, ("DECIDER_DELAY",)
    ended = action in (Action.SKIP, Action.DELAY)
    return Decision(
        decision_id=DecisionId(f"dec-{candidate.symbol}"),
        cycle_id=evidence.cycle_id,
        candidate=candidate,
        action=action,
        qty=Decimal(0) if ended else qty,
        stop_loss=candidate.stop_loss,
        needs_approval=asks and not ended,
        reasons=(),
        codes=codes,
        cited=tuple(evidence.items),
        evidence_digest=evidence.digest,
        decided_at=AT,
        source="generated",
        advice=advice,
        inspection=inspection,
    )


def _evaluation(chance: random.Random, decision: Decision) -> Evaluation | None:
    if decision.qty == 0:
        return None
    outcome = chance.choice((Outcome.PASS, Outcome.PASS, Outcome.PASS, *Outcome))
    passed = tuple(
        Verdict(gate, "OK", Outcome.PASS) for gate in ("A1", "A3", "B1", "E1", "F4", "H2")[: chance.randint(3, 6)]
    )
    objected = () if outcome is Outcome.PASS else (_objection(chance, outcome, decision),)
    # Never cut to nothing: that would be a refusal.
    left = {Outcome.DENY: Decimal(0), Outcome.REDUCE: decision.qty * 3 // 4 or Decimal(1)}.get(outcome, decision.qty)
    return Evaluation(outcome, left, tuple(each.code for each in objected), (*passed, *objected), "policy")


def _objection(chance: random.Random, outcome: Outcome, decision: Decision) -> Verdict:
    money = (decision.qty * decision.candidate.entry_price).quantize(_CENT)
    cut = (money * Decimal("0.75")).quantize(_CENT)
    percent = Decimal(chance.randint(51, 99)) * _CENT
    known: dict[Outcome, tuple[Verdict, ...]] = {
        Outcome.REDUCE: (
            Verdict("C1", "ORDER_NOTIONAL", outcome, cut, money, cut - money),
            Verdict("C3_notional", "POSITION_SIZE", outcome, cut, money, cut - money),
        ),
        Outcome.NEED_APPROVAL: (Verdict("A2", "NOTIONAL_NEEDS_APPROVAL", outcome, cut, money, cut - money),),
        Outcome.DENY: (
            Verdict("E7", "SPREAD_TOO_WIDE", outcome, Decimal("0.5"), percent, Decimal("0.5") - percent),
            Verdict("E9", "LIQUIDITY", outcome, Decimal(1), percent + 1, -percent),
            Verdict("G1", "DAY_LOSS", outcome, Decimal(2), percent + 2, -percent),
            Verdict("E3", "INSTRUMENT_HALTED", outcome),
        ),
    }
    return chance.choice(known[outcome])


def _order(
    chance: random.Random, decision: Decision, evaluation: Evaluation | None
) -> tuple[Order | None, tuple[Fill, ...]]:
    goes = evaluation is not None and evaluation.outcome in (Outcome.PASS, Outcome.REDUCE)
    if evaluation is None or not goes or decision.needs_approval or chance.random() < 0.3:
        return None, ()
    candidate, qty = decision.candidate, evaluation.final_qty
    filled = chance.choice((Decimal(0), qty // 3, qty, qty))
    status = OrderStatus.FILLED if filled == qty else OrderStatus.PARTIALLY_FILLED if filled else chance.choice(_STATUS)
    made = Order(
        ClientOrderId("ord-s6"), decision.decision_id, candidate.symbol, candidate.side, qty, OrderType.LIMIT,
        TimeInForce.DAY, status, AT, AT, candidate.strategy, Origin.AGENT, filled_qty=filled,
        limit_price=(candidate.entry_price * Decimal("1.002")).quantize(_CENT),
    )  # fmt: skip
    paid = (candidate.entry_price * Decimal("1.001")).quantize(_CENT)
    fee = (filled * Decimal("0.005")).quantize(_CENT)
    fill = Fill("fill-s6", made.client_order_id, candidate.symbol, candidate.side, filled, paid, fee, AT)
    return made, (fill,) if filled else ()
