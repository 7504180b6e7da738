"""Bars from Yahoo through yfinance: for research and backfill, not for a gate.

- The interface is unofficial and promises nothing. It has no quotes, halts or days of announcement: quotes are modelled
  around the last bar and marked so, splits and dividends are known from their ex-date on, earnings not at all.
- Prices are adjusted for splits alone (``auto_adjust`` off) and rounded to the seven digits that Yahoo stores.
- yfinance keeps one session, cookie and cache for the whole process, hides errors behind empty frames, and holds on to
  refusals in its cache. Here one question is asked at a time, errors are shown, and nothing is taken from that cache.
- Its addresses are constants; ``relocate`` sends the same session elsewhere. The session is the one yfinance would make
  itself (curl_cffi, or requests where ``YF_DISABLE_CURL_CFFI`` is set or curl_cffi is missing).
"""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from domain.errors import ConfigurationError, DataQualityError, OversightError, SourceUnavailable
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
)
from domain.money import HUNDRED, from_float, rounded
from domain.ports import Clock
from trading.data.normalise import BrokenRule, Figures, checked_figures
from trading.data.sectors import INDEX_FUND, with_sector
from trading.data.vendors.bar_times import bar_end, completed, reach
from trading.data.vendors.wire import LATER, MISREAD, Vendor

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")
SOURCE = "yahoo"
YAHOO = Vendor("Yahoo", address="its address")
WEEK = timedelta(days=7)
SUPPLIES: frozenset[MarketInput] = frozenset({"bars", "quote", "instrument", "sector", "adv", "returns", "index"})
MINUTES_KEPT = timedelta(days=6)
"""Yahoo answers for bars of one minute about seven days back."""

_INTERVALS = {
    Timeframe.MIN_1: "1m",
    Timeframe.MIN_5: "5m",
    Timeframe.MIN_15: "15m",
    Timeframe.HOUR_1: "1h",
    Timeframe.DAY_1: "1d",
}
_DEEPEST = {
    Timeframe.MIN_1: timedelta(days=7),
    Timeframe.MIN_5: timedelta(days=59),
    Timeframe.MIN_15: timedelta(days=59),
    Timeframe.HOUR_1: timedelta(days=729),
}
"""The longest period that Yahoo answers for in one question."""

_CLASSES = {"EQUITY": AssetClass.EQUITY, "ETF": AssetClass.ETF, "CRYPTOCURRENCY": AssetClass.CRYPTO}
_CHART = "/v8/finance/chart"
# Yahoo stores prices as 32-bit floats: what comes behind the seventh digit is noise (182.63000488 was 182.63).
_DIGITS = 7
_VOLUME_DIGITS = 15
# The session, the cookie and the caches of yfinance belong to the process, and so do Python's warning filters.
_one_at_a_time = threading.Lock()
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class YahooConfig:
    """Symbols to list, since Yahoo lists none; where yfinance keeps its caches; half the modelled spread in percent."""

    symbols: tuple[Symbol, ...]
    cache_dir: Path
    base_url: str | None = None
    timeout_s: float = 10.0
    half_spread_pct: Decimal = Decimal("0.05")


def session(config: YahooConfig) -> Any:
    """The session yfinance would make, with our timeout on every request and our address where one is given."""
    # Private, but it chooses between curl_cffi and requests as yfinance does for itself, which takes no other sessions.
    from yfinance._http import new_session

    made = new_session()
    made.request = relocate(made.request, config.base_url, config.timeout_s)
    return made


def relocate(send: Callable[..., Any], base_url: str | None, timeout_s: float) -> Callable[..., Any]:
    """The same ``request`` function at another host; paths and queries stay as they are.

    A chart refused with a server error is told here: yfinance would call it missing prices.
    """

    def request(method: str, url: str, *positional: Any, **options: Any) -> Any:
        parts = urlsplit(url)
        if base_url is not None:
            url = f"{base_url.rstrip('/')}{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        # ``timeout`` last: yfinance passes its own, 10 or 30 seconds by call.
        response = send(method, url, *positional, **{**options, "timeout": timeout_s})
        if response.status_code >= 500 and parts.path.startswith(_CHART):
            raise YAHOO.refusal(response.status_code)
        return response

    return request


def prepare(config: YahooConfig) -> None:
    """Set what yfinance keeps for the process: its cache folder, and that errors are raised, not logged."""
    import yfinance
    from yfinance.config import YfConfig

    try:
        config.cache_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"{config.cache_dir} cannot be made ({error.strerror})", "Choose another.") from error
    yfinance.set_tz_cache_location(str(config.cache_dir))
    # By default a failure is a line in a log and an empty frame, and nothing tells it from a symbol without bars.
    YfConfig.debug.hide_exceptions = False


def parse_bars(frame: pd.DataFrame, symbol: Symbol, timeframe: Timeframe) -> tuple[Bar, ...]:
    """Bars from a frame with a zoned index and columns Open, High, Low, Close, Volume; broken rows are left out."""
    zone_name = str(getattr(frame.index, "tz", None))
    # Empty is how yfinance fails; without a zone nobody knows which exchange's day a bar is of.
    if frame.empty or zone_name == "None":
        raise DataQualityError(f"Yahoo has no {timeframe} bars of {symbol}", "Check the symbol and the period.")
    zone = ZoneInfo(zone_name)
    found = [_bar(at.to_pydatetime(), row, symbol, timeframe, zone) for at, row in _rows(frame)]
    bars = tuple(bar for bar in found if bar is not None)
    if len(bars) < len(found):
        _log.warning("%d broken bars of %s left out", len(found) - len(bars), symbol)
    return bars


def _rows(frame: pd.DataFrame) -> Iterator[tuple[Any, tuple[float, ...]]]:
    columns = [frame[name].astype(float) for name in ("Open", "High", "Low", "Close", "Volume")]
    return zip(frame.index, zip(*columns, strict=True), strict=True)


def _bar(start: datetime, row: tuple[float, ...], symbol: Symbol, timeframe: Timeframe, zone: ZoneInfo) -> Bar | None:
    prices = [rounded(value, _DIGITS) for value in row[:4]]
    volume = rounded(row[4], _VOLUME_DIGITS)
    known = [value for value in (*prices, Decimal(0) if volume is None else volume) if value is not None]
    # Holes in Yahoo's series arrive as NaN, for which ``rounded`` gives None.
    if len(known) < 5:
        return None
    try:
        figures = checked_figures(Figures(*known))
    except BrokenRule:
        return None
    return Bar(symbol, timeframe, start.astimezone(UTC), bar_end(start, timeframe, zone), *figures, SOURCE)


def parse_events(frame: pd.DataFrame, symbol: Symbol) -> tuple[MarketEvent, ...]:
    """Splits and dividends of a frame with the columns ``Stock Splits`` and ``Dividends``; known from their day on."""
    columns = (("Stock Splits", EventKind.SPLIT), ("Dividends", EventKind.DIVIDEND))
    events = []
    for name, kind in columns:
        for at, value in zip(frame.index, frame[name], strict=True) if name in frame else ():
            if value > 0:
                moment = at.to_pydatetime().astimezone(UTC)
                events.append(MarketEvent(symbol, kind, moment, moment, from_float(value, name=name), SOURCE))
    return tuple(sorted(events, key=lambda event: (event.effective_at, event.kind)))


def parse_instrument(meta: Mapping[str, Any], symbol: Symbol) -> Instrument | None:
    """An instrument from a chart's metadata; None for what is no stock, fund or coin. Pence stay ``GBp``."""
    kind = _CLASSES.get(str(meta.get("instrumentType")))
    if kind is None or not isinstance(meta.get("currency"), str):
        return None
    name = str(meta.get("longName") or meta.get("shortName") or symbol)
    return with_sector(Instrument(symbol, name, kind, meta["currency"]))


def modelled_quote(bar: Bar, half_spread_pct: Decimal) -> Quote:
    """A quote around a bar's close: 100.00 with 0.05 % on each side gives 99.95 to 100.05."""
    half = bar.close * half_spread_pct / HUNDRED
    return Quote(bar.symbol, bar.close - half, bar.close + half, bar.close, bar.end, SOURCE, modelled=True)


def ask(question: Callable[[], T]) -> T:
    """Ask yfinance, one question at a time, and translate whatever it or its HTTP library raises."""
    from peewee import PeeweeException
    from yfinance.data import YfData
    from yfinance.exceptions import YFException, YFNotImplementedError

    try:
        with _one_at_a_time, warnings.catch_warnings():
            # yfinance 1.7 uses pandas in ways that pandas 3.1 warns about, on every call.
            warnings.simplefilter("ignore")
            # It keeps refusals as well as answers: without this one 429 would stand for the life of the process.
            YfData.cache_get.cache_clear()
            return question()
    except (YFException, YFNotImplementedError, PeeweeException, OSError, *MISREAD) as error:
        raise translated(error) from error


def translated(error: Exception) -> OversightError:
    """The error of ours. Whether a symbol is unknown or Yahoo refused to say cannot be told apart."""
    from peewee import PeeweeException
    from yfinance.exceptions import YFException, YFNotImplementedError, YFRateLimitError

    kind = type(error).__name__
    if isinstance(error, YFRateLimitError):
        return SourceUnavailable("Yahoo limits our requests", LATER)
    # Behind the limit above, which is a YFException too. YFNotImplementedError is none: it stands beside the tree.
    if isinstance(error, (YFException, YFNotImplementedError)):
        return DataQualityError(f"Yahoo gives no bars ({kind})", "Check the symbol and the period, or try later.")
    if isinstance(error, PeeweeException):
        return ConfigurationError(f"yfinance cannot use its cache ({kind})", "Check that its folder can be written.")
    return YAHOO.failure(error)


class YahooBars:
    """The ``Market`` port over Yahoo's charts."""

    def __init__(self, config: YahooConfig, clock: Clock) -> None:
        if config.base_url is not None and urlsplit(config.base_url).scheme not in ("http", "https"):
            raise ConfigurationError("the address of Yahoo is no web address", f"Check {YAHOO.address}.")
        self._config = config
        self._clock = clock
        prepare(config)
        self._session = session(config)

    @property
    def name(self) -> str:
        """``yahoo``."""
        return SOURCE

    def event_kinds(self, symbol: Symbol, *, as_of: datetime) -> frozenset[EventKind]:
        """None: splits and dividends are told of when they have happened, and never before."""
        return frozenset()

    @property
    def supplies(self) -> frozenset[MarketInput]:
        """Neither halts nor anything scheduled; sectors from the shipped list."""
        return SUPPLIES

    @property
    def index(self) -> Symbol | None:
        """The fund on the S&P 500."""
        return INDEX_FUND

    def bars(self, symbol: Symbol, timeframe: Timeframe, *, as_of: datetime, limit: int) -> tuple[Bar, ...]:
        """The last ``limit`` bars with ``end <= as_of``. No bars at all is an error: Yahoo fails silently."""
        if limit <= 0:
            return ()
        back = reach(timeframe, limit)
        # Beyond its depth Yahoo answers with an error and not with what it has.
        start = as_of - min(back, _DEEPEST.get(timeframe, back))
        found = ask(lambda: parse_bars(self._frame(symbol, timeframe, start, as_of), symbol, timeframe))
        return completed(found, as_of, limit)

    def quote(self, symbol: Symbol, *, as_of: datetime) -> Quote | None:
        """A quote modelled around the last bar, of a minute where Yahoo still has those, else of a day."""
        recent = self._clock.now() - as_of <= MINUTES_KEPT
        last = self.bars(symbol, Timeframe.MIN_1 if recent else Timeframe.DAY_1, as_of=as_of, limit=1)
        return modelled_quote(last[-1], self._config.half_spread_pct) if last else None

    def symbols(self) -> tuple[Symbol, ...]:
        """The symbols of the configuration, sorted."""
        return tuple(sorted(self._config.symbols))

    def instrument(self, symbol: Symbol) -> Instrument | None:
        """The instrument as the chart's metadata describes it."""
        return ask(lambda: parse_instrument(self._metadata(symbol), symbol))

    def status(self, symbol: Symbol, *, as_of: datetime) -> TradingStatus | None:
        """None: Yahoo does not tell of halts."""
        return None

    def events(self, symbol: Symbol, *, as_of: datetime, until: datetime) -> tuple[MarketEvent, ...]:
        """Splits and dividends of the last week; coming ones and earnings are not in a chart."""
        found = ask(lambda: parse_events(self._frame(symbol, Timeframe.DAY_1, as_of - WEEK, as_of), symbol))
        return tuple(each for each in found if as_of - WEEK <= each.effective_at <= min(as_of, until))

    def _frame(self, symbol: Symbol, timeframe: Timeframe, start: datetime, end: datetime) -> pd.DataFrame:
        frame: pd.DataFrame = self._ticker(symbol).history(
            interval=_INTERVALS[timeframe], start=start, end=end, auto_adjust=False, actions=True, prepost=False
        )
        return frame

    def _metadata(self, symbol: Symbol) -> Mapping[str, Any]:
        ticker = self._ticker(symbol)
        ticker.history(period="5d", interval="1d", auto_adjust=False)
        metadata: Mapping[str, Any] = ticker.history_metadata
        return metadata

    def _ticker(self, symbol: Symbol) -> Any:
        """Yahoo writes US share classes and coins with a dash: BRK-B, BTC-USD."""
        import yfinance

        return yfinance.Ticker(symbol.replace(".", "-").replace("/", "-"), session=self._session)
