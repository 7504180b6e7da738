import itertools
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.market import EventKind, MarketInput, Symbol, Timeframe
from domain.record.canonical import digest
from tests.builders.market import at, known
from trading.data.calendar import ExchangeCalendar
from trading.data.simulated.universe import COMPANIES
from trading.data.simulated_market import SimulatedMarket
from trading.features.cross_asset import statistics_of

CALENDAR = ExchangeCalendar()
MARKET = SimulatedMarket(7, CALENDAR)
NOON = at("2026-03-17T15:00")
HEXAR, KORVA, NIMBO, PELMA, ZEPHY = (Symbol(name) for name in ("HEXAR", "KORVA", "NIMBO", "PELMA", "ZEPHY"))
SPLIT_OPENING = at("2025-09-15T13:30")
RATIOS = {
    symbol: (opening, event.figure or 1)
    for symbol, opening in ((HEXAR, SPLIT_OPENING), (ZEPHY, at("2026-06-15T13:30")))
    for event in MARKET.events(symbol, as_of=opening, until=opening)
    if event.kind is EventKind.SPLIT
}
MOMENTS = st.datetimes(datetime(2025, 1, 2), datetime(2026, 10, 31), timezones=st.just(UTC))  # noqa: DTZ001
SYMBOLS = st.sampled_from(MARKET.symbols())
TIMEFRAMES = st.sampled_from([Timeframe.MIN_15, Timeframe.HOUR_1, Timeframe.DAY_1])


def test_the_market_of_seed_seven_is_what_it_always_was():
    """Recorded answers of models are found by their prompts, and those quote these prices."""
    daily = [MARKET.bars(symbol, Timeframe.DAY_1, as_of=NOON, limit=300) for symbol in MARKET.symbols()]
    fine = [MARKET.bars(symbol, Timeframe.MIN_15, as_of=NOON, limit=60) for symbol in MARKET.symbols()]
    quotes = [MARKET.quote(symbol, as_of=NOON) for symbol in MARKET.symbols()]

    assert digest([daily, fine, quotes]) == "dec60f670980c101de2443095b8e3956e4299fbc3e97689c9d97cf308f15a2b9"


def test_another_seed_is_another_market():
    other = SimulatedMarket(8, CALENDAR)

    assert other.bars(NIMBO, Timeframe.DAY_1, as_of=NOON, limit=5) != MARKET.bars(
        NIMBO, Timeframe.DAY_1, as_of=NOON, limit=5
    )


@given(symbol=SYMBOLS, timeframe=TIMEFRAMES, earlier=MOMENTS, wait=st.timedeltas(timedelta(), timedelta(days=30)))
def test_what_was_known_stays_as_it_was(symbol, timeframe, earlier, wait):
    later = earlier + wait
    then = MARKET.bars(symbol, timeframe, as_of=earlier, limit=40)
    now = [bar for bar in MARKET.bars(symbol, timeframe, as_of=later, limit=700) if bar.end <= earlier][-40:]
    ratio = RATIOS[symbol][1] if symbol in RATIOS and earlier < RATIOS[symbol][0] <= later else 1

    assert [(bar.start, bar.end) for bar in now] == [(bar.start, bar.end) for bar in then]
    assert [bar.close * ratio for bar in now] == [bar.close for bar in then]
    assert [bar.volume for bar in now] == [bar.volume * ratio for bar in then]


@given(symbol=SYMBOLS, timeframe=TIMEFRAMES, moment=MOMENTS, limit=st.integers(0, 40))
def test_only_ended_bars_are_known_whatever_was_asked_before(symbol, timeframe, moment, limit):
    fresh = SimulatedMarket(7, CALENDAR) if moment < at("2025-02-15T00:00") else MARKET
    bars = fresh.bars(symbol, timeframe, as_of=moment, limit=limit)

    assert len(bars) <= limit
    assert all(bar.end <= moment for bar in bars)
    assert all(before.end <= after.start for before, after in itertools.pairwise(bars))
    assert all(bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high for bar in bars)
    assert bars == MARKET.bars(symbol, timeframe, as_of=moment, limit=limit)


@given(symbol=SYMBOLS, moment=MOMENTS)
def test_every_timeframe_tells_the_same_day(symbol, moment):
    (day,) = MARKET.bars(symbol, Timeframe.DAY_1, as_of=moment, limit=1) or (None,)
    if day is None:
        return
    for timeframe in (Timeframe.MIN_15, Timeframe.HOUR_1):
        parts = [bar for bar in MARKET.bars(symbol, timeframe, as_of=day.end, limit=26) if bar.start >= day.start]
        whole = (parts[0].open, max(b.high for b in parts), min(b.low for b in parts), parts[-1].close)
        seen_at_close = MARKET.bars(symbol, Timeframe.DAY_1, as_of=day.end, limit=1)[0]

        assert whole == (seen_at_close.open, seen_at_close.high, seen_at_close.low, seen_at_close.close)
        assert sum(bar.volume for bar in parts) == seen_at_close.volume


@given(symbol=SYMBOLS, moment=MOMENTS)
def test_a_quote_is_of_now_or_older_and_inside_the_bar_it_belongs_to(symbol, moment):
    quote = MARKET.quote(symbol, as_of=moment)
    if quote is None:
        assert moment < at("2025-01-02T14:30")
        return

    assert quote.at <= moment
    assert quote.bid <= quote.last <= quote.ask
    assert quote.bid < quote.ask
    covering = MARKET.bars(symbol, Timeframe.MIN_15, as_of=quote.at + timedelta(minutes=15), limit=2)
    around = [bar for bar in covering if bar.start <= quote.at <= bar.end]
    if moment.date() < at("2025-09-15T00:00").date() or symbol not in (HEXAR, ZEPHY):
        assert any(bar.low <= quote.last <= bar.high for bar in around)


@pytest.mark.parametrize(
    ("moment", "quoted_at"),
    [
        pytest.param("2026-03-17T15:00:00", "2026-03-17T15:00:00", id="inside_a_session"),
        pytest.param("2026-03-17T15:00:01.700", "2026-03-17T15:00:01", id="to_the_second"),
        pytest.param("2026-03-17T13:30:00", "2026-03-17T13:30:00", id="at_the_opening"),
        pytest.param("2026-03-17T13:29:59", "2026-03-16T20:00:00", id="before_the_opening"),
        pytest.param("2026-03-17T20:00:00", "2026-03-17T20:00:00", id="at_the_close"),
        pytest.param("2026-03-15T12:00:00", "2026-03-13T20:00:00", id="on_a_sunday"),
        pytest.param("2025-11-28T20:00:00", "2025-11-28T18:00:00", id="after_an_early_close"),
        pytest.param("2026-12-01T15:00:00", "2026-10-30T20:00:00", id="after_the_end_of_simulated_time"),
    ],
)
def test_a_quote_carries_the_time_it_was_made(moment, quoted_at):
    quote = MARKET.quote(NIMBO, as_of=at(moment))

    assert quote is not None
    assert quote.at == at(quoted_at)


def test_the_closing_quote_is_the_price_of_the_close():
    (day,) = MARKET.bars(KORVA, Timeframe.DAY_1, as_of=at("2026-03-16T20:00"), limit=1)
    quote = MARKET.quote(KORVA, as_of=at("2026-03-17T09:00"))

    assert quote is not None
    assert quote.last == day.close


@pytest.mark.parametrize(
    ("day", "closes", "steps"),
    [
        pytest.param("2025-11-26", "2025-11-26T21:00", 26, id="full_day"),
        pytest.param("2025-11-28", "2025-11-28T18:00", 14, id="day_after_thanksgiving"),
        pytest.param("2025-12-24", "2025-12-24T18:00", 14, id="christmas_eve"),
    ],
)
def test_a_session_has_the_steps_of_its_hours(day, closes, steps):
    fine = MARKET.bars(NIMBO, Timeframe.MIN_15, as_of=at(closes), limit=40)
    hours = MARKET.bars(NIMBO, Timeframe.HOUR_1, as_of=at(closes), limit=10)

    assert sum(bar.start.date().isoformat() == day for bar in fine) == steps
    assert hours[-1].end == at(closes)
    assert hours[-1].end - hours[-1].start == timedelta(minutes=30)


def test_the_day_is_unknown_until_its_close():
    before = MARKET.bars(NIMBO, Timeframe.DAY_1, as_of=at("2026-03-17T19:59:59"), limit=1)
    after = MARKET.bars(NIMBO, Timeframe.DAY_1, as_of=at("2026-03-17T20:00:00"), limit=1)

    assert before[0].end == at("2026-03-16T20:00")
    assert after[0].end == at("2026-03-17T20:00")


def test_a_split_is_seen_from_its_opening_on():
    night = SPLIT_OPENING - timedelta(seconds=1)
    (before,) = MARKET.bars(HEXAR, Timeframe.DAY_1, as_of=night, limit=1)
    (after,) = MARKET.bars(HEXAR, Timeframe.DAY_1, as_of=SPLIT_OPENING, limit=1)
    quote = MARKET.quote(HEXAR, as_of=SPLIT_OPENING)

    assert (after.start, after.close, after.volume) == (before.start, before.close / 4, before.volume * 4)
    assert before.close > 700
    assert quote is not None
    assert abs(quote.last / after.close - 1) < Decimal("0.06")


@pytest.mark.parametrize(
    ("as_of", "known"),
    [
        pytest.param("2025-08-25T13:29", False, id="before_it_is_announced"),
        pytest.param("2025-08-25T13:30", True, id="three_weeks_before"),
        pytest.param("2025-09-22T13:30", True, id="a_week_after"),
        pytest.param("2025-09-22T13:31", False, id="more_than_a_week_after"),
    ],
)
def test_a_split_is_announced_three_weeks_before(as_of, known):
    events = MARKET.events(HEXAR, as_of=at(as_of), until=at("2025-09-30T00:00"))

    assert any(event.kind is EventKind.SPLIT and event.figure == 4 for event in events) is known


def test_a_dividend_leaves_the_price_at_the_opening_of_its_day():
    """Over all ex-days the gap of the insurer is lower than its usual one by about the 71 cents that are paid."""
    marlo = Symbol("MARLO")
    bars = MARKET.bars(marlo, Timeframe.DAY_1, as_of=at("2026-10-31T00:00"), limit=1000)
    paid = {
        event.effective_at: event.figure
        for bar in bars
        for event in MARKET.events(marlo, as_of=bar.start, until=bar.start)
        if event.kind is EventKind.DIVIDEND
    }
    gaps = [after.open - before.close for before, after in itertools.pairwise(bars) if after.start in paid]

    assert set(paid.values()) == {Decimal("0.71")}
    assert len(gaps) == 7
    assert Decimal("0.3") < -sum(gaps) / len(gaps) < Decimal("1.1")


def test_reports_and_releases_are_on_the_calendar_before_they_happen():
    events = MARKET.events(Symbol("TARQU"), as_of=NOON - timedelta(days=1), until=NOON + timedelta(days=7))

    assert [(event.kind, event.symbol, event.effective_at) for event in events] == [
        (EventKind.MACRO, None, at("2026-03-10T12:30")),
        (EventKind.EARNINGS, "TARQU", at("2026-03-17T20:15")),
        (EventKind.MACRO, None, at("2026-03-23T18:00")),
    ]
    assert all(event.announced_at < NOON for event in events)


@pytest.mark.parametrize(
    ("moment", "halted"),
    [
        pytest.param("2026-02-11T14:59:59", False, id="one_second_before"),
        pytest.param("2026-02-11T15:00:00", True, id="at_its_begin"),
        pytest.param("2026-02-11T15:59:59", True, id="at_its_end"),
        pytest.param("2026-02-11T16:00:00", False, id="reopened"),
    ],
)
def test_a_halt_stops_trading_for_its_steps(moment, halted):
    status = MARKET.status(ZEPHY, as_of=at(moment))

    assert status is not None
    assert (status.halted, status.reason) == (halted, "news pending" if halted else "")


def test_a_halt_has_no_bars_and_an_old_quote():
    fine = MARKET.bars(ZEPHY, Timeframe.MIN_15, as_of=at("2026-02-11T16:15"), limit=2)
    quote = MARKET.quote(ZEPHY, as_of=at("2026-02-11T15:40"))

    assert [bar.start for bar in fine] == [at("2026-02-11T14:45"), at("2026-02-11T16:00")]
    assert quote is not None
    assert (quote.at, quote.last) == (at("2026-02-11T15:00"), fine[0].close)


def test_halts_come_unscripted_too():
    days = [session.opens_at for session in CALENDAR.sessions(at("2025-01-02T00:00"), at("2025-12-31T00:00"))]
    steps = [timedelta(minutes=15 * number) for number in range(12)]
    halted = {
        (symbol, day) for symbol in MARKET.symbols() for day in days for step in steps
        if (status := MARKET.status(symbol, as_of=day + step)) is not None and status.halted
    }  # fmt: skip

    assert 5 < len(halted) < 40


@pytest.mark.parametrize(
    ("symbol", "least_bp", "most_bp"),
    [("NIMBO", 2, 8), ("ZEPHY", 8, 20), ("GLIMR", 50, 70)],
)
def test_the_spread_is_that_of_the_company(symbol, least_bp, most_bp):
    quote = MARKET.quote(Symbol(symbol), as_of=NOON)

    assert quote is not None
    assert least_bp < (quote.ask - quote.bid) / quote.mid * 10_000 < most_bp
    assert quote.bid_size is not None
    assert quote.bid_size >= 100


def test_the_companies_differ_in_sector_price_and_lot():
    known = [instrument for symbol in MARKET.symbols() if (instrument := MARKET.instrument(symbol)) is not None]

    assert len(known) == 12
    assert len({instrument.sector for instrument in known}) >= 6
    assert {instrument.lot for instrument in known} == {1, 10}


def test_what_is_unknown_is_none_or_nothing():
    stranger, early = Symbol("AAPL"), at("2025-01-02T14:29")

    assert MARKET.bars(stranger, Timeframe.DAY_1, as_of=NOON, limit=5) == ()
    assert MARKET.bars(NIMBO, Timeframe.MIN_5, as_of=NOON, limit=5) == ()
    assert MARKET.bars(NIMBO, Timeframe.DAY_1, as_of=early, limit=5) == ()
    assert MARKET.instrument(stranger) is None
    assert MARKET.quote(stranger, as_of=NOON) is None
    assert MARKET.quote(NIMBO, as_of=early) is None
    assert MARKET.status(stranger, as_of=NOON) is None
    assert MARKET.events(stranger, as_of=NOON, until=NOON) == ()


def test_every_company_has_what_stands_beside_its_share():
    for symbol in MARKET.symbols():
        share = MARKET.instrument(symbol)
        assert share is not None
        assert share.listed_on is not None
        assert (NOON.date() - share.listed_on).days > 365
        assert known(share.market_cap) > 100_000_000
        assert Decimal("0.25") <= known(share.margin_rate) <= Decimal("0.5")
        assert share.leverage == 1
        assert share.easy_to_borrow is share.shortable


def test_it_supplies_everything_but_a_second_price():
    assert frozenset(get_args(MarketInput)) - MARKET.supplies == {"second_price"}


def test_the_index_has_bars_and_a_quote_and_is_no_instrument():
    index = known(MARKET.index)
    bars = MARKET.bars(index, Timeframe.DAY_1, as_of=NOON, limit=61)

    assert len(bars) == 61
    assert all(bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high for bar in bars)
    assert known(MARKET.quote(index, as_of=NOON)).at == NOON
    assert index not in MARKET.symbols()
    assert (MARKET.instrument(index), MARKET.status(index, as_of=NOON)) == (None, None)
    assert MARKET.events(index, as_of=NOON, until=NOON) == ()


def test_companies_follow_the_index_about_as_much_as_their_beta_says():
    daily = {each: MARKET.bars(each, Timeframe.DAY_1, as_of=NOON, limit=61) for each in MARKET.symbols()}
    found = statistics_of(daily, MARKET.bars(known(MARKET.index), Timeframe.DAY_1, as_of=NOON, limit=61))
    betas = {company.symbol: company.beta / 100 for company in COMPANIES}
    apart = [float(known(found[symbol].beta)) - beta for symbol, beta in betas.items()]

    assert all(known(each.daily_sigma) > 0 for each in found.values())
    assert abs(sum(apart) / len(apart)) < 0.25


def falls(symbol: Symbol) -> list[datetime]:
    """The ends of the sessions in which a share fell by a tenth or more against the close before."""
    bars = MARKET.bars(symbol, Timeframe.DAY_1, as_of=at("2026-10-30T23:00"), limit=1000)
    plain = [pair for pair in itertools.pairwise(bars) if pair[1].start not in SPLITS]
    return [bar.end for before, bar in plain if bar.low <= before.close * Decimal("0.9")]


SPLITS = {SPLIT_OPENING, at("2026-06-15T13:30")}


def test_a_share_that_fell_by_a_tenth_is_restricted_until_the_end_of_the_next_session():
    found = [(symbol, end) for symbol in MARKET.symbols() for end in falls(symbol)]
    assert found

    def restricted(symbol: Symbol, moment: datetime) -> bool | None:
        status = MARKET.status(symbol, as_of=moment)
        return None if status is None else status.short_restricted

    for symbol, end in found:
        session, following = CALENDAR.session_on(end.date()), CALENDAR.session_after(end)
        assert session is not None
        assert following is not None
        again = any(following.closes_at == other for _, other in found)
        assert restricted(symbol, session.opens_at + timedelta(minutes=14)) is False
        assert restricted(symbol, end) is True
        assert restricted(symbol, following.closes_at - timedelta(minutes=1)) is True
        assert restricted(symbol, following.closes_at) is again
    assert restricted(KORVA, NOON) is False


def test_a_split_is_no_fall():
    assert known(MARKET.status(HEXAR, as_of=SPLIT_OPENING + timedelta(hours=1))).short_restricted is False
