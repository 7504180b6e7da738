"""Bars, readings, signals, books and markets for tests of what is computed from them."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from domain.book import Account, Book, Performance, Position
from domain.case import MarketView, SymbolView
from domain.context.news import NewsEvent, NewsReading, Strength, Topic
from domain.ids import ClientOrderId, CycleId, DecisionId
from domain.market import Bar, EventKind, Instrument, MarketEvent, Quote, Session, Symbol, Timeframe, TradingStatus
from domain.orders import Order, OrderStatus, OrderType, Origin, Side, TimeInForce
from domain.signals import CompositeSignal, QuantSignals, Regime, ScannerAlert, TextSignals

NOW = datetime(2026, 3, 17, 15, 0, tzinfo=UTC)
AAPL = Symbol("AAPL")
CYCLE = CycleId("cyc-test")


def d(value: object) -> Decimal:
    """A Decimal from its shortest text."""
    return Decimal(str(value))


def a_bar(close: object = "100", *, index: int = 0, symbol: str = "AAPL", **changes: Any) -> Bar:
    """A daily bar, ``index`` days before the one that ends at midnight of NOW's day."""
    end = datetime(2026, 3, 17, tzinfo=UTC) - timedelta(days=index)
    price = d(close)
    fields: dict[str, Any] = {
        "symbol": Symbol(symbol),
        "timeframe": Timeframe.DAY_1,
        "start": end - timedelta(days=1),
        "end": end,
        "open": price,
        "high": price + 1,
        "low": price - 1,
        "close": price,
        "volume": d(1_000_000),
        "source": "test",
    }
    return Bar(**fields | changes)


def bars_of(closes: Sequence[object], *, symbol: str = "AAPL", **changes: Any) -> tuple[Bar, ...]:
    """Daily bars with these closes, the last one ending at midnight of NOW's day."""
    last = len(closes) - 1
    return tuple(a_bar(close, index=last - place, symbol=symbol, **changes) for place, close in enumerate(closes))


def a_walk(
    length: int, *, seed: int = 1, symbol: str = "AAPL", drift: float = 0.0, spread: float = 0.015
) -> tuple[Bar, ...]:
    """A seeded random walk of daily bars around 100."""
    source, price, rows = random.Random(seed), 100.0, []
    for _ in range(length):
        opening = price
        price = max(5.0, price * (1 + source.gauss(drift, spread)))
        high = max(opening, price) * (1 + source.uniform(0, 0.01))
        low = min(opening, price) * (1 - source.uniform(0, 0.01))
        rows.append(
            (round(opening, 2), round(high, 2), round(low, 2), round(price, 2), source.randint(10**6, 3 * 10**6))
        )
    return tuple(
        a_bar(
            close, index=length - 1 - place, symbol=symbol,
            open=d(opening), high=d(high), low=d(low), volume=d(volume),
        )
        for place, (opening, high, low, close, volume) in enumerate(rows)
    )  # fmt: skip


def an_event(
    sign: int = 1, strength: Strength = Strength.HIGH, topic: Topic = Topic.EARNINGS, symbol: str = "AAPL"
) -> NewsEvent:
    """One event for one symbol."""
    return NewsEvent(Symbol(symbol), topic, sign, strength, (0, 10))


def a_reading(
    *events: NewsEvent,
    digest: str = "one",
    hours_old: float = 0,
    suspicious: bool = False,
    social: bool = False,
    published_at: datetime | None = None,
) -> NewsReading:
    """A reading that became available ``hours_old`` hours before NOW."""
    available = NOW - timedelta(hours=hours_old)
    return NewsReading(
        content_digest=digest,
        item_id=f"item-{digest}",
        published_at=available if published_at is None else published_at,
        available_at=available,
        events=events,
        suspicious=suspicious,
        social=social,
        model="test",
    )


def a_quant(
    *, regime: Regime = Regime.TREND_UP, score: object = "0.5", symbol: str = "AAPL", **values: object
) -> QuantSignals:
    """Signals with plausible values; name those that matter, None for an unknown one."""
    usual = {
        "close": "100", "sma20": "98", "sma50": "95", "ema12": "99", "rsi14": "60", "atr14": "2", "bb_pct": "0.7",
        "macd_hist": "0.3", "adx14": "30", "stoch14": "70", "vol20": "25", "volume_ratio": "1.1", "ret1": "0.5",
        "ret5": "2", "ret20": "5", "high20": "101", "low20": "92",
    }  # fmt: skip
    chosen = {name: None if value is None else d(value) for name, value in (usual | values).items()}
    return QuantSignals(Symbol(symbol), Timeframe.DAY_1, datetime(2026, 3, 17, tzinfo=UTC), chosen, regime, d(score))


def a_text(
    *, score: object = "0", articles: int = 0, posts: int = 0, suspicious: int = 0, symbol: str = "AAPL", **changes: Any
) -> TextSignals:
    """Text signals; newest just before NOW where there are articles."""
    newest = NOW - timedelta(hours=1) if articles or posts else None
    fields: dict[str, Any] = {"strongest_topic": "earnings" if articles else None, "newest_at": newest}
    return TextSignals(
        symbol=Symbol(symbol),
        at=NOW,
        score=d(score),
        articles=articles,
        posts=posts,
        suspicious=suspicious,
        **fields | changes,
    )


def a_signal(
    *,
    symbol: str = "AAPL",
    score: object = "0.5",
    regime: Regime = Regime.TREND_UP,
    text: TextSignals | None = None,
    flags: tuple[str, ...] = (),
    confidence: object = "0.7",
    quant_score: object | None = None,
    **values: object,
) -> CompositeSignal:
    """A composite signal, by default in an orderly uptrend."""
    quant = a_quant(regime=regime, score=score if quant_score is None else quant_score, symbol=symbol, **values)
    number = d(score)
    return CompositeSignal(
        symbol=Symbol(symbol),
        timeframe=Timeframe.DAY_1,
        at=NOW,
        quant=quant,
        text=a_text(symbol=symbol) if text is None else text,
        direction=(number > 0) - (number < 0),
        score=number,
        confidence=d(confidence),
        risk_flags=flags,
    )


def an_alert(symbol: str = "AAPL", kind: str = "breakout", score: object = "0.6") -> ScannerAlert:
    """A breakout alert."""
    return ScannerAlert("volume_breakout", Symbol(symbol), kind, d(score), NOW, {"volume_ratio": d("2.4")})


def a_quote(bid: object = "99.99", ask: object = "100.01", *, symbol: str = "AAPL", age_s: int = 1) -> Quote:
    """A quote a second old."""
    return Quote(Symbol(symbol), d(bid), d(ask), d(bid), NOW - timedelta(seconds=age_s), "test")


def an_instrument(symbol: str = "AAPL", **changes: Any) -> Instrument:
    """A share of one in ticks of a cent."""
    fields: dict[str, Any] = {"symbol": Symbol(symbol), "name": symbol, "sector": "technology"}
    return Instrument(**fields | changes)


def an_event_due(
    hours: float, kind: EventKind = EventKind.EARNINGS, symbol: str = "AAPL", **changes: Any
) -> MarketEvent:
    """An event announced a week ago that takes effect in ``hours``."""
    fields: dict[str, Any] = {
        "symbol": Symbol(symbol), "kind": kind, "announced_at": NOW - timedelta(days=7),
        "effective_at": NOW + timedelta(hours=hours), "source": "test",
    }  # fmt: skip
    return MarketEvent(**fields | changes)


def a_view(symbol: str = "AAPL", **changes: Any) -> SymbolView:
    """A symbol that trades, with a fresh quote."""
    fields: dict[str, Any] = {
        "instrument": an_instrument(symbol),
        "quote": a_quote(symbol=symbol),
        "status": TradingStatus(Symbol(symbol), NOW, halted=False),
        "last_bar_end": datetime(2026, 3, 17, tzinfo=UTC),
        "timeframe": Timeframe.DAY_1,
        "atr": d(2),
        "adv_shares": d(5_000_000),
        "event_kinds": frozenset(EventKind),
    }
    return SymbolView(**fields | changes)


def a_halt(symbol: str = "AAPL") -> TradingStatus:
    """The symbol does not trade."""
    return TradingStatus(Symbol(symbol), NOW, halted=True, reason="volatility")


def a_market(views: Mapping[str, SymbolView] | Iterable[str] = ("AAPL",), *, at: datetime = NOW) -> MarketView:
    """An open market that shows these symbols."""
    shown = views if isinstance(views, Mapping) else {symbol: a_view(symbol) for symbol in views}
    session = Session(at.date(), at - timedelta(hours=2), at + timedelta(hours=4))
    return MarketView(at, "XNYS", session, {Symbol(symbol): view for symbol, view in shown.items()})


def a_position(symbol: str = "AAPL", qty: object = "50", avg_price: object = "95", **changes: Any) -> Position:
    """A long position of the momentum strategy."""
    fields: dict[str, Any] = {
        "symbol": Symbol(symbol), "qty": d(qty), "avg_price": d(avg_price), "available_qty": d(qty),
        "opened_at": NOW - timedelta(days=2), "strategy": "momentum", "stop_loss": d(90),
    }  # fmt: skip
    return Position(**fields | changes)


def an_open_order(symbol: str = "AAPL", side: Side = Side.BUY, **changes: Any) -> Order:
    """A working order."""
    fields: dict[str, Any] = {
        "client_order_id": ClientOrderId(f"ord-{symbol}"), "decision_id": DecisionId(f"dec-{symbol}"),
        "symbol": Symbol(symbol), "side": side, "qty": d(10), "type": OrderType.LIMIT, "tif": TimeInForce.DAY,
        "status": OrderStatus.ACCEPTED, "created_at": NOW, "updated_at": NOW, "strategy": "momentum",
        "origin": Origin.AGENT, "limit_price": d(100),
    }  # fmt: skip
    return Order(**fields | changes)


def a_book(
    *positions: Position,
    equity: object | None = "100000",
    orders: tuple[Order, ...] = (),
    performance: Performance | None = None,
) -> Book:
    """A paper book with cash for everything."""
    money = None if equity is None else d(equity)
    account = Account(
        "paper-1", NOW, "USD", paper=True, equity=money, cash=money, buying_power=money, trading_blocked=False
    )
    known = Performance(d(100_000), d(100_000), d(0), d(0), 0) if performance is None else performance
    return Book(account, known, {position.symbol: position for position in positions}, orders, (), 0, d(0))
