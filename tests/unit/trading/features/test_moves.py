"""The move of a session since the close before it."""

from datetime import timedelta
from decimal import Decimal

import pytest

from domain.market import Timeframe
from tests.builders.market import NOON, a_bar, a_quote, a_session, at, daily_bars
from trading.features.moves import close_before, gap_pct, moved_pct, opening_bar, price_of

SESSION, BEFORE = a_session(), a_session("2026-03-16")
CLOSE = Decimal(50)
row = pytest.param


def quarters(*opens: object, first: str = "2026-03-17T13:30"):
    """Bars of fifteen minutes from ``first`` on."""
    start = at(first)
    return tuple(
        a_bar(
            timeframe=Timeframe.MIN_15,
            start=start + place * timedelta(minutes=15),
            end=start + (place + 1) * timedelta(minutes=15),
            open=str(price),
        )
        for place, price in enumerate(opens)
    )


YESTERDAY = quarters(49, 49, first="2026-03-16T19:30")
QUOTE = a_quote(bid="51.99", ask="52.01")


@pytest.mark.parametrize(
    ("bars", "quote", "expected"),
    [
        row((*YESTERDAY, *quarters(47, 60)), QUOTE, "-6", id="worked_number_from_the_first_bar"),
        row(quarters(47, 60), QUOTE, "-6", id="bars_that_begin_with_the_session"),
        row(YESTERDAY, QUOTE, "4", id="no_bar_of_the_session_yet"),
        row(daily_bars([48, 50]), QUOTE, "4", id="daily_bars"),
        row((), QUOTE, "4", id="no_bars"),
        row(quarters(47, first="2026-03-17T14:00"), QUOTE, "4", id="bars_that_begin_inside_the_session"),
        row(YESTERDAY, None, None, id="no_quote"),
        row(YESTERDAY, a_quote(at=SESSION.opens_at - timedelta(seconds=1)), None, id="stale_quote"),
        row(YESTERDAY, a_quote(at=NOON + timedelta(seconds=1)), None, id="future_quote"),
        row(YESTERDAY, a_quote(bid="NaN", ask="NaN"), None, id="nan"),
    ],
)
def test_the_gap_of_the_session(bars, quote, expected):
    found = gap_pct(SESSION, CLOSE, bars, quote, as_of=NOON)
    assert found == (None if expected is None else Decimal(expected))


@pytest.mark.parametrize(
    ("session", "close"), [row(None, CLOSE, id="between_sessions"), row(SESSION, None, id="no_close_before")]
)
def test_no_session_and_no_close_have_no_gap(session, close):
    assert gap_pct(session, close, quarters(47), QUOTE, as_of=NOON) is None


def test_a_daily_bar_has_no_opening_inside_the_session():
    today = a_bar(start=SESSION.opens_at, end=SESSION.closes_at)
    assert opening_bar(SESSION, (*daily_bars([48, 50]), today)) is None


@pytest.mark.parametrize(
    ("previous", "bars", "expected"),
    [
        row(BEFORE, daily_bars([48, 50]), "50", id="the_session_before"),
        row(BEFORE, daily_bars([48, 50])[:-1], None, id="that_day_is_missing"),
        row(a_session("2026-03-13"), daily_bars([48, 50]), "48", id="a_later_bar_is_not_it"),
        row(BEFORE, YESTERDAY, "101", id="short_bars_of_that_session"),
        row(BEFORE, (), None, id="no_bars"),
        row(None, daily_bars([48, 50]), None, id="no_session_before"),
    ],
)
def test_the_close_before_is_that_of_the_session_before_and_no_older(previous, bars, expected):
    assert close_before(previous, bars) == (None if expected is None else Decimal(expected))


@pytest.mark.parametrize(
    ("price", "close", "expected"),
    [
        row("47", "50", "-6.000000", id="worked_number"),
        row("50", "50", "0.000000", id="no_move"),
        row("1", "3", "-66.666667", id="rounded"),
        row(None, "50", None, id="no_price"),
        row("50", None, None, id="no_close"),
        row("50", "0", None, id="zero_close"),
        row("-1", "50", None, id="negative_price"),
        row("NaN", "50", None, id="nan"),
        row("50", "Infinity", None, id="infinite"),
    ],
)
def test_a_move_in_percent(price, close, expected):
    given = [None if each is None else Decimal(each) for each in (price, close)]
    assert moved_pct(*given) == (None if expected is None else Decimal(expected))


def test_a_price_of_the_session_is_the_middle_of_its_quote():
    assert price_of(SESSION, QUOTE, as_of=NOON) == 52
    assert price_of(None, QUOTE, as_of=NOON) is None
