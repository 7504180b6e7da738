"""Pause, resume, kill, flatten: tightening always works, loosening asks a checklist first."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from domain.case import TradingState
from domain.errors import ManualActionError, UsageError
from domain.orders import OrderStatus, Side
from domain.records import RecordKind
from interfaces.service import Service
from tests.builders.execution import HandClock
from tests.builders.market import NOON
from tests.builders.runtime import (
    GLIMR,
    KORVA,
    LEAVING,
    NIMBO,
    ShiftedMarket,
    SpyModel,
    a_cycle,
    a_runtime,
    at_the_broker,
    entries_of,
    the_market,
)


@pytest.mark.parametrize(
    ("scope", "name", "stopped"),
    [
        pytest.param("global", "", {NIMBO, KORVA}, id="everything"),
        pytest.param("symbol", "NIMBO", {NIMBO}, id="one_symbol"),
        pytest.param("strategy", "momentum", {NIMBO, KORVA}, id="one_strategy"),
        pytest.param("strategy", "news_event", set(), id="another_strategy"),
    ],
)
def test_a_pause_stops_the_entries_of_its_scope(tmp_path, scope, name, stopped):
    with a_runtime(tmp_path) as runtime:
        view = Service(runtime).pause(scope, name, None, "odd")
        report = a_cycle(runtime, NIMBO, KORVA)
        assert [(pause.scope, pause.name, pause.reason) for pause in view.paused] == [(scope, name, "odd")]
        assert {order.symbol for order in report.orders} == {NIMBO, KORVA} - stopped
        assert {v.symbol for v in report.verdicts if str(v.code) == "PAUSED"} == stopped
        Service(runtime).resume(scope, name)
        assert {order.symbol for order in a_cycle(runtime, NIMBO, KORVA).orders} == stopped


def test_a_pause_ends_by_itself(tmp_path):
    clock = HandClock()
    with a_runtime(tmp_path, clock=clock) as runtime:
        Service(runtime).pause("global", "", timedelta(hours=1))
        assert a_cycle(runtime, NIMBO).orders == ()
        clock.wait(minutes=59)
        assert a_cycle(runtime, NIMBO).orders == ()
        clock.wait(minutes=1)
        assert [order.symbol for order in a_cycle(runtime, NIMBO).orders] == [NIMBO]


@pytest.mark.parametrize(("scope", "name"), [("symbol", "NIMBO"), ("strategy", "momentum")])
def test_what_is_not_paused_cannot_be_resumed(tmp_path, scope, name):
    with a_runtime(tmp_path) as runtime, pytest.raises(UsageError, match=f"the {scope} {name} is not paused"):
        Service(runtime).resume(scope, name)


def killed(runtime):
    return runtime.kill_switch.engaged(), runtime.deps.stores.control.read().kill_switch


def test_a_kill_latches_file_and_database_and_outlives_the_process(tmp_path):
    with a_runtime(tmp_path) as runtime:
        view = Service(runtime).kill("odd fills", flatten=False)
        assert (view.kill_switch, killed(runtime)) == (True, (True, True))
        assert runtime.kill_switch.details().reason == "odd fills"
    with a_runtime(tmp_path) as runtime:
        assert killed(runtime) == (True, True)
        report = a_cycle(runtime, NIMBO, KORVA)
        assert report.orders == ()
        assert {str(verdict.code) for verdict in report.verdicts} >= {"KILL_SWITCH"}
        assert at_the_broker(runtime) == {"working": [], "fills": [], "held": []}


@pytest.mark.parametrize("left", ["file", "database"])
def test_half_a_kill_is_a_kill(tmp_path, left):
    """Removing the file, or the row, by any other way than `resume` changes nothing (I-32)."""
    with a_runtime(tmp_path) as runtime:
        Service(runtime).kill("test", flatten=False)
        if left == "database":
            runtime.kill_switch.path.unlink()
        else:
            runtime.deps.stores.control.set_killed(False, by="somebody", at=NOON)
    with a_runtime(tmp_path) as runtime:
        assert a_cycle(runtime, NIMBO).orders == ()


@pytest.mark.parametrize("role", ["advisor", "inspector", "decider"])
def test_a_kill_in_the_middle_of_a_cycle_stops_what_was_not_sent_yet(tmp_path, role):
    def kills(request, answer):
        if request.role == role:
            runtime.kill_switch.engage("owner", "test", "now")
        return answer

    with a_runtime(tmp_path, model=SpyModel(kills)) as runtime:
        report = a_cycle(runtime, NIMBO, KORVA)
        assert len(report.decisions) == 2
        assert entries_of(runtime) == []


def test_a_kill_cancels_what_could_add_exposure_and_leaves_the_stops(tmp_path):
    """GLIMR's order is filled in part and rests with its remainder; NIMBO has a stop and a target."""
    clock = HandClock()
    with a_runtime(tmp_path, clock=clock) as runtime:
        a_cycle(runtime, NIMBO)
        legs = at_the_broker(runtime)["working"]
        clock.at = NOON.replace(day=25)
        a_cycle(runtime, GLIMR)
        (working,) = [each for each in entries_of(runtime) if each.status.is_open]
        Service(runtime).kill("test", flatten=False)
        assert runtime.deps.stores.orders.get(working.client_order_id).status is OrderStatus.CANCELED
        assert set(legs) <= set(at_the_broker(runtime)["working"])


def test_resume_lifts_halt_and_kill_and_leaves_the_counters(tmp_path):
    with a_runtime(tmp_path) as runtime:
        a_cycle(runtime, NIMBO)
        Service(runtime).kill("test", flatten=False)
        Service(runtime).pause("global", "", None)
        Service(runtime).pause("symbol", "KORVA", None)
        orders_today = len(entries_of(runtime))
        view = Service(runtime).resume("global", "")
        assert (view.kill_switch, view.trading_state, killed(runtime)) == (False, TradingState.ACTIVE, (False, False))
        assert [(pause.scope, pause.name) for pause in view.paused] == [("symbol", "KORVA")]
        assert len(entries_of(runtime)) == orders_today
        record = runtime.deps.stores.ledger.entries(kind=RecordKind.CONTROL)[-1]
        assert (record.body["by"], record.body["trading_state"]) == ("owner", "ACTIVE")


def unreconciled(runtime):
    with runtime.deps.stores.database.transaction() as connection:
        connection.execute(text("UPDATE paper_positions SET qty = qty + 1"))
    return "NIMBO differs from the broker"


def anchor_changed(runtime):
    (runtime.setup.home / "ledger.anchor").write_text("nonsense")
    return "the ledger does not verify"


@pytest.mark.parametrize("spoil", [unreconciled, anchor_changed])
def test_resume_refuses_while_its_checklist_fails(tmp_path, spoil):
    with a_runtime(tmp_path) as runtime:
        a_cycle(runtime, NIMBO)
        Service(runtime).kill("test", flatten=False)
        problem = spoil(runtime)
        with pytest.raises(ManualActionError, match=problem):
            Service(runtime).resume("global", "")
        assert killed(runtime) == (True, True)


def test_flatten_sells_everything_and_stays_killed(tmp_path):
    with a_runtime(tmp_path) as runtime:
        a_cycle(runtime, NIMBO)
        view = Service(runtime).kill("done", flatten=True)
        (closing,) = [order for order in entries_of(runtime) if order.reduce_only]
        assert view.kill_switch
        assert (closing.symbol, closing.side, closing.qty, closing.reduce_only) == (NIMBO, Side.SELL, Decimal(46), True)
        assert at_the_broker(runtime)["held"] == []
        assert at_the_broker(runtime)["working"] == []


def test_flatten_of_an_empty_book_is_a_kill(tmp_path):
    with a_runtime(tmp_path) as runtime:
        assert Service(runtime).kill("done", flatten=True).kill_switch
        assert entries_of(runtime) == []


def test_what_cannot_be_sold_is_told_and_the_latch_falls_all_the_same(tmp_path):
    with a_runtime(tmp_path) as runtime:
        a_cycle(runtime, NIMBO)
    with a_runtime(tmp_path, market=ShiftedMarket(the_market(), NIMBO=None)) as runtime:
        with pytest.raises(ManualActionError, match="0 closing orders were sent but something is still held"):
            Service(runtime).kill("done", flatten=True)
        assert killed(runtime) == (True, True)


def test_flatten_after_a_kill_does_not_send(tmp_path):
    """A kill is final until a person resumes: not even the way out is sent behind its back."""
    with a_runtime(tmp_path) as runtime:
        a_cycle(runtime, NIMBO)
        Service(runtime).kill("first", flatten=False)
        with pytest.raises(ManualActionError, match="still held"):
            Service(runtime).kill("again", flatten=True)
        assert [symbol for symbol, _qty, _price in at_the_broker(runtime)["held"]] == [NIMBO]


def test_exits_are_not_sent_under_a_kill_and_go_out_after_it(tmp_path):
    clock = HandClock()
    with a_runtime(tmp_path, clock=clock) as runtime:
        a_cycle(runtime, KORVA)
        Service(runtime).kill("test", flatten=False)
        clock.at = LEAVING
        assert a_cycle(runtime, KORVA).orders == ()
        Service(runtime).resume("global", "")
        assert [order.side for order in a_cycle(runtime, KORVA).orders] == [Side.SELL]


def test_a_bus_that_is_away_stops_no_kill(tmp_path):
    with a_runtime(tmp_path, redis_url="redis://127.0.0.1:1/0") as runtime:
        assert Service(runtime).kill("test", flatten=False).kill_switch
        assert replace(runtime).kill_switch.engaged()
