from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from domain.case import MarketView, SymbolView
from domain.errors import ConfigurationError, DataQualityError, SourceUnavailable
from domain.market import EventKind, MarketEvent, Symbol, Timeframe
from domain.record.canonical import plain, restore
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
    market = TableMarket(kinds=frozenset({EventKind.SPLIT}))

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


INDEX = Symbol("SPY")
WAVE = [100 + (place * 37) % 11 for place in range(80)]
LONG = {AAPL: daily_bars(WAVE), MSFT: daily_bars([300 - close for close in WAVE], MSFT)}
LEADING = daily_bars([close * 5 for close in WAVE], INDEX)


def a_long_view(bars=LONG, *, index=LEADING, partners=None, quotes=None, **market):
    source = TableMarket(
        quotes={AAPL: a_quote(), MSFT: a_quote(MSFT)} if quotes is None else quotes,
        series={INDEX: index},
        index=INDEX,
        **market,
    )
    return market_view(
        source,
        WeekdayCalendar(),
        [AAPL, MSFT],
        as_of=NOON,
        timeframe=Timeframe.DAY_1,
        bars=bars,
        report=list[str]().append,
        partners=partners,
    )


def test_statistics_of_the_daily_bars_are_in_the_view():
    view = a_long_view()
    apple, other = view.symbols[AAPL], view.symbols[MSFT]

    assert (apple.beta, apple.correlations.keys()) == (1, {MSFT})
    assert apple.correlations[MSFT] == other.correlations[AAPL] < Decimal("-0.9")
    assert apple.daily_sigma > 0
    assert apple.sigma_now not in (None, apple.daily_sigma)
    assert (apple.recent_volume, apple.bar_fault) == (1_000_000, "")


def test_nothing_after_the_moment_is_seen_even_where_a_source_hands_it_out():
    now, ahead = a_long_view(), a_session("2026-03-17")
    crash = {"start": ahead.opens_at, "end": ahead.closes_at, "open": "1", "high": "1", "low": "1", "close": "1"}
    leaky = {symbol: (*bars, replace(a_bar(symbol, volume="1"), **a_few(crash))) for symbol, bars in LONG.items()}

    assert a_long_view(leaky, index=(*LEADING, a_bar(INDEX, **crash))) == now


def a_few(prices):
    return {name: Decimal(value) if isinstance(value, str) else value for name, value in prices.items()}


def test_the_view_is_stored_and_read_back_whole():
    view = a_long_view()
    assert restore(MarketView, plain(view)) == view


def test_correlations_with_what_money_is_in_are_enough_for_a_wide_look():
    view = a_long_view(partners={MSFT})
    assert view.symbols[AAPL].correlations == a_long_view().symbols[AAPL].correlations
    assert view.symbols[MSFT].correlations == {}


@pytest.mark.parametrize(
    ("quote", "expected"),
    [
        pytest.param(a_quote(INDEX, bid="484.99", ask="485.01"), "-3", id="three_percent_down"),
        pytest.param(a_quote(INDEX, bid="484.99", ask="485.01", at=at("2026-03-16T19:59")), None, id="stale"),
        pytest.param(a_quote(INDEX, bid="484.99", ask="485.01", at=NOON + timedelta(seconds=1)), None, id="future"),
        pytest.param(None, None, id="no_quote"),
    ],
)
def test_the_index_is_compared_with_its_close_before(quote, expected):
    last = (*LEADING[:-1], replace(LEADING[-1], close=Decimal(500), high=Decimal(600)))
    view = a_long_view(index=last, quotes={} if quote is None else {INDEX: quote})
    assert view.index_move_pct == (None if expected is None else Decimal(expected))


def test_an_index_that_does_not_answer_is_told_and_unknown_and_stops_nothing():
    missing: list[str] = []
    market = TableMarket(
        quotes={AAPL: a_quote(), MSFT: a_quote(MSFT)}, failing={INDEX: SourceUnavailable("away")}, index=INDEX
    )
    view = viewed(market, bars=LONG, missing=missing)

    assert missing == ["table: daily bars of SPY: away", "table: quote of SPY: away"]
    assert (view.index_move_pct, view.symbols[AAPL].beta) == (None, None)
    assert view.symbols[AAPL].correlations


def test_a_source_without_an_index_is_asked_for_none():
    missing: list[str] = []
    view = viewed(TableMarket(quotes={AAPL: a_quote(), MSFT: a_quote(MSFT)}), bars=LONG, missing=missing)
    assert (view.index_move_pct, view.symbols[AAPL].beta, missing) == (None, None, [])


def test_an_index_among_the_symbols_is_not_asked_for_twice():
    class Counting(TableMarket):
        def bars(self, symbol, timeframe, *, as_of, limit):
            raise AssertionError(f"bars of {symbol} are there already")

    view = viewed(Counting(quotes={AAPL: a_quote(), MSFT: a_quote(MSFT)}, index=AAPL), bars=LONG)
    assert view.symbols[AAPL].beta == 1


def test_the_gap_is_that_of_the_session_at_hand():
    bars = (*LONG[AAPL][:-1], replace(LONG[AAPL][-1], close=Decimal(80), low=Decimal(80)))
    view = a_long_view({AAPL: bars, MSFT: LONG[MSFT][:-1]})

    assert view.symbols[AAPL].gap_pct == 25
    assert view.symbols[MSFT].gap_pct is None
    assert view.symbols[MSFT].bar_fault == "session of 2026-03-16: no bar"
    assert viewed(TableMarket(), bars=LONG, as_of=at("2026-03-17T21:00")).symbols[AAPL].gap_pct is None


def test_of_a_symbol_without_bars_all_of_it_is_unknown():
    view = a_long_view({AAPL: LONG[AAPL]}).symbols[MSFT]
    assert view == SymbolView(
        instrument=view.instrument,
        quote=view.quote,
        status=view.status,
        timeframe=Timeframe.DAY_1,
        event_kinds=frozenset(EventKind),
        correlations={},
    )


def test_the_next_session_follows_the_one_at_hand():
    assert viewed(TableMarket()).next_session == a_session("2026-03-18")
    assert viewed(TableMarket(), as_of=at("2026-03-20T20:00")).next_session == a_session("2026-03-23")
    assert viewed(TableMarket(), as_of=at("2026-03-20T13:29")).next_session == a_session("2026-03-20")


def test_shorter_bars_take_their_statistics_from_daily_ones_of_the_source():
    hours = tuple(
        a_bar(timeframe=Timeframe.HOUR_1, start=bar.start, end=bar.start + timedelta(hours=1), volume=5) for bar in BARS
    )
    view = viewed(TableMarket(series=LONG), bars={AAPL: hours}, timeframe=Timeframe.HOUR_1).symbols[AAPL]

    daily = a_long_view().symbols[AAPL]
    assert (view.daily_sigma, view.correlations) == (daily.daily_sigma, daily.correlations)
    assert view.recent_volume == 5
