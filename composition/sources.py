"""What the settings name, made: market and news, the symbols of a run and the moment at which it stands.

Part of the composition root: all of it calls these, and like it this module names the rooms once and runs them on first
use.
"""

from __future__ import annotations

import re
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from domain.clock import SystemClock
from domain.errors import ConfigurationError, DataQualityError, UsageError
from domain.market import Symbol, Timeframe, parse_symbol
from domain.record.entries import RecordKind
from interfaces.cli import parser
from interfaces.lazy import rooms_on_first_use

with rooms_on_first_use():
    import agents.models.openai_embeddings as openai_embeddings
    import memory.lesson_texts as lesson_texts
    import settings.variables as configuration
    import trading.data.alpaca_market as alpaca_market
    import trading.data.alpaca_news as alpaca_news
    import trading.data.events.fred as fred_events
    import trading.data.events.merged as merging
    import trading.data.events.stated as stated_events
    import trading.data.files_market as files_market
    import trading.data.files_news as files_news
    import trading.data.newsapi_news as newsapi_news
    import trading.data.rss_news as rss_news
    import trading.data.simulated_market as simulated_market
    import trading.data.simulated_news as simulated_news
    import trading.data.vendors.alpaca as alpaca
    import trading.data.yahoo_bars as yahoo_bars
    import trading.store.cycles as cycle_store

if TYPE_CHECKING:
    from pydantic import SecretStr

    from domain.ports import Calendar, Clock, Ledger, Market, NewsFeed
    from trading.data.events.source import EventSource

ACCOUNT = "paper"
"""What cycles and their ids call the account of a home, whatever broker is behind it: it is part of what is stored."""
CYCLE_STARTED = RecordKind.CYCLE_STARTED
RUNS_CYCLE = ("cycle", "demo")
NEEDS_SYMBOLS = (*RUNS_CYCLE, "run", "backtest")
SIMULATED = ("simulated",)
FILES = "files:"
# The moment of the demo's recording: at another one every question would be another, and no answer on record.
FIRST_SIMULATED = datetime(2026, 3, 17, 15, tzinfo=UTC)
AFTER_OPEN = timedelta(minutes=90)
"""Where in its session a simulated cycle stands when nobody names a time."""


class HasCycles(Protocol):
    """Whoever knows the cycles of a home."""

    @property
    def cycles(self) -> cycle_store.CycleStore:
        """Where simulated time stands."""
        ...


def of_home(settings: configuration.Settings, ledger: Ledger) -> configuration.Settings:
    """The settings with the market of this home's newest cycle, where none is named: its time and prices go on.

    Commands that only look take no ``--market``, and in another market the time of a home would be another. Files that
    hold no news were looked at without any.
    """
    begun = None if "market" in settings.model_fields_set else next(ledger.backwards(CYCLE_STARTED), None)
    market = settings.market if begun is None else str(begun.body.get("market", settings.market))
    if market == settings.market:
        return settings
    news = Path(market.removeprefix(FILES)) / "news"
    without = market.startswith(FILES) and not settings.news and not any(news.glob("*.jsonl"))
    return settings.model_copy(update={"market": market, **({"news": "none"} if without else {})})


def has_own_time(market: str) -> bool:
    """True where the market does not stand at the present: it is simulated, or stored in files."""
    return market in SIMULATED or market.startswith(FILES)


def market_of(settings: configuration.Settings, calendar: Calendar) -> Market:
    """The market source by its name, with the sources of events beside it."""
    prices, beside = prices_of(settings, calendar), events_of(settings)
    return merging.MarketWithEvents(prices, beside) if beside else prices


def events_of(settings: configuration.Settings) -> tuple[EventSource, ...]:
    """The sources of SAGE_EVENTS, in their order."""
    names = (each.strip() for each in settings.events.split(","))
    return tuple(_events_named(name, settings) for name in names if name)


def _events_named(name: str, settings: configuration.Settings) -> EventSource:
    if name.startswith(FILES):
        return stated_events.StatedEvents(Path(name.removeprefix(FILES)))
    if name == "fred":
        key = secret(settings.fred_api_key, "FRED_API_KEY")
        return fred_events.FredEvents(fred_events.FredConfig(key, settings.fred_base_url), SystemClock())
    raise UsageError(f"there is no source of events {name!r}", "Choose files:PATH, fred or both, as SAGE_EVENTS.")


def prices_of(settings: configuration.Settings, calendar: Calendar) -> Market:
    """The market source by its name, alone."""
    name, sources = settings.market, ", ".join((*SIMULATED, "yahoo", "alpaca", "files:DIR"))
    if name in SIMULATED:
        return simulated_market.SimulatedMarket(settings.seed, calendar)
    if name.startswith(FILES):
        return files_market.FilesMarket(Path(name.removeprefix(FILES)), calendar)
    if name == "alpaca":
        return alpaca_market.AlpacaMarket(alpaca_of(settings), SystemClock())
    if name == "yahoo":
        config = yahoo_bars.YahooConfig(
            symbols=universe_in(settings), cache_dir=settings.home / "yahoo", base_url=settings.yahoo_base_url
        )
        return yahoo_bars.YahooBars(config, SystemClock())
    raise UsageError(f"there is no market source {name!r}", f"Choose one of {sources}, as SAGE_MARKET or --market.")


def news_of(settings: configuration.Settings, calendar: Calendar, clock: Clock) -> NewsFeed | None:
    """The news source by its name; None for ``none``."""
    name = settings.news_name
    if name == "none":
        return None
    if name in SIMULATED:
        return simulated_news.SimulatedNews(settings.seed, calendar)
    if name.startswith(FILES):
        return files_news.FilesNews(Path(name.removeprefix(FILES)))
    if name == "alpaca":
        return alpaca_news.AlpacaNews(alpaca_of(settings), clock)
    names = names_in(settings.company_names)
    if name == "newsapi":
        return newsapi_news.NewsApiNews(
            newsapi_news.NewsApiConfig(
                key=secret(settings.newsapi_key, "NEWSAPI_KEY"), names=names, base_url=settings.newsapi_base_url
            ),
            clock,
        )
    if name == "rss":
        return rss_news.RssNews(rss_news.RssConfig(feeds_in(settings.rss_feeds), names), clock)
    raise UsageError(
        f"there is no news source {name!r}",
        "Choose simulated, newsapi, rss, alpaca, files:DIR or none, as SAGE_NEWS or --news.",
    )


def alpaca_of(settings: configuration.Settings, *, trading_url: str = "") -> alpaca.AlpacaConfig:
    """Keys and addresses of Alpaca; orders may go to another address than the usual one."""
    return alpaca.AlpacaConfig(
        key_id=secret(settings.alpaca_key_id, "APCA_API_KEY_ID"),
        secret_key=secret(settings.alpaca_secret_key, "APCA_API_SECRET_KEY"),
        trading_url=trading_url or settings.alpaca_base_url,
        data_url=settings.alpaca_data_url,
    )


def secret(value: SecretStr | None, name: str) -> str:
    """A secret that the chosen source cannot do without."""
    if value is None:
        raise ConfigurationError(f"{name} is not set", "Set it in the environment or .env, or choose another source.")
    return value.get_secret_value()


def embedder_of(settings: configuration.Settings, stack: ExitStack) -> lesson_texts.TextEmbedder | None:
    """What compares lessons by their words, where a model is named."""
    kind, _, name = settings.embeddings.partition(":")
    if not settings.embeddings:
        return None
    if kind != "openai" or not name:
        raise ConfigurationError(f"SAGE_EMBEDDINGS={settings.embeddings} is unknown", "Write openai:NAME or nothing.")
    if settings.openai_api_key is None:
        raise ConfigurationError("SAGE_EMBEDDINGS needs OPENAI_API_KEY", "Set it, or leave SAGE_EMBEDDINGS empty.")
    return stack.enter_context(
        openai_embeddings.OpenAIEmbeddings(
            name,
            base_url=settings.openai_base_url,
            api_key=settings.openai_api_key,
            timeout_s=settings.model_timeout_s,
        )
    )


def moment_of(
    settings: configuration.Settings,
    arguments: parser.Arguments,
    stores: HasCycles,
    market: Market,
    calendar: Calendar,
) -> datetime:
    """The ``as_of`` of this run. Real sources stand at the present; simulated time stands where it was left.

    Without ``--as-of`` a cycle in simulated time moves to the next session, and one over files to the newest bar.
    """
    now = SystemClock().now()
    if arguments.as_of is not None and arguments.as_of > now:
        raise UsageError(
            f"{arguments.as_of.isoformat()} lies in the future", "Nobody knows that yet; name a past time."
        )
    runs_cycle = arguments.command in RUNS_CYCLE
    simulated = has_own_time(settings.market)
    last = stores.cycles.last(ACCOUNT)
    if runs_cycle and simulated and last is not None and last.finished_at is None:
        return last.as_of  # a cycle that was cut off is finished first, at its own moment
    if arguments.as_of is not None:
        return arguments.as_of
    stands = stores.cycles.cursor(settings.market)
    if settings.market in SIMULATED:
        if stands is None:
            return FIRST_SIMULATED
        if arguments.command == "run" and last is not None:
            return max(stands, last.as_of)  # a cycle that was cut off has not moved the cursor yet
        # Twelve hours on the session it stands in is over; no closure lasts ten days.
        following = calendar.sessions(stands + timedelta(hours=12), stands + timedelta(days=10))
        return following[0].opens_at + AFTER_OPEN if runs_cycle else stands
    if settings.market.startswith(FILES):
        return stands if stands is not None and not runs_cycle else newest_bar_start(market, settings, now)
    return now


def timeframe_of(settings: configuration.Settings, market: Market) -> Timeframe:
    """The length of bars that was set, else that which the files hold of most symbols, else a day."""
    prices = merging.prices_of(market)
    held = prices.timeframes if isinstance(prices, files_market.FilesMarket) else ()
    if settings.timeframe is None:
        return held[0] if held else Timeframe.DAY_1
    if held and settings.timeframe not in held:
        raise ConfigurationError(
            f"{settings.market} holds no bars of {settings.timeframe.value}",
            f"Set SAGE_TIMEFRAME to {' or '.join(held)}, or leave it out.",
        )
    return settings.timeframe


def newest_bar_start(market: Market, settings: configuration.Settings, now: datetime) -> datetime:
    """Where the newest bar of any symbol begins: its open was known then."""
    timeframe = timeframe_of(settings, market)
    newest = [market.bars(symbol, timeframe, as_of=now, limit=1) for symbol in market.symbols()]
    starts = [bars[-1].start for bars in newest if bars]
    if not starts:
        raise ConfigurationError(
            f"{settings.market} holds no bars of {timeframe.value} that have ended", "Put older ones there."
        )
    return max(starts)


def universe_of(settings: configuration.Settings, arguments: parser.Arguments, market: Market) -> tuple[Symbol, ...]:
    """What was asked for, else the configured universe, else all the source knows; an unknown name is refused."""
    asked = arguments.symbols or universe_in(settings)
    unknown = [symbol for symbol in asked if market.instrument(symbol) is None] if asked else []
    if unknown:
        known = ", ".join(market.symbols()[:12])
        raise UsageError(f"{settings.market} does not know {', '.join(unknown)}", f"It knows {known or 'nothing'}.")
    universe = asked or market.symbols()
    if not universe and arguments.command in NEEDS_SYMBOLS:
        raise UsageError(f"{settings.market} names no symbols", "Name them with --symbols or SAGE_UNIVERSE.")
    return universe


def universe_in(settings: configuration.Settings) -> tuple[Symbol, ...]:
    """The symbols of SAGE_UNIVERSE."""
    return symbols_in(settings.universe, "SAGE_UNIVERSE")


def names_in(text: str) -> dict[Symbol, tuple[str, ...]]:
    """``AAPL=Apple|iPhone,MSFT=Microsoft`` as the names that texts call companies by."""
    pairs = (part.partition("=") for part in text.split(",") if part.strip())
    return {parse_symbol(symbol.strip()): tuple(filter(None, names.split("|"))) for symbol, _, names in pairs}


def feeds_in(text: str) -> dict[str, str]:
    """``wire=https://…,https://…`` as feeds by name; one without a name is called by its place in the list."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    named = (
        # A name holds neither : nor /, so the = of an address's query names nothing.
        part.partition("=") if re.match(r"[\w-]+=", part) else (f"feed{n}", "=", part)
        for n, part in enumerate(parts, 1)
    )
    return {name: address for name, _, address in named}


def symbols_in(text: str, setting: str) -> tuple[Symbol, ...]:
    """``AAPL,msft`` as symbols; DataQualityError with the name of the setting where one is none."""
    try:
        return tuple(dict.fromkeys(parse_symbol(part.strip()) for part in text.split(",") if part.strip()))
    except DataQualityError as error:
        raise DataQualityError(f"{setting}: {error.what}", error.remedy) from None
