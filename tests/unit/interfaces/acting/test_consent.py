"""An order by hand is shown before it leaves: the yes is to what was shown, and a refusal asks nobody."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.case import TradingState
from domain.errors import ManualActionError, UsageError
from domain.market import Symbol
from domain.orders import OrderStatus, Side
from domain.record.entries import RecordKind
from domain.verdicts import Outcome
from interfaces.acting.consent import as_shown
from interfaces.acting.ordering import Ticket
from interfaces.acting.slicing import SliceRequest
from interfaces.service import Service
from tests.builders.execution import HandClock
from tests.builders.runtime import KORVA, NIMBO, ShiftedMarket, a_policy, a_runtime, the_market
from trading.execution.algos.base import AlgoKind

D = Decimal
MISSPELT = Symbol("NIMOB")
BUY = Ticket(Side.BUY, NIMBO, qty=D(10), stop=D(128), target=D(145))
STANDS = "In the simulated market time goes on with the next `sage cycle`; until then it stays 2026-03-17 15:00 UTC."


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def runtime(tmp_path, clock):
    with a_runtime(tmp_path, clock=clock) as runtime:
        yield runtime


@pytest.fixture
def service(runtime):
    return Service(runtime)


def orders_of(runtime):
    return runtime.deps.stores.orders.newest(50)


def test_what_is_shown_waits_and_names_the_room_it_leaves(runtime, service):
    view = service.ask_order(BUY)
    assert (view.waits, view.done, view.order, view.outcome) == (True, False, None, Outcome.PASS)
    assert (view.intent.side, view.intent.qty, view.intent.symbol) == (Side.BUY, 10, NIMBO)
    assert view.why.nearest_qty > 10
    assert len(view.room) == 3
    assert [row.headroom_pct for row in view.room] == sorted(row.headroom_pct for row in view.room)
    assert orders_of(runtime) == ()
    assert runtime.deps.stores.ledger.entries(kind=RecordKind.VERDICTS) == ()


def test_the_yes_is_to_the_price_and_quantity_that_were_shown(tmp_path, clock):
    asked = replace(BUY, qty=None, amount=D(1000))
    with a_runtime(tmp_path, clock=clock) as runtime:
        shown: Any = Service(runtime).ask_order(asked).intent
    # Dearer by 1 %: what was 7 shares at the price then would be as many at another price now.
    with a_runtime(tmp_path, clock=clock, market=ShiftedMarket(the_market(), NIMBO=D("1.01"))) as runtime:
        view = Service(runtime).order(as_shown(asked, shown, shown.qty), confirmed=True)
        (sent,) = [each for each in orders_of(runtime) if each.parent_id is None]
        assert (sent.qty, sent.limit_price, view.done) == (shown.qty, shown.limit_price, True)
        assert sent.status is not OrderStatus.FILLED, "it rests at the price that was agreed to"
        assert view.standstill == STANDS


def test_a_refusal_is_on_record_and_can_be_asked_about(runtime, service):
    view = service.ask_order(replace(BUY, limit=D(200)))
    assert (view.waits, view.done, view.outcome, view.room) == (False, False, Outcome.DENY, ())
    (entry,) = runtime.deps.stores.ledger.entries(kind=RecordKind.VERDICTS)
    assert entry.subject.startswith("ord-")
    asked = service.whynot("last")
    assert {each.gate for each in asked.objections} == {each.gate for each in view.why.objections}
    assert asked.order == view.intent


def test_a_loss_limit_that_a_refusal_finds_breached_moves_the_state_by_itself(tmp_path, clock):
    policy = a_policy(tmp_path / "policy", daily_loss_limit_pct=0.001)
    with a_runtime(tmp_path / "home", clock=clock, policy=policy) as runtime:
        assert Service(runtime).order(BUY).done  # its commission and the spread are more than that already
        refused: Any = Service(runtime).ask_order(replace(BUY, symbol=KORVA, qty=D(9), stop=D(64), target=None))
        assert "G1" in {each.gate for each in refused.why.objections}
        control = runtime.deps.stores.control.read()
        assert control.trading_state is TradingState.REDUCING
        (moved,) = [each for each in control_moves(runtime) if "trading_state" in each.body]
        assert moved.body["by"] == "gates"


def control_moves(runtime):
    return runtime.deps.stores.ledger.entries(kind=RecordKind.CONTROL, subject="control")


def test_the_same_order_again_says_that_it_was_placed(runtime, service):
    first = service.order(BUY)
    for again in (service.ask_order(BUY), service.order(BUY), service.order(BUY, confirmed=True)):
        name = first.order.client_order_id
        assert again.order.client_order_id == name
        assert again.note == f"this order was placed already ({name}); nothing new was sent"
        assert (again.waits, again.done, again.standstill) == (False, True, STANDS)
    assert len([each for each in orders_of(runtime) if each.parent_id is None]) == 1


def test_what_wants_a_persons_yes_is_shown_once_and_sent_with_it(tmp_path, clock):
    policy = a_policy(tmp_path / "policy", approval_required_above_notional=1000)
    with a_runtime(tmp_path / "home", clock=clock, policy=policy) as runtime:
        view: Any = Service(runtime).ask_order(BUY)
        assert (view.waits, view.outcome) == (True, Outcome.NEED_APPROVAL)
        sent: Any = Service(runtime).order(as_shown(BUY, view.intent, view.final_qty), confirmed=True)
        assert sent.order.status is OrderStatus.FILLED


@pytest.mark.parametrize("approval", [pytest.param(1000, id="a_persons_yes"), pytest.param(100_000, id="cut_alone")])
def test_no_more_is_sent_than_the_gates_left_when_it_was_shown(tmp_path, clock, approval):
    policy = a_policy(tmp_path / "policy", approval_required_above_notional=approval)
    with a_runtime(tmp_path / "home", clock=clock, policy=policy) as runtime:
        service, asked = Service(runtime), replace(BUY, qty=D(70), target=None)
        other: Any = service.order(replace(BUY, qty=D(60), limit=D("129.5"), stop=D(127), target=None), confirmed=True)
        clock.wait(minutes=5)
        shown: Any = service.ask_order(asked)
        assert 0 < shown.final_qty < 70, "what rests takes some of the room"
        service.cancel_order(other.order.client_order_id)
        sent: Any = service.order(as_shown(asked, shown.intent, shown.final_qty), confirmed=True)
        assert sent.order.qty == shown.final_qty


def test_a_sale_that_was_shown_as_an_exit_opens_nothing_when_what_was_held_is_gone(tmp_path, clock):
    policy = a_policy(tmp_path / "policy", allow_short=True)
    with a_runtime(tmp_path / "home", clock=clock, policy=policy) as runtime:
        service, sale = Service(runtime), Ticket(Side.SELL, NIMBO, qty=D(10))
        assert service.order(BUY, confirmed=True).done
        clock.wait(minutes=5)
        shown: Any = service.ask_order(sale)
        assert shown.intent.reduce_only
        assert service.order(sale, confirmed=True).done
        clock.wait(minutes=5)
        with pytest.raises(ManualActionError, match="what is held of NIMBO has changed"):
            service.order(as_shown(sale, shown.intent, shown.final_qty), confirmed=True)


def test_a_misspelt_symbol_is_told_with_the_nearest(service):
    listed = "There are CALDO, DRAVE, GLIMR, HEXAR, KORVA, MARLO, NIMBO, OSTRE, PELMA, TARQU, VERDA, ZEPHY."
    told = f"there is no symbol NIMOB in this market; the nearest is NIMBO. {listed}"
    sliced = SliceRequest(AlgoKind.TWAP, MISSPELT, Side.BUY, D(40), timedelta(minutes=30))
    for ask in (
        lambda: service.ask_order(replace(BUY, symbol=MISSPELT)),
        lambda: service.order(replace(BUY, symbol=MISSPELT), what_if=True),
        lambda: service.start_algo(sliced),
    ):
        with pytest.raises(UsageError) as refused:
            ask()
        assert str(refused.value) == told
    with pytest.raises(UsageError, match="there is no symbol 'NIMOB' in this market; the nearest is NIMBO"):
        service.prices("NIMOB")


def test_a_rate_says_when_time_goes_on(tmp_path, clock):
    policy = a_policy(tmp_path / "policy", max_orders_per_second=1)
    with a_runtime(tmp_path / "home", clock=clock, policy=policy) as runtime:
        service = Service(runtime)
        service.order(BUY)
        refused: Any = service.ask_order(replace(BUY, qty=D(9), symbol=KORVA, stop=D(64), target=None))
        assert {each.gate for each in refused.why.objections} == {"F1_second"}
        assert refused.standstill == STANDS
        assert service.ask_order(replace(BUY, limit=D(200))).standstill == "", "waiting would not let it pass"
