"""Money paid in or out at Alpaca: no profit, no loss, no drawdown, once, and as of when it came."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.book import Transfer
from domain.errors import DataQualityError
from tests.builders.alpaca import an_alpaca_house
from tests.builders.market import NOON
from trading.audit.books import check_books
from trading.execution.brokers.alpaca import account_wire
from trading.execution.reconciliation.membership import Membership
from trading.execution.reconciliation.transfers import Arrival, Transfers, arrival
from trading.store.accounts.equity import EquityPoint, Moved
from trading.store.accounts.known_brokers import KnownBrokers

D = Decimal
TODAY = NOON.date().isoformat()
MINUTE = timedelta(minutes=1)


@pytest.fixture
def made(database, tmp_path):
    """An Alpaca with 100,000, compared once."""
    with an_alpaca_house(database, tmp_path) as made:
        looked(made)
        yield made


def looked(made: Any) -> Any:
    """One more comparison, a minute after the one before; the counters as they are then."""
    house = made.house
    house.clock.wait(minutes=1)
    told = house.reconciler.reconcile(house.clock.now())
    return house.equity.performance(house.clock.now(), equity=told.equity)


def start_and_mark(counters):
    return counters.day_start_equity, counters.week_start_equity, counters.month_start_equity, counters.peak_equity


@pytest.mark.parametrize(
    ("amount", "kind"), [("-40000", "CSW"), ("50000", "CSD"), ("2500", "JNLC"), ("-9000", "ACATC")]
)
def test_money_that_moves_moves_what_losses_are_counted_from(made, amount, kind):
    made.server.exchange.transfer(1, TODAY, amount, kind)
    assert start_and_mark(looked(made)) == (D(100_000) + D(amount),) * 4
    assert start_and_mark(looked(made)) == (D(100_000) + D(amount),) * 4, "told again, moved once"
    assert check_books(made.house.database, made.house.equity).findings == ()


@pytest.mark.parametrize("amount", ["-40000", "50000"])
def test_money_that_is_told_a_day_late_counts_from_when_it_came(made, amount):
    """Without that a deposit would have raised the mark twice: 150,000 held against a mark of 200,000."""
    whole = D(100_000) + D(amount)
    made.server.exchange.cash = whole
    assert looked(made).peak_equity == max(whole, D(100_000)), "nobody has told of it"
    made.house.clock.wait(days=1)
    looked(made)
    made.server.exchange.tell_transfer(1, TODAY, amount, "CSD" if whole > 100_000 else "CSW")
    assert start_and_mark(looked(made)) == (whole,) * 4
    made.server.exchange.cash = whole - 1_000
    counters = looked(made)
    assert (counters.day_start_equity, counters.peak_equity) == (whole, whole), "a loss after it is one"
    assert check_books(made.house.database, made.house.equity).findings == ()


def test_what_was_gained_and_lost_around_a_late_one_stays_so(made):
    """100,000, a gain to 104,000, 50,000 paid in, a loss of 6,000: the mark is 154,000."""
    for cash in (104_000, 154_000, 148_000):
        made.server.exchange.cash = D(cash)
        looked(made)
    made.server.exchange.tell_transfer(1, TODAY, "50000")
    counters = looked(made)
    assert (counters.day_start_equity, counters.peak_equity, counters.day_peak_equity) == (150_000, 154_000, 154_000)
    assert check_books(made.house.database, made.house.equity).findings == ()


def test_money_that_is_told_before_it_is_there_is_waited_for(made):
    made.server.exchange.tell_transfer(1, TODAY, "50000")
    assert looked(made).peak_equity == 100_000
    made.server.exchange.cash = D(150_000)
    assert start_and_mark(looked(made)) == (D(150_000),) * 4


def test_what_an_account_began_with_was_never_paid_in_here(database, tmp_path):
    with an_alpaca_house(database, tmp_path) as made:
        made.server.exchange.tell_transfer(1, TODAY, "100000", "JNLC")
        assert start_and_mark(looked(made)) == (D(100_000),) * 4
        made.server.exchange.cash = D(200_000)
        assert looked(made).peak_equity == 200_000, "a profit, which nothing told before explains away"
        assert check_books(made.house.database, made.house.equity).findings == ()


def test_an_account_that_joins_brings_its_money_once(made):
    """What was paid in while Sage did not look is in what it joins with."""
    house = made.house
    transfer = Transfer("other-1", NOON.date(), D(30_000), "CSD", "alpaca:b")
    joins, now = frozenset({"alpaca:b"}), house.clock.now()
    house.equity.transfer("trf-joined", D(60_000), at=now)
    books = Transfers(house.equity, house.ledger)
    books.book((transfer,), D(160_000), joins, now=now)
    books.book((transfer,), D(160_000), frozenset(), now=now + MINUTE)
    house.equity.record(now + MINUTE, D(160_000))
    assert house.equity.performance(now + MINUTE, equity=D(160_000)).peak_equity == 160_000


def test_the_comparison_says_who_joined(database, tmp_path):
    with an_alpaca_house(database, tmp_path) as made:
        house = made.house
        known = KnownBrokers(database)
        for name, number, joined in (("alpaca", "PA1", set()), ("alpaca", "PA2", {"alpaca"})):
            membership = Membership(known, house.equity, house.ledger, (name,), None)
            assert membership.book(number, D(100_000), now=NOON) == joined
            house.equity.record(NOON, D(100_000))


def test_many_are_read_page_by_page(made):
    for number in range(130):
        made.server.exchange.transfer(number + 1, TODAY, "-100", "CSW")
    assert len(made.broker.transfers(since=NOON)) == 130
    assert looked(made).peak_equity == 87_000


def test_where_alpaca_does_not_tell_the_books_are_compared_all_the_same(made):
    made.server.exchange.transfer(1, TODAY, "-40000", "CSW")
    (row,) = made.server.exchange.moves
    row["net_amount"] = "NaN"
    assert looked(made).peak_equity == 100_000, "a drawdown until it is told: that stops, and lets nothing through"
    row["net_amount"] = "-40000"
    assert looked(made).peak_equity == 60_000


CSD = {"activity_type": "CSD", "id": "20260317000000000::46b1", "date": "2026-03-17", "net_amount": "1234",
       "description": "", "status": "executed"}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "amount"),
    [
        pytest.param({}, D(1234), id="a_deposit"),
        pytest.param({"status": "correct", "net_amount": "-5.50"}, D("-5.50"), id="made_by_hand"),
        pytest.param({"status": "canceled"}, None, id="undone"),
        pytest.param({"status": "pending"}, None, id="not_done_yet"),
        pytest.param({"activity_type": "ACATS", "qty": "10", "symbol": "AAPL"}, None, id="shares"),
        pytest.param({"activity_type": "DIV"}, None, id="a_dividend_is_a_result"),
    ],
)
def test_what_is_cash_and_done_is_a_transfer(changes, amount):
    found = account_wire.transfer_of(CSD | changes, "alpaca")
    assert (found and found.amount) == amount
    assert found is None or (found.day, found.broker) == (date(2026, 3, 17), "alpaca")


@pytest.mark.parametrize("changes", [{"id": None}, {"date": "soon"}, {"date": None}, {"net_amount": "NaN"}])
def test_a_transfer_that_cannot_be_read_is_none_of_nothing(changes):
    with pytest.raises(DataQualityError):
        account_wire.transfer_of(CSD | changes, "alpaca")


def points(*equities):
    return [EquityPoint(NOON + number * MINUTE, D(equity)) for number, equity in enumerate(equities)]


ARRIVALS = {
    "on_time": (points(100, 150), 50, (1, True)),
    "two_points_ago": (points(100, 151, 149, 150), 50, (1, True)),
    "among_losses": (points(100, 90, 138, 120), 50, (2, True)),
    "a_withdrawal": (points(100, 99, 61, 60), -40, (2, True)),
    "the_latest_of_equal_ones": (points(100, 150, 200), 50, (2, True)),
    "not_to_be_seen": (points(100, 101, 102), 50, (2, False)),
    "the_wrong_way": (points(100, 60), 50, (1, False)),
}


@pytest.mark.parametrize(("seen", "amount", "found"), ARRIVALS.values(), ids=ARRIVALS)
def test_money_came_where_the_equity_shows_it(seen, amount, found):
    step, shown = found
    assert arrival(seen, (), D(amount)) == Arrival(NOON + step * MINUTE, shown)


def test_a_step_that_is_explained_shows_no_second_transfer():
    booked = Moved(NOON + 2 * MINUTE, D(50))
    assert arrival(points(100, 150, 200), (booked,), D(50)) == Arrival(NOON + MINUTE, shown=True)
    assert arrival(points(100)[:1], (), D(50)) is None
