"""A home with several brokers as a start makes it: where it trades, what it is called, and what is refused."""

from datetime import timedelta
from decimal import Decimal

import pytest

import composition.brokers as brokers
import interfaces.acting.closing as closing
import interfaces.acting.ordering as ordering
from domain.errors import ConfigurationError, RetryableError
from domain.orders import Side
from domain.record.entries import RecordKind
from interfaces.acting.ordering import Ticket
from interfaces.telling.checkup import doctor
from interfaces.telling.looking import status
from policies.permit import PermitOffice
from settings.reading import load_settings
from tests.builders.execution import HandClock
from tests.builders.market import at
from tests.builders.runtime import GLIMR, KORVA, NIMBO, a_cycle, a_runtime, sage, settings_in
from tests.builders.several import Line
from trading.execution.account import at_least

VENUES = "paper:a, paper:b"
DEAR_A = {"a": {"slippage_bp": "9", "start_cash": "40000"}, "b": {"start_cash": "60000"}}


def test_a_home_of_two_venues_trades_where_it_is_cheaper_and_names_both(tmp_path):
    with a_runtime(tmp_path, broker=VENUES, broker_terms=DEAR_A) as runtime:
        a_cycle(runtime, KORVA)
    with a_runtime(tmp_path, broker=VENUES, broker_terms=DEAR_A) as runtime:
        assert runtime.deps.reconciler.reconcile(runtime.deps.clock.now()).ok, "the books of a venue outlive a start"
        assert [each.symbol for each in runtime.deps.broker.positions()] == [KORVA]
        orders = runtime.deps.stores.orders.open()
        told = [str(row) for row in doctor(runtime).checks if row.name == "broker"]
        sources = [each.name for each in status(runtime).dependencies]
    assert {each.broker_id.partition("/")[0] for each in orders} == {"paper:b"}
    assert "paper:a, paper:b, paper account paper:a+paper:b" in told[0]
    assert f"broker {VENUES}" in sources


def test_a_broker_that_joins_pays_in_and_one_that_leaves_takes_out_and_neither_is_a_result(tmp_path):
    """As the gates count it: day, week, month and the high-water mark move by what came and went."""
    clock, terms, booked = HandClock(at("2026-03-16T15:00")), {"b": {"start_cash": "60000"}}, list[Decimal]()
    steps = [
        (0, "paper", 100_000),
        (24, "paper,paper:b", 60_000),
        (1, "paper,paper:b", 0),
        (0, "paper", -60_000),
        (0, "paper,paper:b", 60_000),  # again at one moment: simulated time stands still
        (24, "paper:b", -100_000),
    ]
    for hours, broker, change in steps:
        clock.wait(hours=hours)
        own = terms if "paper:b" in broker else {}
        with a_runtime(tmp_path, broker=broker, broker_terms=own, clock=clock) as runtime:
            stores = runtime.deps.stores
            # Due at once, or an order by hand would be judged by an equity that has jumped.
            assert (stores.control.read().reconciled_at is None) is (change != 0), broker
            runtime.deps.reconciler.reconcile_if_due(clock.now(), every=timedelta(hours=48))
            equity = runtime.deps.broker.account().equity
            found = stores.equity.performance(clock.now(), equity=equity)
            moved = [each.body.get("transfer") for each in stores.ledger.entries(kind=RecordKind.RECONCILIATION)]
            days = stores.equity.days()
        booked += [Decimal(change)] if change and hours + len(booked) else []
        assert [Decimal(each["amount"]) for each in moved if each] == booked
        assert found.day_start_equity == found.week_start_equity == found.month_start_equity == equity, broker
        assert found.peak_equity == found.day_peak_equity == equity, "nothing was made and nothing lost"
        assert sum(each.close - each.start for each in days) == 0


def test_what_is_held_can_be_sold_by_hand_while_another_broker_is_silent(tmp_path):
    with a_runtime(tmp_path, broker=VENUES, broker_terms=DEAR_A) as runtime:
        a_cycle(runtime, KORVA)
        empty = runtime.deps.broker._broker.seats[0]
        empty.broker = Line(empty.broker, down=True)
        sold = ordering.order(runtime, Ticket(Side.SELL, KORVA, Decimal(6)), confirmed=True)
        assert sold.order is not None, sold
        with pytest.raises(RetryableError, match="paper:a does not answer"):
            closing.close(runtime, [KORVA])
        (left,) = at_least(runtime.deps.broker.positions)
        assert left.qty < 110


def test_a_kill_closes_what_the_brokers_of_the_home_hold(tmp_path):
    home = tmp_path / "home"
    with a_runtime(home, broker=VENUES, broker_terms=DEAR_A) as runtime:
        a_cycle(runtime, KORVA)
        (before,) = runtime.deps.broker.positions()
    # With a variable that every other command refuses.
    ran = sage("--home", str(home), "kill", "--flatten", cwd=tmp_path, SAGE_BROKER=VENUES, SAGE_BROKR="paper")
    assert "closing orders sent: 1" in ran.stdout + ran.stderr
    with a_runtime(home, broker=VENUES, broker_terms=DEAR_A) as runtime:
        (after,) = runtime.deps.broker.positions()
    assert (before.qty, after.qty) == (116, 16), "as many as the bid shows"


@pytest.mark.parametrize(
    ("before", "after", "gone"),
    [
        pytest.param(VENUES, "paper:a", "paper:b", id="removed"),
        pytest.param(VENUES, "paper", "paper:b", id="both_renamed"),
        pytest.param("paper", "paper:a", "the broker without a label", id="a_label_given"),
    ],
)
def test_a_broker_named_no_longer_is_one_that_does_not_answer_while_something_is_there(tmp_path, before, after, gone):
    usual = DEAR_A if "," in before else {}
    with a_runtime(tmp_path, broker=before, broker_terms=usual) as runtime:
        a_cycle(runtime, KORVA)
        asked = len(runtime.deps.stores.orders.open())
        assert asked, "the exits behind what it bought"
    with a_runtime(tmp_path, broker=after) as runtime:
        told = f"{gone} does not answer .SAGE_BROKER names it no longer"
        with pytest.raises(RetryableError, match=told):
            runtime.deps.reconciler.reconcile(runtime.deps.clock.now())
        with pytest.raises(RetryableError, match=told):
            ordering.order(runtime, Ticket(Side.BUY, NIMBO, Decimal(1)), confirmed=True)
        runtime.deps.desk.recover()
        assert len(runtime.deps.stores.orders.open()) == asked, "what may still work there is not given up"
    with a_runtime(tmp_path, broker=before, broker_terms=usual) as runtime:
        assert runtime.deps.reconciler.reconcile(runtime.deps.clock.now()).ok


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        pytest.param({"broker_terms": {"b": {}}}, r"\[brokers\.b\] belongs to no broker", id="a_table_of_nobody"),
        pytest.param({"broker_terms": {"paper": {"base_url": "x"}}}, "paper, which has no base_url", id="not_its_own"),
        pytest.param({"broker": "alpaca:b"}, "SAGE_BROKER_KEYS has no key of alpaca:b", id="no_key"),
        pytest.param({"broker": "alpaca:b", "broker_keys": "b=PKONE"}, "not LABEL=KEY_ID:SECRET", id="half_a_key"),
        pytest.param(
            {"broker": "alpaca:b,alpaca:c", "broker_keys": "b=PKONE:x,c=PKONE:x"},
            "alpaca:b and alpaca:c of SAGE_BROKER have one key", id="one_key_twice",
        ),
        pytest.param(
            {"broker": "paper,alpaca:b", "broker_keys": "b=AKLIVE:x", "alpaca_base_url": "https://api.alpaca.markets"},
            "a home trades on paper or with real money, not both: paper paper, alpaca:b live", id="mixed",
        ),
    ],
)  # fmt: skip
def test_a_home_that_cannot_be_is_refused_in_one_line(tmp_path, changes, told):
    settings = settings_in(tmp_path, **changes)
    with a_runtime(tmp_path) as runtime:
        deps, office = runtime.deps, PermitOffice(b"k" * 32, runtime.kill_switch)
        parts = (lambda: deps.market, deps.calendar, deps.stores.database, deps.clock, office, deps.stores.control)
        with pytest.raises(ConfigurationError, match=told):
            brokers.broker_of(settings, *parts)


def test_orders_at_real_prices_take_a_market_that_has_them(tmp_path):
    wanted = "SAGE_BROKER=alpaca:b trades at real prices"
    with pytest.raises(ConfigurationError, match=wanted), a_runtime(tmp_path, broker="paper,alpaca:b"):
        pass


def test_one_broker_without_a_label_is_itself(tmp_path):
    with a_runtime(tmp_path) as runtime:
        assert runtime.deps.broker.name == "paper"


def test_terms_are_those_of_the_table_and_of_paper(tmp_path):
    settings = load_settings(
        home=tmp_path, broker="paper:a,alpaca:b", broker_keys="b=PKB:secret",
        broker_terms={"b": {"slippage_bp": "4", "symbols": "GLIMR", "base_url": "https://paper-api.alpaca.markets"}},
    )  # fmt: skip
    on_paper, there = (brokers.costs_of(settings, each) for each in settings.brokers)
    assert on_paper.expected_cost(Decimal(100), Decimal(50)) == Decimal("1.50")
    assert there.expected_cost(Decimal(100), Decimal(50)) == Decimal("2.00")
    assert (there.trades(GLIMR), there.trades(NIMBO), on_paper.trades(NIMBO)) == (True, False, True)
    config = brokers.account_of(settings, settings.brokers[1])
    assert (config.key_id, config.secret_key) == ("PKB", "secret")
