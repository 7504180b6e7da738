"""The commands of orders by hand: ``buy``, ``sell``, ``orders cancel``, ``orders replace``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from domain.errors import OversightError, UsageError
from domain.orders import OrderType, Side, TimeInForce
from interfaces.acting.ordering import Ticket
from interfaces.cli import render
from interfaces.cli.confirming import confirmed
from interfaces.cli.console import Terminal
from interfaces.cli.parser import Arguments
from interfaces.service import Service
from interfaces.views.gates import TicketView
from trading.execution.changes import OrderChange


def place(arguments: Arguments, service: Service, terminal: Terminal) -> int:
    """Judge, ask where the gates want a person's yes, send; or only judge."""
    ticket = ticket_of(arguments)
    view = service.order(ticket, what_if=arguments.what_if, confirmed=arguments.yes)
    if view.waits and not arguments.what_if and not arguments.yes:
        terminal.aside(render.ticket(view, verbose=arguments.verbose))
        if confirmed(arguments, terminal, "Send it with your approval?"):
            # From the start: prices and book may be others by now, and the yes is bound to what is judged then.
            view = service.order(ticket, confirmed=True)
    if arguments.what_if:
        terminal.show(view, partial(render.ticket, verbose=arguments.verbose))
        return 0
    return shown(view, terminal, verbose=arguments.verbose)


def ticket_of(arguments: Arguments) -> Ticket:
    """The words of the command line as one value."""
    if arguments.symbol is None:
        raise UsageError("no symbol was named", "Write `sage buy NIMBO 10`.")
    return Ticket(
        side=Side(arguments.command),
        symbol=arguments.symbol,
        qty=arguments.qty,
        amount=arguments.amount,
        type=OrderType(arguments.order_type),
        tif=TimeInForce(arguments.tif),
        limit=arguments.limit_price,
        trigger=arguments.trigger,
        stop=arguments.stop_price,
        target=arguments.target_price,
        trail=arguments.trail,
        trail_pct=arguments.trail_pct,
    )


def cancel(arguments: Arguments, service: Service, terminal: Terminal) -> int:
    """Take one out."""
    return shown(service.cancel_order(arguments.id), terminal)


def replace(arguments: Arguments, service: Service, terminal: Terminal) -> int:
    """Put a changed one in its place."""
    change = OrderChange(qty=arguments.qty, limit_price=arguments.limit_price, trigger_price=arguments.stop_price)
    return shown(service.replace_order(arguments.id, change), terminal)


def shown(view: TicketView, terminal: Terminal, *, verbose: bool = False) -> int:
    """The view, and one line on standard error where it is not done."""
    terminal.show(view, partial(render.ticket, verbose=verbose))
    return 0 if view.done else terminal.fail(OversightError(view.note or "the broker has not taken it out yet"))


COMMANDS: Mapping[str, Callable[[Arguments, Service, Terminal], int]] = {
    "buy": place,
    "sell": place,
    "orders cancel": cancel,
    "orders replace": replace,
}
