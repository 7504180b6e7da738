"""Sliced orders of the owner, through the product's own gates and the simulated market: started, stepped, stopped."""

from datetime import timedelta
from decimal import Decimal

import pytest

from domain.case import TradingState
from domain.errors import ManualActionError, UsageError
from domain.market import Symbol
from domain.orders import Side
from domain.record.entries import RecordKind
from interfaces.acting import slicing
from interfaces.acting.slicing import NeedsYes, SliceRequest
from interfaces.service import Service
from tests.builders.execution import HandClock
from tests.builders.market import NOON, at
from tests.builders.runtime import NIMBO, a_runtime, at_the_broker
from trading.execution.algos.base import AlgoKind

D = Decimal
HALF_AN_HOUR = timedelta(minutes=30)


def wanted(runtime, qty=24, kind=AlgoKind.TWAP, **changes):
    """A purchase with a protective stop five percent below the market."""
    quote = runtime.deps.market.quote(NIMBO, as_of=runtime.deps.clock.now())
    fields = {"limit": quote.ask * D("1.01"), "stop_loss": (quote.bid * D("0.95")).quantize(D("0.01"))}
    fields["limit"] = fields["limit"].quantize(D("0.01"))
    return SliceRequest(kind, NIMBO, Side.BUY, D(qty), HALF_AN_HOUR, **{**fields, **changes})


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def runtime(tmp_path, clock):
    with a_runtime(tmp_path, clock=clock) as made:
        yield made


def step(runtime, clock, **duration):
    clock.wait(**duration)
    slicing.step(runtime)
    return Service(runtime).algos().algos[0]


def held(runtime):
    return sum(D(qty) for symbol, qty, _ in at_the_broker(runtime)["held"] if symbol == NIMBO)


def test_equal_slices_until_it_is_done_and_never_more_than_the_whole(runtime, clock):
    row = Service(runtime).start_algo(wanted(runtime)).algo
    assert (row.state, row.filled_qty, row.children) == ("working", D(6), 1)
    seen = []
    for _ in range(40):
        row = step(runtime, clock, minutes=1)
        seen.append(row.filled_qty + row.working_qty)
    assert max(seen) <= D(24)
    assert row.state == "done"
    assert held(runtime) == row.filled_qty > D(12)


def test_it_goes_on_after_a_restart(tmp_path, clock):
    with a_runtime(tmp_path, clock=clock) as runtime:
        first = Service(runtime).start_algo(wanted(runtime)).algo
    with a_runtime(tmp_path, clock=clock) as runtime:
        row = step(runtime, clock, minutes=8)
    assert (row.id, row.state, row.children) == (first.id, "working", 2)


def test_an_iceberg_shows_its_tip_alone(runtime, clock):
    row = Service(runtime).start_algo(wanted(runtime, kind=AlgoKind.ICEBERG, tip=D(2))).algo
    assert row.working_qty + row.filled_qty <= D(8), "a tip, and those that came after it had filled"
    row = step(runtime, clock, minutes=2)
    assert row.filled_qty + row.working_qty <= D(24)


def test_a_volume_curve_of_the_days_before_shapes_the_slices(runtime, clock):
    row = Service(runtime).start_algo(wanted(runtime, kind=AlgoKind.VWAP)).algo
    assert (row.kind, row.state) == ("vwap", "working")


def test_stopped_by_the_owner_it_sends_nothing_more(runtime, clock):
    row = Service(runtime).start_algo(wanted(runtime)).algo
    stopped = Service(runtime).stop_algo(row.id).algo
    assert (stopped.state, stopped.reason) == ("stopped", "stopped by the owner")
    assert step(runtime, clock, minutes=10).children == row.children
    assert Service(runtime).stop_algo(row.id).algo.state == "stopped"


def test_a_kill_stops_it_for_good(runtime, clock):
    row = Service(runtime).start_algo(wanted(runtime)).algo
    runtime.kill_switch.engage("owner", "odd", clock.at.isoformat())
    after = step(runtime, clock, minutes=8)
    assert after.state in ("stopping", "stopped")
    assert after.children == row.children


def test_reducing_stops_what_would_open_something(runtime, clock):
    row = Service(runtime).start_algo(wanted(runtime)).algo
    runtime.deps.stores.control.tighten(TradingState.REDUCING, by="test", at=clock.at, reason="odd")
    after = step(runtime, clock, minutes=8)
    assert (after.state, after.children) == ("stopped", row.children)


def test_each_cycle_steps_it_too(runtime, clock):
    Service(runtime).start_algo(wanted(runtime))
    clock.wait(minutes=8)
    Service(runtime).cycle((Symbol("CALDO"),), clock.at)
    assert Service(runtime).algos().algos[0].children == 2


@pytest.mark.parametrize(
    ("changes", "error", "told"),
    [
        pytest.param({"qty": 5_000}, ManualActionError, "not started: ", id="larger_than_a_limit"),
        pytest.param({"stop_loss": None}, ManualActionError, "without a protective stop", id="without_a_stop"),
    ],
)
def test_what_the_gates_refuse_whole_is_not_started_in_slices(runtime, changes, error, told):
    with pytest.raises(error, match=told):
        Service(runtime).start_algo(wanted(runtime, **changes))
    assert Service(runtime).algos().algos == ()
    assert at_the_broker(runtime)["fills"] == []


def test_an_order_that_wants_a_yes_is_started_after_one_and_it_is_on_record(runtime):
    with pytest.raises(NeedsYes, match="wants a person's yes: orders of this size need"):
        Service(runtime).start_algo(wanted(runtime, 60))
    row = Service(runtime).start_algo(wanted(runtime, 60), confirmed=True).algo
    assert (row.state, row.qty, row.filled_qty) == ("working", D(60), D(15))
    (yes,) = runtime.deps.stores.ledger.entries(kind=RecordKind.APPROVAL)
    assert (yes.body["answer"], yes.body["by"]) == ("approved", "owner")


def test_an_unknown_symbol_has_no_price(runtime):
    asked = SliceRequest(AlgoKind.TWAP, Symbol("ZZZZ"), Side.BUY, D(10), HALF_AN_HOUR)
    with pytest.raises(UsageError, match="there is no symbol ZZZZ in this market"):
        Service(runtime).start_algo(asked)


def test_an_unknown_id_is_refused(runtime):
    with pytest.raises(UsageError, match="there is no sliced order algo-1"):
        Service(runtime).stop_algo("algo-1")


def test_while_the_exchange_is_closed_nothing_is_started(runtime, clock):
    clock.at = at("2026-03-17T22:00")
    with pytest.raises((ManualActionError, UsageError)):
        Service(runtime).start_algo(wanted(runtime))
    assert Service(runtime).algos().algos == ()
    assert clock.at > NOON
