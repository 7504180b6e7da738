"""What every source of bars and quotes must do: embedded, of files, or a vendor's real client at a loopback server."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from domain.clock import FixedClock, in_utc
from domain.errors import DataQualityError
from domain.market import Bar, EventKind, Symbol, Timeframe
from domain.ports import Market
from tests.builders.vendors import (
    AAPL,
    DAY,
    NOW,
    PATIENT,
    a_chart,
    an_alpaca_asset,
    an_alpaca_bar,
    an_alpaca_quote,
    an_alpaca_trade,
)
from tests.servers.alpaca import KEY_ID, SECRET_KEY, alpaca
from tests.servers.yahoo import yahoo
from trading.data.alpaca_market import AlpacaMarket
from trading.data.calendar import ExchangeCalendar
from trading.data.files_market import FilesMarket
from trading.data.simulated_market import SimulatedMarket
from trading.data.vendors.alpaca import AlpacaConfig
from trading.data.vendors.bar_times import NEW_YORK
from trading.data.yahoo_bars import YahooBars, YahooConfig

SECOND = timedelta(seconds=1)
STRANGER = Symbol("NOBODY")
SESSIONS = ExchangeCalendar().sessions(NOW - 30 * DAY, NOW + 2 * DAY)
"""Sessions before, on and after the day of NOW."""


@dataclass(frozen=True)
class Case:
    market: Market
    symbol: Symbol
    knows_strangers: bool
    """It says of an unknown symbol that it has no bars; one that cannot tell this from a failure raises."""


@contextmanager
def simulated(folder: Path) -> Iterator[Case]:
    market = SimulatedMarket(7, ExchangeCalendar())
    yield Case(market, market.symbols()[0], True)


@contextmanager
def files(folder: Path) -> Iterator[Case]:
    (folder / "bars").mkdir(parents=True)
    rows = [f"AAPL,{session.day},{99 + n},{102 + n},{98 + n},{100 + n},1000" for n, session in enumerate(SESSIONS)]
    text = "\n".join(["symbol,time,open,high,low,close,volume", *rows])
    (folder / "bars" / "daily.csv").write_text(text, encoding="utf-8")
    yield Case(FilesMarket(folder, ExchangeCalendar()), AAPL, True)


@contextmanager
def from_alpaca(folder: Path) -> Iterator[Case]:
    bars = [an_alpaca_bar(at, 100 + n) for n, at in enumerate(midnights())]
    moments = [NOW - 2 * DAY, NOW - SECOND, NOW + SECOND]
    rows: dict[str, Any] = {
        "bars": {"AAPL": bars},
        "quotes": {"AAPL": [an_alpaca_quote(at) for at in moments]},
        "trades": {"AAPL": [an_alpaca_trade(at) for at in moments]},
        "assets": [an_alpaca_asset("AAPL")],
    }
    with alpaca(**rows) as server:
        config = AlpacaConfig(KEY_ID, SECRET_KEY, server.url, server.url, patience=PATIENT)
        yield Case(AlpacaMarket(config, FixedClock(NOW)), AAPL, True)


@contextmanager
def from_yahoo(folder: Path) -> Iterator[Case]:
    chart = a_chart([session.opens_at for session in SESSIONS], [100.0 + n for n in range(len(SESSIONS))])
    with yahoo({"AAPL": chart}) as server:
        config = YahooConfig((AAPL,), folder, server.url)
        # Its clock stands a month later: the quotes of these tests are made from daily bars.
        yield Case(YahooBars(config, FixedClock(NOW + 30 * DAY)), AAPL, False)


def midnights() -> list[datetime]:
    return [datetime(s.day.year, s.day.month, s.day.day, tzinfo=NEW_YORK).astimezone(UTC) for s in SESSIONS]


@pytest.fixture(params=[simulated, files, from_alpaca, from_yahoo], ids=lambda make: make.__name__)
def case(request, tmp_path_factory):
    with request.param(tmp_path_factory.mktemp("source")) as made:
        yield made


def bars(case: Case, *, as_of: datetime = NOW, limit: int = 10) -> tuple[Bar, ...]:
    return case.market.bars(case.symbol, Timeframe.DAY_1, as_of=as_of, limit=limit)


def test_bars_come_oldest_first_each_once_and_as_many_as_asked(case):
    found = bars(case)
    assert len(found) == 10
    assert [bar.start for bar in found] == sorted({bar.start for bar in found})


def test_fewer_bars_are_the_last_of_more(case):
    assert bars(case, limit=3) == bars(case, limit=10)[-3:]
    assert bars(case, limit=0) == ()


def test_no_bar_is_known_before_its_end(case):
    last = bars(case)[-1]
    assert bars(case, as_of=last.end)[-1] == last
    assert bars(case, as_of=last.end - SECOND)[-1] == bars(case)[-2]


def test_what_was_known_then_is_what_is_known_now_up_to_then(case):
    now = bars(case, limit=12)
    for bar in now[6:]:
        assert bars(case, as_of=bar.end, limit=4) == tuple(each for each in now if each.end <= bar.end)[-4:]


def test_a_bar_holds_together(case):
    for bar in bars(case):
        assert bar.start < bar.end <= NOW
        assert bar.start == in_utc(bar.start)
        assert 0 < bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high
        assert bar.volume >= 0
        assert all(type(value) is Decimal for value in (bar.open, bar.high, bar.low, bar.close, bar.volume))
        assert (bar.symbol, bar.timeframe, bar.source) == (case.symbol, Timeframe.DAY_1, case.market.name)


def test_the_zone_in_which_a_moment_is_written_changes_nothing(case):
    assert bars(case, as_of=NOW.astimezone(NEW_YORK)) == bars(case)


def test_a_quote_is_not_from_the_future_and_not_upside_down(case):
    quote = case.market.quote(case.symbol, as_of=NOW)
    assert quote is not None
    assert quote.at <= NOW
    assert 0 < quote.bid <= quote.ask
    assert quote.last > 0
    assert all(type(value) is Decimal for value in (quote.bid, quote.ask, quote.last))
    assert (quote.symbol, quote.source) == (case.symbol, case.market.name)


def test_an_unknown_symbol_has_no_bars(case):
    if case.knows_strangers:
        assert case.market.bars(STRANGER, Timeframe.DAY_1, as_of=NOW, limit=5) == ()
        assert case.market.quote(STRANGER, as_of=NOW) is None
        assert case.market.instrument(STRANGER) is None
    else:
        with pytest.raises(DataQualityError):
            case.market.bars(STRANGER, Timeframe.DAY_1, as_of=NOW, limit=5)


def test_the_symbols_are_listed_in_order_and_have_instruments(case):
    symbols = case.market.symbols()
    assert case.symbol in symbols
    assert list(symbols) == sorted(set(symbols))
    instrument = case.market.instrument(case.symbol)
    assert instrument is not None
    assert (instrument.symbol, instrument.currency) == (case.symbol, "USD")
    assert instrument.tick > 0 < instrument.lot


def test_events_were_announced_by_then_and_take_effect_in_the_asked_days(case):
    events = case.market.events(case.symbol, as_of=NOW, until=NOW + 14 * DAY)
    for event in events:
        assert event.announced_at <= NOW
        assert NOW - 7 * DAY <= event.effective_at <= NOW + 14 * DAY
    assert list(events) == sorted(events, key=lambda event: event.effective_at)


def test_what_it_says_to_supply_it_supplies(case):
    instrument = case.market.instrument(case.symbol)
    supplies = case.market.supplies
    kinds = case.market.event_kinds(case.symbol, as_of=NOW)
    assert ("earnings" in supplies) is (EventKind.EARNINGS in kinds)
    assert ("status" in supplies) is (case.market.status(case.symbol, as_of=NOW) is not None)
    assert ("macro" in supplies) is (EventKind.MACRO in kinds)
    actions = {EventKind.SPLIT, EventKind.DIVIDEND}
    assert ("corporate_actions" in supplies) is (actions <= kinds)
    assert ("index" in supplies) is (case.market.index is not None)
    assert {"bars", "quote", "instrument", "returns"} <= supplies
    assert instrument is not None
    assert ("sector" in supplies) is (instrument.sector is not None)
    assert ("listing" in supplies) is (instrument.listed_on is not None)
    assert ("market_cap" in supplies) is (instrument.market_cap is not None)
    status = case.market.status(case.symbol, as_of=NOW)
    lent = (instrument.easy_to_borrow, None if status is None else status.short_restricted)
    assert ("borrow" in supplies) is (None not in lent)


def test_a_status_speaks_of_the_asked_moment(case):
    status = case.market.status(case.symbol, as_of=NOW)
    assert status is None or (status.symbol, status.at) == (case.symbol, NOW)
