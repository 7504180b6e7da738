"""Headroom: how much of each limit is left, and the largest order that every gate would still let through."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import ROUND_FLOOR, Context, Decimal
from typing import NamedTuple

from domain.book import Book
from domain.case import Case, Control, MarketView
from domain.ids import DecisionId
from domain.market import Symbol
from domain.money import HUNDRED, ONE, ZERO
from domain.orders import OrderIntent, OrderType, Origin, Side, TimeInForce
from domain.verdicts import Evaluation, Figure, Outcome, Verdict
from policies.evaluate import evaluate
from policies.gates.catalogue import GATES
from policies.policy import Policy
from policies.worst_case import LARGEST, NOTHING, usable, worst_case

WARNING_PCT = Decimal(20)
NAMES = {gate.id: gate.name for gate in GATES}
_SHOWN = Context(prec=4, rounding=ROUND_FLOOR)


class Headroom(NamedTuple):
    """One gate as ``sage risk`` shows it. ``state``: ``ok``, ``warning`` under 20 % left, ``blocked``, ``approval``."""

    gate: str
    name: str
    limit: Figure
    value: Figure
    headroom_pct: Decimal | None
    state: str


def probe(now: datetime, control: Control, book: Book, market: MarketView, symbol: Symbol) -> Case:
    """The smallest entry into ``symbol``, as a case: what the gates say about it is the state of the limits."""
    view = market.symbols.get(symbol, NOTHING)
    quote, lot = usable(view.quote), ONE if view.instrument is None else view.instrument.lot
    order = OrderIntent(
        decision_id=DecisionId("probe"),
        symbol=symbol,
        side=Side.BUY,
        qty=lot,
        type=OrderType.MARKET if quote is None else OrderType.LIMIT,
        tif=TimeInForce.DAY,
        created_at=now,
        origin=Origin.MANUAL,
        strategy="probe",
        limit_price=None if quote is None else quote.ask,
    )
    return Case(now=now, order=order, control=control, book=book, market=market)


def headroom(case: Case, policy: Policy) -> tuple[Headroom, ...]:
    """Each enforced gate with its limit, measured value and what is left, for the order of ``case``."""
    return tuple(_headroom(verdict) for verdict in evaluate(case, policy).verdicts)


def largest_passing(case: Case, policy: Policy) -> tuple[Decimal, str | None]:
    """The largest quantity in whole lots or shares that no gate denies or cuts, and the gate that stops the next one.

    Found by asking the gates themselves: doubling from one lot, then halving the gap. Quantities that would wait for an
    approval count as passing; an approval given for another quantity is put aside. The gate is None where nothing
    stops an order of any size.
    """
    case = replace(case, approval=None)
    worst = worst_case(
        replace(case, order=replace(case.order, qty=ONE)), policy.slippage, allow_fractional=policy.allow_fractional
    )
    step = ONE if worst.fractions else worst.step
    low, high = 0, 1
    while _passes(case, policy, high * step):
        low, high = high, high * 2
        if high * step >= LARGEST:
            return low * step, None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _passes(case, policy, middle * step) else (low, middle)
    return low * step, _stopper(_at(case, policy, high * step))


def _at(case: Case, policy: Policy, qty: Decimal) -> Evaluation:
    return evaluate(replace(case, order=replace(case.order, qty=qty)), policy)


def _passes(case: Case, policy: Policy, qty: Decimal) -> bool:
    evaluation = _at(case, policy, qty)
    return evaluation.outcome is not Outcome.DENY and evaluation.final_qty == qty


def _stopper(evaluation: Evaluation) -> str | None:
    stops = (Outcome.DENY, Outcome.REDUCE)
    return next((verdict.gate for verdict in evaluation.verdicts if verdict.outcome in stops), None)


def _headroom(verdict: Verdict) -> Headroom:
    left = _left(verdict)
    return Headroom(verdict.gate, NAMES[verdict.gate], verdict.limit, verdict.value, left, _state(verdict, left))


def _left(verdict: Verdict) -> Decimal | None:
    if verdict.margin is None or not isinstance(verdict.limit, Decimal) or verdict.limit == ZERO:
        return None
    return _SHOWN.divide(verdict.margin * HUNDRED, abs(verdict.limit))


def _state(verdict: Verdict, left: Decimal | None) -> str:
    if verdict.outcome is Outcome.NEED_APPROVAL:
        return "approval"
    if verdict.outcome is not Outcome.PASS:
        return "blocked"
    return "warning" if left is not None and left < WARNING_PCT else "ok"
