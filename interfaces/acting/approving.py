"""Answering what waits for a person: claim in our own table first, then resume exactly the thread that asked.

Of two answers one wins the claim. Half of an order is another order: it takes the place of the whole one in the same
claim, so what is gated and sent is the half, whatever crashes afterwards. A resumed thread that is not at its pause, or
that does not exist, is a mistake that langgraph would not notice; so the thread is looked at first, and opened again
where a crash has lost it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from langchain_core.runnables import RunnableConfig
from langgraph.types import Command

from domain.case import Approval
from domain.decisions import Decision
from domain.errors import IntegrityError, UsageError
from domain.money import floor_to
from domain.record.canonical import restore
from domain.record.entries import RecordKind
from graphs.record import evaluation_of
from graphs.state import ApprovalInput
from interfaces.acting.waiting import NotYet, not_yet
from interfaces.runtime import Runtime
from interfaces.telling.reporting import row_of, verdict_views
from interfaces.telling.standstill import standstill
from interfaces.views.control import AnswerView, PendingView
from policies.approval import DEFAULT_TTL_S, ApprovalTerms, grant
from trading.portfolio.sizing import step_behind
from trading.store.approvals import ApprovalState, PendingApproval, with_qty

REJECTED = "rejected"
REQUEST = "apr-"
"""How every id of a request begins."""
HALF = Decimal(2)


def pending(runtime: Runtime) -> PendingView:
    """Everything that can still be answered."""
    now = runtime.deps.clock.now()
    expire(runtime, now)
    waiting = tuple(row_of(each) for each in runtime.deps.stores.approvals.open(now))
    return PendingView(now, waiting, standstill(runtime))


def open_threads(runtime: Runtime, cycle: str) -> None:
    """Let the thread of every decision of this cycle that waits run up to its pause."""
    for request in runtime.deps.stores.approvals.open(runtime.deps.clock.now()):
        if request.cycle_id == cycle:
            paused_thread(runtime, request)


def answer(runtime: Runtime, pending_id: str, state: ApprovalState, by: str, *, half: bool = False) -> AnswerView:
    """Approve, the whole or ``half``, or reject; the first answer in time counts, and a yes runs every gate again.

    A yes that only a rate or a rest would meet is not taken: it is used once, and that would be for nothing.
    """
    now = runtime.deps.clock.now()
    request = named(runtime, pending_id, now)
    # What was answered before is not halved any more: the claim below says so, and nothing else.
    if half and request.state is ApprovalState.PENDING:
        request = halved(runtime, request)
    if state is ApprovalState.APPROVED and request.state is ApprovalState.PENDING and now < request.expires_at:
        given = approval_of(runtime, replace(request, answered_by=by, answered_at=now))
        waits = not_yet(runtime, request, decision_of(runtime, request), given)
        if waits is not None:
            return left_open(runtime, request, waits)
    if not claimed(runtime, request, state, by, now):
        return answered(runtime, request, state, done=False)
    carry_out(runtime, request.pending_id)
    return answered(runtime, request, state, done=True)


def named(runtime: Runtime, name: str, now: datetime) -> PendingApproval:
    """The request of that id, answered or not; or the only one that waits and begins so."""
    approvals = runtime.deps.stores.approvals
    request = approvals.get(name)
    if request is not None:
        return request
    # What all ids begin with names none: it would be a yes to whatever waits by then.
    begins = len(name) > len(REQUEST)
    alike = [each for each in approvals.open(now) if begins and each.pending_id.startswith(name)]
    if len(alike) > 1:
        told = ", ".join(each.pending_id for each in alike)
        raise UsageError(f"{len(alike)} requests begin with {name}: {told}", "Write more of the id.")
    if not alike:
        raise UsageError(f"nothing called {name} waits for an answer", "See `sage pending`.")
    return alike[0]


def halved(runtime: Runtime, request: PendingApproval) -> PendingApproval:
    """The request about half of its order, down to whole lots: 15 shares become 7. Refused where nothing is left.

    An exit is not halved: the other half would stay held against the decision to be out of it.
    """
    intent = request.intent
    if intent.reduce_only:
        raise UsageError("an order that takes risk off is not halved", "Approve it whole, or reject it.")
    qty = floor_to(intent.qty / HALF, step_behind(intent.qty, runtime.deps.market.instrument(intent.symbol)))
    if qty <= 0:
        raise UsageError(f"half of {intent.qty} {intent.symbol} is less than a lot", "Approve it whole, or reject it.")
    return with_qty(request, qty)


def claimed(runtime: Runtime, request: PendingApproval, state: ApprovalState, by: str, now: datetime) -> bool:
    """Answer a request and put the answer on record, both or neither; True for the one caller whose answer counts."""
    stores = runtime.deps.stores
    instead = request if state is ApprovalState.APPROVED else None
    with stores.database.transaction():
        if not stores.approvals.claim(request.pending_id, state, by=by, at=now, instead=instead):
            return False
        body = {"answer": state, "by": by, "order_digest": request.order_digest, "qty": request.intent.qty}
        stores.ledger.append(
            RecordKind.APPROVAL, request.pending_id, body, at=now, cycle_id=request.cycle_id, cause=request.decision_id
        )
    return True


def carry_out(runtime: Runtime, pending_id: str) -> None:
    """Resume the thread of an answered request with the answer; safe to call again after a crash."""
    request = runtime.deps.stores.approvals.get(pending_id)
    if request is None:
        raise IntegrityError(f"the request {pending_id} is gone", "Run `sage audit verify`.")
    approved = request.state is ApprovalState.APPROVED
    said = approval_of(runtime, request) if approved else REJECTED
    runtime.approval.invoke(Command(resume=said), paused_thread(runtime, request))


def approval_of(runtime: Runtime, request: PendingApproval) -> Approval:
    """The person's yes, bound to the order, the price and the policy they were shown."""
    if request.answered_by is None or request.answered_at is None:
        raise IntegrityError(f"the request {request.pending_id} is approved by nobody", "Run `sage audit verify`.")
    policy = runtime.deps.policy
    ttl = policy.limits.get("approval_ttl_s", DEFAULT_TTL_S)
    terms = ApprovalTerms(approval_ttl_s=ttl, policy_digest=request.policy_digest)
    return grant(request.intent, by=request.answered_by, at=request.answered_at, price=request.price, terms=terms)


def recover(runtime: Runtime) -> None:
    """Carry out answers that a crash cut off, and close what nobody answered in time."""
    for request in runtime.deps.stores.approvals.unfinished():
        carry_out(runtime, request.pending_id)
    expire(runtime, runtime.deps.clock.now())


def expire(runtime: Runtime, now: datetime) -> None:
    """Silence is a no."""
    approvals = runtime.deps.stores.approvals
    for request in approvals.overdue(now):
        if claimed(runtime, request, ApprovalState.EXPIRED, "time", now):
            carry_out(runtime, request.pending_id)


def paused_thread(runtime: Runtime, request: PendingApproval) -> RunnableConfig:
    """The thread of a request, standing at its pause."""
    config: RunnableConfig = {"configurable": {"thread_id": request.pending_id}, "recursion_limit": 10}
    # Run up to its pause, also a second time: a resume of a thread that is not there would start the graph unseen.
    if not runtime.approval.get_state(config).interrupts:
        start = ApprovalInput(
            cycle_id=request.cycle_id, pending_id=request.pending_id, decision=decision_of(runtime, request)
        )
        runtime.approval.invoke(start, config)
    return config


def decision_of(runtime: Runtime, request: PendingApproval) -> Decision:
    """The decision behind a request, from the ledger."""
    entries = runtime.deps.stores.ledger.entries(subject=request.decision_id, kind=RecordKind.DECISION)
    if not entries:
        raise IntegrityError(f"the decision {request.decision_id} is not on record", "Run `sage audit verify`.")
    return restore(Decision, entries[-1].body)


def left_open(runtime: Runtime, request: PendingApproval, waits: NotYet) -> AnswerView:
    """The yes was not taken."""
    return AnswerView(
        as_of=runtime.deps.clock.now(),
        id=request.pending_id,
        decision_id=request.decision_id,
        answer=ApprovalState.PENDING.value,
        done=False,
        note=waits.note,
        verdicts=verdict_views(request.decision_id, request.intent.symbol, waits.said),
        waits=True,
        standstill=waits.standstill,
    )


def answered(runtime: Runtime, request: PendingApproval, state: ApprovalState, *, done: bool) -> AnswerView:
    """What became of the request, told in one line."""
    stores, now = runtime.deps.stores, runtime.deps.clock.now()
    order = stores.orders.find(request.decision_id, request.intent.leg)
    evaluation = evaluation_of(stores.ledger, request.decision_id)
    present = stores.approvals.get(request.pending_id)
    if not done:
        late = present is not None and present.expires_at <= now
        note = "too late, it has expired" if late else "it was answered before; nothing changed"
    elif state is ApprovalState.REJECTED:
        note = "rejected; nothing is sent"
    elif order is None:
        note = "approved, but the gates no longer allow it; nothing was sent"
    else:
        note = f"approved and sent; the order is {order.status.value.replace('_', ' ')}"
    verdicts = () if evaluation is None else verdict_views(request.decision_id, request.intent.symbol, evaluation)
    rests = "" if order is None or not order.status.is_open else standstill(runtime)
    return AnswerView(
        now, request.pending_id, request.decision_id, state.value, done, note, order, verdicts, standstill=rests
    )
