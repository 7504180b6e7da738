"""The commands of what goes on by itself: ``run``, ``schedule``, ``watchdog`` and sliced orders."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal

from domain.errors import ConfigurationError, OversightError, UsageError
from domain.market import Symbol
from domain.orders import Side
from interfaces.acting.slicing import NeedsYes, SliceRequest
from interfaces.cli import confirming, render
from interfaces.cli.console import Terminal
from interfaces.cli.parser import Arguments
from interfaces.cli.rendering.cells import words
from interfaces.service import Service
from interfaces.serving.life import Life, stopped_by_signals
from trading.execution.algos.base import AlgoKind, Remainder
from trading.monitor.logs import also_to

THERE = ("scheduler", "telegram")
FOLLOW_S = 60.0
OWNER = "owner"
Universe = tuple[Symbol, ...]


def live(arguments: Arguments, service: Service, terminal: Terminal, universe: Universe) -> int:
    """Live until told to stop; the last line says so."""
    # The parser knows every face there is to be; not all of them are there yet.
    absent = [name for name in arguments.only if name not in THERE]
    if absent:
        raise ConfigurationError(
            f"this version has no {' and no '.join(absent)} to run",
            f"Leave --only out, or choose of {', '.join(THERE)}.",
        )
    if arguments.only == ("telegram",):
        return talk(arguments, service, terminal, universe)
    if not sys.stderr.isatty():
        also_to(sys.stderr)  # whoever supervises the service collects its log there
    with stopped_by_signals() as stop:
        talks = not arguments.only or "telegram" in arguments.only
        service.live(universe, Life(stop, arguments.lasting, terminal.progress, talks))
    terminal.note("stopped; the next start goes on from here")
    return 0


def talk(arguments: Arguments, service: Service, terminal: Terminal, universe: Universe) -> int:
    """Answer by Telegram until told to stop."""
    with stopped_by_signals() as stop:
        service.talk(universe, Life(stop, arguments.lasting, terminal.progress))
    terminal.note("stopped")
    return 0


def schedule(arguments: Arguments, service: Service, terminal: Terminal, _universe: Universe) -> int:
    """The runs to come."""
    terminal.show(service.schedule(arguments.runs), render.schedule)
    return 0


def watchdog(arguments: Arguments, service: Service, terminal: Terminal, _universe: Universe) -> int:
    """Look once; with ``--follow`` again and again until told to stop, telling only what has changed."""
    longest = timedelta(minutes=arguments.minutes)
    view = service.watch(longest)
    service.warn(view)
    terminal.show(view, render.watch)
    if not arguments.follow:
        # The screen has said what; said again here it would read as another one.
        count = f"{len(view.alerts)} thing{'s' if len(view.alerts) > 1 else ''}"
        wrong = OversightError(f"the watchdog found {count} wrong", "Look at `sage schedule` and sage.log.")
        return 0 if view.ok else terminal.fail(wrong)
    with stopped_by_signals() as stop:
        while not stop.wait(FOLLOW_S):
            seen, view = view, service.watch(longest)
            service.warn(view)
            if view.alerts != seen.alerts:
                terminal.show(view, render.watch)
    return 0 if view.ok else 1


def alerts(arguments: Arguments, service: Service, terminal: Terminal, _universe: Universe) -> int:
    """What was critical; ``--ack`` says that somebody has seen one of them."""
    changes = {"alerts": tuple(arguments.switch), "quiet": (arguments.quiet_hours,), "mute": (arguments.mute,)}
    wanted = next(((what, words) for what, words in changes.items() if any(words)), ("alerts", ()))
    if arguments.to:
        terminal.show(service.prefer(arguments.to, *wanted, OWNER), render.wishes)
        return 0
    if any(wanted[1]):
        raise UsageError("name the address whose wishes change", "For example --to mail:me@example.com.")
    if arguments.ack:
        service.acknowledge(arguments.ack, OWNER)
    terminal.show(service.alerts(), render.alerts)
    return 0


def start_algo(arguments: Arguments, service: Service, terminal: Terminal, _universe: Universe) -> int:
    """A large order of the owner's, in slices."""
    kind, symbol, side, qty = arguments.algo
    request = SliceRequest(
        kind=AlgoKind(kind),
        symbol=Symbol(symbol),
        side=Side(side),
        qty=Decimal(qty),
        lasting=timedelta(minutes=arguments.minutes),
        slices=arguments.slices,
        limit=arguments.limit_price,
        stop_loss=arguments.stop_price,
        tip=arguments.tip,
        rest=Remainder(arguments.rest),
        reduce_only=arguments.reduce_only,
    )
    if not arguments.yes:
        terminal.aside(words(as_asked(request)))
    if not confirming.confirmed(arguments, terminal, f"{kind} {side} {qty} {symbol}: start it?"):
        return confirming.refused(terminal, "started")
    try:
        view = service.start_algo(request, confirmed=arguments.yes)
    except NeedsYes as asks:
        terminal.note(asks.what)
        if not confirming.confirmed(arguments, terminal, "Start it with your approval?"):
            return confirming.refused(terminal, "started")
        # Judged anew: the market has moved while somebody was thinking.
        view = service.start_algo(request, confirmed=True)
    terminal.show(view, render.algo)
    return 0


def as_asked(request: SliceRequest) -> str:
    """What is about to start: ``twap: sell 40 NIMBO within 30 minutes at the present price or better, ...``."""
    price = "at the present price or better" if request.limit is None else f"at {request.limit} or better"
    stop = "" if request.stop_loss is None else f", a stop at {request.stop_loss} behind each slice"
    minutes = int(request.lasting.total_seconds() // 60)
    order = f"{request.kind}: {request.side} {request.qty} {request.symbol} within {minutes} minutes {price}{stop}"
    return f"{order}. The gates judge it whole first, then every slice."


def stop_algo(arguments: Arguments, service: Service, terminal: Terminal, _universe: Universe) -> int:
    """No more slices."""
    terminal.show(service.stop_algo(arguments.algo[0]), render.algo)
    return 0


COMMANDS: Mapping[str, Callable[[Arguments, Service, Terminal, Universe], int]] = {
    "run": live,
    "telegram": talk,
    "schedule": schedule,
    "watchdog": watchdog,
    "alerts": alerts,
    "algo start": start_algo,
    "algo stop": stop_algo,
}
