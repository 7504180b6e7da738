from datetime import timedelta
from decimal import Decimal

import pytest

from domain.errors import ConfigurationError, DataQualityError, SourceUnavailable
from domain.market import EventKind, MarketEvent, Timeframe
from policies.limits import BY_NAME
from tests.builders.market import (
    AAPL,
    MSFT,
    NOON,
    TableMarket,
    WeekdayCalendar,
    a_bar,
    a_quote,
    a_session,
    at,
    daily_bars,
)
from trading.data.view import EVENTS_AHEAD, average_daily_volume, average_true_range, market_view

BARS = daily_bars(range(100, 130))


def viewed(market, *, bars=None, timeframe=Timeframe.DAY_1, as_of=NOON, missing=None):
    given = {AAPL: BARS, MSFT: daily_bars(range(200, 230), MSFT)} if bars is None else bars
    return market_view(
        market,
        WeekdayCalendar(),
        [AAPL, MSFT],
        as_of=as_of,
        timeframe=timeframe,
        bars=given,
        report=[].append if missing is None else missing.append,
    )


def test_a_view_holds_what_the_source_tells():
    market = TableMarket(quotes={AAPL: a_quote(), MSFT: a_quote(MSFT)}, halted=frozenset({MSFT}))
    view = viewed(market)
    apple, other = view.symbols[AAPL], view.symbols[MSFT]

    assert (view.at, view.calendar, view.session) == (NOON, "WEEK", a_session())
    assert apple.quote == a_quote()
    assert apple.instrument is not None
    assert apple.status is not None
    assert apple.status.halted is False
    assert other.status is not None
    assert other.status.halted is True
    assert (apple.last_bar_end, apple.timeframe) == (at("2026-03-16T20:00"), Timeframe.DAY_1)
    assert (apple.atr, apple.adv_shares) == (Decimal("3.000000"), Decimal(1_000_000))


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(SourceUnavailable("the table is away"), id="source_away"),
        pytest.param(DataQualityError("the table answers rubbish"), id="source_answers_rubbish"),
    ],
)
def test_a_failing_symbol_is_unknown_and_told_and_stops_no_other(error):
    missing: list[str] = []
    market = TableMarket(quotes={AAPL: a_quote(), MSFT: a_quote(MSFT)}, failing={AAPL: error})
    view = viewed(market, bars={MSFT: BARS}, missing=missing)
    apple = view.symbols[AAPL]

    assert (apple.instrument, apple.quote, apple.status, apple.last_bar_end, apple.atr) == (None,) * 5
    assert (apple.events, apple.event_kinds) == ((), frozenset())
    assert view.symbols[MSFT].quote is not None
    assert view.symbols[MSFT].event_kinds == frozenset(EventKind)
    assert len(missing) == 4
    assert f"table: instrument of AAPL: {error}" in missing


def test_an_error_that_is_not_the_sources_is_not_hidden():
    market = TableMarket(failing={AAPL: ConfigurationError("the key is wrong")})

    with pytest.raises(ConfigurationError):
        viewed(market)


def test_a_closed_market_has_no_session():
    assert viewed(TableMarket(), as_of=at("2026-03-15T15:00")).session is None


def test_events_of_the_next_week_are_seen():
    report = MarketEvent(AAPL, EventKind.EARNINGS, NOON - timedelta(days=28), NOON + timedelta(days=7))
    later = MarketEvent(AAPL, EventKind.EARNINGS, NOON, NOON + timedelta(days=7, seconds=1))

    assert viewed(TableMarket(scheduled=(report, later))).symbols[AAPL].events == (report,)


def test_events_are_asked_for_as_far_ahead_as_any_blackout_reaches():
    assert timedelta(hours=int(BY_NAME["earnings_blackout_h"].high)) <= EVENTS_AHEAD


def test_a_view_is_complete_in_the_kinds_that_its_source_tells_of():
    market = TableMarket(event_kinds=frozenset({EventKind.SPLIT}))

    assert viewed(market).symbols[AAPL].event_kinds == {EventKind.SPLIT}


def test_shorter_bars_take_the_daily_volume_from_the_source():
    hours = tuple(
        a_bar(timeframe=Timeframe.HOUR_1, start=bar.start, end=bar.start + timedelta(hours=1), volume=5) for bar in BARS
    )
    view = viewed(TableMarket(series={AAPL: BARS}), bars={AAPL: hours}, timeframe=Timeframe.HOUR_1)

    assert view.symbols[AAPL].adv_shares == 1_000_000
    assert view.symbols[MSFT].adv_shares is None


@pytest.mark.parametrize(
    ("bars", "expected"),
    [
        pytest.param(daily_bars([100] * 14), None, id="fourteen_bars"),
        pytest.param(daily_bars([100] * 15), Decimal("2.000000"), id="fifteen_bars"),
        pytest.param(
            (*daily_bars([100] * 15), a_bar(open="101", high="104.80", low="100", close="104")),
            Decimal("2.200000"),
            id="worked_number",
        ),
        pytest.param(
            (*daily_bars([100] * 15), a_bar(open="90", high="90", low="88", close="89")),
            Decimal("2.714286"),
            id="a_gap_counts_from_the_close_before",
        ),
    ],
)
def test_average_true_range_after_wilder(bars, expected):
    assert average_true_range(bars) == expected


@pytest.mark.parametrize(
    ("count", "expected"), [(19, None), (20, Decimal(300)), (25, Decimal(300))], ids=["too_few", "just_enough", "more"]
)
def test_average_daily_volume_of_twenty_bars(count, expected):
    assert average_daily_volume(daily_bars([100] * count, volume=300)) == expected
