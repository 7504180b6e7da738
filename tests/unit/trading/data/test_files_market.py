import itertools
from datetime import UTC
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.errors import ConfigurationError, DataQualityError
from domain.market import AssetClass, EventKind, MarketEvent, Symbol, Timeframe
from tests.builders.market import AAPL, MSFT, at, known
from trading.data.calendar import ExchangeCalendar
from trading.data.files_market import FilesMarket
from trading.data.normalise import Rule

CALENDAR = ExchangeCalendar()
HEADER = "symbol,time,open,high,low,close,volume"
DAILY = """\
AAPL,2025-04-02,221.32,225.19,221.02,223.89,35905900
AAPL,2025-04-03,205.54,207.49,201.25,203.19,103419000
AAPL,2025-04-04,193.89,199.88,187.34,188.38,125910900
AAPL,2025-04-07,177.20,194.15,174.62,181.46,160466300
"""
HOURLY = """\
AAPL,2026-03-16T13:30:00Z,100,102,99,101,10
AAPL,2026-03-16T14:30:00Z,101,103,100,102,10
AAPL,2026-03-16T19:30:00Z,102,104,101,103,10
AAPL,2026-03-17T13:30:00Z,105,106,104,105,10
"""


def a_folder(tmp_path: Path, *, notes: str = "", **files: str) -> Path:
    """A source folder; every keyword is a bars file without its header."""
    (tmp_path / "bars").mkdir(parents=True, exist_ok=True)
    for name, rows in files.items():
        (tmp_path / "bars" / f"{name}.csv").write_text(f"{HEADER}\n{rows}", encoding="utf-8")
    if notes:
        (tmp_path / "source.toml").write_text(notes, encoding="utf-8")
    return tmp_path


def a_market(tmp_path: Path, *, notes: str = "", **files: str) -> FilesMarket:
    return FilesMarket(a_folder(tmp_path, notes=notes, **files), CALENDAR)


def test_a_daily_bar_spans_its_session_and_keeps_its_figures(tmp_path):
    market = a_market(tmp_path, daily=DAILY)
    (bar,) = market.bars(AAPL, Timeframe.DAY_1, as_of=at("2025-04-04T20:00"), limit=1)

    assert (bar.start, bar.end) == (at("2025-04-04T13:30"), at("2025-04-04T20:00"))
    assert (bar.open, bar.high, bar.low, bar.close) == tuple(map(Decimal, ("193.89", "199.88", "187.34", "188.38")))
    assert (bar.volume, bar.source) == (Decimal(125910900), "files")
    assert market.issues == ()


@pytest.mark.parametrize(
    ("as_of", "last_day"),
    [
        pytest.param("2025-04-02T19:59:59", None, id="nothing_before_the_first_close"),
        pytest.param("2025-04-03T19:59:59", "2025-04-02", id="one_second_before_the_close"),
        pytest.param("2025-04-03T20:00:00", "2025-04-03", id="at_the_close"),
        pytest.param("2025-04-06T12:00:00", "2025-04-04", id="on_a_sunday"),
    ],
)
def test_a_daily_bar_is_unknown_before_its_close(tmp_path, as_of, last_day):
    bars = a_market(tmp_path, daily=DAILY).bars(AAPL, Timeframe.DAY_1, as_of=at(as_of), limit=10)

    assert (bars[-1].start.date().isoformat() if bars else None) == last_day


@pytest.mark.parametrize(
    ("as_of", "last", "quoted_at"),
    [
        pytest.param("2025-04-03T13:30:00", "205.54", "2025-04-03T13:30:00", id="at_the_opening"),
        pytest.param("2025-04-03T19:59:59", "205.54", "2025-04-03T19:59:59", id="open_price_all_day"),
        pytest.param("2025-04-03T20:00:00", "203.19", "2025-04-03T20:00:00", id="at_the_close"),
        pytest.param("2025-04-06T12:00:00", "188.38", "2025-04-04T20:00:00", id="stale_on_a_sunday"),
        pytest.param("2025-06-01T15:00:00", "181.46", "2025-04-07T20:00:00", id="stale_after_the_last_bar"),
    ],
)
def test_a_quote_is_modelled_from_the_open_or_is_as_old_as_the_close(tmp_path, as_of, last, quoted_at):
    quote = a_market(tmp_path, daily=DAILY).quote(AAPL, as_of=at(as_of))

    assert quote is not None
    assert (quote.last, quote.at, quote.modelled) == (Decimal(last), at(quoted_at), True)
    assert quote.bid < quote.last < quote.ask


@pytest.mark.parametrize(
    ("notes", "bid", "ask"),
    [
        pytest.param("", "205.48", "205.60", id="five_basis_points"),
        pytest.param('spread_bp = "100"', "204.51", "206.57", id="one_per_cent"),
        pytest.param("spread_bp = 0", "205.54", "205.54", id="none"),
        pytest.param('[instruments.AAPL]\ntick = "0.5"', "205.0", "206.0", id="whole_ticks_outward"),
    ],
)
def test_the_assumed_spread_can_be_stated(tmp_path, notes, bid, ask):
    quote = a_market(tmp_path, notes=notes, daily=DAILY).quote(AAPL, as_of=at("2025-04-03T15:00"))

    assert quote is not None
    assert (quote.bid, quote.ask) == (Decimal(bid), Decimal(ask))


def test_it_trades_while_a_bar_is_under_way_and_otherwise_nobody_knows(tmp_path):
    market = a_market(tmp_path, daily=DAILY)
    status = market.status(AAPL, as_of=at("2025-04-03T15:00"))

    assert status is not None
    assert status.halted is False
    assert market.status(AAPL, as_of=at("2025-04-03T21:00")) is None


LISTED = """\
event_kinds = ["earnings", "split"]

[[events]]
symbol = "aapl"
kind = "earnings"
announced_at = 2025-04-02T20:30:00Z
effective_at = 2025-04-08T16:30:00-04:00

[[events]]
kind = "macro"
announced_at = 2025-01-02T00:00:00Z
effective_at = 2025-04-04T12:30:00Z

[[events]]
symbol = "MSFT"
kind = "split"
announced_at = 2025-03-20T00:00:00Z
effective_at = 2025-04-04T13:30:00Z
figure = 4
"""


@pytest.mark.parametrize(
    ("as_of", "until", "kinds"),
    [
        pytest.param("2025-04-02T20:30", "2025-04-09T20:30", ["macro", "earnings"], id="announced_this_moment"),
        pytest.param("2025-04-02T20:29", "2025-04-09T20:30", ["macro"], id="not_announced_yet"),
        pytest.param("2025-04-03T15:00", "2025-04-08T20:29", ["macro"], id="later_than_asked"),
        pytest.param("2025-04-11T12:30", "2025-04-18T12:30", ["macro", "earnings"], id="a_week_ago"),
        pytest.param("2025-04-11T12:31", "2025-04-18T12:30", ["earnings"], id="longer_ago"),
    ],
)
def test_events_are_those_that_are_listed(tmp_path, as_of, until, kinds):
    events = a_market(tmp_path, notes=LISTED, daily=DAILY).events(AAPL, as_of=at(as_of), until=at(until))

    assert [event.kind for event in events] == kinds


def test_a_listed_event_keeps_its_figure_and_is_told_in_utc(tmp_path):
    market = a_market(tmp_path, notes=LISTED, daily=DAILY)
    events = market.events(MSFT, as_of=at("2025-04-03T15:00"), until=at("2025-04-10T15:00"))
    (split,) = [event for event in events if event.symbol == MSFT]

    assert split == MarketEvent(MSFT, EventKind.SPLIT, at("2025-03-20T00:00"), split.effective_at, Decimal(4), "files")
    (report,) = [
        each
        for each in market.events(AAPL, as_of=at("2025-04-03T15:00"), until=at("2025-04-10T15:00"))
        if each.kind is EventKind.EARNINGS
    ]
    assert (report.effective_at, report.effective_at.tzinfo) == (at("2025-04-08T20:30"), UTC)


@pytest.mark.parametrize(
    ("notes", "kinds"),
    [
        pytest.param("", set(), id="nothing_stated"),
        pytest.param(LISTED, {EventKind.EARNINGS, EventKind.SPLIT}, id="what_the_owner_states"),
        pytest.param(LISTED.split("\n", maxsplit=1)[1], set(), id="a_list_that_may_have_holes"),
    ],
)
def test_silence_about_events_means_nothing_unless_the_list_is_stated_to_be_complete(tmp_path, notes, kinds):
    market = a_market(tmp_path, notes=notes, daily=DAILY)

    assert market.event_kinds(AAPL, as_of=at("2025-04-03T15:00")) == kinds
    assert ("earnings" in market.supplies) is (EventKind.EARNINGS in kinds)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(("2025-04-02T20:30:00Z", "2025-04-02T20:30:00"), id="time_without_zone"),
        pytest.param(('"earnings"\n', '"report"\n'), id="kind"),
        pytest.param(('"aapl"', '"not a ticker"'), id="symbol"),
        pytest.param(("figure = 4", "figure = -4"), id="figure"),
        pytest.param(("figure = 4", "ratio = 4"), id="unknown_name"),
    ],
)
def test_a_wrong_event_stops_the_start(tmp_path, change):
    with pytest.raises(ConfigurationError, match=r"source\.toml line (\d+): events\.[02]"):
        a_market(tmp_path, notes=LISTED.replace(*change), daily=DAILY)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({"daily": DAILY}, (Timeframe.DAY_1,), id="days"),
        pytest.param({"hourly": HOURLY}, (Timeframe.HOUR_1,), id="hours"),
        pytest.param(
            {"hourly": HOURLY, "daily": DAILY}, (Timeframe.DAY_1, Timeframe.HOUR_1), id="of_equals_the_longest"
        ),
        pytest.param(
            {"daily": DAILY, "hourly": HOURLY, "more": HOURLY.replace("AAPL", "MSFT")},
            (Timeframe.HOUR_1, Timeframe.DAY_1),
            id="most_symbols_first",
        ),
    ],
)
def test_the_timeframes_that_files_hold(tmp_path, files, expected):
    market = a_market(tmp_path, **files)

    assert market.timeframes == expected
    assert ("adv" in market.supplies) is (Timeframe.DAY_1 in expected)


def test_bars_inside_the_day_end_with_the_hour_or_the_session(tmp_path):
    market = a_market(tmp_path, hourly=HOURLY)
    bars = market.bars(AAPL, Timeframe.HOUR_1, as_of=at("2026-03-17T14:30"), limit=10)

    assert [bar.end for bar in bars] == [
        at("2026-03-16T14:30"), at("2026-03-16T15:30"), at("2026-03-16T20:00"), at("2026-03-17T14:30"),
    ]  # fmt: skip
    assert market.bars(AAPL, Timeframe.DAY_1, as_of=at("2026-03-17T14:30"), limit=10) == ()


@pytest.mark.parametrize(
    ("rows", "timeframe"),
    [
        pytest.param("AAPL,2025-04-02,1,1,1,1,1\n", Timeframe.DAY_1, id="a_single_day"),
        pytest.param(
            "".join(f"AAPL,2025-04-{day:02} 00:00:00-04:00,1,1,1,1,1\n" for day in (1, 2, 3, 4, 7)),
            Timeframe.DAY_1,
            id="midnights_with_offset",
        ),
        pytest.param(HOURLY, Timeframe.HOUR_1, id="hours_with_gaps"),
        pytest.param(
            "".join(f"AAPL,2025-04-02T14:{minute:02}:00Z,1,1,1,1,1\n" for minute in (0, 15, 30, 45)),
            Timeframe.MIN_15,
            id="quarters",
        ),
    ],
)
def test_the_timeframe_is_inferred(tmp_path, rows, timeframe):
    market = a_market(tmp_path, some=rows)

    assert market.bars(AAPL, timeframe, as_of=at("2026-04-01T00:00"), limit=10)


def test_a_stated_timeframe_is_believed(tmp_path):
    market = a_market(tmp_path, notes='timeframe = "5Min"', some="AAPL,2025-04-02T14:00:00Z,1,1,1,1,1\n")

    assert market.bars(AAPL, Timeframe.MIN_5, as_of=at("2025-04-02T14:05"), limit=1)


def test_a_stated_zone_or_a_zone_column_gives_times_their_meaning(tmp_path):
    naive = "AAPL,2026-03-16T09:30:00,1,1,1,1,1\nAAPL,2026-03-16T10:30:00,1,1,1,1,1\n"
    stated = a_market(tmp_path / "a", notes='zone = "America/New_York"', hourly=naive)
    folder = a_folder(tmp_path / "b", hourly=naive)
    columned = (folder / "bars" / "hourly.csv").read_text().replace("volume", "volume,zone", 1).replace(
        ",1\n", ",1,America/New_York\n"
    )  # fmt: skip
    (folder / "bars" / "hourly.csv").write_text(columned)

    for market in (stated, FilesMarket(folder, CALENDAR)):
        bars = market.bars(AAPL, Timeframe.HOUR_1, as_of=at("2026-03-17T00:00"), limit=5)
        assert [bar.start for bar in bars] == [at("2026-03-16T13:30"), at("2026-03-16T14:30")]


def test_an_own_calendar_can_be_stated(tmp_path):
    rows = "BTC-USD,2025-04-05,80000,81000,79000,80500,1\n"
    market = a_market(tmp_path, notes='calendar = "24/7"', coins=rows)
    (bar,) = market.bars(Symbol("BTC-USD"), Timeframe.DAY_1, as_of=at("2025-04-06T00:00"), limit=1)

    assert (bar.start, bar.end) == (at("2025-04-05T00:00"), at("2025-04-06T00:00"))


def test_instruments_have_stated_details_and_documented_defaults(tmp_path):
    notes = '[instruments.aapl]\nname = "Apple"\nsector = "Technology"\nasset_class = "etf"\nlot = 10\nshortable = true'
    market = a_market(tmp_path, notes=notes, daily=DAILY + "MSFT,2025-04-02,1,1,1,1,1\n")
    apple, other = market.instrument(AAPL), market.instrument(MSFT)

    assert market.symbols() == (AAPL, MSFT)
    assert apple is not None
    assert (apple.name, apple.sector, apple.asset_class, apple.lot, apple.shortable) == (
        "Apple", "Technology", AssetClass.ETF, Decimal(10), True,
    )  # fmt: skip
    assert other is not None
    assert (other.name, other.sector, other.tick, other.lot, other.currency) == (
        "MSFT", "Technology", Decimal("0.01"), Decimal(1), "USD",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("notes", "sector"),
    [
        pytest.param("", "Technology", id="the_list"),
        pytest.param('sector = "Fruit"', "Fruit", id="source_toml_wins"),
        pytest.param('currency = "GBP"', None, id="the_list_is_of_us_listings"),
    ],
)
def test_the_sector_is_the_stated_one_or_the_lists(tmp_path, notes, sector):
    instrument = a_market(tmp_path, notes=f"[instruments.AAPL]\n{notes}", daily=DAILY).instrument(AAPL)

    assert instrument is not None
    assert instrument.sector == sector


def test_what_is_unknown_is_none_or_nothing(tmp_path):
    market, moment = a_market(tmp_path, daily=DAILY), at("2025-04-03T15:00")

    assert market.instrument(MSFT) is None
    assert market.quote(MSFT, as_of=moment) is None
    assert market.status(MSFT, as_of=moment) is None
    assert market.bars(MSFT, Timeframe.DAY_1, as_of=moment, limit=5) == ()
    assert market.bars(AAPL, Timeframe.DAY_1, as_of=moment, limit=0) == ()
    assert market.quote(AAPL, as_of=at("2025-04-02T13:29")) is None


@pytest.mark.parametrize(
    ("row", "rule", "kept"),
    [
        pytest.param("AAPL,2025-04-08,10,9,8,9,1", Rule.OHLC, False, id="open_above_the_high"),
        pytest.param("AAPL,2025-04-08,10,12,9,nan,1", Rule.NUMBER, False, id="nan_close"),
        pytest.param("AAPL,2025-04-08,10,12,9,,1", Rule.NUMBER, False, id="no_close"),
        pytest.param("AAPL,2025-04-08,10,inf,9,11,1", Rule.NUMBER, False, id="infinite_high"),
        pytest.param("AAPL,2025-04-08,-10,12,-11,11,1", Rule.SIGN, False, id="negative_price"),
        pytest.param("AAPL,2025-04-08,10,12,9,11,-1", Rule.SIGN, False, id="negative_volume"),
        pytest.param("AAPL,2025-04-08,10,12,9", Rule.MALFORMED, False, id="short_row"),
        pytest.param("AAPL,2025-04-08,10,12,9,11,1,7", Rule.MALFORMED, False, id="long_row"),
        pytest.param("AΑPL,2025-04-08,10,12,9,11,1", Rule.SYMBOL, False, id="homoglyph_in_the_symbol"),
        pytest.param("AAPL,08.04.2025,10,12,9,11,1", Rule.TIME, False, id="another_date_format"),
        pytest.param("AAPL,2025-04-08T09:30:00,10,12,9,11,1", Rule.ZONE, False, id="no_zone"),
        pytest.param("AAPL,2025-04-18,10,12,9,11,1", Rule.NO_SESSION, False, id="good_friday"),
        pytest.param("AAPL,1929-10-29,10,12,9,11,1", Rule.NO_SESSION, False, id="before_the_calendar"),
        pytest.param("AAPL,2025-04-07,177.20,194.15,174.62,181.46,160466300", Rule.DUPLICATE, False, id="duplicate"),
        pytest.param("AAPL,2025-04-01,10,12,9,11,1", Rule.UNSORTED, True, id="out_of_order"),
        pytest.param("AAPL,2025-04-08,10,12,9,11,0", Rule.ZERO_VOLUME, True, id="moved_without_volume"),
    ],
)
def test_a_bad_row_is_left_out_and_told_with_its_place(tmp_path, row, rule, kept):
    market = a_market(tmp_path, daily=f"{DAILY}{row}\n")
    bars = market.bars(AAPL, Timeframe.DAY_1, as_of=at("2025-12-31T00:00"), limit=10)

    assert [(issue.rule, issue.place, issue.kept) for issue in market.issues] == [(rule, "bars/daily.csv line 6", kept)]
    assert len(bars) == 4 + kept
    assert all(before.end <= after.start for before, after in itertools.pairwise(bars))


def test_rows_that_contradict_each_other_are_all_left_out(tmp_path):
    market = a_market(tmp_path, a=DAILY, b="AAPL,2025-04-03,205.54,207.49,201.25,203.20,103419000\n")
    bars = market.bars(AAPL, Timeframe.DAY_1, as_of=at("2025-12-31T00:00"), limit=10)

    assert [issue.rule for issue in market.issues] == [Rule.CONFLICT, Rule.CONFLICT]
    assert {issue.place for issue in market.issues} == {"bars/a.csv line 3", "bars/b.csv line 2"}
    assert [bar.start.day for bar in bars] == [2, 4, 7]


@pytest.mark.parametrize("time", ["2026-03-17T14:00:00Z", "2026-03-17T14:30:28Z"], ids=["overlap", "inside_a_minute"])
def test_a_bar_off_the_grid_is_left_out(tmp_path, time):
    market = a_market(tmp_path, hourly=f"{HOURLY}AAPL,{time},105,105,105,105,0\n")

    assert [issue.rule for issue in market.issues] == [Rule.OFF_GRID]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", "bars/some.csv is empty", id="empty"),
        pytest.param(b"\n\n", "bars/some.csv is empty", id="blank"),
        pytest.param(HEADER.encode(), "some.csv holds no usable row", id="header_only"),
        pytest.param(
            b"symbol,time,open\nAAPL,2025-04-02,1\n", "line 1: the columns high, low, close, volume", id="columns"
        ),
        pytest.param(f"{HEADER},close\n".encode(), "line 1: the columns close", id="column_twice"),
        pytest.param(b"\x89PNG\r\n\x1a\n\xff", "bars/some.csv is not a CSV file", id="an_image"),
        pytest.param(f'{HEADER}\n"AAPL,2025'.encode(), "bars/some.csv is not a CSV file", id="open_quotation_mark"),
        pytest.param(
            f"{HEADER}\nAAPL,2025-04-02T09:30:00,1,1,1,1,1\n".encode(),
            "line 2: time without zone: '2025-04-02T09:30:00' has no offset",
            id="no_zone_anywhere",
        ),
        pytest.param(
            f"{HEADER}\nAAPL,2025-04-02T09:30:00Z,1,1,1,1,1\n".encode(), "State timeframe in source.toml", id="one_hour"
        ),
        pytest.param(
            f"{HEADER}\nAAPL,2025-04-02T09:30:00Z,1,1,1,1,1\nAAPL,2025-04-02T10:00:00Z,1,1,1,1,1\n".encode(),
            "mostly 0:30:00 apart",
            id="half_hours",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_by_name(tmp_path, content, message):
    folder = a_folder(tmp_path, daily=DAILY)
    (folder / "bars" / "some.csv").write_bytes(content)

    with pytest.raises(DataQualityError) as refused:
        FilesMarket(folder, CALENDAR)

    assert message in str(refused.value)
    assert refused.value.remedy


@pytest.mark.parametrize(
    ("notes", "message"),
    [
        pytest.param('zoen = "UTC"', "zoen", id="unknown_key"),
        pytest.param("zone = ", "cannot be read", id="not_toml"),
        pytest.param('timeframe = "1Week"', "timeframe", id="unknown_timeframe"),
        pytest.param('spread_bp = "-1"', "spread_bp", id="negative_spread"),
        pytest.param('[instruments."A L"]\nname = "x"', "instruments: 'A L' is not a symbol", id="no_symbol"),
        pytest.param('[instruments.AAPL]\ntick = "0"', "instruments.AAPL.tick", id="no_tick"),
        pytest.param('calendar = "MARS"', "no exchange calendar 'MARS'", id="unknown_calendar"),
    ],
)
def test_wrong_notes_are_a_configuration_error(tmp_path, notes, message):
    with pytest.raises(ConfigurationError, match=message):
        a_market(tmp_path, notes=notes, daily=DAILY)


def test_a_missing_folder_or_one_without_bars_is_a_configuration_error(tmp_path):
    with pytest.raises(ConfigurationError, match="there is no folder"):
        FilesMarket(tmp_path / "nowhere", CALENDAR)
    with pytest.raises(ConfigurationError, match="holds no bars/"):
        FilesMarket(tmp_path, CALENDAR)


def test_parquet_without_its_reader_or_without_sense_is_told(tmp_path):
    folder = a_folder(tmp_path)
    (folder / "bars" / "some.parquet").write_bytes(b"PAR1 and nothing else")

    with pytest.raises((ConfigurationError, DataQualityError), match=r"bars/some\.parquet (needs|is not) a Parquet"):
        FilesMarket(folder, CALENDAR)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(junk=st.lists(st.text(st.characters(codec="utf-8", exclude_characters='\r\n\0"'), max_size=60), max_size=8))
def test_no_row_brings_the_source_down_and_none_disappears(tmp_path, junk):
    lines = [line for line in junk if line.strip()]
    market = a_market(tmp_path, daily=DAILY + "\n".join(lines))

    assert len(market.bars(AAPL, Timeframe.DAY_1, as_of=at("2025-12-31T00:00"), limit=10)) == 4
    assert len(market.issues) == len(lines)


STATED = """\
[instruments.AAPL]
listed_on = 1980-12-12
market_cap = 3_000_000_000_000
leverage = 1
margin_rate = "0.3"
easy_to_borrow = true
"""


BOTH = DAILY + DAILY.split("\n", maxsplit=1)[1].replace("AAPL", "MSFT")


def test_what_stands_beside_a_share_is_unknown_unless_stated(tmp_path):
    market = a_market(tmp_path, notes=STATED, daily=BOTH)
    apple, other = known(market.instrument(AAPL)), known(market.instrument(MSFT))

    assert (known(apple.listed_on).isoformat(), apple.market_cap) == ("1980-12-12", Decimal(3 * 10**12))
    assert (apple.margin_rate, apple.leverage, apple.easy_to_borrow) == (Decimal("0.3"), Decimal(1), True)
    unknown = (other.listed_on, other.market_cap, other.margin_rate, other.leverage, other.easy_to_borrow)
    assert unknown == (None,) * 5


@pytest.mark.parametrize(
    ("notes", "told"),
    [
        pytest.param("", {"leverage"}, id="nothing_stated"),
        pytest.param(STATED, {"leverage"}, id="stated_of_one_symbol"),
        pytest.param(
            STATED + STATED.replace("AAPL", "MSFT"), {"listing", "market_cap", "leverage"}, id="stated_of_all"
        ),
        pytest.param('[instruments.AAPL]\nasset_class = "etf"\n', set(), id="a_fund_of_unknown_leverage"),
        pytest.param('event_kinds = ["macro", "split"]', {"macro", "leverage"}, id="splits_without_dividends"),
        pytest.param('event_kinds = ["dividend", "split"]', {"corporate_actions", "leverage"}, id="both"),
    ],
)
def test_files_supply_what_is_stated_of_every_symbol(tmp_path, notes, told):
    supplies = a_market(tmp_path, notes=notes, daily=BOTH).supplies
    optional = {"listing", "market_cap", "leverage", "macro", "corporate_actions", "index", "borrow", "second_price"}

    assert supplies & optional == told
    assert "returns" in supplies


def test_the_fund_on_the_index_stands_for_the_market_where_files_hold_it(tmp_path):
    assert a_market(tmp_path / "a", daily=DAILY).index is None
    market = a_market(tmp_path / "b", daily=BOTH.replace("MSFT", "SPY"))
    assert (market.index, "index" in market.supplies) == ("SPY", True)
