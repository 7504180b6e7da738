import logging
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import yfinance.exceptions

from domain.clock import FixedClock, parse_time
from domain.errors import ConfigurationError, DataQualityError, SourceUnavailable
from domain.market import AssetClass, EventKind, Symbol, Timeframe
from tests.builders.vendors import AAPL, DAY, MSFT, NOW, OPENING, a_chart, payload, recorded
from tests.servers.yahoo import yahoo as yahoo_server
from trading.data.yahoo_bars import YahooBars, YahooConfig, modelled_quote, parse_instrument, translated

MINUTE = timedelta(minutes=1)
DAYS = [OPENING - 4 * DAY, OPENING - 3 * DAY, OPENING, OPENING + DAY]


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory):
    """One for the session: yfinance opens its cache once in a process."""
    return tmp_path_factory.mktemp("yfinance")


@pytest.fixture
def a_market(cache_dir):
    def make(server, *, now=NOW, **changes):
        fields = {"symbols": (MSFT, AAPL), "cache_dir": cache_dir, "base_url": server.url, "timeout_s": 5.0}
        return YahooBars(YahooConfig(**(fields | changes)), FixedClock(now))

    return make


@pytest.mark.parametrize(
    ("as_of", "limit", "closes"),
    [
        (NOW, 10, ["100", "101", "102"]),
        (parse_time("2026-03-17T20:00:00Z"), 10, ["100", "101", "102", "103"]),
        (parse_time("2026-03-16T19:59:59Z"), 10, ["100", "101"]),
        (NOW, 1, ["102"]),
        (NOW, 0, []),
    ],
    ids=["during_the_session", "at_the_close", "just_before_a_close", "limited", "none_wanted"],
)
def test_daily_bars_have_ended_by_as_of(a_market, as_of, limit, closes):
    with yahoo_server({"AAPL": a_chart(DAYS, [100, 101, 102, 103])}) as server:
        found = a_market(server).bars(AAPL, Timeframe.DAY_1, as_of=as_of, limit=limit)
    assert [bar.close for bar in found] == [Decimal(close) for close in closes]


def test_bars_inside_the_day_begin_and_end_where_they_should(a_market):
    starts = [OPENING + place * MINUTE for place in range(4)]
    with yahoo_server({"AAPL": a_chart(starts, [100.0, 101.0, 102.0, 103.0], interval="1m")}) as server:
        found = a_market(server).bars(AAPL, Timeframe.MIN_1, as_of=OPENING + 3 * MINUTE, limit=2)
    assert [(bar.start, bar.end) for bar in found] == [
        (OPENING + MINUTE, OPENING + 2 * MINUTE),
        (OPENING + 2 * MINUTE, OPENING + 3 * MINUTE),
    ]


def test_prices_are_rounded_to_the_digits_yahoo_stores(a_market):
    with yahoo_server({"AAPL": a_chart([OPENING], [75.0875015258789])}) as server:
        (bar,) = a_market(server).bars(AAPL, Timeframe.DAY_1, as_of=NOW, limit=5)
    assert (bar.open, bar.close) == (Decimal("74.0875"), Decimal("75.0875"))


def test_broken_rows_are_left_out_and_the_log_says_so(a_market, caplog):
    chart = a_chart(DAYS, [100, None, 102, 103])
    chart["chart"]["result"][0]["indicators"]["quote"][0]["high"][0] = 1.0
    with yahoo_server({"AAPL": chart}) as server, caplog.at_level(logging.WARNING):
        found = a_market(server).bars(AAPL, Timeframe.DAY_1, as_of=NOW, limit=5)
    assert [bar.close for bar in found] == [102]
    assert "1 broken bars of AAPL left out" in caplog.text


@pytest.mark.parametrize(("now", "timeframe"), [(NOW, "1m"), (NOW + 30 * DAY, "1d")], ids=["recent", "long_ago"])
def test_a_quote_is_modelled_around_the_last_bar_and_says_so(a_market, now, timeframe):
    starts = [NOW - 2 * MINUTE] if timeframe == "1m" else [OPENING]
    with yahoo_server({"AAPL": a_chart(starts, [100.0], interval=timeframe)}) as server:
        quote = a_market(server, now=now).quote(AAPL, as_of=NOW)
    assert quote is not None
    assert (quote.bid, quote.ask, quote.last) == (Decimal("99.95"), Decimal("100.05"), 100)
    assert quote.modelled
    assert quote.at == (NOW - MINUTE if timeframe == "1m" else parse_time("2026-03-16T20:00:00Z"))


def test_past_splits_and_dividends_are_known_from_their_day_on(a_market):
    day = str(int(OPENING.timestamp()))
    events = {
        "dividends": {day: {"amount": 0.26, "date": int(day)}},
        "splits": {day: {"date": int(day), "numerator": 4, "denominator": 1, "splitRatio": "4:1"}},
    }
    with yahoo_server({"AAPL": a_chart(DAYS[:3], [100, 101, 102], events=events)}) as server:
        found = a_market(server).events(AAPL, as_of=NOW, until=NOW + 7 * DAY)
    assert [(event.kind, event.figure) for event in found] == [
        (EventKind.DIVIDEND, Decimal("0.26")),
        (EventKind.SPLIT, 4),
    ]
    assert all(event.announced_at == event.effective_at <= NOW for event in found)


def test_it_lists_what_it_was_told_and_knows_of_no_halts(a_market):
    with yahoo_server({}) as server:
        market = a_market(server)
        assert market.symbols() == (AAPL, MSFT)
        assert market.status(AAPL, as_of=NOW) is None
    assert server.requests == []


@pytest.mark.parametrize(
    ("meta", "expected"),
    [
        ({"instrumentType": "EQUITY", "currency": "USD", "longName": "Orchard"}, (AssetClass.EQUITY, "USD")),
        ({"instrumentType": "ETF", "currency": "USD"}, (AssetClass.ETF, "USD")),
        ({"instrumentType": "CRYPTOCURRENCY", "currency": "USD"}, (AssetClass.CRYPTO, "USD")),
        ({"instrumentType": "EQUITY", "currency": "GBp"}, (AssetClass.EQUITY, "GBp")),
        ({"instrumentType": "CURRENCY", "currency": "USD"}, None),
        ({"instrumentType": "EQUITY", "currency": None}, None),
        ({}, None),
    ],
    ids=["stock", "fund", "coin", "pence_are_not_pounds", "currency_pair", "no_currency", "nothing"],
)
def test_an_instrument_is_what_the_metadata_says(meta, expected):
    instrument = parse_instrument(meta, AAPL)
    assert (instrument and (instrument.asset_class, instrument.currency)) == expected


def test_the_instrument_comes_through_the_chart(a_market):
    with yahoo_server({"AAPL": a_chart(DAYS, [100, 101, 102, 103])}) as server:
        instrument = a_market(server).instrument(AAPL)
    assert instrument is not None
    assert (instrument.name, instrument.currency) == ("Orchard Corp.", "USD")


@pytest.mark.parametrize(
    ("mood", "meaning"),
    [(401, DataQualityError), (404, DataQualityError), (429, SourceUnavailable), (500, SourceUnavailable),
     (503, SourceUnavailable), ("garbage", DataQualityError), ("empty", DataQualityError), ("deep", DataQualityError)],
)  # fmt: skip
def test_every_way_to_fail_has_an_error_of_ours(a_market, mood, meaning):
    with yahoo_server({"AAPL": a_chart(DAYS, [100, 101, 102, 103])}) as server:
        server.mood = mood
        with pytest.raises(meaning):
            a_market(server).bars(AAPL, Timeframe.DAY_1, as_of=NOW, limit=5)


def test_a_silent_server_ends_in_a_timeout(a_market):
    with yahoo_server({}) as server:
        server.mood = "hang"
        with pytest.raises(SourceUnavailable, match="Timeout"):
            a_market(server, timeout_s=0.2).bars(AAPL, Timeframe.DAY_1, as_of=NOW, limit=5)


@pytest.mark.parametrize(
    "chart",
    [
        a_chart([], []),
        {"chart": {"result": [], "error": None}},
        {"chart": {"result": None, "error": {"code": "Not Found", "description": "gone"}}},
        {"chart": None},
        {},
    ],
    ids=["no_rows", "no_result", "error", "null", "nothing"],
)
def test_no_bars_are_an_error_not_silence(a_market, chart):
    with yahoo_server({"AAPL": chart}) as server, pytest.raises(DataQualityError):
        a_market(server).bars(AAPL, Timeframe.DAY_1, as_of=NOW, limit=5)


def test_an_unknown_symbol_is_an_error(a_market):
    with yahoo_server({}) as server, pytest.raises(DataQualityError):
        a_market(server).bars(Symbol("NOBODY"), Timeframe.DAY_1, as_of=NOW, limit=5)


def test_a_refusal_is_not_remembered(a_market):
    with yahoo_server({"AAPL": a_chart(DAYS, [100, 101, 102, 103])}) as server:
        market = a_market(server)
        server.mood = 404
        with pytest.raises(DataQualityError):
            market.bars(AAPL, Timeframe.DAY_1, as_of=NOW, limit=5)
        server.mood = "well"
        assert len(market.bars(AAPL, Timeframe.DAY_1, as_of=NOW, limit=5)) == 3


MEANING = {
    "YFException": DataQualityError,
    "YFDataException": DataQualityError,
    "YFNotImplementedError": DataQualityError,
    "YFTickerMissingError": DataQualityError,
    "YFTzMissingError": DataQualityError,
    "YFPricesMissingError": DataQualityError,
    "YFEarningsDateMissing": DataQualityError,
    "YFInvalidPeriodError": DataQualityError,
    "YFRateLimitError": SourceUnavailable,
}


def test_every_exception_of_yfinance_has_a_meaning():
    kinds = [each for each in vars(yfinance.exceptions).values() if isinstance(each, type)]
    assert {kind.__name__: type(translated(Exception.__new__(kind))) for kind in kinds} == MEANING


@pytest.mark.parametrize("changes", [{"base_url": "nowhere"}, {"base_url": "file:///tmp"}], ids=["no_scheme", "file"])
def test_an_address_that_is_none_stops_the_start(a_market, changes):
    with yahoo_server({}) as server, pytest.raises(ConfigurationError):
        a_market(server, **changes)


def test_a_cache_folder_that_cannot_be_made_stops_the_start(a_market, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with yahoo_server({}) as server, pytest.raises(ConfigurationError, match="cannot be made"):
        a_market(server, cache_dir=tmp_path / "file" / "cache")


def test_the_documented_form_is_read(a_market):
    with yahoo_server({"AAPL": payload("yahoo_chart.json")}) as server:
        found = a_market(server).bars(AAPL, Timeframe.DAY_1, as_of=NOW, limit=5)
    assert [(bar.start.date().isoformat(), bar.close, bar.volume) for bar in found] == [
        ("2026-03-13", Decimal("251.2"), 40112233),
        ("2026-03-16", Decimal("252.125"), 38000001),
    ]
    assert modelled_quote(found[-1], Decimal(0)).bid == Decimal("252.125")


def test_recorded_charts_are_read(a_market):
    rows = recorded("payloads/yahoo/chart.jsonl")
    charts = [row["payload"]["response"]["bodyJson"] for row in rows]
    usable = [chart for chart in charts if chart["chart"]["result"][0].get("timestamp")]
    assert len(usable) >= 10
    for place, chart in enumerate(usable):
        symbol, result = Symbol(f"REC{place}"), chart["chart"]["result"][0]
        as_of = datetime.fromtimestamp(result["timestamp"][-1], UTC) + 2 * DAY
        with yahoo_server({symbol: chart}) as server:
            found = a_market(server).bars(symbol, Timeframe.DAY_1, as_of=as_of, limit=5)
        closes = [close for close in result["indicators"]["quote"][0]["close"] if close is not None]
        assert [float(bar.close) for bar in found] == pytest.approx(closes, rel=1e-6)
