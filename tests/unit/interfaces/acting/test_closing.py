"""Closing what is held: at any time but under a kill, in one order a symbol, never more than is held."""

from decimal import Decimal

import pytest

from domain.case import TradingState
from domain.errors import ManualActionError, UsageError
from domain.orders import Origin, Side
from interfaces.acting.closing import go_on_closing
from interfaces.acting.ordering import Ticket
from interfaces.service import Service
from tests.builders.execution import HandClock
from tests.builders.runtime import KORVA, NIMBO, OSTRE, a_runtime
from trading.execution.flatten import meant_by

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
    assert Service(runtime).flatten(()).note == "nothing was held, so there was nothing left to close"
    assert len(closing_orders(runtime)) == 1


def test_what_still_works_is_told_where_nothing_is_left_to_close(runtime):
    price = runtime.deps.market.quote(KORVA, as_of=runtime.deps.clock.now()).bid
    far, stop = ((price * D(share)).quantize(D("0.01")) for share in ("0.98", "0.93"))
    waits = Service(runtime).order(Ticket(Side.BUY, KORVA, qty=D(5), limit=far, stop=stop))
    assert waits.done, waits.note
    goes_on = "In the simulated market time goes on with the next `sage cycle`; until then it stays"
    work = f"still working: buy 5 KORVA (see `sage orders`). {goes_on} 2026-03-17 15:00 UTC."
    assert Service(runtime).flatten((NIMBO,)).note == "nothing is held any more of NIMBO; closing orders sent: 1"
    assert Service(runtime).flatten(()).note == f"nothing was held, so there was nothing left to close; {work}"


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


@pytest.fixture
def killed(runtime):
    """KORVA is held too, and a plain kill stands."""
    other = runtime.deps.market.quote(KORVA, as_of=runtime.deps.clock.now()).ask
    assert Service(runtime).order(Ticket(Side.BUY, KORVA, qty=D(5), stop=(other * D("0.95")).quantize(D("0.01")))).done
    Service(runtime).kill("test", flatten=False)
    return runtime


UNDER_A_KILL = {
    "one": (lambda service: service.flatten((NIMBO,)), {KORVA: D(5)}, "flatten"),
    "by_name": (lambda service: service.close(NIMBO), {KORVA: D(5)}, "close"),
    "one_then_the_other": (lambda service: [service.close(NIMBO), service.close(KORVA)][-1], {}, "close"),
    "all": (lambda service: service.flatten(()), {}, "flatten"),
}


@pytest.mark.parametrize("case", UNDER_A_KILL)
def test_under_a_kill_what_is_named_is_closed_and_nothing_else_is_sent(killed, case):
    """I-30: what leaves after the kill are orders of its flatten that only reduce, of these symbols alone."""
    ask, left, action = UNDER_A_KILL[case]
    before = {each.client_order_id for each in killed.deps.stores.orders.newest(99)}
    view = ask(Service(killed))
    assert (view.action, view.kill_switch, held(killed)) == (action, True, left)
    sent = [each for each in killed.deps.stores.orders.newest(99) if each.client_order_id not in before]
    assert {(each.origin, each.side, each.reduce_only) for each in sent} == {(Origin.FLATTEN, Side.SELL, True)}
    assert {each.symbol for each in sent} == {NIMBO, KORVA} - left.keys()


def test_whoever_goes_on_with_the_kill_closes_no_more_than_was_named(killed):
    Service(killed).flatten((NIMBO,))
    go_on_closing(killed)
    assert held(killed) == {KORVA: D(5)}
    assert meant_by(killed.kill_switch, killed.kill_switch.flatten()) == frozenset({NIMBO})
    details = killed.kill_switch.details()
    assert details is not None
    assert (details.by, details.reason) == ("owner", "sage flatten NIMBO"), "and whoever resumes is told"
    assert meant_by(killed.kill_switch, "kill-99-none") == frozenset(), "an order that is not on record closes nothing"
    killed.kill_switch.engage("owner", "owner, to close KORVA alone", "now", flatten=True)
    assert meant_by(killed.kill_switch, killed.kill_switch.flatten()) is None, "a reason is no order"
    Service(killed).flatten((KORVA,))
    assert meant_by(killed.kill_switch, killed.kill_switch.flatten()) is None, "all that was ordered stays ordered"


def test_under_a_kill_what_is_not_held_is_told_and_the_kill_is_left_as_it_was(killed):
    stamp = killed.kill_switch.stamp()
    with pytest.raises(UsageError, match="OSTRE: nothing is held"):
        Service(killed).flatten((OSTRE,))
    assert killed.kill_switch.stamp() == stamp


def test_halted_the_gate_that_refuses_is_named(runtime):
    control = runtime.deps.stores.control
    control.set_trading_state(TradingState.HALTED, by="test", reason="look first", at=runtime.deps.clock.now())
    with pytest.raises(ManualActionError, match="NIMBO 10 still held: refused by A4 trading state"):
        Service(runtime).flatten(())
    assert held(runtime) == {NIMBO: D(10)}


# By the name of a trade, an order or a symbol.


def test_a_holding_is_found_by_its_symbol_its_round_trip_and_the_order_that_entered_it(runtime):
    (trade,) = runtime.deps.stores.trades.all_open().values()
    (entry,) = [one for one in runtime.deps.stores.orders.newest(9) if not one.reduce_only]
    service = Service(runtime)
    for name in (
        "NIMBO",
        "nimbo",
        trade.trade_id,
        trade.trade_id[:8],
        entry.client_order_id,
        entry.client_order_id[:8],
    ):
        found = service.holding(name)
        assert (found.symbol, found.qty, found.trade_id) == (NIMBO, D(10), trade.trade_id), name
    assert [one.trade_id for one in service.positions().positions] == [trade.trade_id]


def test_what_stands_for_nothing_that_is_held_is_told_so(runtime):
    service, orders = Service(runtime), runtime.deps.stores.orders
    (trade,) = runtime.deps.stores.trades.all_open().values()
    behind = next(one.client_order_id for one in orders.newest(9) if one.reduce_only)
    for name in ("OSTRE", "trd-nothing1", "ord-nothing1", "t", "trd-", "ord-", trade.trade_id[:7], behind):
        with pytest.raises(UsageError, match="nothing that is held is called"):
            service.holding(name)
    service.flatten(())
    for name in ("NIMBO", trade.trade_id):
        with pytest.raises(UsageError, match="nothing that is held is called"):
            service.holding(name)
