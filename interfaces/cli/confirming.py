"""What loosens something asks first: a resume, a mode further up, a policy that allows more. ``--yes`` is for scripts.

What is about to happen goes to standard error, so that standard output holds the answer alone. No answer is a no.
"""

from __future__ import annotations

import sys

from domain.case import Mode
from domain.errors import OversightError
from interfaces.cli import render
from interfaces.cli.console import Terminal
from interfaces.cli.parser import Arguments
from interfaces.service import Service

UNCHANGED = "nothing was changed"


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
    """Lift a pause at once; a halt or a kill after the owner has seen what is released and said yes."""
    plan = service.resume_plan() if arguments.scope == "global" else None
    if plan is not None and plan.stopped and not plan.findings:
        if not arguments.yes:
            terminal.aside(render.resume_plan(plan))
        if not confirmed(arguments, terminal, "Resume trading?"):
            return refused(terminal, "resumed")
    terminal.show(service.resume(arguments.scope, arguments.name, plan), render.control)
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
    terminal.show(service.accept_policy(shown), render.policy_change)
    return 0
