"""Closing what is held: at any time but under a kill, in one order a symbol, never more than is held."""

from decimal import Decimal

import pytest

from domain.case import TradingState
from domain.errors import ManualActionError, UsageError
from domain.orders import Origin, Side
from interfaces.acting.ordering import Ticket
from interfaces.service import Service
from tests.builders.execution import HandClock
from tests.builders.runtime import KORVA, NIMBO, OSTRE, a_runtime

D = Decimal


@pytest.fixture
def runtime(tmp_path):
    """Ten of NIMBO are held, protected."""
    with a_runtime(tmp_path, clock=HandClock()) as runtime:
        service = Service(runtime)
        nimbo = service.order(Ticket(Side.BUY, NIMBO, qty=D(10), stop=D(128), target=D(145)))
        assert nimbo.done, nimbo.note
        yield runtime


def held(runtime):
    return {each.symbol: each.qty for each in runtime.deps.broker.positions() if each.qty}


def closing_orders(runtime):
    return [
        (each.symbol, each.side, each.qty, each.origin)
        for each in runtime.deps.stores.orders.newest(50)
        if each.origin is Origin.MANUAL and each.side is Side.SELL and each.parent_id is None
    ]


def pause_all(runtime):
    Service(runtime).pause("global", "", None)


def reducing(runtime):
    control = runtime.deps.stores.control
    control.set_trading_state(TradingState.REDUCING, by="test", reason="only exits", at=runtime.deps.clock.now())


@pytest.mark.parametrize("before", [lambda _runtime: None, pause_all, reducing], ids=["as_usual", "paused", "reducing"])
def test_everything_is_closed_with_its_protection_taken_out(runtime, before):
    before(runtime)
    view = Service(runtime).flatten(())
    assert view.note == "nothing is held any more; closing orders sent: 1"
    assert held(runtime) == {}
    assert closing_orders(runtime) == [(NIMBO, Side.SELL, D(10), Origin.MANUAL)]
    assert [each for each in runtime.deps.stores.orders.open() if each.symbol == NIMBO] == []


def test_asked_twice_it_sells_once(runtime):
    Service(runtime).flatten(())
    assert Service(runtime).flatten(()).note.endswith("closing orders sent: 0")
    assert len(closing_orders(runtime)) == 1


def test_only_the_symbols_that_are_named(runtime):
    other = runtime.deps.market.quote(KORVA, as_of=runtime.deps.clock.now()).ask
    bought = Service(runtime).order(Ticket(Side.BUY, KORVA, qty=D(5), stop=(other * D("0.95")).quantize(D("0.01"))))
    assert bought.done, bought.note
    Service(runtime).flatten((KORVA,))
    assert held(runtime) == {NIMBO: D(10)}


def test_a_symbol_that_is_not_held_closes_nothing(runtime):
    with pytest.raises(UsageError, match="OSTRE: nothing is held"):
        Service(runtime).flatten((NIMBO, OSTRE))
    assert held(runtime) == {NIMBO: D(10)}


def test_under_a_kill_the_way_out_is_told(runtime):
    Service(runtime).kill("test", flatten=False)
    with pytest.raises(ManualActionError, match="kill switch") as told:
        Service(runtime).flatten(())
    assert "sage kill --flatten" in told.value.remedy
    assert held(runtime) == {NIMBO: D(10)}


def test_halted_the_gate_that_refuses_is_named(runtime):
    control = runtime.deps.stores.control
    control.set_trading_state(TradingState.HALTED, by="test", reason="look first", at=runtime.deps.clock.now())
    with pytest.raises(ManualActionError, match="NIMBO 10 still held: refused by A4 trading state"):
        Service(runtime).flatten(())
    assert held(runtime) == {NIMBO: D(10)}
