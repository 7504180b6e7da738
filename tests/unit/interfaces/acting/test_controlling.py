"""Pause, resume, kill, flatten: tightening always works, loosening asks a checklist first."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from domain.case import Mode, TradingState
from domain.errors import ManualActionError, UsageError
from domain.orders import OrderStatus, Side
from domain.record.alerts import AlertCode, Severity
from domain.record.entries import RecordKind
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
    a_policy,
    a_runtime,
    at_the_broker,
    entries_of,
    the_market,
)
from trading.bus.messages import BusTopic
from trading.execution.account import read_book


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
        record = runtime.deps.stores.ledger.entries(kind=RecordKind.CONTROL, subject="control")[-1]
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
        with pytest.raises(ManualActionError) as refused:
            Service(runtime).kill("done", flatten=True)
        assert str(refused.value) == (
            "killed; closing orders sent: 0; NIMBO 46 still held: no usable quote. "
            "In the simulated market time goes on with the next `sage cycle`; until then it stays "
            "2026-03-17 15:00 UTC. Then `sage kill --flatten` again goes on with it."
        )
        assert killed(runtime) == (True, True)
    assert "NIMBO was not flattened: no usable quote" in (tmp_path / "sage.log").read_text()


def test_one_that_cannot_be_sold_keeps_no_other_from_being_sold(tmp_path):
    with a_runtime(tmp_path) as runtime:
        assert len(a_cycle(runtime, NIMBO, KORVA).orders) == 2
    with a_runtime(tmp_path, market=ShiftedMarket(the_market(), KORVA=None)) as runtime:
        with pytest.raises(ManualActionError, match=r"sent: 1; KORVA .* no usable quote") as refused:
            Service(runtime).kill("done", flatten=True)
        assert "NIMBO" not in str(refused.value)
        assert [symbol for symbol, _qty, _price in at_the_broker(runtime)["held"]] == [KORVA]


def test_flatten_after_a_kill_sells_what_the_kill_left(tmp_path):
    """A kill is final for everything but this: the owner's own order to close, which only reduces."""
    with a_runtime(tmp_path) as runtime:
        a_cycle(runtime, NIMBO)
        Service(runtime).kill("first", flatten=False)
        assert [symbol for symbol, _qty, _price in at_the_broker(runtime)["held"]] == [NIMBO]
        assert Service(runtime).kill("again", flatten=True).kill_switch
        assert at_the_broker(runtime)["held"] == []
        assert killed(runtime) == (True, True)


def test_a_cycle_goes_on_with_a_flatten_that_was_cut_off(tmp_path):
    """The order to close is in the journal; the process died before it could sell."""
    with a_runtime(tmp_path) as runtime:
        a_cycle(runtime, NIMBO)
        runtime.kill_switch.engage("owner", "done", "now", flatten=True)
    with a_runtime(tmp_path) as runtime:
        assert a_cycle(runtime, KORVA).orders == ()
        assert at_the_broker(runtime)["held"] == []
        assert sorted(order.reduce_only for order in entries_of(runtime)) == [False, True]


def unseen_kill(runtime):
    """A kill of which only the journal is left before anybody has put it into the database."""
    runtime.kill_switch.engage("owner", "odd fills", "now")
    runtime.kill_switch.path.unlink()
    runtime.kill_switch.mark.unlink()


def a_forged_release(runtime):
    """The same, and somebody wrote a release behind it."""
    unseen_kill(runtime)
    runtime.kill_switch.release()


def a_cut_journal(runtime):
    """All three are gone, and nothing tells of the kill but that the journal was longer."""
    unseen_kill(runtime)
    runtime.kill_switch.journal.path.unlink()


@pytest.mark.parametrize("spoil", [unseen_kill, a_forged_release, a_cut_journal])
def test_a_kill_whose_traces_were_removed_before_the_database_knew_still_counts(tmp_path, spoil):
    with a_runtime(tmp_path) as runtime:
        spoil(runtime)
    for start in range(2):
        with a_runtime(tmp_path) as runtime:
            assert runtime.deps.stores.control.read().kill_switch
            assert start or "it is still killed" in Service(runtime).notice
            assert a_cycle(runtime, NIMBO).orders == ()
    with a_runtime(tmp_path) as runtime:
        Service(runtime).resume("global", "")
        assert killed(runtime) == (False, False)
    with a_runtime(tmp_path) as runtime:
        assert (killed(runtime), Service(runtime).notice) == ((False, False), "")


def test_what_stops_trading_is_an_alert_until_the_owner_resumes(tmp_path):
    with a_runtime(tmp_path) as runtime:
        tightened(runtime, TradingState.REDUCING)
        Service(runtime).kill("odd fills", flatten=False)
        told = [(alert.severity, alert.code, alert.words) for alert in Service(runtime).status().alerts]
        assert told == [
            (Severity.CRITICAL, AlertCode.KILLED, "owner: odd fills"),
            (Severity.WARNING, AlertCode.REDUCING, "breaker: the broker rejected 5 orders in a row"),
        ]
        heard = [message.body for message in runtime.bus.history(BusTopic.RISK_ALERT)]
        assert [alert.code for alert in heard] == [AlertCode.REDUCING, AlertCode.KILLED]
        assert len({alert.key for alert in heard}) == 2
        Service(runtime).resume("global", "")
        assert Service(runtime).status().alerts == ()
        assert len(runtime.bus.history(BusTopic.RISK_ALERT)) == 2, "each once"


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


def counters_of(runtime):
    deps = runtime.deps
    book = read_book(deps.broker, deps.stores.orders, deps.stores.equity, now=deps.clock.now())
    return book.performance, book.counters, book.orders_today, book.turnover_today, len(book.recent_orders)


def test_a_resume_resets_no_counter_and_starts_the_ramp(tmp_path):
    clock = HandClock()
    with a_runtime(tmp_path, clock=clock) as runtime:
        a_cycle(runtime, NIMBO)
        Service(runtime).kill("test", flatten=False)
        before = counters_of(runtime)
        assert before[2] == 1
        Service(runtime).resume("global", "")
        assert counters_of(runtime) == before
        assert Service(runtime).status().ramp == Decimal("0.25")
        clock.at = NOON.replace(day=18)
        assert Service(runtime).status().ramp == Decimal("0.5")
        clock.at = NOON.replace(day=19)
        assert Service(runtime).status().ramp == 1


@pytest.mark.parametrize(
    ("stop", "share"),
    [
        pytest.param(lambda runtime: Service(runtime).pause("global", "", None), "0.25", id="a_pause"),
        pytest.param(lambda runtime: Service(runtime).kill("test", flatten=False), "0.25", id="a_kill"),
        pytest.param(lambda runtime: tightened(runtime, TradingState.REDUCING), "0.25", id="a_breaker"),
        pytest.param(lambda runtime: tightened(runtime, TradingState.HALTED), "0.25", id="a_halt"),
        pytest.param(lambda runtime: None, "1", id="nothing"),
    ],
)
def test_only_a_resume_after_a_stop_starts_the_ramp(tmp_path, stop, share):
    with a_runtime(tmp_path) as runtime:
        stop(runtime)
        Service(runtime).resume("global", "")
        assert Service(runtime).status().ramp == Decimal(share)


def tightened(runtime, state):
    runtime.deps.stores.control.tighten(state, by="breaker", at=NOON, reason="the broker rejected 5 orders in a row")


def test_the_status_says_why_trading_is_not_active(tmp_path):
    with a_runtime(tmp_path) as runtime:
        assert Service(runtime).status().why == ""
        tightened(runtime, TradingState.REDUCING)
        assert Service(runtime).status().why == "breaker: the broker rejected 5 orders in a row"


def test_the_plan_names_what_is_released_and_what_the_checklist_finds(tmp_path):
    with a_runtime(tmp_path) as runtime:
        a_cycle(runtime, NIMBO)
        tightened(runtime, TradingState.REDUCING)
        Service(runtime).pause("global", "", None)
        Service(runtime).kill("odd fills", flatten=False)
        problem = unreconciled(runtime)
        plan = Service(runtime).resume_plan()
        assert plan.stopped
        assert [each.partition(" at ")[0] for each in plan.releases] == [
            "the pause of everything by owner",
            "trading REDUCING: breaker: the broker rejected 5 orders in a row",
            "the kill by owner",
        ]
        assert problem in plan.findings
        assert killed(runtime) == (True, True), "looking changes nothing"


def test_a_kill_after_the_plan_was_shown_is_not_released_with_it(tmp_path):
    with a_runtime(tmp_path) as runtime:
        Service(runtime).kill("first", flatten=False)
        plan = Service(runtime).resume_plan()
        runtime.kill_switch.engage("owner", "second", "later")
        before = len(runtime.deps.stores.ledger.entries(kind=RecordKind.CONTROL))
        with pytest.raises(ManualActionError, match="somebody killed it in the meantime"):
            Service(runtime).resume("global", "", plan)
        assert killed(runtime) == (True, True)
        assert len(runtime.deps.stores.ledger.entries(kind=RecordKind.CONTROL)) == before, "all of it or nothing"
        assert Service(runtime).status().ramp == 1


def test_a_first_kill_after_the_plan_was_shown_is_not_released_either(tmp_path):
    with a_runtime(tmp_path) as runtime:
        tightened(runtime, TradingState.REDUCING)
        plan = Service(runtime).resume_plan()
        runtime.kill_switch.engage("owner", "since then", "later")
        with pytest.raises(ManualActionError, match="somebody killed it in the meantime"):
            Service(runtime).resume("global", "", plan)
        assert runtime.kill_switch.engaged()


def test_a_latch_removed_by_hand_raises_the_alarm_once_and_stays_killed(tmp_path):
    with a_runtime(tmp_path) as runtime:
        runtime.kill_switch.engage("owner", "test", "now")
        runtime.kill_switch.path.unlink()
    for _ in range(2):
        with a_runtime(tmp_path) as runtime:
            assert "removed by hand" in Service(runtime).notice
            assert runtime.deps.stores.control.read().kill_switch
            assert a_cycle(runtime, NIMBO).orders == ()
            alarms = [entry for entry in runtime.deps.stores.ledger.entries(kind=RecordKind.CONTROL)
                      if "incident" in entry.body]  # fmt: skip
            assert len(alarms) == 1
    assert "removed by hand" in (tmp_path / "sage.log").read_text()


@pytest.mark.parametrize(
    ("before", "after", "up"),
    [
        pytest.param(Mode.PAPER, Mode.OBSERVE, False, id="down"),
        pytest.param(Mode.OBSERVE, Mode.PAPER, True, id="up"),
        pytest.param(Mode.PAPER, Mode.PAPER, False, id="nowhere"),
        pytest.param(Mode.PAPER, Mode.APPROVE, True, id="on_the_same_rung"),
    ],
)
def test_the_mode_moves_on_the_ladder(tmp_path, before, after, up):
    with a_runtime(tmp_path, mode=before.value) as runtime:
        service, count = Service(runtime), len(runtime.deps.stores.ledger.entries(kind=RecordKind.CONTROL))
        assert service.needs_owner(after) is up
        view = service.set_mode(after, confirmed=up)
        assert (view.before, view.mode, service.status().mode) == (before, after, after)
        assert ("paper account alone, and only after a person's yes" in view.note) is (after is Mode.APPROVE)
        moved = len(runtime.deps.stores.ledger.entries(kind=RecordKind.CONTROL)) - count
        assert moved == (before is not after)


@pytest.mark.parametrize(
    ("ceiling", "wanted"),
    [
        pytest.param("paper", Mode.AUTO, id="auto_over_paper"),
        pytest.param("approve", Mode.AUTO, id="auto_over_approve"),
        pytest.param("observe", Mode.PAPER, id="paper_over_observe"),
        pytest.param("observe", Mode.APPROVE, id="approve_over_observe"),
    ],
)
def test_a_mode_above_the_ceiling_of_the_policy_is_refused_and_not_stored(tmp_path, ceiling, wanted):
    with a_runtime(tmp_path, mode="off", policy=a_policy(tmp_path / "p", mode=ceiling)) as runtime:
        before = runtime.deps.stores.control.read().mode
        with pytest.raises(ManualActionError, match=f"goes no further than {ceiling}: the mode stays {before}") as no:
            Service(runtime).set_mode(wanted, confirmed=True)
        assert no.value.exit_code == 1
        assert runtime.deps.stores.control.read().mode is before


def test_the_way_down_is_open_even_where_it_ends_above_the_ceiling(tmp_path):
    with a_runtime(tmp_path, policy=a_policy(tmp_path / "p", mode="observe")) as runtime:
        runtime.deps.stores.control.set_mode(Mode.AUTO, by="owner", at=NOON, reason="an older policy")
        view = Service(runtime).set_mode(Mode.PAPER, confirmed=False)
        assert (view.mode, "goes no further than observe" in view.note) == (Mode.PAPER, True)


@pytest.mark.parametrize(
    ("mode", "told"),
    [
        pytest.param(Mode.PAPER, "trading is active again", id="paper"),
        pytest.param(Mode.OBSERVE, "mode observe sends no orders: `sage mode paper`", id="observe"),
        pytest.param(Mode.OFF, "mode off sends no orders: `sage mode paper`", id="off"),
    ],
)
def test_a_resume_says_whether_orders_go_out_again(tmp_path, mode, told):
    with a_runtime(tmp_path) as runtime:
        Service(runtime).set_mode(mode, confirmed=False)
        Service(runtime).kill("test", flatten=False)
        note = Service(runtime).resume("global", "").note
        assert told in note
        assert ("trading is active again" in note) is (mode is Mode.PAPER)


def test_an_entry_on_the_ramp_is_a_quarter_of_its_size(tmp_path):
    """NIMBO at about 91 for 10,000 at most: 2,500 leaves 27 shares and not the usual 46."""
    with a_runtime(tmp_path) as runtime:
        Service(runtime).kill("test", flatten=False)
        Service(runtime).resume("global", "")
        report = a_cycle(runtime, NIMBO)
        (order,) = report.orders
        limit = runtime.deps.policy.limits["max_order_notional"]
        assert order.qty * order.limit_price <= limit / 4 < (order.qty + 1) * order.limit_price
        assert "RECOVERY_RAMP" in {str(verdict.code) for verdict in report.verdicts}
