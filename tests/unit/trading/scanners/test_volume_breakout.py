"""Volume breakout, and the scan over a universe."""

from decimal import Decimal

import pytest

from domain.errors import DataQualityError
from domain.market import Symbol
from tests.builders.signals import a_bar, bars_of, d
from trading.scanners.registry import SCANNERS, scan

QUIET = bars_of([100] * 20)


def then(close, volume, **changes):
    """Twenty quiet days (high 101, volume one million) and this one."""
    return {Symbol("AAPL"): (*QUIET, a_bar(close, index=-1, volume=d(volume), **changes))}


@pytest.mark.parametrize(
    ("close", "volume", "score"),
    [
        pytest.param("102", 2_000_000, "0.5", id="at_limit"),
        pytest.param("102", 1_999_999, None, id="one_share_short"),
        pytest.param("101", 9_000_000, None, id="at_the_old_high"),
        pytest.param("101.01", 3_000_000, "0.75", id="one_cent_over_the_high"),
        pytest.param("102", 50_000_000, "1", id="score_capped"),
    ],
)
def test_the_alert(close, volume, score):
    found = scan(then(close, volume))
    assert [alert.score for alert in found] == ([] if score is None else [d(score)])


def test_the_alert_carries_its_facts():
    (alert,) = scan(then("102", 2_500_000))
    assert (alert.scanner, alert.kind, alert.symbol) == ("volume_breakout", "breakout", "AAPL")
    assert alert.facts == {"close": 102, "high20": 101, "volume_ratio": d("2.5")}


@pytest.mark.parametrize(
    "bars",
    [
        pytest.param((), id="no_bars"),
        pytest.param(QUIET, id="twenty_bars"),
        pytest.param(bars_of([1, 100], volume=d(0)), id="two_bars"),
    ],
)
def test_too_few_bars_raise_no_alert(bars):
    assert scan({Symbol("AAPL"): bars}) == ()


def test_a_symbol_that_never_traded_raises_no_alert():
    silent = (*bars_of([100] * 20, volume=d(0)), a_bar(105, index=-1, volume=d(0)))
    assert scan({Symbol("AAPL"): silent}) == ()


def test_a_bar_without_a_number_is_refused():
    with pytest.raises(DataQualityError, match="AAPL"):
        scan(then("102", 2_000_000, high=Decimal("NaN")))


def test_alerts_come_by_symbol_whatever_the_order_of_the_universe():
    loud = {
        Symbol(name): (*bars_of([100] * 20, symbol=name), a_bar(105, index=-1, symbol=name, volume=d(4_000_000)))
        for name in ("MSFT", "AAPL", "XOM")
    }
    assert [alert.symbol for alert in scan(loud)] == ["AAPL", "MSFT", "XOM"]
    assert scan(dict(reversed(loud.items()))) == scan(loud)


def test_names_are_unique():
    assert len({scanner.name for scanner in SCANNERS}) == len(SCANNERS)
