"""Routing and sums: pure, worked out by hand."""

from datetime import timedelta
from decimal import Decimal

import pytest

from domain.book import Account, AccountKind, Position
from domain.errors import DataQualityError, ManualActionError
from domain.orders import Side
from tests.builders.execution import an_exit, an_intent
from tests.builders.market import AAPL, MSFT, NOON
from trading.execution.brokers.several.route import Terms, Venue, holders, route
from trading.execution.brokers.several.sums import account_of, positions_of

D = Decimal
row = pytest.param
FOUR, FIVE, SIX, SEVEN = (D(bp) for bp in (4, 5, 6, 7))


def a(cost_bp: Decimal | None = FOUR, error_pct: int = 0, name: str = "A") -> Venue:
    return Venue(name, Terms(commission_minimum=D(1), cost_bp=cost_bp), D(error_pct))


def b(cost_bp: Decimal | None = SEVEN, error_pct: int = 0) -> Venue:
    return Venue("B", Terms(cost_bp=cost_bp), D(error_pct))


@pytest.mark.parametrize(
    ("venues", "expected"),
    [
        row([a(), b()], "A", id="3.00_against_3.50"),
        row([a(), b(FIVE)], "B", id="3.00_against_2.50"),
        row([a(), b(SIX, 2)], "A", id="equal_costs_fewer_errors"),
        row([a(FOUR, 3), b(SIX, 2)], "B", id="equal_costs_more_errors"),
        row([a(name="D"), a(name="C")], "C", id="all_equal_first_by_name"),
        row([a(None), b(D(900))], "B", id="unknown_cost_is_asked_last"),
        row([a(D("NaN")), b()], "B", id="nan_is_unknown"),
        row([a(None)], "A", id="unknown_cost_alone"),
        row([], None, id="nobody"),
    ],
)
def test_the_cheapest_gets_it(venues, expected):
    found = route(venues, D(100), D(50))
    assert (None if found is None else found.name) == expected


def test_without_a_price_nobody_knows_the_cost_and_the_name_decides():
    found = route([b(D(1)), a(D(900))], D(100), None)
    assert found is not None
    assert found.name == "A"


def test_the_expected_cost_of_the_worked_example():
    told = [venue.terms.expected_cost(D(100), D(50)) for venue in (a(), b())]
    assert told == [D("3.00"), D("3.50")]
    assert Terms(D("0.005"), D(1), cost_bp=D(0)).expected_cost(D(1000), D(50)) == D(5), "a commission by the share"


def holding(qty: object, free: object = None, price: object = 10) -> Position:
    return Position(AAPL, D(str(qty)), D(str(price)), None if free is None else D(str(free)))


@pytest.mark.parametrize(
    ("held", "qty", "expected"),
    [
        row({"A": holding(100)}, 100, {"A"}, id="all_of_it"),
        row({"A": holding(100, free=40)}, 100, {"A"}, id="the_only_holder_knows_its_own_orders"),
        row({"A": holding(100)}, 101, "no broker holds 101 AAPL", id="one_more_than_is_held"),
        row({}, 1, "no broker holds 1 AAPL", id="nothing_held"),
        row({"A": holding(-100)}, 1, "no broker holds 1 AAPL", id="short_there"),
        row({"A": holding(100), "B": holding(50)}, 50, {"A", "B"}, id="split_either"),
        row({"A": holding(100), "B": holding(50)}, 51, {"A"}, id="split_the_larger"),
        row({"A": holding(100), "B": holding(50)}, 150, "at most 100", id="split_tells_the_nearest"),
        row({"A": holding(100, free=30), "B": holding(50)}, 51, "at most 50", id="split_counts_what_is_free"),
    ],
)
def test_an_exit_goes_where_as_much_is_held(held, qty, expected):
    intent = an_exit(qty=qty)
    if isinstance(expected, str):
        with pytest.raises(ManualActionError, match=expected):
            holders(intent, held)
        return
    assert holders(intent, held) == expected


def test_what_closes_nothing_is_an_entry_and_what_turns_over_stays_where_it_is():
    assert holders(an_intent(), {"A": holding(100)}) == frozenset()
    assert holders(an_intent(side=Side.SELL, qty=150), {"A": holding(100)}) == {"A"}


def test_holdings_are_added_up_by_symbol():
    here = (holding(100, free=100, price=10), Position(MSFT, D(5), D(20)))
    both = positions_of([here, (holding(50, price=13),)])
    assert [(each.symbol, each.qty, each.avg_price, each.available_qty) for each in both] == [
        (AAPL, D(150), D(11), D(100)), (MSFT, D(5), D(20), None)]  # fmt: skip


def test_long_here_and_short_there_is_never_flat_and_never_less_than_the_larger_side():
    for long, short in ((10, -10), (100, -30)):
        (told,) = positions_of([(holding(long),), (holding(short, price=99),)])
        assert (told.qty, told.avg_price) == (D(long), D(10))
    (told,) = positions_of([(holding(5),), (holding(-30, price=99),), (holding(-10, price=95),)])
    assert (told.qty, told.avg_price, told.available_qty) == (D(-40), D(98), D(-30))


def an_account(number: str = "one", **changes: object) -> Account:
    figures: dict[str, object] = {
        "equity": D(100), "cash": D(60), "buying_power": D(60), "trading_blocked": False, "kind": AccountKind.CASH,
        "settled_cash": D(50), "maintenance_margin": D(10), "currency": "USD", "as_of": NOON,
    }  # fmt: skip
    return Account(account_id=number, paper=True, **(figures | changes))  # type: ignore[arg-type]


FIGURES = ("equity", "cash", "buying_power", "settled_cash", "maintenance_margin")


def test_accounts_are_added_up_and_as_old_as_the_oldest():
    told = account_of([an_account(), an_account("two", as_of=NOON - timedelta(seconds=9), equity=D(11))])
    assert (told.account_id, told.as_of, told.currency) == ("one+two", NOON - timedelta(seconds=9), "USD")
    assert [getattr(told, name) for name in FIGURES] == [111, 120, 120, 100, 20]
    assert (told.trading_blocked, told.kind) == (False, AccountKind.CASH)


@pytest.mark.parametrize("name", [*FIGURES, "trading_blocked", "kind"])
def test_one_unknown_makes_the_sum_unknown(name):
    told = account_of([an_account(), an_account("two", **{name: None})])
    assert getattr(told, name) is None


def test_what_is_blocked_at_one_refuses_entries_and_what_is_blocked_at_all_refuses_everything():
    blocked = an_account("two", trading_blocked=True)
    assert account_of([an_account(), blocked]).trading_blocked is None
    assert account_of([an_account(trading_blocked=True), blocked]).trading_blocked is True


def test_accounts_of_two_kinds_are_held_to_that_of_cash():
    assert account_of([an_account(kind=AccountKind.MARGIN), an_account("two")]).kind is AccountKind.CASH


@pytest.mark.parametrize(
    "other", [row({"number": "one"}, id="one_account_twice"), row({"currency": "EUR"}, id="euros")]
)
def test_what_cannot_be_added_up_is_no_account(other):
    with pytest.raises(DataQualityError):
        account_of([an_account(), an_account(**({"number": "two"} | other))])
