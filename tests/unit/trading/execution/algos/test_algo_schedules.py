"""Schedules: pure, worked out by hand, and never a share more or less than the parent."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import DataQualityError, UsageError
from domain.market import Timeframe
from tests.builders.market import WeekdayCalendar, a_bar, a_session, at, weekdays_before
from trading.execution.algos import iceberg, twap, vwap
from trading.execution.algos.vwap import VolumeSlice, volume_curve

D = Decimal
TEN, HALF_PAST = at("2026-03-17T14:00"), at("2026-03-17T14:30")
SESSION = a_session()
HALF_HOUR = timedelta(minutes=30)


def minutes(slices):
    return [(int((each.at - TEN).total_seconds() // 60), each.qty) for each in slices]


@pytest.mark.parametrize(
    ("qty", "lot", "count", "expected"),
    [
        pytest.param(90, 1, 3, [(0, 30), (10, 30), (20, 30)], id="divides"),
        pytest.param(100, 1, 3, [(0, 34), (10, 33), (20, 33)], id="one_more_goes_first"),
        pytest.param(101, 1, 3, [(0, 34), (10, 34), (20, 33)], id="two_more"),
        pytest.param(2, 1, 3, [(0, 1), (15, 1)], id="fewer_lots_than_slices"),
        pytest.param(350, 100, 3, [(0, 100), (10, 100), (20, 150)], id="no_whole_lot_goes_last"),
        pytest.param("0.5", 1, 3, [(0, D("0.5"))], id="less_than_a_lot"),
        pytest.param(10, 1, 1, [(0, 10)], id="one_slice"),
    ],
)
def test_twap(qty, lot, count, expected):
    assert minutes(twap.schedule(D(qty), D(lot), TEN, HALF_PAST, count)) == expected


@pytest.mark.parametrize(
    ("qty", "lot", "end", "count"),
    [
        pytest.param(10, 1, HALF_PAST, 0, id="no_slices"),
        pytest.param(0, 1, HALF_PAST, 3, id="nothing"),
        pytest.param(-1, 1, HALF_PAST, 3, id="less_than_nothing"),
        pytest.param(10, 0, HALF_PAST, 3, id="no_lot"),
        pytest.param(10, 1, TEN, 3, id="no_time"),
    ],
)
def test_twap_refuses(qty, lot, end, count):
    with pytest.raises(UsageError):
        twap.schedule(D(qty), D(lot), TEN, end, count)


CURVE = tuple(
    VolumeSlice(HALF_HOUR * number, HALF_HOUR * (number + 1), D(volume)) for number, volume in enumerate([4, 2, 2])
)


@pytest.mark.parametrize(
    ("qty", "lot", "since", "until", "expected"),
    [
        pytest.param(10, 1, 0, 90, [(-30, 5), (0, 2), (30, 3)], id="half_a_quarter_and_a_quarter"),
        pytest.param(80, 1, 0, 90, [(-30, 40), (0, 20), (30, 20)], id="divides"),
        pytest.param(30, 1, 15, 60, [(-15, 15), (0, 15)], id="half_of_the_first_bar_weighs_half"),
        pytest.param(2, 1, 0, 90, [(-30, 1), (30, 1)], id="a_slice_of_nothing_is_left_out"),
        pytest.param(250, 100, 0, 90, [(-30, 100), (30, 150)], id="whole_lots_and_the_rest_last"),
    ],
)
def test_vwap_follows_the_curve(qty, lot, since, until, expected):
    start, end = (SESSION.opens_at + timedelta(minutes=each) for each in (since, until))
    assert minutes(vwap.schedule(D(qty), D(lot), SESSION, start, end, CURVE)) == expected


@pytest.mark.parametrize(("since", "until"), [(90, 120), (60, 60), (-30, 0)], ids=["after", "empty", "before"])
def test_vwap_refuses_times_without_volume(since, until):
    start, end = (SESSION.opens_at + timedelta(minutes=each) for each in (since, until))
    with pytest.raises(UsageError, match="no volume is usual"):
        vwap.schedule(D(10), D(1), SESSION, start, end, CURVE)


def intraday(days, volumes):
    half_hours = []
    for day in weekdays_before(TEN, days):
        for part, volume in enumerate(volumes):
            start = day.opens_at + HALF_HOUR * part
            bar = a_bar(timeframe=Timeframe.MIN_15, start=start, end=start + HALF_HOUR, volume=volume)
            half_hours.append(bar)
    return half_hours


def test_the_curve_adds_up_the_last_twenty_sessions():
    bars = intraday(25, [400, 200])
    curve = volume_curve(bars, WeekdayCalendar().session_at)
    assert [(point.since, point.volume) for point in curve] == [(timedelta(0), D(8000)), (HALF_HOUR, D(4000))]


@pytest.mark.parametrize(
    "bars",
    [
        pytest.param([], id="none"),
        pytest.param(intraday(4, [400, 200]), id="four_sessions"),
        pytest.param(intraday(20, [0, 0]), id="no_volume"),
        pytest.param([a_bar(start=at("2026-03-15T15:00"), end=at("2026-03-15T15:30"))] * 9, id="no_session"),
    ],
)
def test_too_little_is_no_curve(bars):
    with pytest.raises(DataQualityError, match="no curve"):
        volume_curve(bars, WeekdayCalendar().session_at)


def test_an_iceberg_is_due_at_once():
    assert minutes(iceberg.schedule(D(500), TEN)) == [(0, 500)]


QTY = st.decimals("0.01", "5000", places=2)


@given(QTY, st.sampled_from([D(1), D(10), D("0.01")]), st.integers(1, 40))
def test_twap_adds_up_whatever_it_is(qty, lot, count):
    slices = twap.schedule(qty, lot, TEN, HALF_PAST, count)
    assert sum(each.qty for each in slices) == qty
    assert all(each.qty > 0 for each in slices)
    assert list(slices) == sorted(slices, key=lambda each: each.at)
    sizes = [each.qty for each in slices[:-1]]
    assert not sizes or max(sizes) - min(sizes) <= lot


@given(QTY, st.sampled_from([D(1), D(10), D("0.01")]), st.lists(st.integers(0, 10**6), min_size=1, max_size=13))
def test_vwap_adds_up_whatever_the_curve(qty, lot, volumes):
    curve = [VolumeSlice(HALF_HOUR * number, HALF_HOUR * (number + 1), D(each)) for number, each in enumerate(volumes)]
    if not any(volumes):
        return
    slices = vwap.schedule(qty, lot, SESSION, SESSION.opens_at, SESSION.closes_at, curve)
    assert sum(each.qty for each in slices) == qty
    assert all(each.qty > 0 for each in slices)
