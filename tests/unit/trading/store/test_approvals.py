"""Approvals: asked once, answered once, never too late."""

import threading
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from domain.case import Proposal
from domain.ids import CycleId, Ref
from tests.builders.execution import an_intent
from tests.builders.market import AAPL, NOON
from trading.store.approvals import ApprovalState, ApprovalStore, PendingApproval, pending_id

S = ApprovalState
LATER = NOON + timedelta(minutes=2)


def a_request(decision="dec-1", **changes):
    intent = an_intent(decision)
    proposal = Proposal(
        AAPL, True, (Ref("rsi14@AAPL"),), frozenset({Ref("rsi14@AAPL"), Ref("book.cash")}), NOON, NOON, "e", "e",
        Decimal(10), Decimal(10), None,
    )  # fmt: skip
    pending = PendingApproval(
        pending_id(intent.decision_id), intent.decision_id, CycleId("cyc-1"), intent, proposal, intent.digest, NOON,
        LATER, Decimal("100.01"), ("above 5,000 USD",),
    )  # fmt: skip
    return replace(pending, **changes)


@pytest.fixture
def approvals(database):
    return ApprovalStore(database)


def test_a_request_comes_back_as_it_was(approvals):
    assert approvals.request(a_request()) == approvals.get(a_request().pending_id) == a_request()
    assert approvals.get("apr-none") is None


def test_a_decision_is_asked_about_once(approvals):
    approvals.request(a_request())
    assert approvals.request(a_request(price=Decimal(1))) == a_request()
    assert len(approvals.open(NOON)) == 1


@pytest.mark.parametrize(
    ("to", "at", "won"),
    [
        pytest.param(S.APPROVED, NOON, True, id="approved_in_time"),
        pytest.param(S.APPROVED, LATER, False, id="approved_at_expiry"),
        pytest.param(S.REJECTED, LATER, True, id="rejected_late_is_still_a_no"),
        pytest.param(S.EXPIRED, LATER, True, id="expired"),
    ],
)
def test_an_answer_is_kept_with_who_gave_it(approvals, to, at, won):
    approvals.request(a_request())
    assert approvals.claim(a_request().pending_id, to, by="owner", at=at) is won
    answered = a_request(state=to, answered_by="owner", answered_at=at)
    assert approvals.get(a_request().pending_id) == (answered if won else a_request())


def test_of_two_answers_one_wins(approvals):
    request = approvals.request(a_request())
    won = []

    def answer(state):
        if approvals.claim(request.pending_id, state, by="owner", at=NOON):
            won.append(state)

    threads = [threading.Thread(target=answer, args=(state,)) for state in (S.APPROVED, S.REJECTED) * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [approvals.get(request.pending_id).state] == won


def test_requests_are_open_until_they_are_answered_or_late(approvals):
    approvals.request(a_request("dec-1"))
    approvals.request(a_request("dec-2", expires_at=NOON))
    assert [pending.decision_id for pending in approvals.open(NOON)] == ["dec-1"]
    assert [pending.decision_id for pending in approvals.overdue(NOON)] == ["dec-2"]


def test_an_answer_that_was_not_carried_out_is_found_after_a_crash(approvals):
    request = approvals.request(a_request())
    assert not approvals.finish(request.pending_id)
    approvals.claim(request.pending_id, S.APPROVED, by="owner", at=NOON)
    assert [pending.state for pending in approvals.unfinished()] == [S.APPROVED]
    assert [approvals.finish(request.pending_id) for _ in range(2)] == [True, False]
    assert approvals.unfinished() == ()
