"""Sliced orders through the desk, the gates and the paper broker: restarts, refusals, partial fills and stops."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.case import Pause, TradingState
from domain.errors import RetryableError, UsageError
from domain.ids import DecisionId, client_order_id
from domain.orders import OrderStatus, Side
from tests.builders.execution import ENTRY, a_house, an_exit, an_intent, an_order
from tests.builders.market import NOON
from trading.execution.algos import iceberg, twap
from trading.execution.algos.base import AlgoKind, AlgoPlan, AlgoState, Remainder, committed
from trading.execution.algos.runner import AlgoRunner
from trading.execution.algos.store import AlgoStore, children_of
from trading.execution.brokers.paper.broker import PaperSettings
from trading.execution.brokers.paper.fill_model import FillRules
from trading.execution.changes import OrderChange
from trading.store.database import open_database

D = Decimal
DECISION = DecisionId("dec-1")
TEN_MINUTES = timedelta(minutes=10)
FREE = PaperSettings(rules=FillRules(D(0), D(0), D(0), D(0)))
PARENT = an_intent(qty=100, stop_loss=None, take_profit=None)
EXIT = an_exit("dec-1", qty=100, leg="exit")


def thirds(parent, rest=Remainder.CANCEL):
    """34, 33 and 33 at noon and ten and twenty minutes later; it ends after thirty."""
    slices = twap.schedule(parent.qty, D(1), NOON, NOON + 3 * TEN_MINUTES, 3)
    return AlgoPlan(parent, AlgoKind.TWAP, slices, NOON + 3 * TEN_MINUTES, rest)


def in_tips(parent):
    """An iceberg that shows 25."""
    return AlgoPlan(parent, AlgoKind.ICEBERG, iceberg.schedule(parent.qty, NOON), NOON + 3 * TEN_MINUTES, tip=D(25))


@pytest.fixture
def house(database, tmp_path):
    """Without costs."""
    return a_house(database, tmp_path, settings=FREE)


def runner(house):
    return AlgoRunner(house.desk, house.orders, house.control, AlgoStore(house.database))


def start(house, parent=PARENT, planned=thirds):
    started = runner(house).start(parent, planned, now=house.clock.now(), market=house.view())
    assert started.algo is not None, started.evaluation.codes
    return started.algo


def step(house, **wait):
    """Let time pass, bring the books up to date, and step with a runner that remembers nothing."""
    now = house.clock.wait(**wait) if wait else house.clock.now()
    house.broker.advance(now)
    house.settlement.sync(house.broker, now=now)
    runner(house).step(now, lambda symbols: house.view())
    return AlgoStore(house.database).get(thirds(PARENT).algo_id)


def children(house):
    return [(child.leg, child.qty, child.filled_qty, child.status) for child in children_of(house.orders, DECISION)]


def held(house):
    return sum(position.qty for position in house.broker.positions())


def thin(house, size):
    """A quote that shows so many shares on both sides."""
    house.market.move("99.99", "100.01", house.clock.now(), bid_size=size, ask_size=size)


S = OrderStatus


def test_three_slices_each_through_the_gates(house):
    start(house)
    assert step(house).state is AlgoState.WORKING
    assert children(house) == [("algo.1", 34, 34, S.FILLED)]
    step(house, minutes=9)
    assert len(children(house)) == 1
    step(house, minutes=1)
    after = step(house, minutes=10)
    assert children(house) == [(f"algo.{number}", qty, qty, S.FILLED) for number, qty in ((1, 34), (2, 33), (3, 33))]
    assert (after.state, after.progress.reason, held(house)) == (AlgoState.DONE, "filled", 100)
    verdicts = house.ledger.entries(subject=client_order_id(DECISION, "algo.2"))
    assert [entry.kind for entry in verdicts][:1] == ["verdicts"]


def test_a_child_is_priced_at_the_market_and_never_beyond_the_parent(house):
    start(house, replace(PARENT, limit_price=D("100.10")))
    step(house)
    house.market.move("99.80", "99.82", house.clock.wait(minutes=10))
    step(house)
    prices = [child.limit_price for child in children_of(house.orders, DECISION)]
    assert prices == [D("100.10"), D("100.01")], "100.01 * 1.002 lies beyond it; 99.82 * 1.002 = 100.01964"


def test_a_partial_fill_is_taken_out_and_made_up(house):
    start(house)
    thin(house, 10)
    step(house)
    assert children(house) == [("algo.1", 34, 10, S.PARTIALLY_FILLED)]
    thin(house, 500)
    house.market.move(101, "101.02", house.clock.wait(minutes=10))
    step(house)
    assert children(house) == [("algo.1", 34, 10, S.CANCELED), ("algo.2", 57, 0, S.ACCEPTED)]
    house.market.move("99.99", "100.01", house.clock.wait(minutes=10))
    step(house)
    step(house)
    assert held(house) == 100
    assert sum(filled for _, _, filled, _ in children(house)) == 100


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        pytest.param(Remainder.CANCEL, (34, "time is over with 66 of 100 unfilled"), id="left"),
        pytest.param(Remainder.MARKETABLE, (100, "filled"), id="sent"),
    ],
)
def test_the_rest_at_the_end(house, rest, expected):
    start(house, planned=lambda parent: thirds(parent, rest))
    step(house)
    after = step(house, minutes=30)
    assert (held(house), after.progress.reason, after.state) == (*expected, AlgoState.DONE)


def test_an_iceberg_shows_its_tip_and_renews_it(house):
    start(house, planned=in_tips)
    thin(house, 20)
    step(house)
    assert [(report.leg, report.qty) for report in house.broker.orders()] == [("algo.1", 25)]
    for _ in range(11):
        thin(house, 20)
        house.market.move("99.99", "100.01", house.clock.wait(minutes=1), ask_size=20)
        step(house)
        assert all(report.qty <= 25 for report in house.broker.orders())
    assert held(house) == 100
    assert {qty for _, qty, _, _ in children(house)} == {25}


def test_a_parent_that_a_gate_refuses_whole_is_not_sliced_past_it(database, tmp_path):
    house = a_house(database, tmp_path, limits={"max_order_qty": 50})
    started = runner(house).start(PARENT, thirds, now=NOON, market=house.view())
    assert started.algo is None
    assert "C2" in {verdict.gate for verdict in started.evaluation.verdicts if verdict.outcome != "PASS"}
    assert step(house) is None


def test_a_parent_that_is_cut_is_sliced_as_it_was_cut(database, tmp_path):
    house = a_house(database, tmp_path, limits={"max_order_qty": 60, "oversize": "reduce"}, settings=FREE)
    start(house)
    for _ in range(3):
        step(house, minutes=10)
    assert held(house) == 60


def test_started_twice_it_runs_once(house):
    assert start(house) == start(house)
    step(house)
    start(house)
    assert children(house) == [("algo.1", 34, 34, S.FILLED)]


def test_a_decision_that_was_sent_whole_is_not_sliced_as_well(house):
    house.place(an_intent())
    with pytest.raises(UsageError, match="was sent whole"):
        start(house)
    assert house.broker.find(ENTRY) is not None


def test_refusals_in_a_row_end_it(database, tmp_path):
    house = a_house(database, tmp_path, limits={"max_position_qty": 120}, settings=FREE)
    start(house)
    step(house)
    assert house.place(an_intent("dec-9", qty=80, stop_loss=None, take_profit=None)).order.status is S.FILLED
    states = [step(house, minutes=10).state for _ in range(2)]
    assert states == [AlgoState.WORKING, AlgoState.WORKING]
    after = step(house, minutes=1)
    assert after.state is AlgoState.STOPPED
    assert "the gates refused 3 times in a row: POSITION" in after.progress.reason
    assert children(house) == [("algo.1", 34, 34, S.FILLED)]


def test_a_child_that_left_before_a_crash_is_not_sent_again(house):
    start(house)
    house.place(replace(PARENT, qty=D(34), leg="algo.1"))
    step(house)
    assert children(house) == [("algo.1", 34, 34, S.FILLED)]
    assert held(house) == 34


def test_a_child_that_a_crash_kept_from_leaving_leaves_under_its_own_id(house):
    start(house)
    intent = an_order(leg="algo.1", qty=34, status=S.INTENT, stop_loss=None)
    house.orders.insert(intent, sendable_until=NOON + timedelta(seconds=10))
    step(house, minutes=2)
    assert children(house) == [("algo.1", 34, 34, S.FILLED)]
    assert held(house) == 34


class Deaf:
    """Takes the order and does not answer until it is let."""

    def __init__(self, paper):
        self._paper = paper
        self.silent = True

    def __getattr__(self, name):
        return getattr(self._paper, name)

    def submit(self, approved):
        self._paper.submit(approved)
        if self.silent:
            raise RetryableError("no answer", "It is looked up.")
        return self.find(approved.client_order_id)

    def find(self, client_order_id):
        if self.silent:
            raise RetryableError("no answer", "It is looked up.")
        return self._paper.find(client_order_id)

    def orders(self):
        return () if self.silent else self._paper.orders()

    def fills(self, *, since):
        return () if self.silent else self._paper.fills(since=since)


class Silent(Deaf):
    """Does not even tell its account."""

    def account(self):
        if self.silent:
            raise RetryableError("no answer", "It is asked again.")
        return self._paper.account()


def test_a_broker_that_is_away_keeps_no_other_algorithm_from_its_turn(database, tmp_path):
    house = a_house(database, tmp_path, settings=FREE, broker=Silent)
    house.broker.silent = False
    start(house)
    house.orders.insert(
        an_order(leg="algo.1", qty=34, status=S.INTENT, stop_loss=None), sendable_until=NOON + timedelta(seconds=10)
    )
    house.broker.silent = True
    (algo,) = runner(house).step(house.clock.wait(minutes=2), lambda symbols: house.view())
    assert (algo.state, children(house)) == (AlgoState.WORKING, [("algo.1", 34, 0, S.INTENT)])
    house.broker.silent = False
    step(house)
    assert children(house) == [("algo.1", 34, 34, S.FILLED)]


def test_a_child_of_unknown_fate_is_waited_for(database, tmp_path):
    house = a_house(database, tmp_path, settings=FREE, broker=Deaf)
    start(house)
    runner(house).step(NOON, lambda symbols: house.view())
    assert children(house) == [("algo.1", 34, 0, S.UNKNOWN)]
    runner(house).step(house.clock.wait(minutes=20), lambda symbols: house.view())
    assert len(children(house)) == 1
    house.broker.silent = False
    step(house)
    assert [qty for _, qty, _, _ in children(house)] == [34, 66]
    assert held(house) == 100


def kill(house):
    house.control.set_killed(True, by="owner", at=house.clock.now())


def halt(house):
    house.control.set_trading_state(TradingState.HALTED, by="owner", at=house.clock.now())


def reduce_only(house):
    house.control.set_trading_state(TradingState.REDUCING, by="owner", at=house.clock.now())


def latch(house):
    house.latch.engage("owner", "drill", "now")


@pytest.mark.parametrize("stop", [kill, halt, reduce_only, latch])
def test_a_stop_takes_out_what_works_and_ends_it_for_good(house, stop):
    start(house)
    thin(house, 10)
    step(house)
    stop(house)
    after = step(house, minutes=10)
    assert (after.state, after.progress.reason) == (AlgoState.STOPPED, "stopped by the control plane")
    assert children(house) == [("algo.1", 34, 10, S.CANCELED)]
    assert house.broker.orders() == ()
    house.control.set_killed(False, by="owner", at=house.clock.now())
    house.control.set_trading_state(TradingState.ACTIVE, by="owner", at=house.clock.now())
    step(house, minutes=10)
    assert held(house) == 10


def test_what_was_told_to_end_ends_although_the_switch_is_lifted_before(house):
    start(house)
    assert runner(house).stop(thirds(PARENT).algo_id, now=NOON, reason="asked").state is AlgoState.STOPPING
    after = step(house, minutes=10)
    assert (after.state, after.progress.reason, children(house)) == (AlgoState.STOPPED, "asked", [])


@pytest.mark.parametrize(
    ("scope", "name"), [("global", ""), ("strategy", "momentum"), ("symbol", "AAPL"), ("unheard_of", "x")]
)
def test_a_pause_takes_out_what_works_and_goes_on_afterwards(house, scope, name):
    start(house)
    thin(house, 10)
    step(house)
    until = NOON + timedelta(minutes=15) if scope == "unheard_of" else None
    house.control.pause(Pause(scope, name, house.clock.now(), "owner", until))
    assert step(house, minutes=10).state is AlgoState.WORKING
    assert children(house) == [("algo.1", 34, 10, S.CANCELED)]
    house.control.resume(scope, name, by="owner", at=house.clock.now())
    thin(house, 500)
    step(house, minutes=10)
    assert held(house) == 100


def test_a_pause_of_something_else_stops_nothing(house):
    start(house)
    house.control.pause(Pause("symbol", "MSFT", NOON, "owner"))
    step(house)
    assert held(house) == 34


def test_an_exit_is_worked_while_only_reducing_is_allowed(house):
    house.place(an_intent("dec-9", qty=100, stop_loss=None, take_profit=None))
    reduce_only(house)
    runner(house).start(EXIT, thirds, now=NOON, market=house.view())
    for _ in range(3):
        now = house.clock.now()
        runner(house).step(now, lambda symbols: house.view())
        house.clock.wait(minutes=10)
    assert held(house) == 0
    assert {child.side for child in children_of(house.orders, DECISION)} == {Side.SELL}


def test_a_closed_market_is_no_refusal(house):
    start(house, planned=lambda parent: replace(thirds(parent), ends_at=NOON + timedelta(days=1)))
    house.clock.at = NOON + timedelta(hours=6)
    after = [step(house, minutes=1) for _ in range(4)][-1]
    assert (after.state, after.progress.refusals, children(house)) == (AlgoState.WORKING, 0, [])


def test_without_a_quote_nothing_is_sent(house):
    start(house)
    del house.market.quotes[PARENT.symbol]
    assert step(house).state is AlgoState.WORKING
    assert children(house) == []


def test_children_of_a_bracket_carry_their_own_protection(house):
    start(house, an_intent(qty=100))
    step(house)
    step(house, minutes=10)
    legs = {report.leg: report.qty for report in house.broker.orders()}
    assert legs == {"stop-algo-1": 34, "target-algo-1": 34, "stop-algo-2": 33, "target-algo-2": 33}


ACTS = st.lists(
    st.tuples(st.sampled_from(["step", "step", "cancel", "move", "pause", "resume"]), st.integers(0, 12),
              st.integers(1, 60)), max_size=12,
)  # fmt: skip


@given(ACTS, st.sampled_from([thirds, in_tips]))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_happens_the_parent_is_never_exceeded(tmp_path_factory, acts, planned):
    folder = tmp_path_factory.mktemp("algo")
    database = open_database(f"sqlite:///{folder / 'sage.db'}")
    house = a_house(database, folder, settings=FREE)
    start(house, planned=planned)
    for act, minutes, size in acts:
        thin(house, size)
        working = [child for child in children_of(house.orders, DECISION) if child.status.is_open]
        if act == "cancel" and working:
            house.desk.cancel(working[0].client_order_id, by="owner")
        elif act == "move" and working:
            house.desk.replace(working[0].client_order_id, OrderChange(limit_price=D("100.05")), market=house.view())
        elif act == "pause":
            house.control.pause(Pause("global", "", house.clock.now(), "owner"))
        elif act == "resume":
            house.control.resume("global", "", by="owner", at=house.clock.now())
        step(house, minutes=minutes + 1)
        found = children_of(house.orders, DECISION)
        assert committed(found) <= 100
        assert held(house) == sum(child.filled_qty for child in found) <= 100
    database.close()
