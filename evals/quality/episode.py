"""A frozen episode: 130 daily bars of one symbol in a case, and what the desk sees on each of its days.

Days are weekdays from the case's first one on. ``moved`` is the same episode in other years.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from domain.case import MarketView
from domain.clock import parse_time
from domain.context.observation import Observation
from domain.market import Bar, Quote, Session, Symbol, Timeframe, TradingStatus
from evals.stage.world import CONTROL, CYCLE, World, a_view
from tools.catalogue import gather_evidence
from tools.environment import Environment
from trading.signals.composite import composite
from trading.signals.quant import quant_signals
from trading.signals.text import text_signals

# Strategies propose nothing before a symbol has 50 bars.
WARM_UP, HISTORY = 55, 120
SESSION = timedelta(hours=6, minutes=30)
WEEK = 7


@dataclass(frozen=True, slots=True)
class Episode:
    """The bars of one symbol."""

    symbol: Symbol
    bars: tuple[Bar, ...]


def episode_of(inputs: Mapping[str, Any], *, weeks: int = 0) -> Episode:
    """The episode of a case, so many weeks later."""
    symbol, at = Symbol(inputs["symbol"]), parse_time(inputs["start"]) + timedelta(weeks=weeks)
    bars = []
    for prices in inputs["bars"]:
        opened, high, low, close = map(Decimal, prices[:4])
        volume = Decimal(prices[4])
        bars.append(Bar(symbol, Timeframe.DAY_1, at, at + SESSION, opened, high, low, close, volume, "case"))
        at = next_weekday(at)
    return Episode(symbol, tuple(bars))


def next_weekday(at: datetime) -> datetime:
    """The same hour on the next day that is no Saturday or Sunday."""
    days = next(days for days in (1, 2, 3) if (at + timedelta(days=days)).weekday() < WEEK - 2)
    return at + timedelta(days=days)


def known_on(episode: Episode, day: int) -> Environment:
    """What can be known at the close of a day, and nothing later."""
    bars = episode.bars[max(0, day + 1 - HISTORY) : day + 1]
    last, symbol = bars[-1], episode.symbol
    view = a_view(Symbol("ACME"))
    quant = quant_signals(symbol, Timeframe.DAY_1, bars)
    shown = replace(
        view,
        instrument=None if view.instrument is None else replace(view.instrument, symbol=symbol, name=str(symbol)),
        quote=Quote(symbol, last.close, last.close, last.close, last.end, "case"),
        status=TradingStatus(symbol, last.end, halted=False),
        last_bar_end=last.end,
        atr=quant.values.get("atr14"),
    )
    market = MarketView(last.end, "XNYS", Session(last.end.date(), last.start, last.end), {symbol: shown})
    signal = composite(quant, text_signals(symbol, (), as_of=last.end), shown, as_of=last.end)
    world = World()
    book = replace(world.book, account=replace(world.book.account, as_of=last.end))
    return Environment(
        cycle_id=CYCLE,
        as_of=last.end,
        timeframe=Timeframe.DAY_1,
        book=book,
        control=replace(CONTROL, reconciled_at=last.end, broker_time=last.end),
        market=market,
        bars={symbol: bars},
        signals={symbol: signal},
        readings={symbol: ()},
        policy=world.policy,
        memory=None,
    )


def seen(env: Environment) -> Observation:
    """The same as evidence, which takes the gates' room and is only made where a role is asked."""
    evidence = gather_evidence(env, tuple(env.signals))
    return Observation(evidence, tuple(env.signals.values()), (), env.market, env.book, env.control, ())
