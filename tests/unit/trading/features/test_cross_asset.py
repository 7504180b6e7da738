"""Statistics of daily returns, compared with numpy's own and with numbers worked by hand."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from random import Random
from typing import SupportsFloat

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.market import Bar, Symbol
from tests.builders.market import AAPL, MSFT, daily_bars, known
from trading.features.cross_asset import LEAST_COMMON, returns_of, sigma, statistics_of

INDEX = Symbol("SPY")
THIRD = Symbol("NVDA")
row = pytest.param


def walk(seed: int, symbol: Symbol = AAPL, *, count: int = 61, like: tuple[Bar, ...] = ()) -> tuple[Bar, ...]:
    """Random closes; with ``like`` half of each return is that of another series."""
    random, price, closes = Random(seed), 100.0, []
    led = [float(b.close / a.close) - 1 for a, b in pairwise(like)] or [0.0] * (count - 1)
    for lead in [0.0, *led]:
        price *= 1 + lead / 2 + random.gauss(0, 0.01)
        closes.append(f"{price:.4f}")
    return daily_bars(closes, symbol)


def rates(bars) -> list[float]:
    return [float(b.close) / float(a.close) - 1 for a, b in pairwise(bars)]


def told(value: SupportsFloat) -> Decimal:
    return Decimal(f"{float(value):.6f}")


def test_volatility_is_the_sample_deviation_of_sixty_returns_and_of_ten():
    bars = walk(1, count=90)
    found = statistics_of({AAPL: bars}, ())[AAPL]

    assert found.daily_sigma == told(np.std(rates(bars)[-60:], ddof=1))
    assert found.sigma_now == told(np.std(rates(bars)[-10:], ddof=1))


def test_the_worked_number_of_the_docstring():
    assert sigma(returns_of(daily_bars(["100", "102", "99.96"])), 2) == Decimal("0.028284")


@pytest.mark.parametrize(
    ("count", "enough"), [row(61, True, id="sixty_returns"), row(60, False, id="fifty_nine"), row(0, False, id="none")]
)
def test_too_few_returns_are_unknown_and_not_zero(count, enough):
    found = statistics_of({AAPL: walk(1)[61 - count :]}, walk(2, INDEX))[AAPL]

    assert (found.daily_sigma is not None) is enough
    assert (found.sigma_now is None) is (count == 0)


def test_beta_and_correlation_are_numpys():
    index = walk(1, INDEX)
    apple, other = walk(2, like=index), walk(3, MSFT, like=index)
    found = statistics_of({AAPL: apple, MSFT: other}, index)
    covariance = np.cov(rates(apple), rates(index))

    assert found[AAPL].beta == told(covariance[0, 1] / covariance[1, 1])
    rho = told(np.corrcoef(rates(apple), rates(other))[0, 1])
    assert found[AAPL].correlations == {MSFT: rho}
    assert found[MSFT].correlations == {AAPL: rho}
    assert rho != 0


def test_the_index_has_a_beta_of_one_and_its_mirror_image_of_minus_one():
    index = walk(1, INDEX)
    mirror, price = [Decimal(100)], Decimal(100)
    for rate in rates(index):
        price *= 1 - Decimal(rate)
        mirror.append(price)
    found = statistics_of({INDEX: index, AAPL: daily_bars(mirror)}, index)

    assert (found[INDEX].beta, found[AAPL].beta) == (Decimal(1), Decimal(-1))
    assert found[AAPL].correlations == {INDEX: Decimal(-1)}


def without(bars: tuple[Bar, ...], *places: int) -> tuple[Bar, ...]:
    return tuple(bar for place, bar in enumerate(bars) if place not in places)


@pytest.mark.parametrize(
    ("missing", "enough"),
    [
        # A day that is missing inside takes two returns away, the first one or the last one takes one.
        row((0, *range(2, 20, 2), 60), True, id="forty_common"),
        row((0, 1, *range(3, 21, 2), 60), False, id="thirty_nine_common"),
        row(tuple(range(61)), False, id="none"),
    ],
)
def test_forty_returns_over_the_same_days_are_enough(missing, enough):
    index, apple = walk(1, INDEX), walk(2)
    other = without(walk(3, MSFT), *missing)
    found = statistics_of({AAPL: apple, MSFT: other}, index)

    common = set(returns_of(apple)) & set(returns_of(other))
    assert (len(common) >= LEAST_COMMON) is enough
    assert (MSFT in known(found[AAPL].correlations)) is enough
    assert (found[MSFT].beta is not None) is enough
    assert found[AAPL].beta is not None


def test_after_a_corrected_bar_every_pair_with_it_is_told_anew():
    index, apple, other = walk(1, INDEX), walk(2), walk(3, MSFT)
    before = statistics_of({AAPL: apple, MSFT: other}, index)
    assert statistics_of({AAPL: tuple(apple), MSFT: list(other)}, index) == before
    corrected = (*apple[:30], replace(apple[30], close=apple[30].close * 2), *apple[31:])
    after = statistics_of({AAPL: corrected, MSFT: other}, index)

    assert after[MSFT][:3] == before[MSFT][:3]
    assert known(after[MSFT].correlations)[AAPL] == known(after[AAPL].correlations)[MSFT]
    expected = np.corrcoef(rates(corrected), rates(other))[0, 1]
    assert known(after[MSFT].correlations)[AAPL] == told(expected) != known(before[MSFT].correlations)[AAPL]


def test_a_move_over_a_missing_day_is_compared_with_no_single_day():
    index = walk(1, INDEX)
    other = list(walk(3, MSFT, like=index))
    full = statistics_of({AAPL: tuple(other)}, index)[AAPL].beta
    del other[30]
    gap = statistics_of({AAPL: tuple(other)}, index)[AAPL].beta
    alike = [place for place in range(60) if place not in (29, 30)]
    left = np.cov(np.array(rates(walk(3, MSFT, like=index)))[alike], np.array(rates(index))[alike])

    assert gap == told(left[0, 1] / left[1, 1]) != full


@pytest.mark.parametrize(
    "close",
    [
        row("NaN", id="nan"),
        row("Infinity", id="infinite"),
        row("0", id="zero"),
        row("-5", id="negative"),
        row("1e400", id="beyond_any_float"),
    ],
)
def test_a_price_that_is_none_leaves_its_symbol_unknown_and_no_other(close):
    index, apple, bad = walk(1, INDEX), walk(2), list(walk(3, MSFT))
    bad[30] = replace(bad[30], close=Decimal(close))
    clean = statistics_of({AAPL: apple, THIRD: walk(4, THIRD)}, index)
    found = statistics_of({AAPL: apple, MSFT: tuple(bad), THIRD: walk(4, THIRD)}, index)

    assert found[MSFT].daily_sigma is None
    assert known(found[AAPL].correlations)[THIRD] == known(clean[AAPL].correlations)[THIRD]
    assert (found[AAPL].beta, found[AAPL].daily_sigma) == (clean[AAPL].beta, clean[AAPL].daily_sigma)


def test_a_price_that_never_moves_has_no_correlation_and_no_risk_of_its_own():
    flat = daily_bars(["50"] * 61, MSFT)
    found = statistics_of({AAPL: walk(2), MSFT: flat}, flat)

    assert found[AAPL].correlations == found[MSFT].correlations == {}
    assert found[AAPL].beta is None
    assert found[MSFT].daily_sigma == 0


def test_bars_out_of_order_give_no_return():
    bars = walk(2)
    swapped = (*bars[:30], bars[31], bars[30], *bars[32:])

    assert len(returns_of(swapped)) == 59
    assert len(returns_of((*bars[:30], bars[30], *bars[30:]))) == 59


def test_without_an_index_only_beta_is_unknown():
    found = statistics_of({AAPL: walk(2), MSFT: walk(3, MSFT)}, ())

    assert found[AAPL].beta is None
    assert known(found[AAPL].correlations)[MSFT] is not None


def test_correlations_are_told_with_the_partners_alone():
    daily = {AAPL: walk(2), MSFT: walk(3, MSFT), THIRD: walk(4, THIRD)}
    everything, some = statistics_of(daily, ()), statistics_of(daily, (), {MSFT, INDEX})

    assert some[AAPL].correlations == {MSFT: known(everything[AAPL].correlations)[MSFT]}
    assert some[MSFT].correlations == {}
    assert statistics_of(daily, (), ())[AAPL].correlations == {}


def test_nobody_gives_nothing():
    assert statistics_of({}, walk(1)) == {}


@settings(deadline=None, max_examples=40)
@given(
    seeds=st.lists(st.integers(0, 10**6), min_size=2, max_size=5, unique=True),
    scale=st.decimals("0.001", "100000", places=3),
)
def test_figures_are_in_their_bounds_symmetric_and_free_of_the_unit(seeds, scale):
    daily = {Symbol(f"S{seed}"): walk(seed) for seed in seeds}
    scaled = {symbol: tuple(replace(bar, close=bar.close * scale) for bar in bars) for symbol, bars in daily.items()}
    found = statistics_of(daily, daily[Symbol(f"S{seeds[0]}")])

    assert found == statistics_of(scaled, scaled[Symbol(f"S{seeds[0]}")])
    for symbol, each in found.items():
        assert known(each.daily_sigma) > 0
        for other, rho in known(each.correlations).items():
            assert -1 <= rho <= 1
            assert known(found[other].correlations)[symbol] == rho


def test_days_count_and_not_the_hour_at_which_a_source_stamps_them():
    apple, other = walk(2), walk(3, MSFT)
    midnight = tuple(replace(bar, start=bar.start - timedelta(hours=9)) for bar in other)

    assert statistics_of({AAPL: apple, MSFT: other}, ()) == statistics_of({AAPL: apple, MSFT: midnight}, ())
