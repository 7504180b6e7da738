"""Commands that take a word or two and show one view of what is asked or done."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import RenderableType

from domain.errors import UsageError
from interfaces.cli import render
from interfaces.cli.console import Terminal
from interfaces.cli.parser import Arguments
from interfaces.lazy import rooms_on_first_use
from interfaces.service import Service
from interfaces.views.charts import DrawnView
from trading.portfolio.periods import Unit

with rooms_on_first_use():
    import interfaces.telegram_bot.screens.charts as charts  # its drawing library takes a second to load

OWNER = "owner"
Ask = Callable[[Service, Arguments], Any]
Screen = Callable[[Any], RenderableType]


def profits(service: Service, arguments: Arguments) -> Any:
    """Profit and loss of a period or a symbol."""
    # Only with a unit can the period be left out; without either `sage pnl` is a plain look.
    return service.profits(arguments.what or "total", Unit(arguments.by) if arguments.by else None)


def restrict(service: Service, arguments: Arguments) -> Any:
    """A symbol on the restricted list."""
    return service.restrict(arguments.symbol or "", arguments.lasting, arguments.reason, OWNER)


def allow(service: Service, arguments: Arguments) -> Any:
    """A symbol off it."""
    return service.allow(arguments.symbol or "", OWNER)


def experiments(service: Service, arguments: Arguments) -> Any:
    """The list, or one of them."""
    return service.experiment(arguments.id) if arguments.id else service.experiments(arguments.count)


def chart(service: Service, arguments: Arguments) -> DrawnView:
    """A picture in a file; the file is left alone where there is nothing to draw."""
    what = arguments.what.upper()
    as_of, picture = drawn(service, what)
    if picture is None:
        return DrawnView(as_of, what, "", "there is too little to draw yet")
    to = arguments.to or f"sage-{what.lower()}.png"
    try:
        Path(to).write_bytes(picture)
    except OSError as error:
        raise UsageError(f"{to} cannot be written: {error.strerror}", "Name another file.") from error
    return DrawnView(as_of, what, to)


def drawn(service: Service, what: str) -> tuple[datetime, bytes | None]:
    """A picture and when it is of; a kind that is none is a symbol."""
    match what:
        case "EQUITY":
            days = service.equity()
            return days.as_of, charts.equity(days)
        case "EXPOSURE":
            held = service.positions()
            return held.as_of, charts.exposure(held)
        case "GATES":
            room = service.risk()
            return room.as_of, charts.headroom(room)
        case _:
            bars = service.prices(what)
            return bars.as_of, charts.prices(bars)


def me() -> str:
    """Who sits at the machine, by the name that the operating system has for them; they own it."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "somebody without a name"


ASKS: Mapping[str, tuple[Ask, Screen]] = {
    "pnl": (profits, render.profits),
    "trades": (lambda service, arguments: service.trades(arguments.many), render.trades),
    "audit last": (lambda service, arguments: service.entries(arguments.count), render.entries),
    "people": (lambda service, _arguments: service.people(me()), render.people),
    "chart": (chart, render.drawn),
    "logs": (lambda service, arguments: service.logs(arguments.count), render.logs),
    "config": (lambda service, _arguments: service.config(), render.config),
    "evals report": (lambda service, _arguments: service.evals(), render.evals),
    "experiments": (experiments, render.experiments),
    "restrict": (restrict, render.control),
    "allow": (allow, render.control),
    "unlock": (lambda service, arguments: service.unlock(arguments.name, OWNER), render.control),
}


def show(arguments: Arguments, service: Service, terminal: Terminal) -> int:
    """One of them."""
    ask, screen = ASKS[arguments.command]
    terminal.show(ask(service, arguments), screen)
    return 0
