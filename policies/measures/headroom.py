"""Headroom: how much of each limit is left, and the largest order that every gate would still let through.

``sage risk`` asks the gates about a probe, the smallest entry there is: what a gate says of it is the state of its
limit. Gates that judge an order of the agents, or an approval, have nothing to look at in it, and say so. The largest
order is found by asking the gates themselves (see ``largest_passing``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import ROUND_FLOOR, Context, Decimal
from functools import cache
from typing import NamedTuple

from domain.book import Book
from domain.case import Case, Control, MarketView, Release
from domain.ids import DecisionId
from domain.market import Instrument, Quote, Symbol
from domain.money import HUNDRED, ONE, ZERO, floor_to
from domain.orders import OrderIntent, OrderType, Origin, Side, TimeInForce
from domain.verdicts import Evaluation, Figure, Outcome, Verdict
from policies.codes import ReasonCode
from policies.evaluate import Round, all_gates, evaluate, evaluated, in_quantity
from policies.gate import Gate, Unit
from policies.gates.catalogue import GATES
from policies.measures.standing import Standing
from policies.measures.worst_case import LARGEST, NOTHING, is_finite, is_plausible, usable, whole_lots, worst_case
from policies.policy import Policy

WARNING_PCT = Decimal(20)
NAMES = {gate.id: gate.name for gate in GATES}
WHOLE_HALVINGS = 40
"""Two to the power of 40 is more than the largest quantity that can be asked about."""
FINEST_HALVINGS = 14
"""How often the share between two whole ones is halved: to a sixteen-thousandth of it."""
USUAL_STOP_PCT = Decimal(2)
_SHOWN = Context(prec=4, rounding=ROUND_FLOOR)
_STOPS = (Outcome.DENY, Outcome.REDUCE)
Answer = Callable[[Decimal], Evaluation]
"""What becomes of the order in question, by its quantity."""


class Headroom(NamedTuple):
    """One gate as ``sage risk`` shows it, its figures in ``unit``; ``note`` says what no figure does.

    ``state``: ``ok``, ``warning`` under 20 % left, ``blocked``, ``unknown`` where an input is missing, ``approval``,
    ``idle`` where the probe gave the gate nothing to look at, ``off`` where the policy does not set its limit.
    """

    gate: str
    name: str
    limit: Figure
    value: Figure
    headroom_pct: Decimal | None
    state: str
    unit: Unit = "text"
    note: str = ""


def probe(
    now: datetime,
    control: Control,
    book: Book,
    market: MarketView,
    symbol: Symbol,
    *,
    policy: Policy | None = None,
    release: Release | None = None,
) -> Case:
    """The smallest entry into ``symbol``, as a case: what the gates say about it is the state of the limits.

    With a ``policy`` it carries a stop at a distance that policy allows, as every entry has to. ``release`` is what
    this process runs.
    """
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
        stop_loss=None if policy is None or quote is None else _stop(quote, view.instrument, policy),
    )
    return Case(now=now, order=order, control=control, book=book, market=market, release=release)


def headroom(case: Case, policy: Policy) -> tuple[Headroom, ...]:
    """Every gate of the catalogue with its limit, measured value and what is left, for the order of ``case``."""
    said = {verdict.gate: verdict for verdict in evaluate(case, policy).verdicts}
    return tuple(_headroom(gate, said.get(gate.id), case) for gate in GATES)


def largest_passing(case: Case, policy: Policy) -> tuple[Decimal, str | None]:
    """The largest quantity that no gate denies or cuts, and the gate that stops the next one.

    Quantities are whole lots, or whole shares and then parts of one where policy and instrument allow fractions; an
    exit may also be exactly what is left to close. The gates are asked about the largest order there is: those that
    measure size answer with the quantity that fits, which is tried, and one step more. Only where that is not the
    answer the gap is halved, so it takes three questions mostly and at most 60. Quantities that would wait for an
    approval count as passing; an approval given for another quantity is put aside. The gate is None where nothing stops
    an order of any size.

    Worked: caps of 10,000 in money and 10 % of 100,000 at 200.00 a share both answer 50; 50 passes, 51 does not.
    """
    case = replace(case, approval=None)
    answer = _answers(case, policy)
    worst = worst_case(in_quantity(case, ONE), policy.slippage, allow_fractional=policy.allow_fractional)
    lot = ONE if worst.fractions else worst.step
    # LARGEST itself is no plausible quantity any more: figures end just below it.
    most = whole_lots(LARGEST - ONE, lot)
    if _passes(answer, most):
        return most, None
    fits = _hint(answer(most), most)
    low, high = _bracket(answer, whole_lots(fits, lot), most, lot)
    low, high = _narrowed(answer, low, high, lot, WHOLE_HALVINGS)
    if worst.fractions:
        part, beyond = _fraction(answer, low, high, fits, worst.step)
        low, high = (part, beyond) if part > low else (low, high)
    if low < worst.closable < high and _passes(answer, worst.closable):
        low = worst.closable
    return low, _stopper(answer(high))


def in_the_way(case: Case, policy: Policy) -> tuple[Verdict, ...]:
    """The verdicts that stop even the smallest order there is: no size lifts them."""
    worst = worst_case(in_quantity(case, ONE), policy.slippage, allow_fractional=policy.allow_fractional)
    smallest = _answers(case, policy)(worst.step)
    return tuple(verdict for verdict in smallest.verdicts if verdict.outcome in _STOPS)


def _answers(case: Case, policy: Policy) -> Answer:
    """What the gates say of each quantity; of none are they asked twice, neither by itself nor as what is left of a
    larger one."""
    known, rounds = Standing(case, policy), dict[Decimal, Round]()

    def look(asked: Case) -> Round:
        qty = asked.order.qty
        if qty not in rounds:
            rounds[qty] = all_gates(asked, known)
        return rounds[qty]

    return cache(lambda qty: evaluated(in_quantity(case, qty), look, policy))


def _bracket(answer: Answer, fits: Decimal, most: Decimal, lot: Decimal) -> tuple[Decimal, Decimal]:
    """A quantity that passes (or zero) and a larger one that does not, as near to each other as the hint allows."""
    if fits > ZERO and not _passes(answer, fits):
        return ZERO, fits
    more = fits + lot
    if more >= most or not _passes(answer, more):
        return fits, min(more, most)
    return more, most


def _narrowed(answer: Answer, low: Decimal, high: Decimal, step: Decimal, most: int) -> tuple[Decimal, Decimal]:
    """The same pair, halved until it is one step apart or ``most`` halvings are done."""
    for _ in range(most):
        if high - low <= step:
            break
        middle = low + whole_lots((high - low) / 2, step)
        low, high = (middle, high) if _passes(answer, middle) else (low, middle)
    return low, high


def _fraction(answer: Answer, low: Decimal, high: Decimal, fits: Decimal, step: Decimal) -> tuple[Decimal, Decimal]:
    """The part of a share beyond whole ones: the hint where it holds, else a few halvings."""
    part = whole_lots(fits, step)
    if low < part < high and _passes(answer, part):
        low = part
        if not _passes(answer, part + step):
            return low, part + step
    return _narrowed(answer, low, high, step, FINEST_HALVINGS)


def _hint(evaluation: Evaluation, most: Decimal) -> Decimal:
    """The smallest quantity that any gate says would fit; zero where none can tell."""
    told = [verdict.quantity for verdict in evaluation.verdicts if verdict.quantity is not None]
    sound = [quantity for quantity in told if is_finite(quantity) and ZERO <= quantity < most]
    return min(sound, default=ZERO)


def _passes(answer: Answer, qty: Decimal) -> bool:
    evaluation = answer(qty)
    # An order that was cut is not denied, and yet has not passed.
    return evaluation.outcome is not Outcome.DENY and evaluation.final_qty == qty


def _stopper(evaluation: Evaluation) -> str | None:
    return next((verdict.gate for verdict in evaluation.verdicts if verdict.outcome in _STOPS), None)


def _stop(quote: Quote, instrument: Instrument | None, policy: Policy) -> Decimal | None:
    """A protective stop in the middle of the distances that the policy allows, on the tick."""
    nearest, farthest = policy.limits.get("min_stop_distance_pct", ZERO), policy.limits.get("max_stop_distance_pct")
    usual = max(nearest, USUAL_STOP_PCT)
    distance = usual if farthest is None else min(usual, (nearest + farthest) / 2)
    tick = None if instrument is None else instrument.tick
    price = quote.ask * (ONE - distance / HUNDRED)
    return floor_to(price, tick) if is_plausible(tick) and price > tick else None


def _headroom(gate: Gate, verdict: Verdict | None, case: Case) -> Headroom:
    if verdict is None:
        return Headroom(gate.id, gate.name, None, None, None, "off", gate.unit, "not set")
    left = _left(verdict)
    idle = _idle(gate, verdict, case)
    state = "idle" if idle else _state(verdict, left)
    note = idle or ("" if verdict.outcome is Outcome.PASS else reason(verdict))
    return Headroom(gate.id, gate.name, verdict.limit, verdict.value, left, state, gate.unit, note)


def reason(verdict: Verdict) -> str:
    """Why a gate objected: what its code means, with the gate's own note behind it."""
    meaning = ReasonCode[verdict.code].meaning if verdict.code in ReasonCode.__members__ else verdict.code
    return f"{meaning.rstrip('.')}: {verdict.note}" if verdict.note else meaning


def _idle(gate: Gate, verdict: Verdict, case: Case) -> str:
    """Why a gate that passed the probe has measured nothing; empty where it has."""
    if verdict.outcome is not Outcome.PASS:
        return ""
    if case.proposal is None and "proposal" in gate.needs and case.order.origin is not Origin.AGENT:
        return "" if verdict.margin is not None else "looks at orders of the agents"
    if case.approval is None and gate.needs[:1] == ("approval",):
        return "looks at an approval that comes with an order"
    if verdict.code == ReasonCode.RISK_REDUCING:
        return "steps aside for an order that reduces risk"
    return ""


def _left(verdict: Verdict) -> Decimal | None:
    # Of a limit of nothing no share can be left.
    if verdict.margin is None or not isinstance(verdict.limit, Decimal) or verdict.limit == ZERO:
        return None
    return _SHOWN.divide(verdict.margin * HUNDRED, abs(verdict.limit))


def _state(verdict: Verdict, left: Decimal | None) -> str:
    if verdict.outcome is Outcome.NEED_APPROVAL:
        return "approval"
    if verdict.outcome is not Outcome.PASS:
        missing = verdict.code.endswith(("_UNKNOWN", "_MISSING")) or verdict.code == ReasonCode.GATE_ERROR
        return "unknown" if missing else "blocked"
    return "warning" if left is not None and left < WARNING_PCT else "ok"
