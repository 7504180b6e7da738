"""Commands that take a word or two and show one view of what is asked or done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rich.console import RenderableType

from interfaces.cli import render
from interfaces.cli.console import Terminal
from interfaces.cli.parser import Arguments
from interfaces.service import Service
from trading.portfolio.periods import Unit

OWNER = "owner"
Ask = Callable[[Service, Arguments], Any]
Screen = Callable[[Any], RenderableType]


def profits(service: Service, arguments: Arguments) -> Any:
    """Profit and loss of a period or a symbol."""
    return service.profits(arguments.what or "total", Unit(arguments.by) if arguments.by else None)


def restrict(service: Service, arguments: Arguments) -> Any:
    """A symbol on the restricted list."""
    return service.restrict(arguments.symbol or "", arguments.lasting, arguments.reason, OWNER)


def allow(service: Service, arguments: Arguments) -> Any:
    """A symbol off it."""
    return service.allow(arguments.symbol or "", OWNER)


ASKS: Mapping[str, tuple[Ask, Screen]] = {
    "pnl": (profits, render.profits),
    "audit last": (lambda service, arguments: service.entries(arguments.count), render.entries),
    "logs": (lambda service, arguments: service.logs(arguments.count), render.logs),
    "config": (lambda service, _arguments: service.config(), render.config),
    "evals report": (lambda service, _arguments: service.evals(), render.evals),
    "restrict": (restrict, render.control),
    "allow": (allow, render.control),
}


def show(arguments: Arguments, service: Service, terminal: Terminal) -> int:
    """One of them."""
    ask, screen = ASKS[arguments.command]
    terminal.show(ask(service, arguments), screen)
    return 0
