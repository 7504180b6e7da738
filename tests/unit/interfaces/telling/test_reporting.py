"""What a cycle's report says of one symbol: the day is that of the price beside it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.market import Timeframe
from interfaces.telling.reporting import day_pct
from tests.builders.signals import NOW, a_quote, a_signal, a_view, d


@pytest.mark.parametrize(
    ("close", "ret1", "last", "in_session", "told"),
    [
        pytest.param("130", "4", "131.30", True, "1.00", id="in_session_against_the_last_close"),
        pytest.param("130", "4", "128.70", True, "-1.00", id="that_rose_before_and_falls_now"),
        pytest.param("130", "2", "130", False, "2.00", id="after_the_close_the_day_that_is_over"),
        pytest.param("130", None, "130", False, None, id="one_bar_alone_has_no_day_before"),
        pytest.param("130", None, "131.30", True, "1.00", id="in_session_one_bar_is_enough"),
        pytest.param(None, "2", "130", True, None, id="no_close"),
        pytest.param("130", "2", None, True, None, id="no_price"),
    ],
)
def test_the_day_is_that_of_the_price(close, ret1, last, in_session, told):
    view = a_view(quote=None if last is None else replace(a_quote(), last=d(last)))
    found = day_pct(a_signal(close=close, ret1=ret1), view, in_session=in_session)
    assert found == (None if told is None else d(told))


def test_a_price_that_is_the_last_close_tells_the_day_of_that_close():
    view = a_view(quote=replace(a_quote(), last=d("130"), at=NOW), last_bar_end=NOW)
    assert day_pct(a_signal(close="130", ret1="2"), view, in_session=True) == d("2.00")


def test_bars_of_an_hour_tell_of_no_day():
    signal = a_signal(close="130", ret1="2")
    hourly = replace(signal, quant=replace(signal.quant, timeframe=Timeframe.HOUR_1))
    assert day_pct(hourly, a_view(last_bar_end=NOW - timedelta(hours=1)), in_session=True) is None
