"""The approval thread by itself: it does nothing before its pause, and the desk decides after it."""

from dataclasses import replace
from typing import Any

import pytest
from langgraph.types import Command

from domain.errors import IntegrityError
from domain.record.entries import RecordKind
from graphs.nodes.approval import submit
from graphs.state import ApprovalInput
from interfaces.acting.approving import approval_of, decision_of
from tests.builders.market import NOON
from tests.builders.runtime import OSTRE, SpyModel, a_cycle, a_runtime
from trading.store.approvals import ApprovalState


@pytest.fixture
def waiting(tmp_path):
    """A cycle whose one entry waits for a person."""
    with a_runtime(tmp_path, model=SpyModel()) as runtime:
        a_cycle(runtime, OSTRE)
        (request,) = runtime.deps.stores.approvals.open(NOON)
        yield runtime, request


def thread(name):
    return {"configurable": {"thread_id": name}}


def test_a_cycle_leaves_the_thread_of_a_request_at_its_pause(waiting):
    runtime, request = waiting
    state = runtime.approval.get_state(thread(request.pending_id))
    assert state.next == ("pause",)
    assert [each.value for each in state.interrupts] == [{"pending_id": request.pending_id}]


def test_nothing_happens_before_the_answer(waiting):
    runtime, request = waiting
    head = runtime.deps.stores.ledger.head()
    start = ApprovalInput(
        cycle_id=request.cycle_id, pending_id=request.pending_id, decision=decision_of(runtime, request)
    )
    runtime.approval.invoke(start, thread("another"))
    assert runtime.deps.stores.ledger.head() == head
    assert runtime.deps.stores.orders.newest(9) == ()


@pytest.mark.parametrize("answer", ["rejected", "approved", True, ["owner"]], ids=["no", "a_word", "true", "a_list"])
def test_anything_but_an_approval_is_a_no(waiting, answer):
    runtime, request = waiting
    runtime.deps.stores.approvals.claim(request.pending_id, ApprovalState.REJECTED, by="owner", at=NOON)
    state = runtime.approval.invoke(Command(resume=answer), thread(request.pending_id))
    assert state["approval"] is None
    assert runtime.deps.stores.orders.newest(9) == ()
    assert runtime.deps.stores.approvals.get(request.pending_id).state is ApprovalState.FINISHED


def test_an_approval_is_sent_explained_and_carried_out_without_a_model(waiting):
    runtime, request = waiting
    asked = len(runtime.deps.asker.model.calls)
    runtime.deps.stores.approvals.claim(request.pending_id, ApprovalState.APPROVED, by="owner", at=NOON)
    claimed = runtime.deps.stores.approvals.get(request.pending_id)
    runtime.approval.invoke(Command(resume=approval_of(runtime, claimed)), thread(request.pending_id))
    (order,) = [each for each in runtime.deps.stores.orders.newest(9) if each.parent_id is None]
    told = runtime.deps.stores.ledger.entries(subject=request.decision_id, kind=RecordKind.EXPLANATION)
    assert (order.symbol, order.qty, order.decision_id) == (OSTRE, request.intent.qty, request.decision_id)
    assert [(entry.body["phase"], entry.body["source"]) for entry in told] == [
        ("before", "scripted:spy"),
        ("after", "template"),
    ]
    assert len(runtime.deps.asker.model.calls) == asked
    assert runtime.deps.stores.approvals.unfinished() == ()


def test_a_thread_that_is_resumed_twice_sends_once(waiting):
    """A fork or a second resume replays nodes; the desk knows the decision (I-57)."""
    runtime, request = waiting
    runtime.deps.stores.approvals.claim(request.pending_id, ApprovalState.APPROVED, by="owner", at=NOON)
    yes: Any = Command(resume=approval_of(runtime, runtime.deps.stores.approvals.get(request.pending_id)))
    paused = runtime.approval.get_state(thread(request.pending_id)).config
    runtime.approval.invoke(yes, thread(request.pending_id))
    filled = runtime.deps.broker.positions()
    runtime.approval.invoke(yes, paused)
    assert runtime.deps.broker.positions() == filled
    assert len([each for each in runtime.deps.stores.orders.newest(9) if each.parent_id is None]) == 1


def test_an_approval_of_another_order_is_denied_by_the_gates(waiting):
    runtime, request = waiting
    runtime.deps.stores.approvals.claim(request.pending_id, ApprovalState.APPROVED, by="owner", at=NOON)
    yes = approval_of(runtime, runtime.deps.stores.approvals.get(request.pending_id))
    state = runtime.approval.invoke(
        Command(resume=replace(yes, order_digest="of another order")), thread(request.pending_id)
    )
    assert state["sent"][0].client_order_id == ""
    assert "APPROVAL_MISMATCH" in state["sent"][0].codes
    assert runtime.deps.stores.orders.newest(9) == ()


def test_a_request_that_is_gone_stops_the_thread(waiting):
    runtime, request = waiting
    state: Any = {"pending_id": "apr-gone", "decision": decision_of(runtime, request), "approval": None}
    with pytest.raises(IntegrityError, match="apr-gone is gone"):
        submit(runtime.deps)(state)
