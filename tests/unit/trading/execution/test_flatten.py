"""Closing everything under a kill: the owner's exits pass, provably reducing and once each, and nothing else does."""

from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal

import pytest

from domain.case import Mode, TradingState
from domain.errors import IntegrityError, ManualActionError
from domain.ids import client_order_id
from domain.orders import OrderStatus, OrderType, Origin, Side, TimeInForce
from domain.record.entries import RecordKind
from tests.builders.alpaca import an_alpaca_house
from tests.builders.execution import a_fill, a_house, an_exit, an_intent
from tests.builders.market import AAPL, MSFT, a_quote
from trading.execution.brokers.paper.broker import PaperSettings
from trading.execution.flatten import Hands, closing_decision, closing_intent, flatten
from trading.store.database import open_database

row = pytest.param
ORDERS = "POST /v2/orders"
BELOW = a_quote(bid="90", ask="90.10")
"""A market that takes no sale at the price of the house's own quotes."""


@contextmanager
def a_paper_house(tmp_path):
    database = open_database(f"sqlite:///{tmp_path / 'sage.db'}")
    yield a_house(database, tmp_path), None
    database.close()


@contextmanager
def an_alpaca(tmp_path):
    database = open_database(f"sqlite:///{tmp_path / 'sage.db'}")
    with an_alpaca_house(database, tmp_path) as made:
        yield made.house, made.server
    database.close()


@pytest.fixture(params=[a_paper_house, an_alpaca], ids=["paper", "alpaca"])
def both(request, tmp_path):
    """A house that holds ten AAPL behind a bracket, with its server where there is one."""
    with request.param(tmp_path) as (house, server):
        assert house.place(an_intent()).order.status is OrderStatus.FILLED
        yield house, server


@pytest.fixture
def house(tmp_path):
    with a_paper_house(tmp_path) as (house, _server):
        house.place(an_intent())
        yield house


def hands_of(house, **changes):
    hands = Hands(house.desk, house.broker, house.orders, house.settlement, house.clock, lambda _symbols: house.view(),
                  lambda _seconds: None)  # fmt: skip
    return replace(hands, **changes)


def killed(house, *, flatten=True, state=TradingState.ACTIVE):
    """The owner kills; the answer is the id of that kill where it orders to close everything."""
    house.latch.engage("owner", "drill", "now", flatten=flatten)
    house.control.set_killed(True, by="owner", at=house.clock.now(), reason="drill")
    house.control.set_trading_state(state, by="gates", at=house.clock.now())
    return house.latch.flatten()


def held(house):
    return {each.symbol: each.qty for each in house.broker.positions() if each.qty}


def sold(house):
    """Everything that was ever sold at the broker."""
    return sum((fill.qty for fill in house.broker.fills(since=house.clock.now().replace(year=2020))
                if fill.side is Side.SELL), Decimal(0))  # fmt: skip


def a_closing_intent(house, kill, **changes):
    """The order that a flatten would make for AAPL."""
    (position,) = [each for each in house.broker.positions() if each.symbol == AAPL]
    decision = closing_decision(kill, AAPL)
    return replace(closing_intent(position, house.view(), decision, "exit", house.clock.now()), **changes)


@pytest.mark.parametrize("state", [TradingState.ACTIVE, TradingState.REDUCING, TradingState.HALTED])
def test_a_flatten_closes_under_the_kill_that_ordered_it_whatever_the_state(both, state):
    house, _server = both
    kill = killed(house, state=state)
    done = flatten(hands_of(house), kill)
    assert (done.sent, dict(done.left), held(house)) == (1, {}, {})
    assert house.control.read().kill_switch is True
    (body,) = [entry.body for entry in house.ledger.entries(kind=RecordKind.VERDICTS, subject=client_order_id(
        closing_decision(kill, AAPL), "exit"))]  # fmt: skip
    a1 = next(each for each in body["evaluation"]["verdicts"] if each["gate"] == "A1")
    assert (a1["outcome"], a1["value"]) == ("PASS", kill), "the record names the kill that ordered it"


@pytest.mark.parametrize("mode", [Mode.OFF, Mode.OBSERVE])
def test_a_flatten_closes_in_a_mode_that_sends_nothing(house, mode):
    house.control.set_mode(mode, by="owner", at=house.clock.now())
    assert flatten(hands_of(house), killed(house)).left == {}


def test_a_short_is_covered(tmp_path):
    database = open_database(f"sqlite:///{tmp_path / 'sage.db'}")
    house = a_house(database, tmp_path, settings=PaperSettings(allow_short=True))
    with database.transaction():
        house.paper._books._hold(a_fill(side=Side.SELL))
    assert held(house) == {AAPL: -10}
    assert flatten(hands_of(house), killed(house)).left == {}
    assert held(house) == {}
    database.close()


ATTACKS = [
    row({"origin": Origin.AGENT}, id="of_the_agents"),
    row({"origin": Origin.RULE}, id="of_a_rule"),
    row({"origin": Origin.MANUAL}, id="by_hand"),
    row({"qty": Decimal(11)}, id="a_share_too_many"),
    row({"side": Side.BUY, "limit_price": Decimal("100.20")}, id="the_other_side"),
    row({"symbol": MSFT}, id="a_symbol_that_is_not_held"),
]


@pytest.mark.parametrize("changes", ATTACKS)
@pytest.mark.parametrize("state", [TradingState.ACTIVE, TradingState.HALTED])
def test_under_a_flatten_nothing_passes_but_a_proven_exit(house, changes, state):
    kill = killed(house, state=state)
    placed = house.place(a_closing_intent(house, kill, **changes))
    order = placed.order
    # More than is held may be cut to what is held (B6, B7), which is the exit that was ordered.
    assert order is None or (order.symbol, order.side, order.qty, order.origin) == (
        AAPL, Side.SELL, Decimal(10), Origin.FLATTEN
    )  # fmt: skip
    assert sold(house) <= 10
    assert "KILL_SWITCH" in map(str, placed.evaluation.codes) or order is not None


@pytest.mark.parametrize("changes", ATTACKS)
def test_an_order_that_somebody_slipped_past_the_gates_is_refused_by_the_broker(both, changes):
    """A permit of before the kill, and one for more than is held: the adapter looks for itself."""
    house, server = both
    before = house.permit(an_exit(qty=10))
    kill = killed(house)
    sent = server and server.arrived[ORDERS]
    with pytest.raises(ManualActionError):
        house.broker.submit(before)
    good = house.permit(a_closing_intent(house, kill))
    with pytest.raises(IntegrityError):
        house.broker.submit(replace(good, intent=replace(good.intent, **changes)))
    assert held(house) == {AAPL: 10}
    assert server is None or server.arrived[ORDERS] == sent


def test_a_flatten_permit_is_used_once(both):
    house, _server = both
    permit = house.permit(a_closing_intent(house, killed(house)))
    house.broker.submit(permit)
    with pytest.raises((IntegrityError, ManualActionError)):
        house.broker.submit(permit)
    assert sold(house) == 10


def test_a_flatten_permit_proves_its_reduction_again_at_the_broker(both):
    """Between permit and send the stop has sold the shares: what was an exit would open a short."""
    house, server = both
    permit = house.permit(a_closing_intent(house, killed(house)))
    if server is None:
        house.market.move("94.00", "94.10", house.clock.wait(seconds=5))
        house.market.trade(house.clock.now(), open="94", high="94.1", low="93.9", close="94")
        with house.database.transaction() as connection:
            connection.exec_driver_sql("DELETE FROM paper_positions")
    else:
        server.exchange.hold(AAPL, Decimal(-10), Decimal(94))
    with pytest.raises(ManualActionError, match="cannot be proven to reduce"):
        house.broker.submit(permit)


@pytest.mark.parametrize("after", ["a_resume", "a_plain_kill", "another_flatten"])
def test_a_flatten_permit_ends_with_its_kill(both, after):
    house, server = both
    permit = house.permit(a_closing_intent(house, killed(house)))
    sent = server and server.arrived[ORDERS]
    if after == "a_resume":
        house.latch.release()
        house.control.set_killed(False, by="owner", at=house.clock.now())
    else:
        killed(house, flatten=after == "another_flatten")
    with pytest.raises(ManualActionError, match="the kill that ordered to close it is over"):
        house.broker.submit(permit)
    assert server is None or server.arrived[ORDERS] == sent


@pytest.mark.parametrize("after", ["a_resume", "a_plain_kill"])
def test_a_flatten_that_is_over_passes_no_gate(house, after):
    kill = killed(house)
    intent = a_closing_intent(house, kill)
    if after == "a_resume":
        house.latch.release()
        house.control.set_killed(False, by="owner", at=house.clock.now())
    else:
        killed(house, flatten=False)
    assert "KILL_SWITCH" in map(str, house.place(intent).evaluation.codes)
    assert held(house) == {AAPL: 10}


def test_a_broker_that_does_not_say_what_is_held_gets_no_order(tmp_path):
    with an_alpaca(tmp_path) as (house, server):
        house.place(an_intent())
        permit = house.permit(a_closing_intent(house, killed(house)))
        sent = server.arrived[ORDERS]
        server.fail("GET /v2/positions", "reply", reply=(500, {}))
        with pytest.raises(ManualActionError, match="cannot be proven to reduce"):
            house.broker.submit(permit)
        assert server.arrived[ORDERS] == sent


def test_what_the_exits_behind_an_entry_hold_is_freed_and_sold(tmp_path):
    """Alpaca refuses the first sale, because the bracket holds the shares; the kill stands all the while."""
    with an_alpaca(tmp_path) as (house, server):
        house.place(an_intent())
        sent = server.arrived[ORDERS]
        assert flatten(hands_of(house), killed(house, state=TradingState.HALTED)).left == {}
        assert server.arrived[ORDERS] == sent + 2
        assert [each for each in house.broker.orders() if each.symbol == AAPL] == []


def test_a_kill_between_both_sales_stops_the_second(tmp_path):
    """While the exits are being cancelled to make room, the owner kills again, without closing anything."""
    with an_alpaca(tmp_path) as (house, server):
        house.place(an_intent())
        permit = house.permit(a_closing_intent(house, killed(house)))
        sent, cancelled = server.arrived[ORDERS], server.exchange.cancel

        def cancel(name):
            house.latch.engage("owner", "leave it", "now")
            return cancelled(name)

        server.exchange.cancel = cancel
        with pytest.raises(ManualActionError):
            house.broker.submit(permit)
        assert server.arrived[ORDERS] == sent + 1
        assert held(house) == {AAPL: 10}


def test_a_flatten_that_runs_again_sells_nothing_twice(both):
    house, _server = both
    kill = killed(house)
    for _ in range(3):
        assert flatten(hands_of(house), kill).left == {}
    assert sold(house) == 10


def test_an_order_of_unknown_fate_is_waited_for_and_not_sold_over(tmp_path):
    """The broker took the sale and the answer was lost; it is found by its id."""
    with an_alpaca(tmp_path) as (house, server):
        house.place(an_intent(stop_loss=None, take_profit=None))
        kill = killed(house)
        server.exchange.quote = lambda symbol: BELOW  # it rests
        server.fail(ORDERS, "cut", after=True)
        server.fail("GET /v2/orders:by", "cut", times=2)
        first = flatten(hands_of(house), kill)
        assert first.left[AAPL][1].startswith("its closing order is unknown")
        second = flatten(hands_of(house), kill)
        assert second.left[AAPL][1].startswith("its closing order is accepted")
        assert [each.qty for each in house.broker.orders() if each.side is Side.SELL] == [10]


def test_a_closing_order_that_ended_is_followed_by_another_leg_for_the_rest(tmp_path):
    """Six of ten are sold and the rest is cancelled at the exchange: the next look sells four, not ten."""
    with an_alpaca(tmp_path) as (house, server):
        house.place(an_intent(stop_loss=None, take_profit=None))
        kill, quote = killed(house), server.exchange.quote
        server.exchange.quote = lambda symbol: BELOW  # it rests
        assert flatten(hands_of(house), kill).left[AAPL] == (Decimal(10), "its closing order is accepted")
        (resting,) = [each for each in house.broker.orders() if each.side is Side.SELL]
        server.exchange.fill(resting.broker_id, 6, 100)
        server.exchange.cancel(resting.broker_id)
        server.exchange.quote = quote
        house.clock.wait(seconds=5)
        house.market.move("99.90", "100.10", house.clock.now())
        assert flatten(hands_of(house), kill).left == {}
        legs = {
            each.leg: each.qty for each in house.orders.newest(9) if each.decision_id == closing_decision(kill, AAPL)
        }
        assert (legs, sold(house)) == ({"exit": 10, "exit-2": 4}, 10)


def test_an_exit_of_before_is_taken_out_so_that_everything_can_be_sold(house):
    resting = house.place(an_exit(limit_price="150")).order
    assert resting.status is OrderStatus.ACCEPTED
    assert flatten(hands_of(house), killed(house)).left == {}
    assert house.orders.get(resting.client_order_id).status is OrderStatus.CANCELED
    assert sold(house) == 10


@pytest.mark.parametrize("behind", [True, False], ids=["behind_the_entry", "of_its_own"])
def test_a_stop_that_rests_by_itself_does_not_keep_the_position(tmp_path, behind):
    """Protection that was put back later is no leg to the broker; the sale takes its place all the same."""
    with a_paper_house(tmp_path) as (house, _server):
        entry = house.place(an_intent(stop_loss=None, take_profit=None)).order
        stop = an_exit("dec-5", type=OrderType.STOP, limit_price=None, trigger_price="95", tif=TimeInForce.GTC)
        stop = replace(stop, leg="stop") if behind else stop
        parent = entry.client_order_id if behind else None
        assert house.place(stop, parent=parent).order.status is OrderStatus.ACCEPTED
        assert flatten(hands_of(house), killed(house)).left == {}
        assert (sold(house), house.broker.orders()) == (10, ())


def test_one_that_cannot_be_priced_stops_none_of_the_others(house):
    house.place(an_intent("dec-9", symbol=MSFT))
    del house.market.quotes[MSFT]
    done = flatten(hands_of(house), killed(house))
    assert (set(done.left), done.left[MSFT][1]) == ({MSFT}, "no usable quote")
    assert done.told == "closing orders sent: 1; MSFT 10 still held: no usable quote"
