"""A backtest: the oversight cycle itself, run session by session over a market that is stored, with nobody watching.

    each session   at the opening + offset   one cycle, with its gates, orders and ledger
                   at the close + 10 min      orders meet the market, the books are compared, requests run out

The start it runs on is one of its own, in an empty home: what is decided there touches no other. Time only moves
forward, and whatever is asked of a source carries the moment at which the clock stands, so nothing later can be seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import NamedTuple

from domain.errors import DataQualityError
from domain.market import Session, Symbol
from domain.record.entries import RecordKind
from interfaces.runtime import Runtime
from interfaces.service import Service
from interfaces.serving.times import SimulatedTime
from trading.backtest.experiment import Close, ExperimentResult, Question, RoundTrip
from trading.backtest.figures import EquityAtClose, Span, figures_of, returns_of
from trading.backtest.holding import held_curve
from trading.backtest.rulings import judged
from trading.backtest.tape import Tape
from trading.store.research.executions import executions

AFTER_CLOSE = timedelta(minutes=10)
BACKTEST = "backtest"
"""Who says yes to what waits for a person, where that was wanted."""


class SessionSeen(NamedTuple):
    """One session: its close, the candidates of its cycle, and whether that did without a source or a model."""

    point: EquityAtClose
    candidates: int
    degraded: bool


def replay(runtime: Runtime, symbols: tuple[Symbol, ...], tape: Tape, *, approves: bool) -> Iterator[SessionSeen]:
    """Run the sessions of ``tape`` one after the other; the start's clock is one that can be moved."""
    service, clock = Service(runtime), runtime.deps.clock
    if not isinstance(clock, SimulatedTime):
        raise TypeError("a backtest needs a start in simulated time")
    for session, look in zip(tape.sessions, tape.looks, strict=True):
        clock.move(look)
        report = service.cycle(symbols, look)
        if approves:
            approve_all(service)
        clock.move(session.closes_at + AFTER_CLOSE)
        service.reconcile()
        service.pending()  # closes what nobody has answered in time
        yield SessionSeen(close_of(runtime, session), len(report.candidates), report.degraded is not None)


def approve_all(service: Service) -> None:
    """A yes to every request; the gates are asked again before anything is sent."""
    for each in service.pending().pending:
        service.approve(each.id, BACKTEST)


def close_of(runtime: Runtime, session: Session) -> EquityAtClose:
    """The account after a close; DataQualityError where something that is held has no price."""
    account = runtime.deps.broker.account()
    if account.equity is None or account.cash is None:
        raise DataQualityError(
            f"what is held on {session.day} has no price", "Look at the bars of that day, or leave the symbol out."
        )
    return EquityAtClose(session.day, account.equity, account.cash)


def answer_of(runtime: Runtime, question: Question, tape: Tape, seen: Sequence[SessionSeen]) -> ExperimentResult:
    """What the sessions came to, from the books and the ledger of the start they ran on."""
    stores, points = runtime.deps.stores, [each.point for each in seen]
    trips = trips_of(runtime)
    spans = [Span(each.opened_at, each.closed_at, each.pnl) for each in trips]
    held = held_curve(question.cash, tape.bars, tape.sessions)
    return ExperimentResult(
        closes=tuple(Close(*point, worth) for point, (_, worth) in zip(points, held, strict=True)),
        figures=figures_of(question.cash, points, executions(stores.database), spans),
        holding=returns_of(question.cash, held),
        trips=trips,
        candidates=sum(each.candidates for each in seen),
        judged=judged(stores.ledger.entries(kind=RecordKind.VERDICTS)),
        open_positions=len(runtime.deps.broker.positions()),
        degraded=sum(each.degraded for each in seen),
        trading_state=stores.control.read().trading_state,
    )


def trips_of(runtime: Runtime) -> tuple[RoundTrip, ...]:
    """Finished round trips, oldest first."""
    closed = runtime.deps.stores.trades.closed()
    return tuple(
        RoundTrip(each.symbol, each.strategy, each.side.value, each.opened_at, each.closed_at, each.pnl)
        for each in reversed(closed)
        if each.closed_at is not None and each.pnl is not None
    )
