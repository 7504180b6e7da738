"""What gates ask after they have looked themselves: each part fails closed whoever asks it."""

import pytest

from domain.orders import OrderStatus
from domain.verdicts import Outcome, Verdict
from policies.answers import legible
from policies.codes import ReasonCode
from policies.gates.caps import of_equity, without_order
from policies.gates.exposure.value_at_risk import OneWay, Risk, _books, _largest
from policies.measures.holdings import holdings_of, sent
from policies.measures.worst_case import worst_case
from tests.builders.policies import AAPL, D, a_book, a_case, a_view, an_account, an_order, held, working

row = pytest.param
BLIND = a_case(an_order(limit_price=None), view=a_view(quote=None))


@pytest.mark.parametrize(
    ("account", "total", "outcome", "code"),
    [
        row(an_account(), "10000", Outcome.PASS, "OK", id="at_the_cap"),
        row(an_account(), "10000.01", Outcome.DENY, "ORDER_NOTIONAL", id="a_cent_over"),
        row(an_account(equity=None), "1", Outcome.DENY, "EQUITY_UNKNOWN", id="equity_unknown"),
    ],
)
def test_a_share_of_equity(account, total, outcome, code):
    worst = worst_case(a_case(account=account))
    found = of_equity("C1_equity", ReasonCode.ORDER_NOTIONAL, D(10), D(total), D(2000), D(200), worst, "deny")
    if isinstance(found, Verdict):
        assert (found.outcome, found.code, found.limit) == (outcome, code, D(10))
    else:
        assert (outcome, found[1:4]) == (Outcome.PASS, (D(10), D(10), D(0)))


def test_a_total_without_an_order_that_cannot_be_valued_is_unknown():
    assert without_order(worst_case(BLIND), D(100)) is None
    assert without_order(worst_case(a_case(positions=held(5))), D(3000)) == D(1000)


def test_an_order_without_a_price_has_no_largest_quantity():
    one = OneWay(D(0), D(0), D(0))
    assert _largest(BLIND, worst_case(BLIND), Risk(one, D("0.02"), D(0), D(0), D(0), contradicts=False), D(1)) == 0


@pytest.mark.parametrize(
    ("case", "code"),
    [
        row(a_case(positions=held("NaN")), ReasonCode.EXPOSURE_UNKNOWN, id="exposure"),
        row(a_case(view=a_view(daily_sigma=None)), ReasonCode.VOLATILITY_UNKNOWN, id="volatility"),
    ],
)
def test_a_symbol_of_unknown_risk_has_no_book(case, code):
    assert _books(worst_case(case).holdings, AAPL) is code


@pytest.mark.parametrize("status", [OrderStatus.DENIED, OrderStatus.ACCEPTED])
def test_an_order_that_was_refused_was_not_sent(status):
    new = working(5, status=status)
    holdings = holdings_of(a_book(open_orders=(new,), recent_orders=(new,)), a_case().market)
    assert holdings.once(sent).recent == (() if status is OrderStatus.DENIED else (new,))


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        row(D("NaN"), "NaN", id="no_figure"),
        row("\x1b[2J", "'\\x1b[2J'", id="what_a_terminal_would_obey"),
        row("ä" * 201, "ä" * 200, id="a_long_text"),
        row(None, None, id="nothing"),
        row(True, True, id="a_flag"),
        row(D("1.5"), D("1.5"), id="a_figure"),
        row([1], "[1]", id="nonsense"),
    ],
)
def test_nonsense_in_a_verdict_becomes_short_text(told, shown):
    found = legible(Verdict("B2", "QTY_INVALID", Outcome.DENY, told, told, note="a\nb"))
    assert (found.limit, found.value, found.note) == (shown, shown, "'a\\nb'")
