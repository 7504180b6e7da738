"""A yes that only time stands against is not used up; everything else that refuses it still has the last word."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.orders import OrderStatus, Side
from domain.record.entries import RecordKind
from domain.verdicts import Outcome, Verdict
from interfaces.acting.approving import approval_of, decision_of
from interfaces.acting.ordering import Ticket
from interfaces.acting.waiting import is_passing, not_yet, opens_at
from interfaces.service import Service
from interfaces.serving.times import SimulatedTime
from policies.codes import ReasonCode
from tests.builders.execution import HandClock
from tests.builders.market import NOON
from tests.builders.runtime import NIMBO, OSTRE, a_cycle, a_policy, a_runtime, entries_of
from trading.store.approvals import ApprovalState

D = Decimal
STANDS = "In the simulated market time goes on with the next `sage cycle`; until then it stays 2026-03-17 15:00 UTC."
BOUGHT = Ticket(Side.BUY, NIMBO, qty=D(1), stop=D(128))


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def busy(tmp_path, clock):
    """One order a second is allowed, one was sent just now, and another one waits for a person."""
    policy = a_policy(tmp_path / "policy", max_orders_per_second=1)
    with a_runtime(tmp_path / "home", clock=clock, policy=policy) as runtime:
        a_cycle(runtime, OSTRE)
        assert Service(runtime).order(BOUGHT).done
        yield runtime


def the_request(runtime):
    (row,) = Service(runtime).pending().pending
    return row


def test_a_yes_that_a_rate_would_refuse_is_not_taken_and_can_be_given_again(busy, clock):
    row = the_request(busy)
    early = Service(busy).approve(row.id, "owner")
    assert (early.done, early.waits, early.answer, early.order) == (False, True, "pending", None)
    assert "F1_second" in {each.gate for each in early.verdicts if each.outcome is Outcome.DENY}
    told = "nothing was sent, and the request stays open until 2026-03-17 15:30 UTC"
    assert early.note.startswith("not yet: ")
    assert early.note.endswith(f"; {told}: answer again at 2026-03-17 15:01 UTC or later")
    assert early.standstill == f"{STANDS} `sage cycle --as-of 2026-03-17T15:01:00Z` takes it there."
    assert busy.deps.stores.ledger.entries(kind=RecordKind.APPROVAL) == ()
    assert the_request(busy) == row
    clock.wait(seconds=61)
    late: Any = Service(busy).approve(row.id, "owner")
    assert (late.done, late.order.status, late.standstill) == (True, OrderStatus.FILLED, "")
    assert not Service(busy).approve(row.id, "owner").done, "a yes is used once"


def test_half_of_it_waits_as_the_whole_does_and_stays_whole(busy):
    row = the_request(busy)
    assert Service(busy).approve(row.id, "owner", half=True).waits
    assert the_request(busy).order.qty == row.order.qty


def test_a_no_is_taken_at_any_time(busy):
    assert Service(busy).reject(the_request(busy).id, "owner").done


def test_what_time_does_not_lift_uses_the_yes_up(busy):
    """A pause too: that the rate is closed as well must not keep the request open."""
    row = the_request(busy)
    Service(busy).pause("symbol", "OSTRE", None)
    answer = Service(busy).approve(row.id, "owner")
    assert (answer.done, answer.waits, answer.order, answer.standstill) == (True, False, None, "")
    assert busy.deps.stores.approvals.get(row.id).state is ApprovalState.FINISHED
    assert OSTRE not in {order.symbol for order in entries_of(busy)}


def test_time_that_moves_by_itself_is_only_waited_for(busy):
    moves = SimulatedTime(NOON, lambda _to: None)
    served = replace(busy, duties=busy.duties._replace(time=moves))
    answer = Service(served).approve(the_request(busy).id, "owner")
    assert (answer.waits, answer.standstill) == (True, "")


REST = Verdict("F6", ReasonCode.COOLDOWN, Outcome.DENY, D(600), D(90), D(-510))
RATE = Verdict("F1_second", ReasonCode.ORDER_RATE, Outcome.DENY, D(5), D(6), D(-1))
DAY = Verdict("F1_symbol", ReasonCode.SYMBOL_ORDERS, Outcome.DENY, D(5), D(6), D(-1))


@pytest.mark.parametrize(
    ("refused", "after"),
    [(REST, timedelta(seconds=510)), (RATE, timedelta(minutes=1)), (DAY, timedelta(days=1))],
    ids=["rest", "rate", "day"],
)
def test_when_it_is_over_at_the_latest(refused, after):
    assert is_passing(refused)
    assert opens_at(refused, NOON) == NOON + after
    assert opens_at(refused, NOON + timedelta(milliseconds=1)) == NOON + after + timedelta(seconds=1)


def test_a_counter_that_is_unknown_is_not_waited_for():
    assert not is_passing(DAY._replace(value=None, margin=None))
    assert not is_passing(REST._replace(code=ReasonCode.COUNTERS_UNKNOWN))


def test_a_request_that_ends_before_the_rate_opens_is_told_so(busy):
    approvals, row = busy.deps.stores.approvals, the_request(busy)
    soon = replace(approvals.get(row.id), pending_id="apr-soon", expires_at=NOON + timedelta(seconds=30))
    assert soon.expires_at < NOON + timedelta(minutes=1)
    given = approval_of(busy, replace(soon, answered_by="owner", answered_at=NOON))
    found: Any = not_yet(busy, soon, decision_of(busy, soon), given)
    assert found.note.endswith(
        "; nothing was sent, and the request ends at 2026-03-17 15:00:30 UTC, before that is over"
    )
