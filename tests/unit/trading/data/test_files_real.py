"""The ``files:`` source over real prices and headlines, converted from ../shared/data where that folder is there."""

import csv
from datetime import timedelta
from decimal import Decimal

import pytest

from domain.market import Symbol, Timeframe
from tests.builders.market import AAPL, MSFT, at
from tests.converters.headlines import FINNHUB, convert_finnhub
from tests.converters.prices import (
    POLYGON_DAILY,
    SHARED,
    STOCKNET,
    YAHOO_DAILY,
    YAHOO_DIRTY,
    YAHOO_HOURLY,
    convert,
    rows,
)
from trading.data.calendar import ExchangeCalendar
from trading.data.files_market import FilesMarket
from trading.data.files_news import FilesNews
from trading.data.normalise import Rule, described

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason=f"no real data at {SHARED}")
CALENDAR = ExchangeCalendar()
POLYGON_NAMES = ("AAPL", "AMZN", "CAT", "HD", "IBM", "JPM", "MSFT", "UNH", "V")


@pytest.fixture(scope="module")
def polygon(tmp_path_factory):
    return FilesMarket(convert(POLYGON_DAILY, tmp_path_factory.mktemp("polygon"), POLYGON_NAMES), CALENDAR)


@pytest.fixture(scope="module")
def hourly(tmp_path_factory):
    return FilesMarket(convert(YAHOO_HOURLY, tmp_path_factory.mktemp("hourly"), ["AAPL", "MSFT"]), CALENDAR)


@pytest.fixture(scope="module")
def finnhub(tmp_path_factory):
    return FilesNews(convert_finnhub(tmp_path_factory.mktemp("finnhub"), POLYGON_NAMES))


def test_the_crash_of_april_2025_is_there(polygon):
    bars = polygon.bars(AAPL, Timeframe.DAY_1, as_of=at("2025-04-08T20:00"), limit=5)

    assert [bar.start.date().isoformat() for bar in bars] == [f"2025-04-0{day}" for day in (2, 3, 4, 7, 8)]
    assert bars[-1].close / bars[0].close < Decimal("0.78")


def test_inside_the_crash_only_the_past_and_the_open_are_known(polygon):
    moment = at("2025-04-04T15:00")
    bars, quote = polygon.bars(AAPL, Timeframe.DAY_1, as_of=moment, limit=60), polygon.quote(AAPL, as_of=moment)

    assert bars[-1].end == at("2025-04-03T20:00")
    assert quote is not None
    assert (quote.last, quote.at, quote.modelled) == (Decimal("193.89"), moment, True)


@pytest.mark.parametrize("name", POLYGON_NAMES)
def test_no_moment_sees_a_bar_that_has_not_ended(polygon, name):
    """For every session of 2025: known is exactly what the file holds of earlier days, and at the close one more."""
    days = [time for _, time, *_ in rows(POLYGON_DAILY, name)]
    for session in CALENDAR.sessions(at("2024-12-13T00:00"), at("2025-08-08T00:00")):
        for moment, past in (
            (session.opens_at, sum(day < session.day.isoformat() for day in days)),
            (session.closes_at - timedelta(seconds=1), sum(day < session.day.isoformat() for day in days)),
            (session.closes_at, sum(day <= session.day.isoformat() for day in days)),
        ):
            assert len(polygon.bars(Symbol(name), Timeframe.DAY_1, as_of=moment, limit=1000)) == past


def test_a_hole_in_the_data_leaves_an_old_quote(polygon):
    quote = polygon.quote(AAPL, as_of=at("2025-02-13T15:00"))

    assert quote is not None
    assert quote.at == at("2025-02-10T21:00")
    assert polygon.status(AAPL, as_of=at("2025-02-13T15:00")) is None


def test_figures_are_those_of_the_file_to_the_last_digit(tmp_path):
    market = FilesMarket(convert(YAHOO_DAILY, tmp_path, ["AAPL", "NVDA"]), CALENDAR)
    for symbol in market.symbols():
        bars = market.bars(symbol, Timeframe.DAY_1, as_of=at("2024-01-01T00:00"), limit=1000)
        written = list(rows(YAHOO_DAILY, symbol))

        assert [[bar.open, bar.high, bar.low, bar.close, bar.volume] for bar in bars] == [
            [Decimal(cell) for cell in row[2:]] for row in written
        ]
    assert market.issues == ()


def test_coins_on_the_stock_exchange_lose_their_weekends_loudly(tmp_path):
    market = FilesMarket(convert(YAHOO_DAILY, tmp_path, ["BTC-USD"]), CALENDAR)

    assert len(market.issues) == 1095 - 753
    assert described(market.issues)[0].startswith("342 rows left out: no session on that day (bars/BTC-USD.csv line 2")


def test_five_years_of_twenty_companies_are_read_whole(tmp_path):
    names = sorted(path.stem for path in STOCKNET.path.glob("*.csv"))
    market = FilesMarket(convert(STOCKNET, tmp_path, names), CALENDAR)
    read = sum(
        len(market.bars(symbol, Timeframe.DAY_1, as_of=at("2018-01-01T00:00"), limit=2000))
        for symbol in market.symbols()
    )
    written = sum(1 for name in names for _ in rows(STOCKNET, name))

    assert read == written - sum(not issue.kept for issue in market.issues)
    assert read > 0.999 * written


def test_hours_know_daylight_saving_and_the_end_of_the_session(hourly):
    winter = hourly.bars(AAPL, Timeframe.HOUR_1, as_of=at("2026-03-06T21:00"), limit=7)
    summer = hourly.bars(AAPL, Timeframe.HOUR_1, as_of=at("2026-03-09T20:00"), limit=7)

    assert (winter[0].start, winter[-1].end) == (at("2026-03-06T14:30"), at("2026-03-06T21:00"))
    assert (summer[0].start, summer[-1].end) == (at("2026-03-09T13:30"), at("2026-03-09T20:00"))


def test_the_live_row_at_the_end_and_hours_without_volume_are_told(hourly):
    told = {(issue.rule, issue.kept) for issue in hourly.issues}

    assert told == {(Rule.OFF_GRID, False), (Rule.ZERO_VOLUME, True)}
    assert sum(issue.rule is Rule.OFF_GRID for issue in hourly.issues) == 2


def test_contradicting_prices_are_left_out_and_counted(tmp_path):
    name = "PSH-L-1d-bad-div-fixed"
    market = FilesMarket(convert(YAHOO_DIRTY, tmp_path, [name]), CALENDAR)
    known = market.bars(Symbol("PSH"), Timeframe.DAY_1, as_of=at("2026-01-01T00:00"), limit=5000)
    broken = [issue for issue in market.issues if issue.rule is Rule.OHLC]

    assert broken
    assert len(known) + sum(not issue.kept for issue in market.issues) == sum(1 for _ in rows(YAHOO_DIRTY, name))


def test_every_headline_is_given_or_told(finnhub):
    known = finnhub.articles(
        [Symbol(name) for name in POLYGON_NAMES], since=at("2024-01-01T00:00"), as_of=at("2026-01-01T00:00")
    )
    lines = sum((FINNHUB / f"{name}.jsonl").read_bytes().strip().count(b"\n") + 1 for name in POLYGON_NAMES)

    assert len(known) + sum(not issue.kept for issue in finnhub.issues) == lines
    assert len(known) > 2000
    assert len({article.article_id for article in known}) == len(known)


def test_headlines_are_known_from_their_publication_on(finnhub):
    moment = at("2025-04-04T15:00")
    known = finnhub.articles([AAPL, MSFT], since=moment - timedelta(days=30), as_of=moment)

    assert known
    assert all(article.published_at <= article.first_seen_at <= moment for article in known)


def test_the_converters_change_no_figure(tmp_path):
    target = convert(POLYGON_DAILY, tmp_path, ["AAPL"])
    with (target / "bars" / "AAPL.csv").open(encoding="utf-8") as file:
        first = next(csv.DictReader(file))

    assert list(first.values()) == ["AAPL", "2024-12-13", "247.815", "249.2902", "246.24", "248.13", "33081590.0"]
