"""What loosens something asks first: a resume, a mode further up, a policy that allows more. ``--yes`` is for scripts.

What is about to happen goes to standard error, so that standard output holds the answer alone. No answer is a no.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

from domain.case import Mode
from domain.errors import OversightError
from domain.market import Symbol
from interfaces.cli import render, worded
from interfaces.cli.console import Terminal
from interfaces.cli.parser import Arguments
from interfaces.service import Service
from interfaces.views.plain import quantity
from trading.store.people.roles import Role

UNCHANGED = "nothing was changed"
OWNER = "owner"


def confirmed(arguments: Arguments, terminal: Terminal, question: str) -> bool:
    """True where the owner says yes."""
    if arguments.yes:
        return True
    terminal.ask(f"{question} [y/N] ")
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def refused(terminal: Terminal, what: str) -> int:
    """The line and the exit code of a no."""
    return terminal.fail(OversightError(f"not {what}: {UNCHANGED}", "Answer y, or say --yes."))


def resume(arguments: Arguments, service: Service, terminal: Terminal) -> int:
    """Lift a pause at once; a halt, a kill or a drawdown after the owner has seen what that means and said yes."""
    accept: bool = arguments.accept_loss
    plan = service.resume_plan(accept_loss=accept) if arguments.scope == "global" else None
    # What the checklist refuses anyway is not asked about, and a pause alone is lifted without a question.
    if plan is not None and (plan.stopped or plan.loss) and not plan.findings:
        if not arguments.yes:
            terminal.aside(render.resume_plan(plan))
        if not confirmed(arguments, terminal, "Accept the loss and resume?" if accept else "Resume trading?"):
            return refused(terminal, "resumed")
    terminal.show(service.resume(arguments.scope, arguments.name, plan, accept_loss=accept), render.control)
    return 0


def flatten(arguments: Arguments, service: Service, terminal: Terminal) -> int:
    """Close positions after the owner has seen what is held and said yes."""
    if not arguments.yes:
        terminal.aside(render.positions(service.positions()))
    meant = ", ".join(arguments.symbols or ()) or "everything"
    if not confirmed(arguments, terminal, f"Close {meant} now?"):
        return refused(terminal, "closed")
    terminal.show(service.flatten(arguments.symbols or ()), render.control)
    return 0


def close(arguments: Arguments, service: Service, terminal: Terminal) -> int:
    """Close what an id stands for after the owner has seen what that is and said yes."""
    one = service.holding(arguments.id)
    if not arguments.yes:
        terminal.note(f"{arguments.id} is {one.symbol}, of which {quantity(one.qty)} shares are held: all of them")
    if not confirmed(arguments, terminal, f"Close {one.symbol} now?"):
        return refused(terminal, "closed")
    terminal.show(service.close(one.symbol), render.control)
    return 0


def move_mode(arguments: Arguments, service: Service, terminal: Terminal) -> int:
    """Down at once, up after a yes."""
    wanted = Mode(arguments.mode)
    up = service.needs_owner(wanted)
    if up and not confirmed(arguments, terminal, f"Move the mode up to {wanted}?"):
        return refused(terminal, "moved")
    terminal.show(service.set_mode(wanted, confirmed=up), render.mode)
    return 0


def accept_policy(arguments: Arguments, service: Service, terminal: Terminal) -> int:
    """Put the policy of this start in force after the owner has seen every limit that differs and said yes."""
    shown = service.policy_change()
    if not shown.in_force:
        if not arguments.yes:
            terminal.aside(render.policy_change(shown))
        if not confirmed(arguments, terminal, f"Put {shown.profile} in force?"):
            return refused(terminal, "accepted")
    # With what was shown: a policy that came into force since then was not agreed to.
    terminal.show(service.accept_policy(shown), render.policy_change)
    return 0


def set_role(arguments: Arguments, service: Service, terminal: Terminal) -> int:
    """Give or take a role after the owner of the machine has said yes."""
    if not confirmed(arguments, terminal, f"Make {arguments.who} {arguments.role}?"):
        return refused(terminal, "given")
    role = None if arguments.role == "none" else Role(arguments.role)
    terminal.show(service.set_role(arguments.who, role, worded.me()), render.people)
    return 0


def adopt(arguments: Arguments, symbol: Symbol, service: Service, terminal: Terminal) -> int:
    """Take over what the broker holds of a symbol after the owner has seen what would be booked and said yes."""
    shown = service.adoptable(symbol, arguments.split)
    if not arguments.yes:
        terminal.aside(render.difference(shown))
    if not confirmed(arguments, terminal, f"Book {symbol} as the broker has it?"):
        return refused(terminal, "adopted")
    done = service.adopt(shown, OWNER)
    terminal.show(done, render.adopted)
    differs = OversightError(f"{symbol} differs still", "Nothing is entered there until both agree: `sage reconcile`.")
    return 0 if done.free else terminal.fail(differs)


COMMANDS: Mapping[str, Callable[[Arguments, Service, Terminal], int]] = {
    "resume": resume,
    "flatten": flatten,
    "close": close,
    "mode": move_mode,
    "people role": set_role,
}
