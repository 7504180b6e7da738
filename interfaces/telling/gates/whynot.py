"""Why not: which gates stood in the way of an order, and the nearest order that they would have let through.

The answer comes from the record, of the newest that a symbol or ``last`` stands for: what a person ordered after the
cycle stands before it. What another size would have met is asked of the gates themselves: of the recorded
case where the record still makes it (asked again, the gates say what they said then), else of the present state, and
the view says which. A symbol that nothing was decided on is answered with the smallest entry into it, now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from domain.case import Case, Proposal
from domain.context.observation import Observation
from domain.decisions import Decision
from domain.errors import DataQualityError, UsageError
from domain.ids import DecisionId, client_order_id
from domain.market import Symbol
from domain.money import ZERO
from domain.orders import OrderIntent, Origin
from domain.record.canonical import restore
from domain.record.entries import LedgerEntry, RecordKind
from domain.verdicts import Evaluation, Outcome, Verdict
from graphs.nodes.observe import market_now, valued
from graphs.nodes.screen import observation_of
from graphs.proposal import proposal_for
from interfaces.runtime import Runtime
from interfaces.telling.explaining import LAST, decisions_for
from interfaces.telling.gates.gate_words import because
from interfaces.telling.naming import nearest_symbol
from interfaces.views.gates import (
    Basis,
    ObjectionView,
    WhyNotView,
)
from policies.codes import ReasonCode
from policies.evaluate import evaluate
from policies.gates.catalogue import BY_ID
from policies.measures.headroom import in_the_way, largest_passing, probe
from policies.measures.slippage import slippage_of
from policies.measures.worst_case import usable
from policies.policy import Policy
from tools.orders import intent_for, taken_in_fractions
from trading.execution.account import read_book
from trading.execution.intents import marketable_limit

PASSED = "no gate stood in its way"
BY_HAND = "it was ordered by hand"
NO_CYCLE = ""
"""Where the ledger keeps what no cycle did."""
LEFT = "it never came before the gates, as the roles left nothing of it to send"


class JudgedOrder(NamedTuple):
    """What the gates said of an order, when, and of exactly which order; ``seq`` is its place in the ledger."""

    said: Evaluation
    intent: OrderIntent
    at: datetime
    seq: int


class SizeQuestion(NamedTuple):
    """The case that is asked about another size, of what it was made, and what it is if not the order itself."""

    case: Case
    basis: Basis
    note: str = ""


def why_not(runtime: Runtime, name: str) -> WhyNotView:
    """The newest refusal behind ``name``: a decision, candidate, order, request, cycle, symbol, or ``last``."""
    found = decisions_for(runtime, name)
    judged = [(decision, _judged(runtime, decision)) for decision in reversed(found)]
    ordered = _by_hand(runtime, name, after=_newest(runtime, judged))
    if ordered is not None:
        return _of_hand(runtime, name, ordered)
    if not judged:
        return _of_symbol(runtime, name)
    refused = [pair for pair in judged if pair[1] is not None and _objections(pair[1].said)]
    decision, what = refused[0] if refused else judged[0]
    if what is None or not _objections(what.said):
        return _not_refused(runtime, name, decision, what)
    asked = _case(runtime, decision, what)
    return replace(
        _answer(runtime, name, what.intent, what.said, asked.case, asked.basis),
        decision_id=decision.decision_id,
        decided_at=decision.decided_at,
        asked_at=what.at,
        note=asked.note,
    )


def refused_then(runtime: Runtime, decision: Decision) -> WhyNotView | None:
    """What the gates would have let through instead of what they refused, asked of the record alone.

    None where they refused nothing. Of a record that no longer makes the case there is neither nearest order nor basis.
    """
    what = _judged(runtime, decision)
    if what is None or what.said.outcome is not Outcome.DENY:
        return None
    case = None
    if runtime.deps.stores.observations.load(decision.cycle_id) is not None:
        case = _recorded(runtime, what, *_seen(runtime, decision))
    if case is None:
        return _unopposed(runtime, decision.decision_id, decision.candidate.symbol, what)
    return _answer(runtime, decision.decision_id, what.intent, what.said, case, Basis.RECORD)


def answered_now(runtime: Runtime, intent: OrderIntent, said: Evaluation) -> WhyNotView:
    """What the gates have said of an order just now, and the nearest one that they would let through."""
    case = replace(_present(runtime, intent.symbol), order=intent)
    view = _answer(runtime, intent.symbol, intent, said, case, Basis.PRESENT)
    return replace(view, asked_at=case.now)


def _newest(runtime: Runtime, judged: Sequence[tuple[Decision, JudgedOrder | None]]) -> int:
    """Where in the ledger the newest word about these decisions stands: simulated time may stand still between two."""
    ledger = runtime.deps.stores.ledger
    made = (ledger.entries(subject=each.decision_id, kind=RecordKind.DECISION) for each, _ in judged)
    said = (what.seq for _, what in judged if what is not None)
    return max((*said, *(entry.seq for entries in made for entry in entries)), default=0)


def _by_hand(runtime: Runtime, name: str, *, after: int) -> JudgedOrder | None:
    """What the gates said of the newest order by hand behind ``name``, where that is newer than ``after``."""
    symbol = Symbol(name.upper()) if name.upper() in runtime.deps.market.symbols() else None
    subject = None if symbol is not None or name == LAST else name
    said = runtime.deps.stores.ledger.backwards(RecordKind.VERDICTS, subject=subject, cycle_id=NO_CYCLE, after=after)
    ordered = (each for each in map(_as_judged, said) if each.intent.origin is Origin.MANUAL)
    return next((each for each in ordered if symbol in (None, each.intent.symbol)), None)


def _of_hand(runtime: Runtime, name: str, what: JudgedOrder) -> WhyNotView:
    if not _objections(what.said):
        view = _unopposed(runtime, name, what.intent.symbol, what)
        return replace(view, decided_at=what.at, note=f"{BY_HAND}, and {PASSED}")
    case = _present(runtime, what.intent.symbol)
    # An old order would be refused for its age alone, which is not what is asked.
    asked = replace(case, order=replace(what.intent, created_at=case.now))
    view = _answer(runtime, name, what.intent, what.said, asked, Basis.PRESENT)
    return replace(view, decided_at=what.at, asked_at=what.at, note=BY_HAND)


def _of_symbol(runtime: Runtime, name: str) -> WhyNotView:
    symbol = Symbol(name.upper())
    if symbol not in runtime.deps.market.symbols():
        what = f"nothing called {name} is on record{nearest_symbol(runtime.deps.market, name)}"
        raise UsageError(what, "Take an id from `sage orders`, or name a symbol.")
    case = _present(runtime, symbol)
    view = _answer(runtime, name, case.order, evaluate(case, runtime.deps.policy), case, Basis.PRESENT)
    note = f"nothing was decided on {symbol}; this is the smallest entry into it, now"
    return replace(view, note=note, asked_at=case.now)


def _not_refused(runtime: Runtime, name: str, decision: Decision, what: JudgedOrder | None) -> WhyNotView:
    why = f": {', and '.join(map(because, decision.codes))}" if decision.codes else ""
    view = _unopposed(runtime, name, decision.candidate.symbol, what)
    return replace(
        view,
        decision_id=decision.decision_id,
        decided_at=decision.decided_at,
        note=PASSED if what is not None else f"{LEFT}{why}",
    )


def _unopposed(runtime: Runtime, name: str, symbol: Symbol, what: JudgedOrder | None) -> WhyNotView:
    return WhyNotView(
        as_of=runtime.deps.clock.now(),
        id=name,
        decision_id=None,
        symbol=symbol,
        decided_at=None,
        order=None if what is None else what.intent,
        outcome=None if what is None else what.said.outcome,
        final_qty=ZERO if what is None else what.said.final_qty,
        objections=(),
        basis=Basis.NONE,
        nearest_qty=None,
        stopped_by=None,
        at_any_size=(),
        note="",
    )


def _answer(runtime: Runtime, name: str, intent: OrderIntent, said: Evaluation, case: Case, basis: Basis) -> WhyNotView:
    policy = runtime.deps.policy
    nearest, stopped_by = largest_passing(case, policy)
    stand = in_the_way(case, policy) if nearest == ZERO else ()
    return WhyNotView(
        as_of=runtime.deps.clock.now(),
        id=name,
        decision_id=None,
        symbol=intent.symbol,
        decided_at=None,
        order=intent,
        outcome=said.outcome,
        final_qty=said.final_qty,
        objections=tuple(_objection(verdict) for verdict in _objections(said)),
        basis=basis,
        nearest_qty=nearest,
        stopped_by=stopped_by,
        at_any_size=tuple(verdict.gate for verdict in stand),
        note="",
        needs_approval=nearest > ZERO and _waits(case, policy, nearest),
        nearest_price=None if case.order.limit_price == intent.limit_price else case.order.limit_price,
    )


def _waits(case: Case, policy: Policy, qty: Decimal) -> bool:
    asked = replace(case, order=replace(case.order, qty=qty), approval=None)
    return evaluate(asked, policy).outcome is Outcome.NEED_APPROVAL


def _judged(runtime: Runtime, decision: Decision) -> JudgedOrder | None:
    """The gates' answer when it counted, else their opinion before; None where they were never asked."""
    entry = _entry(runtime, decision.decision_id)
    return None if entry is None else _as_judged(entry)


def _as_judged(entry: LedgerEntry) -> JudgedOrder:
    said, intent = restore(Evaluation, entry.body["evaluation"]), restore(OrderIntent, entry.body["intent"])
    return JudgedOrder(said, intent, entry.at, entry.seq)


def _entry(runtime: Runtime, decision_id: str) -> LedgerEntry | None:
    ledger = runtime.deps.stores.ledger
    # Under the order's id stands what was said when it was to be sent, under the decision's the opinion before.
    for subject in (*(client_order_id(DecisionId(decision_id), leg) for leg in ("entry", "exit")), decision_id):
        entries = ledger.entries(subject=subject, kind=RecordKind.VERDICTS)
        if entries:
            return entries[-1]
    return None


def _case(runtime: Runtime, decision: Decision, what: JudgedOrder) -> SizeQuestion:
    """The recorded case if it still answers as it did, else the present one."""
    seen, proposal = _seen(runtime, decision)
    recorded = _recorded(runtime, what, seen, proposal)
    if recorded is not None:
        return SizeQuestion(recorded, Basis.RECORD)
    return _decided_now(runtime, decision, proposal)


def _seen(runtime: Runtime, decision: Decision) -> tuple[Observation, Proposal | None]:
    seen = observation_of(runtime.deps, decision.cycle_id)
    return seen, proposal_for(decision, seen, runtime.deps)


def _recorded(runtime: Runtime, what: JudgedOrder, seen: Observation, proposal: Proposal | None) -> Case | None:
    """The case as it was; None where the gates, asked again, say something else than they said then."""
    recorded = Case(
        now=what.at, order=what.intent, control=seen.control, book=seen.book, market=seen.market, proposal=proposal,
        release=runtime.deps.desk.release,
    )  # fmt: skip
    again = evaluate(recorded, runtime.deps.policy)
    said = what.said
    same = (again.policy_digest, again.outcome, again.codes) == (said.policy_digest, said.outcome, said.codes)
    return recorded if same else None


def _decided_now(runtime: Runtime, decision: Decision, proposal: Proposal | None) -> SizeQuestion:
    """The same decision as if it were made now; the smallest entry, and a note of that, where nothing prices it."""
    case = _present(runtime, decision.candidate.symbol)
    # An old decision would be refused for its age alone, which is not what is asked.
    fresh = None if proposal is None else replace(proposal, evidence_as_of=case.now, decided_at=case.now)
    try:
        fractional = taken_in_fractions(runtime.deps.policy, runtime.deps.broker)
        slippage = slippage_of(runtime.deps.policy.limits)
        intent = intent_for(decision, case.market, at=case.now, fractional=fractional, slippage=slippage)
    except DataQualityError as error:
        instead = f"the smallest entry into {case.order.symbol}, a {case.order.side.value} of {case.order.qty}"
        note = f"the order cannot be asked about as it is now, because {error.what}: what stands now is of {instead}"
        return SizeQuestion(replace(case, proposal=fresh), Basis.PRESENT, note)
    return SizeQuestion(replace(case, order=intent, proposal=fresh), Basis.PRESENT)


def _present(runtime: Runtime, symbol: Symbol) -> Case:
    """The smallest entry into ``symbol``, now, at the limit that an order without a price of its own gets.

    At another price another size would pass: 393 at an ask of 25.43 are 392 at the limit of 25.48 that is sent.
    """
    deps, now = runtime.deps, runtime.deps.clock.now()
    book = read_book(deps.broker, deps.stores.orders, deps.stores.equity, now=now)
    theirs, market = deps.broker.time(), market_now(deps, [symbol])
    control = deps.stores.control.read(broker_time=theirs.at, broker_open=theirs.market_open)
    book = valued(deps, book, market, now)
    case = probe(now, control, book, market, symbol, policy=deps.policy, release=deps.desk.release)
    view = market.symbols[symbol]
    quote = usable(view.quote)
    if quote is None or view.instrument is None:
        return case
    slippage = slippage_of(deps.policy.limits)
    limit = marketable_limit(case.order.side, quote, view.instrument.tick, slippage=slippage)
    return replace(case, order=replace(case.order, limit_price=limit))


def _objections(said: Evaluation) -> tuple[Verdict, ...]:
    return tuple(verdict for verdict in said.verdicts if verdict.outcome is not Outcome.PASS)


def _objection(verdict: Verdict) -> ObjectionView:
    gate = BY_ID.get(verdict.gate)
    known = verdict.code in ReasonCode.__members__
    return ObjectionView(
        gate=verdict.gate,
        name=verdict.gate if gate is None else gate.name,
        code=str(verdict.code),
        meaning=ReasonCode[verdict.code].meaning if known else "",
        outcome=verdict.outcome,
        limit=verdict.limit,
        value=verdict.value,
        margin=verdict.margin,
        unit="text" if gate is None else gate.unit,
        note=verdict.note,
    )
