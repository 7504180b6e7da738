"""US equities from Alpaca through alpaca-py: bars, quotes, instruments and corporate actions.

- Quotes answer for ``as_of`` exactly: the latest one where it is not younger, else the last of the record before it.
- Alpaca's REST interface tells of no halts; only an asset that it does not trade at all is known to be halted.
- Bars are adjusted as the configuration says, by default for splits alone, which keeps them comparable with quotes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import chain
from typing import Any, Literal, TypeVar

from domain.clock import parse_time
from domain.errors import DataQualityError
from domain.market import (
    AssetClass,
    Bar,
    EventKind,
    Instrument,
    MarketEvent,
    MarketInput,
    Quote,
    Symbol,
    Timeframe,
    TradingStatus,
    parse_symbol,
)
from domain.money import HUNDRED, ONE, ZERO
from domain.ports import Clock
from trading.data.normalise import Figures, checked_figures
from trading.data.sectors import INDEX_FUND, sector_of
from trading.data.vendors.alpaca import (
    ALPACA,
    AlpacaConfig,
    actions_client,
    ask,
    assets_client,
    data_client,
    unless_unknown,
)
from trading.data.vendors.bar_times import NEW_YORK, bar_end, completed, reach
from trading.data.vendors.news_text import LIVE
from trading.data.vendors.wire import figure, price

T = TypeVar("T")
Kind = Literal["quote", "trade"]
SOURCE = "alpaca"
WEEK = timedelta(days=7)
# No "earnings", "macro" or "status": what is named here and missing would count as an answer, not as silence.
SUPPLIES: frozenset[MarketInput] = frozenset(
    {"bars", "quote", "instrument", "sector", "adv", "returns", "index", "corporate_actions"}
)
_UNITS = {
    Timeframe.MIN_1: (1, "Min"),
    Timeframe.MIN_5: (5, "Min"),
    Timeframe.MIN_15: (15, "Min"),
    Timeframe.HOUR_1: (1, "Hour"),
    Timeframe.DAY_1: (1, "Day"),
}


def parse_bars(raw: object, symbol: Symbol, timeframe: Timeframe) -> tuple[Bar, ...]:
    """Bars from ``[{"t", "o", "h", "l", "c", "v"}, ...]``, in the order given."""
    return tuple(_bar(item, symbol, timeframe) for item in rows(raw))


def _bar(raw: Mapping[str, Any], symbol: Symbol, timeframe: Timeframe) -> Bar:
    start = parse_time(raw["t"], name="start of a bar")
    figures = checked_figures(Figures(*(figure(raw[key], f"{symbol} bar {key}") for key in "ohlcv")))
    return Bar(symbol, timeframe, start, bar_end(start, timeframe), *figures, SOURCE)


def parse_quote(quote: Mapping[str, Any], trade: Mapping[str, Any], symbol: Symbol) -> Quote | None:
    """A quote from ``{"t", "bp", "bs", "ap", "as"}`` and ``{"p"}``; None while a side is empty, written as 0."""
    # ``figure`` first and ``price`` only below: a zero says that the side is empty, which is an answer and no fault.
    bid, ask_price = figure(quote["bp"], f"{symbol} bid"), figure(quote["ap"], f"{symbol} ask")
    if ZERO in (bid, ask_price):
        return None
    return Quote(
        symbol=symbol,
        bid=price(quote["bp"], f"{symbol} bid"),
        ask=price(quote["ap"], f"{symbol} ask"),
        last=price(trade["p"], f"{symbol} last trade"),
        at=parse_time(quote["t"], name="time of a quote"),
        source=SOURCE,
        bid_size=figure(quote["bs"], f"{symbol} bid size"),
        ask_size=figure(quote["as"], f"{symbol} ask size"),
    )


def parse_asset(raw: Mapping[str, Any]) -> Instrument | None:
    """An instrument from an asset; None for what is no US equity. Alpaca tells neither ETFs apart nor sectors."""
    if raw.get("class", raw.get("asset_class")) != "us_equity":
        return None
    symbol = parse_symbol(raw["symbol"])
    return Instrument(
        symbol=symbol,
        name=str(raw.get("name") or raw["symbol"]),
        asset_class=AssetClass.EQUITY,
        sector=sector_of(symbol),
        # ``is True``: a flag that is missing or written as a text is no permission.
        tradable=raw.get("tradable") is True and raw.get("status") == "active",
        fractionable=raw.get("fractionable") is True,
        shortable=raw.get("shortable") is True,
        margin_rate=_margin_rate(raw),
        easy_to_borrow=flag if isinstance(flag := raw.get("easy_to_borrow"), bool) else None,
    )


def _margin_rate(raw: Mapping[str, Any]) -> Decimal | None:
    """The share of the value that has to be kept: 30 is 30 %, and all of it for what is not marginable."""
    if raw.get("marginable") is False:
        return ONE
    percent = raw.get("maintenance_margin_requirement", raw.get("margin_requirement_long"))
    rate = ZERO if percent is None else figure(percent, "maintenance margin") / HUNDRED
    return rate if rate > ZERO else None


def parse_symbols(raw: object) -> tuple[Symbol, ...]:
    """Sorted tickers of tradable US equities; assets whose names are no tickers of ours are left out."""
    found = set()
    for item in rows(raw):
        try:
            instrument = parse_asset(item)
        except DataQualityError:
            continue
        if instrument is not None and instrument.tradable:
            found.add(instrument.symbol)
    return tuple(sorted(found))


def parse_actions(raw: Mapping[str, Any], symbol: Symbol, known_at: datetime) -> tuple[MarketEvent, ...]:
    """Splits, cash dividends, new names and mergers, oldest first.

    Alpaca tells no day of announcement: an action counts as known from the day it takes effect, or from ``known_at``.
    """
    # A past action is known from its own day on; a coming one from ``known_at``, or it would have no announcement at
    # all.
    events = (MarketEvent(symbol, kind, min(at, known_at), at, amount, SOURCE) for kind, at, amount in _actions(raw))
    return tuple(sorted(events, key=lambda event: (event.effective_at, event.kind)))


def _actions(raw: Mapping[str, Any]) -> Iterator[tuple[EventKind, datetime, Decimal | None]]:
    for item in chain.from_iterable(rows(raw.get(name, [])) for name in ("forward_splits", "reverse_splits")):
        ratio = price(item["new_rate"], "rate") / price(item["old_rate"], "rate")
        yield EventKind.SPLIT, _midnight(item["ex_date"]), ratio
    for item in rows(raw.get("cash_dividends", [])):
        yield EventKind.DIVIDEND, _midnight(item["ex_date"]), figure(item["rate"], "dividend")
    for item in rows(raw.get("name_changes", [])):
        yield EventKind.SYMBOL_CHANGE, _midnight(item["process_date"]), None
    mergers = ("cash_mergers", "stock_mergers", "stock_and_cash_mergers")
    for item in chain.from_iterable(rows(raw.get(name, [])) for name in mergers):
        yield EventKind.MERGER, _midnight(item["effective_date"]), None


def _midnight(day: str) -> datetime:
    """The first moment of an exchange day."""
    return datetime.combine(date.fromisoformat(day), time(0), NEW_YORK).astimezone(UTC)


def rows(raw: object) -> Iterable[Mapping[str, Any]]:
    """The objects of a JSON array; anything else is garbage."""
    if not isinstance(raw, list) or not all(isinstance(item, dict) for item in raw):
        raise ALPACA.garbage(f"{type(raw).__name__} for a list")
    return raw


def record(raw: object) -> Mapping[str, Any]:
    """A JSON object; anything else is garbage."""
    if not isinstance(raw, dict):
        raise ALPACA.garbage(f"{type(raw).__name__} for an object")
    return raw


def of_symbol(raw: object, symbol: Symbol, default: T) -> Any | T:
    """What an answer keyed by symbol holds for ``symbol``; ``default`` where there is nothing, or null."""
    found = record(raw).get(symbol)
    return default if found is None else found


class AlpacaMarket:
    """The ``Market`` port over one Alpaca account's data plan."""

    def __init__(self, config: AlpacaConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._data = data_client(config)
        self._actions = actions_client(config)
        self._assets = assets_client(config)

    @property
    def name(self) -> str:
        """``alpaca``."""
        return SOURCE

    def event_kinds(self, symbol: Symbol, *, as_of: datetime) -> frozenset[EventKind]:
        """Splits and dividends. Mergers and new names it tells of late at times, earnings and macro events never."""
        return frozenset({EventKind.SPLIT, EventKind.DIVIDEND})

    @property
    def supplies(self) -> frozenset[MarketInput]:
        """Neither halts, earnings nor short sale restrictions; sectors from the shipped list."""
        return SUPPLIES

    @property
    def index(self) -> Symbol | None:
        """The fund on the S&P 500."""
        return INDEX_FUND

    def bars(self, symbol: Symbol, timeframe: Timeframe, *, as_of: datetime, limit: int) -> tuple[Bar, ...]:
        """The last ``limit`` bars with ``end <= as_of``; newest asked first, with one to spare for the unfinished."""
        from alpaca.common.enums import Sort
        from alpaca.data.enums import Adjustment, DataFeed
        from alpaca.data.requests import StockBarsRequest
        from alpaca.data.timeframe import TimeFrame, TimeFrameUnit

        if limit <= 0:
            return ()
        amount, unit = _UNITS[timeframe]
        request = StockBarsRequest(
            symbol_or_symbols=symbol,
            timeframe=TimeFrame(amount, TimeFrameUnit(unit)),
            start=as_of - reach(timeframe, limit),
            end=as_of,
            limit=limit + 1,
            sort=Sort.DESC,
            feed=DataFeed(self._config.feed),
            adjustment=Adjustment(self._config.adjustment),
        )
        found = ask(lambda: parse_bars(of_symbol(self._data.get_stock_bars(request), symbol, []), symbol, timeframe))
        return completed(found, as_of, limit)

    def quote(self, symbol: Symbol, *, as_of: datetime) -> Quote | None:
        """The newest two-sided quote at or before ``as_of`` with the last trade by then; None without either."""
        quote = ask(lambda: self._newest("quote", symbol, as_of))
        trade = ask(lambda: self._newest("trade", symbol, as_of))
        if quote is None or trade is None:
            return None
        return ask(lambda: parse_quote(quote, trade, symbol))

    def symbols(self) -> tuple[Symbol, ...]:
        """Every US equity that Alpaca trades."""
        from alpaca.trading.enums import AssetClass as Class
        from alpaca.trading.enums import AssetStatus
        from alpaca.trading.requests import GetAssetsRequest

        request = GetAssetsRequest(status=AssetStatus.ACTIVE, asset_class=Class.US_EQUITY)
        return ask(lambda: parse_symbols(self._assets.get_all_assets(request)))

    def instrument(self, symbol: Symbol) -> Instrument | None:
        """The asset, or None for one that Alpaca does not know."""
        return ask(lambda: unless_unknown(lambda: parse_asset(record(self._assets.get_asset(symbol)))))

    def status(self, symbol: Symbol, *, as_of: datetime) -> TradingStatus | None:
        """Halted where Alpaca does not trade the asset now; None otherwise, for it does not tell of halts."""
        instrument = self.instrument(symbol)
        if instrument is None or instrument.tradable:
            return None
        return TradingStatus(symbol, as_of, halted=True, reason="not tradable at Alpaca")

    def events(self, symbol: Symbol, *, as_of: datetime, until: datetime) -> tuple[MarketEvent, ...]:
        """Corporate actions by the day they take effect; coming ones only when asked about the present."""
        from alpaca.data.requests import CorporateActionsRequest

        start, now = as_of - WEEK, self._clock.now()
        request = CorporateActionsRequest(
            symbols=[symbol], start=start.astimezone(NEW_YORK).date(), end=until.astimezone(NEW_YORK).date()
        )
        # Asked about the past, Alpaca lists what it knows today: what was to come then is dated to today and stays
        # unseen.
        known_at = as_of if now - as_of <= LIVE else now
        found = ask(lambda: parse_actions(record(self._actions.get_corporate_actions(request)), symbol, known_at))
        return tuple(each for each in found if each.announced_at <= as_of and start <= each.effective_at <= until)

    def _newest(self, kind: Kind, symbol: Symbol, as_of: datetime) -> Mapping[str, Any] | None:
        """The vendor's newest quote or trade at or before ``as_of``."""
        latest = unless_unknown(lambda: of_symbol(self._latest(kind, symbol), symbol, None))
        # The latest is one cheap question and right for the present; the record is asked for replays, and for a quote
        # that arrived between ``as_of`` and the question.
        if latest is None or parse_time(latest["t"]) <= as_of:
            return latest
        earlier = rows(of_symbol(self._before(kind, symbol, as_of), symbol, []))
        return next((item for item in earlier if parse_time(item["t"]) <= as_of), None)

    def _latest(self, kind: Kind, symbol: Symbol) -> object:
        from alpaca.data.enums import DataFeed
        from alpaca.data.requests import StockLatestQuoteRequest, StockLatestTradeRequest

        feed = DataFeed(self._config.feed)
        if kind == "quote":
            return self._data.get_stock_latest_quote(StockLatestQuoteRequest(symbol_or_symbols=symbol, feed=feed))
        return self._data.get_stock_latest_trade(StockLatestTradeRequest(symbol_or_symbols=symbol, feed=feed))

    def _before(self, kind: Kind, symbol: Symbol, as_of: datetime) -> object:
        from alpaca.common.enums import Sort
        from alpaca.data.enums import DataFeed
        from alpaca.data.requests import StockQuotesRequest, StockTradesRequest

        # A symbol without a trade in a week has no price that anything should rest on.
        span: dict[str, Any] = {"start": as_of - WEEK, "end": as_of, "limit": 1, "sort": Sort.DESC}
        feed = DataFeed(self._config.feed)
        if kind == "quote":
            return self._data.get_stock_quotes(StockQuotesRequest(symbol_or_symbols=symbol, feed=feed, **span))
        return self._data.get_stock_trades(StockTradesRequest(symbol_or_symbols=symbol, feed=feed, **span))
