from datetime import UTC, datetime, timedelta
from decimal import Decimal

import alpaca.common.exceptions
import pytest

from domain.clock import FixedClock, parse_time
from domain.errors import ConfigurationError, DataQualityError, SourceUnavailable
from domain.market import AssetClass, EventKind, Symbol, Timeframe
from tests.builders.vendors import (
    AAPL,
    DAY,
    DRIPS,
    HELD,
    MSFT,
    NOW,
    OPENING,
    PATIENT,
    an_alpaca_asset,
    an_alpaca_bar,
    an_alpaca_quote,
    an_alpaca_trade,
    patience_with,
    payload,
    recorded,
)
from tests.servers.alpaca import KEY_ID, SECRET_KEY
from tests.servers.alpaca import alpaca as alpaca_server
from trading.data.alpaca_market import (
    AlpacaMarket,
    parse_actions,
    parse_asset,
    parse_bars,
    parse_quote,
    parse_symbols,
)
from trading.data.vendors.alpaca import AlpacaConfig, translated

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
ACTIONS = {
    "forward_splits": [{"symbol": "AAPL", "ex_date": "2026-03-16", "new_rate": 4, "old_rate": 1}],
    "reverse_splits": [{"symbol": "AAPL", "ex_date": "2026-03-13", "new_rate": 1, "old_rate": 50}],
    "cash_dividends": [{"symbol": "AAPL", "ex_date": "2026-03-19", "rate": 0.26}],
}


def a_market(server, *, now=NOW, **changes):
    fields = {"key_id": KEY_ID, "secret_key": SECRET_KEY, "trading_url": server.url, "data_url": server.url}
    return AlpacaMarket(AlpacaConfig(**(fields | {"patience": PATIENT} | changes)), FixedClock(now))


@pytest.mark.parametrize(
    ("as_of", "limit", "closes"),
    [
        (OPENING + 5 * MINUTE, 10, [100, 101, 102, 103, 104]),
        (OPENING + 5 * MINUTE - SECOND, 10, [100, 101, 102, 103]),
        (OPENING + 5 * MINUTE, 2, [103, 104]),
        (OPENING + MINUTE, 10, [100]),
        (OPENING, 10, []),
        (OPENING + 5 * MINUTE, 0, []),
    ],
    ids=["all_ended", "last_one_unfinished", "limited", "first_one", "before_the_first", "none_wanted"],
)
def test_bars_have_ended_by_as_of(as_of, limit, closes):
    bars = [an_alpaca_bar(OPENING + place * MINUTE, 100 + place) for place in range(7)]
    with alpaca_server(bars={"AAPL": bars}) as server:
        found = a_market(server).bars(AAPL, Timeframe.MIN_1, as_of=as_of, limit=limit)
    assert [bar.close for bar in found] == closes


def test_a_daily_bar_is_not_known_before_the_close():
    bars = [an_alpaca_bar(parse_time("2026-03-16T04:00:00Z"))]
    with alpaca_server(bars={"AAPL": bars}) as server:
        market = a_market(server)
        asked = [market.bars(AAPL, Timeframe.DAY_1, as_of=parse_time(at), limit=1)
                 for at in ("2026-03-16T19:59:59Z", "2026-03-16T20:00:00Z")]  # fmt: skip
    assert [len(found) for found in asked] == [0, 1]


def test_bars_are_asked_with_feed_and_adjustment_named():
    with alpaca_server() as server:
        assert a_market(server, feed="sip", adjustment="raw").bars(AAPL, Timeframe.HOUR_1, as_of=NOW, limit=3) == ()
    query = server.requests[0].query
    assert {name: query[name] for name in ("feed", "adjustment", "timeframe", "sort", "limit")} == {
        "feed": "sip", "adjustment": "raw", "timeframe": "1Hour", "sort": "desc", "limit": "4",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("quotes", "trades", "bid", "last", "requests"),
    [
        ([NOW - SECOND], [NOW - SECOND], 100, 100, 2),
        ([NOW], [NOW], 100, 100, 2),
        ([NOW - SECOND, NOW + SECOND], [NOW - SECOND], 100, 100, 3),
        ([NOW - SECOND], [NOW - MINUTE, NOW + SECOND], 100, 100, 3),
        ([NOW + SECOND], [NOW], None, None, 3),
        ([], [NOW], None, None, 2),
        ([NOW], [], None, None, 2),
    ],
    ids=["before", "exactly_at", "quote_younger", "trade_younger", "only_younger", "no_quote", "no_trade"],
)
def test_a_quote_is_never_younger_than_as_of(quotes, trades, bid, last, requests):
    rows = [an_alpaca_quote(at, 100 + place, 101 + place) for place, at in enumerate(quotes)]
    sold = [an_alpaca_trade(at, 100 + place) for place, at in enumerate(trades)]
    with alpaca_server(quotes={"AAPL": rows}, trades={"AAPL": sold}) as server:
        quote = a_market(server).quote(AAPL, as_of=NOW)
    assert (quote and quote.bid, quote and quote.last) == (bid, last)
    assert quote is None or quote.at <= NOW
    assert len(server.requests) == requests


@pytest.mark.parametrize(
    "changes",
    [{"bp": 0}, {"ap": 0}, {"bp": 0, "ap": 0}],
    ids=["no_bid", "no_ask", "neither"],
)
def test_a_one_sided_quote_is_no_quote(changes):
    assert parse_quote(an_alpaca_quote(**changes), an_alpaca_trade(), AAPL) is None


@pytest.mark.parametrize(
    "changes",
    [{"bp": -1}, {"ap": float("nan")}, {"bp": None}, {"bp": True}, {"as": "many"}, {"t": "yesterday"},
     {"t": "2026-03-17T15:00:00"}],
    ids=["negative_bid", "nan_ask", "null_bid", "bool_bid", "size_in_words", "no_time", "time_without_zone"],
)  # fmt: skip
def test_a_broken_quote_is_refused(changes):
    with pytest.raises(DataQualityError):
        parse_quote(an_alpaca_quote(**changes), an_alpaca_trade(), AAPL)


@pytest.mark.parametrize(
    "changes",
    [{"o": 0}, {"l": -1}, {"c": "NaN"}, {"h": 1}, {"v": -5}, {"t": None}],
    ids=["zero_open", "negative_low", "nan_close", "high_below_low", "negative_volume", "no_time"],
)
def test_a_broken_bar_refuses_the_answer(changes):
    with pytest.raises(DataQualityError):
        parse_bars([an_alpaca_bar(), an_alpaca_bar(**changes)], AAPL, Timeframe.MIN_1)


@pytest.mark.parametrize(
    ("changes", "tradable", "halted"),
    [
        ({}, True, None),
        ({"tradable": False}, False, True),
        ({"status": "inactive"}, False, True),
        ({"tradable": "yes"}, False, True),
    ],
    ids=["tradable", "not_tradable", "inactive", "flag_in_words"],
)
def test_only_what_alpaca_does_not_trade_is_known_to_be_halted(changes, tradable, halted):
    with alpaca_server(assets=[an_alpaca_asset("AAPL", **changes)]) as server:
        market = a_market(server)
        instrument, status = market.instrument(AAPL), market.status(AAPL, as_of=NOW)
    assert instrument is not None
    assert instrument.tradable is tradable
    assert (status.halted if status else None) is halted


def test_an_asset_that_alpaca_does_not_know_is_none():
    with alpaca_server(assets=[an_alpaca_asset("AAPL")]) as server:
        market = a_market(server)
        assert market.instrument(MSFT) is None
        assert market.status(MSFT, as_of=NOW) is None


def test_symbols_are_the_tradable_equities_with_names_we_can_write():
    assets = [
        an_alpaca_asset("MSFT"), an_alpaca_asset("AAPL"), an_alpaca_asset("GONE", tradable=False),
        an_alpaca_asset("BTC/USD", **{"class": "crypto"}), an_alpaca_asset("A B C"),
    ]  # fmt: skip
    with alpaca_server(assets=assets) as server:
        assert a_market(server).symbols() == (AAPL, MSFT)


@pytest.mark.parametrize(
    ("now", "kinds"),
    [(NOW, ["split", "split", "dividend"]), (NOW + DAY, ["split", "split"])],
    ids=["asked_about_now", "asked_about_the_past"],
)
def test_coming_actions_are_known_only_when_asked_about_the_present(now, kinds):
    with alpaca_server(actions=ACTIONS) as server:
        events = a_market(server, now=now).events(AAPL, as_of=NOW, until=NOW + 7 * DAY)
    assert [event.kind for event in events] == kinds
    assert all(event.announced_at <= NOW for event in events)


def test_actions_outside_the_asked_days_are_left_out():
    with alpaca_server(actions=ACTIONS) as server:
        events = a_market(server).events(AAPL, as_of=NOW + 5 * DAY, until=NOW + 6 * DAY)
    assert [event.figure for event in events] == [4, Decimal("0.26")]


@pytest.mark.parametrize("mood", DRIPS)
def test_a_server_that_drips_is_left_although_it_is_never_silent(mood):
    with alpaca_server() as server:
        server.mood = mood
        with pytest.raises(SourceUnavailable, match="ReadTimeout"):
            a_market(server, patience=HELD).quote(AAPL, as_of=NOW)


@pytest.mark.parametrize(
    ("mood", "meaning"),
    [
        (400, DataQualityError),
        (401, ConfigurationError),
        (403, ConfigurationError),
        (422, DataQualityError),
        (429, SourceUnavailable),
        (500, SourceUnavailable),
        (504, SourceUnavailable),
        ("hang", SourceUnavailable),
        ("garbage", DataQualityError),
        ("empty", DataQualityError),
        ("deep", DataQualityError),
    ],
)
@pytest.mark.parametrize(
    "question",
    [
        lambda market: market.bars(AAPL, Timeframe.DAY_1, as_of=NOW, limit=2),
        lambda market: market.quote(AAPL, as_of=NOW),
        lambda market: market.instrument(AAPL),
        lambda market: market.symbols(),
        lambda market: market.events(AAPL, as_of=NOW, until=NOW + DAY),
    ],
    ids=["bars", "quote", "instrument", "symbols", "events"],
)
def test_every_way_to_fail_has_an_error_of_ours(mood, meaning, question):
    with alpaca_server() as server:
        server.mood = mood
        with pytest.raises(meaning) as caught:
            question(a_market(server, patience=patience_with(mood)))
    assert KEY_ID not in str(caught.value)
    assert SECRET_KEY not in str(caught.value)


def test_nobody_listening_is_unavailable():
    with alpaca_server() as server:
        market = a_market(server)
    with pytest.raises(SourceUnavailable, match="Alpaca did not answer"):
        market.quote(AAPL, as_of=NOW)


def test_a_wrong_key_is_named_by_its_settings_and_never_shown():
    with alpaca_server() as server, pytest.raises(ConfigurationError, match="APCA_API_KEY_ID") as caught:
        a_market(server, secret_key="wrong-secret-value").quote(AAPL, as_of=NOW)
    assert "wrong-secret-value" not in str(caught.value)


@pytest.mark.parametrize("missing", ["key_id", "secret_key"])
def test_a_missing_key_stops_the_start(missing):
    with alpaca_server() as server, pytest.raises(ConfigurationError, match="needs a key"):
        a_market(server, **{missing: ""})


def test_keys_are_in_no_representation():
    shown = repr(AlpacaConfig(KEY_ID, SECRET_KEY))
    assert KEY_ID not in shown
    assert SECRET_KEY not in shown


def test_every_exception_of_alpaca_py_has_a_meaning():
    found = {name for name, each in vars(alpaca.common.exceptions).items() if isinstance(each, type)}
    assert found == {"APIError", "RetryException"}
    assert type(translated(alpaca.common.exceptions.APIError("not json"))) is SourceUnavailable
    assert type(translated(alpaca.common.exceptions.RetryException())) is SourceUnavailable


def test_the_documented_form_of_bars_is_read():
    bars = parse_bars(payload("alpaca_bars.json")["bars"]["AAPL"], AAPL, Timeframe.DAY_1)
    assert [(bar.start.isoformat(), bar.open, bar.close, bar.volume) for bar in bars] == [
        ("2026-03-13T04:00:00+00:00", Decimal(250), Decimal("251.2"), Decimal(40112233)),
        ("2026-03-16T04:00:00+00:00", Decimal("251.5"), Decimal("252.125"), Decimal(38000001)),
    ]


def test_recorded_bars_are_read():
    answers = [row["payload"] for row in recorded("payloads/alpaca/marketdata_rest.jsonl")]
    series = [
        (symbol, rows)
        for answer in answers
        for symbol, rows in (answer.get("bars") or {}).items()
        if isinstance(rows, list)
    ]
    assert len(series) >= 5
    for symbol, rows in series:
        bars = parse_bars(rows, Symbol(symbol), Timeframe.MIN_1)
        assert [bar.close for bar in bars] == [Decimal(str(row["c"])) for row in rows]


def test_recorded_quotes_are_read():
    answers = [row["payload"].get("quotes") or {} for row in recorded("payloads/alpaca/marketdata_rest.jsonl")]
    quotes = [
        (symbol, quote)
        for answer in answers
        for symbol, found in answer.items()
        for quote in (found if isinstance(found, list) else [found])
    ]
    read = [parse_quote(quote, an_alpaca_trade(), Symbol(symbol)) for symbol, quote in quotes]
    assert len(read) >= 5
    assert [quote.bid for quote in read if quote] == [Decimal(str(quote["bp"])) for _, quote in quotes if quote["bp"]]


def test_recorded_assets_are_read():
    rows = [row["payload"] for row in recorded("payloads/alpaca/asset.jsonl")]
    assets = [asset for row in rows for asset in (row if isinstance(row, list) else [row])]
    classes = [parse_asset(asset) for asset in assets]
    assert {instrument.asset_class for instrument in classes if instrument} == {AssetClass.EQUITY}
    assert parse_symbols(assets)[0] == AAPL


def test_recorded_corporate_actions_are_read():
    rows = [row["payload"]["corporate_actions"] for row in recorded("payloads/alpaca/corporate_actions.jsonl")]
    events = [event for row in rows for event in parse_actions(row, AAPL, NOW)]
    figured = {EventKind.SPLIT, EventKind.DIVIDEND}
    assert {event.kind for event in events} == {*figured, EventKind.SYMBOL_CHANGE, EventKind.MERGER}
    assert all(event.announced_at <= event.effective_at for event in events)
    assert all((event.figure is not None and event.figure > 0) is (event.kind in figured) for event in events)


@pytest.mark.parametrize(
    ("asset", "easy", "rate"),
    [
        pytest.param({"maintenance_margin_requirement": 30}, True, "0.3", id="a_rate"),
        pytest.param({"margin_requirement_long": "100"}, True, "1", id="its_newer_name"),
        pytest.param({"marginable": False, "maintenance_margin_requirement": 30}, True, "1", id="not_marginable"),
        pytest.param({"marginable": True}, True, None, id="no_rate"),
        pytest.param({"maintenance_margin_requirement": 0}, True, None, id="zero"),
        pytest.param({"maintenance_margin_requirement": -5}, True, None, id="negative"),
        pytest.param({"easy_to_borrow": False}, False, None, id="hard_to_borrow"),
        pytest.param({"easy_to_borrow": "yes"}, None, None, id="not_a_flag"),
        pytest.param({"easy_to_borrow": None}, None, None, id="null"),
    ],
)
def test_an_asset_tells_what_a_loan_takes_where_it_does(asset, easy, rate):
    instrument = parse_asset(an_alpaca_asset("AAPL", **asset))
    assert instrument is not None
    assert (instrument.easy_to_borrow, instrument.margin_rate) == (easy, None if rate is None else Decimal(rate))
    assert (instrument.listed_on, instrument.market_cap, instrument.leverage) == (None, None, None)


def test_new_names_and_mergers_are_told_beside_splits_and_dividends():
    raw = ACTIONS | {
        "name_changes": [{"old_symbol": "AAPL", "new_symbol": "PEAR", "process_date": "2026-03-18"}],
        "stock_mergers": [{"acquiree_symbol": "AAPL", "acquirer_symbol": "MSFT", "effective_date": "2026-03-20"}],
        "cash_mergers": [{"acquiree_symbol": "AAPL", "effective_date": "2026-03-12", "rate": 5.37}],
    }
    events = parse_actions(raw, AAPL, NOW)
    assert [event.kind.value for event in events] == [
        "merger", "split", "split", "symbol_change", "dividend", "merger",
    ]  # fmt: skip
    assert events[3].effective_at == datetime(2026, 3, 18, 4, tzinfo=UTC)
