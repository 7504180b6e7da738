"""No planned stop is missing without somebody knowing: after fills, exits, nights, refusals and crashes."""

from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.case import Mode
from domain.ids import client_order_id
from domain.orders import OrderStatus, OrderType, TimeInForce
from domain.record.entries import RecordKind
from tests.builders.alpaca import an_alpaca_house
from tests.builders.execution import DECISION, ENTRY, a_house, an_exit, an_intent
from tests.builders.market import AAPL, NOON
from trading.execution.guard import protection_of_books, subject_of
from trading.execution.protection import Cover

D = Decimal
GTC = TimeInForce.GTC
PAIR = client_order_id(DECISION, "target-p1")
POSTS = "POST /v2/orders"


@pytest.fixture
def made(database, tmp_path):
    with an_alpaca_house(database, tmp_path) as made:
        yield made


def look(house):
    """The guard's own look, at a market as it is now."""
    return house.desk.protect(lambda _symbols: house.view())


def cover(house):
    return {symbol: each.cover for symbol, each in protection_of_books(house.orders).items()}


def alerts(house):
    return [entry.body["alert"] for entry in house.ledger.entries(subject=subject_of(AAPL), kind=RecordKind.CONTROL)]


def stops(server):
    """Working stops at the exchange, as (quantity, trigger, time in force)."""
    working = [o for o in server.exchange.orders.values() if o["type"] == "stop" and o["status"] in ("new", "held")]
    return [(o["qty"], o["stop_price"], o["time_in_force"]) for o in working]


def test_an_entry_that_filled_for_the_day_is_protected_beyond_it(made):
    house, server, _ = made
    house.place(an_intent())
    assert stops(server) == [("10", "95", "gtc")]
    pair = house.orders.get(PAIR)
    assert (pair.limit_price, pair.stop_loss, pair.tif, pair.parent_id) == (110, 95, GTC, ENTRY)
    assert cover(house) == {AAPL: Cover.LASTING}
    assert house.reconciler.reconcile(house.clock.now()).ok


def test_what_rests_beyond_the_day_is_there_the_next_morning(made):
    house, server, _ = made
    house.place(an_intent())
    server.exchange.end_of_day()
    house.clock.at = NOON + timedelta(days=1)
    house.market.move(94, "94.02", house.clock.at)
    server.exchange.meet_stops()
    house.reconciler.reconcile(house.clock.now())
    assert house.broker.positions() == ()
    (trade,) = house.orders.trades.closed()
    assert house.orders.find(DECISION, "stop-target-p1").status is OrderStatus.FILLED
    assert trade.pnl < 0


def test_an_entry_that_fills_later_is_protected_at_the_next_look(made):
    house, server, _ = made
    server.exchange.depth = D(0)  # it rests
    house.market.move("100.30", "100.32", NOON)
    house.place(an_intent())
    server.exchange.depth = None
    house.market.move("99.99", "100.01", NOON)
    for order in list(server.exchange.orders.values()):
        server.exchange.meet(order)
    house.reconciler.reconcile(house.clock.now())
    assert cover(house) == {AAPL: Cover.DAY}
    assert look(house) == ()
    assert stops(server) == [("10", "95", "gtc")]


def test_while_an_entry_still_fills_nothing_is_sold_against_it(made):
    house, server, _ = made
    server.exchange.depth = D(4)
    house.place(an_intent())
    posts = server.arrived[POSTS]
    look(house)
    assert server.arrived[POSTS] == posts


def test_asking_again_sends_nothing_more(made):
    house, server, _ = made
    house.place(an_intent())
    posts = server.arrived[POSTS]
    assert look(house) == look(house) == ()
    assert server.arrived[POSTS] == posts


def test_a_partial_exit_is_followed_by_the_stop_of_the_rest(made):
    house, server, _ = made
    house.place(an_intent())
    house.place(an_exit(qty=4))
    assert house.broker.positions()[0].qty == 6
    assert stops(server) == [("6", "95", "gtc")]
    assert cover(house) == {AAPL: Cover.LASTING}


def test_an_exit_that_takes_everything_leaves_nothing_to_protect(made):
    house, server, _ = made
    house.place(an_intent())
    house.place(an_exit())
    assert (house.broker.positions(), house.broker.orders(), stops(server)) == ((), (), [])
    assert look(house) == ()


REFUSED = (422, {"code": 42210000, "message": "oco orders must be exit orders"})


def test_where_the_pair_is_refused_the_stop_alone_rests_and_steps_aside_for_an_exit(made):
    house, server, _ = made
    refuse(server, "oco", REFUSED)
    house.place(an_intent())
    assert stops(server) == [("10", "95", "gtc")]
    assert house.orders.find(DECISION, "stop-p1").parent_id == ENTRY
    house.place(an_exit())
    assert house.broker.positions() == ()
    assert stops(server) == []


def refuse(server, order_class, reply):
    """Every order of that class is refused from now on."""
    taken = server.exchange.taken
    server.exchange.taken = lambda body: reply if body.get("order_class") in order_class else taken(body)


@contextmanager
def nothing_taken(server):
    taken = server.exchange.taken
    server.exchange.taken = lambda body: REFUSED
    yield
    server.exchange.taken = taken


def test_a_holding_whose_stops_are_refused_is_told_of_once_and_protected_when_they_are_taken(made):
    house, server, _ = made
    house.place(an_intent())
    with nothing_taken(server):
        for order in server.exchange.orders.values():
            order["status"] = "canceled" if order["side"] == "sell" else order["status"]
        house.reconciler.reconcile(house.clock.now())
        (bare,) = look(house)
        assert (bare.cover, bare.told) == (Cover.NONE, "AAPL: 10 held, 0 covered by a stop, planned at 95")
        assert look(house) == (bare,)
    assert alerts(house) == [bare.told]
    assert look(house) == ()
    assert alerts(house) == [bare.told, ""], "that it is protected again is on record too"
    assert stops(server) == [("10", "95", "gtc")]


def bare_overnight(house, server):
    """A holding whose stops have gone, on the next day."""
    house.place(an_intent())
    for order in server.exchange.orders.values():
        order["status"] = "expired" if order["side"] == "sell" else order["status"]
    house.clock.at = NOON + timedelta(days=1)
    house.market.move("99.99", "100.01", house.clock.at)
    house.reconciler.reconcile(house.clock.now())


def at_night(house):
    house.clock.at = NOON + timedelta(hours=10)


def killed(house):
    house.latch.engage("owner", "drill", "now")


def observing(house):
    house.control.set_mode(Mode.OBSERVE, by="owner", at=NOON)


def beyond_its_stop(house):
    house.market.move(94, "94.02", house.clock.at)


@pytest.mark.parametrize("stopped", [at_night, killed, observing, beyond_its_stop])
def test_where_nothing_may_be_sent_the_alert_stands_and_the_next_look_tries_again(made, stopped):
    house, server, _ = made
    bare_overnight(house, server)
    posts = server.arrived[POSTS]
    stopped(house)
    assert [each.cover for each in look(house)] == [Cover.NONE]
    assert server.arrived[POSTS] == posts
    assert alerts(house)[-1].startswith("AAPL: 10 held")


def test_a_stop_of_unknown_fate_is_not_sent_twice(made):
    house, server, _ = made
    bare_overnight(house, server)
    server.fail(POSTS, "reply", reply=(500, {"message": "internal server error occurred"}))
    server.fail("GET /v2/orders:by_client_order_id", "reply", reply=(500, {"message": "no"}), times=2)
    look(house)  # the look-up behind the send cannot tell either
    posts = server.arrived[POSTS]
    assert cover(house) == {AAPL: Cover.IN_FLIGHT}
    look(house)
    assert server.arrived[POSTS] == posts


def test_a_stop_moved_by_its_owner_is_put_back_where_it_was_moved_to(made):
    house, server, _ = made
    house.place(an_intent())
    house.orders.trades.move_stop(AAPL, D(97))
    house.place(an_exit(qty=4))
    assert stops(server) == [("6", "97", "gtc")]


def test_protection_is_on_record_like_any_order_and_counts_as_a_message(made):
    house = made.house
    house.place(an_intent())
    kinds = [entry.kind for entry in house.ledger.entries(subject=PAIR)]
    assert kinds[0] is RecordKind.VERDICTS
    assert RecordKind.ORDER in kinds
    assert house.case(an_exit()).book.counters.messages_today == 2
    assert house.ledger.verify().ok


# On paper legs rest until they are cancelled, so nothing lapses; what is lost by hand is put back there too.


def lose(house, leg):
    house.paper.cancel(client_order_id(DECISION, leg))


def test_on_paper_nothing_is_renewed_that_rests_already(house):
    house.place(an_intent())
    assert look(house) == ()
    assert {order.leg for order in house.orders.open()} == {"stop", "target"}


def test_on_paper_a_lost_stop_is_replaced_by_a_pair(house):
    house.place(an_intent())
    lose(house, "stop")
    lose(house, "target")
    assert look(house) == ()
    working = {order.leg: order for order in house.paper.orders()}
    assert set(working) == {"target-p1", "stop-target-p1"}
    house.market.move("94.98", "95.00", house.clock.wait(minutes=1))
    house.paper.advance(house.clock.now())
    house.reconciler.reconcile(house.clock.now())
    assert house.paper.positions() == ()
    assert house.orders.trades.positions() == {}


def test_on_paper_a_stop_that_stands_alone_steps_aside_for_an_exit_and_shrinks_with_the_holding(house):
    house.place(an_intent(take_profit=None))
    lose(house, "stop")
    look(house)
    (stop,) = house.paper.orders()
    assert (stop.type, stop.leg, stop.qty, stop.tif) == (OrderType.STOP, "stop-p1", 10, GTC)
    house.place(an_exit(qty=4))
    house.market.move("94.98", "95.00", house.clock.wait(minutes=1))
    house.paper.advance(house.clock.now())
    (sold,) = [fill for fill in house.paper.fills(since=NOON) if fill.client_order_id == stop.client_order_id]
    assert sold.qty == 6
    assert house.paper.positions() == ()


class Died(Exception):
    """The process."""


class Mortal:
    """A paper broker in whose hands the process may die just before an order leaves."""

    def __init__(self, paper):
        self._paper = paper
        self.dies = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._paper, name)

    def submit(self, approved):
        if self.dies:
            raise Died
        return self._paper.submit(approved)


def test_a_stop_that_a_crash_kept_back_is_put_there_once_its_fate_is_known(database, tmp_path):
    house = a_house(database, tmp_path, broker=Mortal)
    house.place(an_intent())
    for leg in ("stop", "target"):
        house.broker.cancel(client_order_id(DECISION, leg))
    house.broker.dies = True
    with pytest.raises(Died):
        look(house)
    house.broker.dies = False
    (left,) = [order for order in house.orders.open() if order.client_order_id == PAIR]
    assert (left.status, left.parent_id) == (OrderStatus.SUBMITTED, ENTRY)
    assert look(house) == (), "nobody knows yet whether it arrived"
    house.market.move("99.99", "100.01", house.clock.wait(minutes=2))
    house.desk.recover()
    house.reconciler.reconcile(house.clock.now())
    assert look(house) == ()
    assert {order.leg for order in house.orders.open()} == {"target-p2", "stop-target-p2"}
