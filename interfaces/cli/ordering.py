"""The commands of orders by hand: ``buy``, ``sell``, ``orders cancel``, ``orders replace``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from domain.errors import OversightError, UsageError
from domain.orders import OrderType, Side, TimeInForce
from interfaces.acting.consent import as_shown
from interfaces.acting.ordering import Ticket
from interfaces.cli import render
from interfaces.cli.confirming import confirmed, refused
from interfaces.cli.console import Terminal
from interfaces.cli.parser import Arguments
from interfaces.cli.rendering.cells import words
from interfaces.service import Service
from interfaces.views.gates import TicketView
from trading.execution.changes import OrderChange


def place(arguments: Arguments, service: Service, terminal: Terminal) -> int:
    """Show it and send it after a yes, the gates allowing; or only judge."""
    ticket = ticket_of(arguments)
    if arguments.what_if:
        terminal.show(service.order(ticket, what_if=True), partial(render.ticket, verbose=arguments.verbose))
        return 0
    if not arguments.yes:
        view = service.ask_order(ticket)
        if not view.waits or view.intent is None:
            return shown(view, terminal, verbose=arguments.verbose)
        terminal.aside(render.ticket(view, verbose=arguments.verbose))
        if not confirmed(arguments, terminal, "Send it?"):
            return refused(terminal, "sent")
        # The gates look again at what is true by then, and at no other order than the one that was shown.
        ticket = as_shown(ticket, view.intent, view.final_qty)
    return shown(service.order(ticket, confirmed=True), terminal, verbose=arguments.verbose)


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
    """Take one out; after a yes where it is what protects a holding."""
    bare = "" if arguments.yes else service.before_cancel(arguments.id)
    if bare:
        terminal.aside(words(bare))
        if not confirmed(arguments, terminal, "Cancel it?"):
            return refused(terminal, "cancelled")
    return shown(service.cancel_order(arguments.id), terminal)


def replace(arguments: Arguments, service: Service, terminal: Terminal) -> int:
    """Put a changed one in its place after a yes."""
    change = OrderChange(qty=arguments.qty, limit_price=arguments.limit_price, trigger_price=arguments.stop_price)
    if not arguments.yes:
        terminal.aside(words(service.before_change(arguments.id, change)))
    if not confirmed(arguments, terminal, "Replace it?"):
        return refused(terminal, "replaced")
    return shown(service.replace_order(arguments.id, change), terminal)


def shown(view: TicketView, terminal: Terminal, *, verbose: bool = False) -> int:
    """The view, and one line on standard error where it is not done."""
    terminal.show(view, partial(render.ticket, verbose=verbose))
    if view.done:
        return 0
    return terminal.fail(OversightError(view.note or "the broker has not taken it out yet", view.standstill))


COMMANDS: Mapping[str, Callable[[Arguments, Service, Terminal], int]] = {
    "buy": place,
    "sell": place,
    "orders cancel": cancel,
    "orders replace": replace,
}
