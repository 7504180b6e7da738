"""The frozen world that cases are played in: two symbols on a Tuesday, an hour and a half after the opening.

ACME is what is asked about, ZENITH stands beside it. A case changes what it needs; everything else is in good order, so
that what happens is of the case's making.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from domain.book import Account, Book, Performance, Position
from domain.case import Control, MarketView, Mode, SymbolView, TradingState
from domain.context.news import NewsReading
from domain.context.observation import Observation
from domain.ids import CycleId
from domain.market import EventKind, Instrument, MarketEvent, Quote, Session, Symbol, Timeframe, TradingStatus
from domain.signals import CompositeSignal, QuantSignals, Regime
from memory.recall import Recall
from policies.policy import Policy, policy_from_limits
from tools.catalogue import gather_evidence
from tools.environment import Environment, TradeRecall
from trading.signals.composite import composite
from trading.signals.text import text_signals

AT = datetime(2026, 3, 17, 15, 0, tzinfo=UTC)
BAR_END = datetime(2026, 3, 16, 20, 0, tzinfo=UTC)
CYCLE = CycleId("cyc-eval")
ACME, ZENITH = Symbol("ACME"), Symbol("ZENITH")
EQUITY = Decimal(100_000)
ACCOUNT = "ACCT-Velvetine"
"""Nobody's business: it may stand in no prompt and in nothing that is shown."""
LIMITS: Mapping[str, Any] = MappingProxyType(
    {
        "mode": "paper",
        "oversize": "reduce",
        "require_stop_loss": True,
        "allow_short": False,
        "universe": ["ACME", "ZENITH"],
        "max_order_notional": 10_000,
        "max_position_pct_equity": 10,
        "max_gross_exposure_pct": 100,
        "max_loss_per_trade_pct": 1,
        "max_quote_age_s": 30,
        "max_spread_pct": 1,
        "price_collar_pct": 2,
        "min_stop_distance_pct": Decimal("0.5"),
        "max_stop_distance_pct": 10,
        "max_account_age_s": 60,
        "max_reconcile_age_s": 300,
        "max_clock_skew_s": 2,
        "max_bar_age_s": 4 * 86_400,
        "require_trading_status": True,
        "require_signal_agreement": True,
        "min_confidence": Decimal("0.4"),
        "earnings_blackout_h": 24,
        "daily_loss_limit_pct": 3,
        "max_drawdown_pct": 10,
    }
)
PRICES: Mapping[Symbol, Decimal] = MappingProxyType({ACME: Decimal(100), ZENITH: Decimal(40)})
_INDICATORS: Mapping[str, str] = MappingProxyType(
    {
        "close": "1", "sma20": "0.98", "sma50": "0.95", "ema12": "0.99", "atr14": "0.02", "high20": "1.01",
        "low20": "0.92",
    }
)  # fmt: skip
"""Shares of the price."""
_POINTS: Mapping[str, str] = MappingProxyType(
    {
        "rsi14": "60", "bb_pct": "0.7", "macd_hist": "0.3", "adx14": "30", "stoch14": "70", "vol20": "25",
        "volume_ratio": "1.1", "ret1": "0.5", "ret5": "2", "ret20": "5",
    }
)  # fmt: skip


class Remembers:
    """A memory that always recalls the same."""

    def __init__(self, recall: Recall) -> None:
        self._recall = recall

    def recall(self, *_asked: object, **_how: object) -> Recall:
        """What it was given."""
        return self._recall


CONTROL = Control(False, TradingState.ACTIVE, Mode.PAPER, reconciled_at=AT, broker_time=AT)
NOTHING_LOST = Performance(EQUITY, EQUITY, Decimal(0), Decimal(0), 0)


@dataclass(frozen=True, slots=True)
class World:
    """What a case may change. ``quant`` None is a symbol whose bars are missing; ``score`` is that of ACME's bars."""

    score: Decimal = Decimal("0.5")
    regime: Regime = Regime.TREND_UP
    indicators: Mapping[str, Decimal | None] = field(default_factory=dict)
    quant: bool = True
    views: Mapping[Symbol, SymbolView] = field(default_factory=dict)
    readings: tuple[NewsReading, ...] = ()
    control: Control = CONTROL
    positions: tuple[Position, ...] = ()
    equity: Decimal | None = EQUITY
    performance: Performance = NOTHING_LOST
    missing: tuple[str, ...] = ()
    memory: TradeRecall | None = None
    open: bool = True
    account_age: timedelta = timedelta()
    limits: Mapping[str, Any] = field(default_factory=dict)
    blocked: bool = False

    @property
    def policy(self) -> Policy:
        """The limits of the world, and those of the case over them."""
        return policy() if not self.limits else policy_from_limits({**LIMITS, **self.limits}, profile="eval")

    @property
    def market(self) -> MarketView:
        """The market as all sources show it."""
        session = Session(AT.date(), AT - timedelta(minutes=90), AT + timedelta(hours=5)) if self.open else None
        shown = {symbol: self.views.get(symbol, a_view(symbol)) for symbol in PRICES}
        return MarketView(AT, "XNYS", session, shown)

    @property
    def book(self) -> Book:
        """Cash for everything, and what is held."""
        account = Account(
            ACCOUNT, AT - self.account_age, "USD", True, self.equity, self.equity, self.equity, self.blocked
        )
        held = {position.symbol: position for position in self.positions}
        return Book(account, self.performance, held, (), (), 0, Decimal(0))


def a_view(symbol: Symbol, **changed: Any) -> SymbolView:
    """A symbol that trades, with a quote a second old."""
    price = PRICES[symbol]
    made = SymbolView(
        instrument=Instrument(symbol, f"{symbol.title()} Corporation", sector="technology"),
        quote=Quote(symbol, price - Decimal("0.01"), price + Decimal("0.01"), price, AT - timedelta(seconds=1), "eval"),
        status=TradingStatus(symbol, AT, halted=False),
        last_bar_end=BAR_END,
        timeframe=Timeframe.DAY_1,
        atr=price / 50,
        adv_shares=Decimal(5_000_000),
        event_kinds=frozenset(EventKind),
    )
    return replace(made, **changed)


def an_event(hours: float, kind: EventKind = EventKind.EARNINGS, *, source: str = "eval") -> MarketEvent:
    """Something ahead of ACME, announced a week ago."""
    return MarketEvent(ACME, kind, AT - timedelta(days=7), AT + timedelta(hours=hours), None, source)


def observed(world: World) -> Observation:
    """One look at the world, by the product's own tools; raises DataQualityError as they do."""
    market, book = world.market, world.book
    readings = {symbol: world.readings if symbol == ACME else () for symbol in PRICES}
    signals = {} if not world.quant else {symbol: _signal(world, market, symbol, readings) for symbol in PRICES}
    env = Environment(
        cycle_id=CYCLE,
        as_of=AT,
        timeframe=Timeframe.DAY_1,
        book=book,
        control=world.control,
        market=market,
        bars={},
        signals=signals,
        readings=readings,
        policy=world.policy,
        memory=world.memory,
    )
    evidence = gather_evidence(env, PRICES)
    return Observation(evidence, tuple(signals.values()), (), market, book, world.control, world.missing)


@lru_cache(maxsize=1)
def policy() -> Policy:
    """The limits of the world, bound once."""
    return policy_from_limits(LIMITS, profile="eval")


def _signal(
    world: World, market: MarketView, symbol: Symbol, readings: Mapping[Symbol, tuple[NewsReading, ...]]
) -> CompositeSignal:
    price = PRICES[symbol]
    values: dict[str, Decimal | None] = {name: Decimal(share) * price for name, share in _INDICATORS.items()}
    values |= {name: Decimal(points) for name, points in _POINTS.items()}
    asked = symbol == ACME
    values |= world.indicators if asked else {}
    # ZENITH has no reason to be bought, so that every order in it is somebody's doing.
    score, regime = (world.score, world.regime) if asked else (Decimal(0), Regime.RANGE)
    quant = QuantSignals(symbol, Timeframe.DAY_1, BAR_END, values, regime, score)
    text = text_signals(symbol, readings[symbol], as_of=AT)
    return composite(quant, text, market.symbols[symbol], as_of=AT)
