"""What a strategy is: pure logic over a signal and its context, no clock, no broker, no memory of its own.

A strategy says when to enter, where the stop and the target lie, how much to buy, and when its reason to hold is gone.
Stops and targets are multiples of the average true range (ATR):

    stop   = entry - stop_atr x atr14, at least 0.6 % below the entry; further than 9.5 % away no entry
    target = entry + reward_risk x (entry - stop)

Worked number: entry 200, atr14 4, stop_atr 2, reward_risk 2: stop 192, target 216. The band keeps
every entry inside what the gates accept as a protective stop (0.5 % to 10 %), also at the desk's limit just above the
ask. Entries are long only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from domain.book import Position
from domain.case import SymbolView
from domain.money import HUNDRED, ceil_to, floor_to
from domain.signals import CompositeSignal, ScannerAlert
from policies.measures.worst_case import usable
from trading.portfolio.sizing import NOTHING, PositionSize, SizingRule, position_size, step_of

NEAREST_STOP_PCT = Decimal("0.6")
FURTHEST_STOP_PCT = Decimal("9.5")


@dataclass(frozen=True, slots=True)
class Context:
    """What a strategy may look at beside the signal: all of one symbol, at one moment.

    ``fractional``: an entry with exits behind it may be of a part of a share where the instrument is.
    """

    as_of: datetime
    view: SymbolView
    signal: CompositeSignal | None
    alerts: tuple[ScannerAlert, ...]
    equity: Decimal | None
    sizing: SizingRule
    fractional: bool = False


@dataclass(frozen=True, slots=True)
class Levels:
    """Prices of an entry: buy at ``entry`` at most, protected at ``stop``, done at ``target``."""

    entry: Decimal
    stop: Decimal
    target: Decimal


class StrategyBase(Protocol):
    """The contract. Reasons are sentences without figures; ``refs`` names the figures they rest on."""

    @property
    def name(self) -> str:
        """The name that candidates, positions and pauses carry."""
        ...

    @property
    def entry_reason(self) -> str:
        """Why it enters."""
        ...

    @property
    def exit_reason(self) -> str:
        """Why it leaves."""
        ...

    @property
    def refs(self) -> tuple[str, ...]:
        """The evidence it looks at, without symbol, e.g. ``rsi14``."""
        ...

    @property
    def stop_atr(self) -> Decimal:
        """Distance of the stop in ATRs."""
        ...

    @property
    def reward_risk(self) -> Decimal:
        """Distance of the target in distances of the stop."""
        ...

    def should_enter(self, signal: CompositeSignal, context: Context) -> bool:
        """True where the signal is a reason to buy."""
        ...

    def should_exit(self, position: Position, context: Context) -> bool:
        """True where the reason to hold is gone; False where that cannot be told."""
        ...

    def score(self, signal: CompositeSignal) -> Decimal:
        """How good the entry is, in [-1, 1]: what strategies that want the same symbol are compared by."""
        return signal.score

    def levels(self, signal: CompositeSignal, context: Context) -> Levels | None:
        """Entry at the ask with stop and target, or None where they cannot be placed."""
        instrument, quote = context.view.instrument, usable(context.view.quote)
        atr = signal.quant.values.get("atr14")
        if quote is None or instrument is None or atr is None or atr <= 0:
            return None
        return levels_from(quote.ask, atr, tick=instrument.tick, stop_atr=self.stop_atr, reward_risk=self.reward_risk)

    def compute_position_size(self, signal: CompositeSignal, context: Context) -> PositionSize:
        """The size that the sizing rule gives this entry; nothing where it has no levels."""
        levels, instrument = self.levels(signal, context), context.view.instrument
        if levels is None or instrument is None:
            return NOTHING
        step = step_of(instrument, allow_fractional=context.fractional)
        return position_size(equity=context.equity, entry=levels.entry, stop=levels.stop, lot=step, rule=context.sizing)


def levels_from(ask: Decimal, atr: Decimal, *, tick: Decimal, stop_atr: Decimal, reward_risk: Decimal) -> Levels | None:
    """The levels of a long entry on the instrument's ticks; None where the stop would be too far."""
    entry = ceil_to(ask, tick)
    distance = max(stop_atr * atr, NEAREST_STOP_PCT / HUNDRED * entry)
    # Down, away from the price; ``FURTHEST_STOP_PCT`` is asked about the stop that was placed, not the one that was
    # meant.
    stop = floor_to(entry - distance, tick)
    if entry - stop > FURTHEST_STOP_PCT / HUNDRED * entry:
        return None
    return Levels(entry, stop, floor_to(entry + reward_risk * (entry - stop), tick))


def held_longer_than(limit: timedelta, position: Position, as_of: datetime) -> bool:
    """True where the position is known to be older than ``limit``."""
    return position.opened_at is not None and as_of - position.opened_at > limit
