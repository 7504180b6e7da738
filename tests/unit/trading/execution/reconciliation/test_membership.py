"""Brokers that join and leave move money in or out, and make no result."""

from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from domain.errors import ManualActionError
from tests.builders.market import NOON
from trading.data.calendar import ExchangeCalendar
from trading.execution.reconciliation.membership import Membership
from trading.store.accounts.equity import EquityStore
from trading.store.accounts.known_brokers import KnownBrokers, Stake
from trading.store.ledger import SqlLedger

D = Decimal
LATER = NOON + timedelta(minutes=30)


class Books:
    """The equity of one home over its starts, each with its own list of brokers."""

    def __init__(self, database) -> None:
        self.known, self.ledger = KnownBrokers(database), SqlLedger(database)
        self.equity = EquityStore(database, ZoneInfo("America/New_York"), ExchangeCalendar())
        self.known.make()

    def start(self, numbers=(), **worth):
        """A start with brokers of these names (``b`` for ``paper:b``) that are worth so much.

        ``numbers`` are those of accounts that are not numbered by their name.
        """
        named = {name if name in ("paper", "alpaca") else f"paper:{name}": D(each) for name, each in worth.items()}
        numbered = {name: dict(numbers).get(name.removeprefix("paper:"), name) for name in named}
        stakes = {numbered[name]: Stake(name, each) for name, each in named.items()}
        self.account, self.whole = "+".join(stakes), sum(named.values(), D(0))
        return Membership(self.known, self.equity, self.ledger, named, lambda: stakes)

    def compare(self, membership, at):
        membership.book(self.account, self.whole, now=at)
        self.equity.record(at, self.whole)
        begun = self.counted(at).day_start_equity
        return None if begun is None else self.whole - begun

    def counted(self, at):
        return self.equity.performance(at, equity=self.whole)


@pytest.fixture
def books(database):
    return Books(database)


@pytest.mark.parametrize(
    ("then", "made"),
    [
        pytest.param({"paper": 100_000, "b": 60_000}, 0, id="one_joins"),
        pytest.param({"paper": 99_000, "b": 60_000}, -1_000, id="one_joins_after_a_loss"),
        pytest.param({"a": 50_000, "b": 60_000}, 0, id="two_in_place_of_one"),
    ],
)
def test_a_home_of_one_that_gets_more_has_made_what_its_own_broker_made(books, then, made):
    books.compare(books.start(paper=100_000), NOON)
    later = books.start(**then)
    assert later.changed
    assert books.compare(later, LATER) == made
    assert not later.changed


@pytest.mark.parametrize(
    ("then", "made"),
    [
        pytest.param({"a": 100_000}, 0, id="one_leaves"),
        pytest.param({"a": 99_000}, -1_000, id="one_leaves_and_the_other_has_lost"),
        pytest.param({"a": 100_000, "c": 5_000}, 0, id="one_goes_and_one_comes"),
    ],
)
def test_whoever_leaves_takes_along_what_it_was_worth(books, then, made):
    books.compare(books.start(a=100_000, b=60_000), NOON)
    assert books.compare(books.start(**then), LATER) == made


def test_brokers_that_have_traded_here_together_before_anybody_wrote_it_down_bring_nothing_in(books):
    books.equity.record(NOON, D(160_000))
    books.known.remember({"paper": "p-1", "paper:b": "p-2"})
    assert books.compare(books.start(paper=100_000, b=60_000), LATER) == 0


@pytest.mark.parametrize(
    ("back", "made"),
    [
        pytest.param({"b": 60_000}, 0, id="as_it_left"),
        pytest.param({"b": 40_000}, -20_000, id="with_less"),
        pytest.param({"b": 75_000}, 0, id="with_more"),
        pytest.param({"c": 40_000, "numbers": {"c": "b-1"}}, -20_000, id="with_less_under_another_label"),
        pytest.param({"b": 40_000, "numbers": {"b": "b-2"}}, 0, id="another_account_of_its_name"),
    ],
)
def test_whoever_is_put_back_has_lost_what_it_lost_while_it_was_out_and_made_nothing(books, back, made):
    """A list of brokers that changes washes no loss away, of whichever limit: day, week, month, high-water mark."""
    mine = {"b": "b-1"}
    books.compare(books.start(a=100_000, b=60_000, numbers=mine), NOON)
    assert books.compare(books.start(a=99_000), LATER) == -1_000
    for again in range(1, 3):
        put_back = books.start(a=99_000, **({"numbers": mine} | back))
        assert put_back.changed is (again == 1)
        assert books.compare(put_back, LATER + again * timedelta(minutes=30)) == made - 1_000
    found = books.counted(LATER)
    starts = (found.day_start_equity, found.week_start_equity, found.month_start_equity, found.peak_equity)
    assert [books.whole - each for each in starts] == [made - 1_000] * 4


def test_out_and_back_again_and_again_adds_up_losses_and_no_gains(books):
    made = None
    for step, worth in enumerate((60_000, 55_000, 70_000, 66_000)):
        at = NOON + step * timedelta(minutes=30)
        made = books.compare(books.start(a=100_000, b=worth), at)
        books.compare(books.start(a=100_000), at + timedelta(minutes=15))
    assert made == -5_000 - 4_000


@pytest.mark.parametrize("before", [{"alpaca": 60_000}, {"alpaca": 60_000, "b": 5_000}], ids=["alone", "beside"])
def test_another_label_for_the_same_account_neither_pays_in_nor_takes_out(books, before):
    rest = {name: each for name, each in before.items() if name != "alpaca"}
    books.compare(books.start(numbers={"alpaca": "PA1"}, **before), NOON)
    renamed = books.start(main=58_000, numbers={"main": "PA1"}, **rest)
    assert renamed.changed
    assert books.compare(renamed, LATER) == -2_000
    assert not renamed.changed
    assert not books.ledger.entries()


def test_one_alone_in_the_place_of_one_alone_is_noticed(books):
    books.compare(books.start(paper=100_000), NOON)
    books.compare(books.start(paper=99_000), NOON)
    other = books.start(alpaca=500_000, numbers={"alpaca": "PA1"})
    assert other.changed
    assert books.compare(other, LATER) == -1_000
    assert books.compare(books.start(paper=97_000), LATER) == -3_000
    new_keys = books.start(alpaca=30_000, numbers={"alpaca": "PA2"})
    assert books.compare(new_keys, LATER) == -3_000
    assert books.compare(books.start(alpaca=480_000, numbers={"alpaca": "PA1"}), LATER) == -23_000


def test_of_two_without_a_label_nobody_guesses_which_one_was_there(books):
    """In a home whose equity nobody has written down by broker yet."""
    books.equity.record(NOON, D(100_000))
    with pytest.raises(ManualActionError, match="alpaca and paper"):
        books.start(alpaca=500_000, paper=100_000).book("both", D(600_000), now=LATER)
    assert books.equity.newest().equity == 100_000
