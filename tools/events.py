"""What lies ahead of a symbol: hours to its next earnings report, and its next corporate action.

An event that a source would have told of and did not is ``none announced``; one that no source tells of is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from domain.evidence import Evidence, Value
from domain.market import EventKind, MarketEvent
from domain.money import rounded
from tools.environment import Environment
from tools.tool import SymbolArgument, figure, tool
from trading.portfolio.exposure import view_of

NONE_ANNOUNCED = "none announced"
EARNINGS, ACTIONS = frozenset({EventKind.EARNINGS}), frozenset({EventKind.SPLIT, EventKind.DIVIDEND})


@tool
def events(env: Environment, symbol: SymbolArgument) -> tuple[Evidence, ...]:
    """Hours to the next earnings report and the next corporate action, as far as a source announces them."""
    view = view_of(env.market, symbol)

    def told(name: str, unit: str, kinds: frozenset[EventKind], tell: Callable[[MarketEvent], Value]) -> Evidence:
        event = _next(view.events, kinds, env.as_of)
        if event is not None:
            return figure(name, tell(event), unit, source=event.source, at=event.announced_at, symbol=symbol)
        if kinds <= view.event_kinds:
            return figure(name, NONE_ANNOUNCED, unit, source="calendar", at=env.as_of, symbol=symbol)
        return figure(name, None, unit, source="missing", at=env.as_of, symbol=symbol)

    return (
        told("event.earnings_in", "hours", EARNINGS, lambda event: _hours_to(event, env.as_of)),
        told("event.action", "text", ACTIONS, lambda event: event.kind.value),
    )


def _hours_to(event: MarketEvent, as_of: datetime) -> Value:
    return rounded((event.effective_at - as_of).total_seconds() / 3600)


def _next(events: Iterable[MarketEvent], kinds: frozenset[EventKind], as_of: datetime) -> MarketEvent | None:
    """The next announced event of these kinds."""
    # What was not announced by then was not known by then (I-67).
    ahead = [event for event in events if event.kind in kinds and event.announced_at <= as_of <= event.effective_at]
    return min(ahead, key=lambda event: (event.effective_at, event.kind), default=None)
