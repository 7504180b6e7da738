"""Brokers that join and leave move money in or out, and make no result."""

from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from domain.errors import ManualActionError
from tests.builders.market import NOON
from trading.data.calendar import ExchangeCalendar
from trading.execution.membership import Membership
from trading.store.equity import EquityStore
from trading.store.known_brokers import KnownBrokers
from trading.store.ledger import SqlLedger

D = Decimal
LATER = NOON + timedelta(minutes=30)


class Books:
    """The equity of one home over its starts, each with its own list of brokers."""

    def __init__(self, database) -> None:
        self.known, self.ledger = KnownBrokers(database), SqlLedger(database)
        self.equity = EquityStore(database, ZoneInfo("America/New_York"), ExchangeCalendar())
        self.known.make()

    def start(self, **shares):
        """A start with brokers of these names (``b`` for ``paper:b``) that are worth so much."""
        self.worth = {
            name if name in ("paper", "alpaca") else f"paper:{name}": D(each) for name, each in shares.items()
        }
        self.whole = sum(self.worth.values(), D(0))
        return Membership(self.known, self.equity, self.ledger, self.worth, lambda: self.worth)

    def compare(self, membership, at):
        membership.book(self.whole, now=at)
        self.equity.record(at, self.whole)
        begun = self.equity.performance(at, equity=self.whole).day_start_equity
        return None if begun is None else self.whole - begun


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


def test_of_two_without_a_label_nobody_guesses_which_one_was_there(books):
    books.compare(books.start(paper=100_000), NOON)
    with pytest.raises(ManualActionError, match="alpaca and paper"):
        books.start(alpaca=500_000, paper=100_000).book(D(600_000), now=LATER)
    assert books.equity.newest().equity == 100_000
