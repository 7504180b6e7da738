"""Orders that are placed together become what they become one by one; refusals in a row share a look and a commit."""

from datetime import timedelta

import pytest

from domain.case import Mode, Pause, TradingState
from domain.orders import OrderStatus, Origin
from tests.builders.execution import a_house, an_intent
from tests.builders.market import NOON
from trading.execution.desk import MOST_TOGETHER
from trading.execution.sight import OrderRequest
from trading.store.database import open_database

SMALL, LARGE = 10, 5000


class Asked:
    """A broker that counts how often it is asked what it holds, and can take its time."""

    def __init__(self, paper):
        self._paper = paper
        self.times = 0

    def __getattr__(self, name):
        return getattr(self._paper, name)

    def account(self):
        self.times += 1
        return self._paper.account()


def requests_of(house, sizes):
    """One decision each, by number; a decision that stands there twice is asked for twice."""
    return [
        OrderRequest(
            an_intent(f"dec-{name}", qty=qty, created_at=house.clock.now(), origin=Origin.RULE),
            house.view(),
            cycle_id="cyc-1",
        )
        for name, qty in sizes
    ]


@pytest.mark.parametrize(
    ("sizes", "limits"),
    [
        pytest.param([(1, SMALL), (2, LARGE), (3, LARGE), (4, SMALL), (5, LARGE)], {}, id="some_pass"),
        pytest.param([(1, LARGE), (2, SMALL), (2, SMALL), (1, LARGE), (3, SMALL)], {}, id="some_twice"),
        pytest.param([(n, SMALL) for n in range(4)], {"max_position_qty": 25}, id="each_sees_those_before_it"),
        pytest.param([(n, SMALL) for n in range(4)], {"max_entries_per_cycle": 2}, id="as_many_as_a_cycle_may"),
        pytest.param([*((n, LARGE) for n in range(4)), (9, SMALL)], {"max_blocks_in_row": 3}, id="a_breaker_trips"),
        pytest.param([(n, LARGE) for n in range(MOST_TOGETHER + 2)], {}, id="more_than_one_commit"),
    ],
)
def test_together_they_become_what_they_become_one_by_one(tmp_path, sizes, limits):
    ends = []
    for name in ("alone", "together"):
        database = open_database(f"sqlite:///{tmp_path / name}.db")
        folder = tmp_path / name
        folder.mkdir()
        house = a_house(database, folder, limits={"max_order_qty": 1000, **limits})
        requests = requests_of(house, sizes)
        if name == "together":
            placed = house.desk.place_all(requests)
        else:
            placed = tuple(
                house.desk.place(request.intent, market=request.market, cycle_id=request.cycle_id)
                for request in requests
            )
        ends.append((placed, house.ledger.head(), house.control.read(), house.orders.newest(99)))
        database.close()
    assert ends[0] == ends[1]
    assert len(ends[0][0]) == len(sizes)


def test_a_breaker_that_trips_stands_before_the_next_of_them(database, tmp_path):
    house = a_house(database, tmp_path, limits={"max_order_qty": 1000, "max_blocks_in_row": 2})
    placed = house.desk.place_all(requests_of(house, [(1, LARGE), (2, LARGE), (3, SMALL)]))
    assert house.control.read().trading_state is TradingState.REDUCING
    assert [each.order for each in placed] == [None, None, None]


def test_refusals_in_a_row_ask_the_broker_once(database, tmp_path):
    house = a_house(database, tmp_path, broker=Asked)
    house.desk.place_all(requests_of(house, [(n, LARGE) for n in range(5)]))
    assert house.broker.times == 1


def test_an_order_that_went_out_has_the_broker_asked_again(database, tmp_path):
    house = a_house(database, tmp_path, broker=Asked)
    placed = house.desk.place_all(requests_of(house, [(1, LARGE), (2, SMALL), (3, LARGE), (4, LARGE)]))
    assert [each.order and each.order.status for each in placed] == [None, OrderStatus.FILLED, None, None]
    alone = house.broker.times
    house.desk.place_all(requests_of(house, [(5, LARGE)]))
    assert house.broker.times == alone + 1


def test_an_answer_that_grows_old_meanwhile_is_asked_for_again(database, tmp_path):
    house = a_house(database, tmp_path, broker=Asked)
    count_block = house.desk.count_block

    def slowly(*given):
        house.clock.wait(seconds=2)
        count_block(*given)

    setattr(house.desk, "count_block", slowly)  # noqa: B010  a method is put in place of another
    house.desk.place_all(requests_of(house, [(n, LARGE) for n in range(3)]))
    assert house.broker.times == 3
    assert house.clock.now() == NOON + timedelta(seconds=6)


def test_what_goes_out_is_judged_in_a_moment_of_its_own(database, tmp_path):
    house = a_house(database, tmp_path, broker=Asked, limits={"max_order_qty": 1000, "max_quote_age_s": 5})
    house.clock.wait(seconds=4.5)
    count_block = house.desk.count_block

    def slowly(*given):
        house.clock.wait(seconds=0.9)  # not long enough for the broker to be asked again
        count_block(*given)

    setattr(house.desk, "count_block", slowly)  # noqa: B010  a method is put in place of another
    placed = house.desk.place_all(requests_of(house, [(1, LARGE), (2, SMALL)]))
    assert house.broker.times == 1
    assert [each.order for each in placed] == [None, None]
    assert [each.evaluation and each.evaluation.codes for each in placed][1] == ("QUOTE_STALE",)


BETWEEN = {
    "KILL_SWITCH": lambda house: house.latch.engage("owner", "enough", "at noon"),
    "PAUSED": lambda house: house.control.pause(Pause("symbol", "AAPL", NOON, "owner")),
    "MODE_FORBIDS_ORDERS": lambda house: house.control.set_mode(Mode.OBSERVE, by="owner", at=NOON),
    "NOT_RECONCILED": lambda house: house.control.mark_unreconciled(),
    "RELEASE_UNKNOWN": lambda house: house.desk.adopt(house.policy, None),
}


@pytest.mark.parametrize("code", BETWEEN)
def test_what_happens_after_a_refusal_is_heard_by_the_next_of_them(tmp_path, code):
    database = open_database(f"sqlite:///{tmp_path / 'sage.db'}")
    house = a_house(database, tmp_path, limits={"max_order_qty": 1000, "require_same_release": True})
    count_block = house.desk.count_block

    def then(*given):
        count_block(*given)
        BETWEEN[code](house)

    setattr(house.desk, "count_block", then)  # noqa: B010  a method is put in place of another
    refused, second = house.desk.place_all(requests_of(house, [(1, LARGE), (2, SMALL)]))
    assert (refused.order, second.order) == (None, None)
    assert second.evaluation is not None
    assert second.evaluation.codes == (code,)
    database.close()


def test_a_halt_between_two_looks_is_heard_by_both(database, tmp_path):
    house = a_house(database, tmp_path)
    first, second = requests_of(house, [(1, SMALL), (2, SMALL)])
    case, _ = house.desk.shown((first, second))
    assert case.control.mode is Mode.PAPER
    house.control.set_mode(Mode.OBSERVE, by="owner", at=NOON)
    assert {case.control.mode for case in house.desk.shown((first, second))} == {Mode.OBSERVE}
    assert house.desk.shown(()) == ()
