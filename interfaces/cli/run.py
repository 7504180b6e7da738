"""The commands: each asks the service for one view and shows it. What a command may do is the service's business."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from rich.console import RenderableType

from domain.decisions import Phase
from domain.errors import OversightError, UsageError
from domain.market import Symbol
from domain.orders import Side
from domain.signals import Regime
from interfaces.acting.ordering import Ticket
from interfaces.cli import confirming, duties, ordering, render, worded
from interfaces.cli.console import Terminal
from interfaces.cli.parser import Arguments
from interfaces.service import Service
from interfaces.telling.conversation.conversing import ASKABLE, HELP, NO_ORDER
from interfaces.telling.conversation.wordings import Topic
from interfaces.views.chat import ChatView
from trading.portfolio.periods import Unit

OWNER = "owner"
TERMINAL = "terminal"
PAST = 10
"""Runs over the past that a talk lists."""
Look = Callable[[Service], Any]
Screen = Callable[[Any], RenderableType]

LOOKS: Mapping[str, tuple[Look, Screen]] = {
    "status": (Service.status, render.status),
    "positions": (Service.positions, render.positions),
    "orders": (Service.orders, render.orders),
    "trades": (Service.trades, render.trades),
    "balance": (Service.balance, render.balance),
    "pnl": (Service.pnl, render.pnl),
    "stats": (Service.pnl, render.stats),
    "agents": (Service.last_cycle, render.agents),
    "risk": (Service.risk, render.risk),
    "limits": (Service.limits, render.limits),
    "locks": (Service.locks, render.locks),
    "pending": (Service.pending, render.pending),
    "doctor": (Service.doctor, render.doctor),
    "algo list": (Service.algos, render.algos),
    "memory rebuild": (Service.rebuild_memory, render.memory),
    "memory stats": (Service.memory_stats, render.memory_stats),
    "learn": (Service.learn, render.learned),
}


def run(
    arguments: Arguments, service: Service, terminal: Terminal, moment: datetime, universe: tuple[Symbol, ...]
) -> int:
    """Run one command; the exit code says whether what was asked for is so."""
    command = arguments.command
    # With an option that asks for more than the plain view these are commands further below.
    if command in LOOKS and not (arguments.profile or arguments.diff or arguments.accept or asks_more(arguments)):
        look, screen = LOOKS[command]
        view = look(service)
        terminal.show(view, screen)
        # Views of checks say whether all is well; the others have nothing to say about it.
        return 0 if getattr(view, "ok", True) else terminal.fail(OversightError("not everything is in order"))
    if command == "audit verify":
        with terminal.working("reading the ledger") as progress:
            audit = service.verify(progress)
        terminal.show(audit, render.audit)
        return 0 if audit.ok else terminal.fail(OversightError("not everything is in order"))
    if command in ("cycle", "demo"):
        with terminal.working("starting the cycle") as progress:
            report = service.cycle(universe, moment, progress)
        if command == "cycle":
            terminal.show(report, render.cycle)
            return 0
        # The cycle's own words on it are from before it was sent.
        became = service.became(report.orders[0].decision_id) if report.orders else None
        terminal.show(report, partial(render.demo, home=service.home, became=became))
        return 0
    if command in worded.ASKS:
        return worded.show(arguments, service, terminal)
    if command in duties.COMMANDS:
        return duties.COMMANDS[command](arguments, service, terminal, universe)
    if command in confirming.COMMANDS:
        return confirming.COMMANDS[command](arguments, service, terminal)
    if command in ordering.COMMANDS:
        return ordering.COMMANDS[command](arguments, service, terminal)
    if command == "chat":
        return chat(service, terminal)
    return act(arguments, service, terminal)


def asks_more(arguments: Arguments) -> bool:
    """Profit and loss by period rather than that of today, or so many trades."""
    return bool(arguments.what or arguments.by or arguments.many)


def act(arguments: Arguments, service: Service, terminal: Terminal) -> int:
    """The commands that take an argument or change something."""
    match arguments.command:
        case "explain":
            phase = None if arguments.phase is None else Phase(arguments.phase)
            terminal.show(service.explain(arguments.id, phase), render.explain)
        case "limits" if arguments.accept:
            return confirming.accept_policy(arguments, service, terminal)
        case "limits":
            terminal.show(service.limits(arguments.profile, arguments.diff), render.limits)
        case "memory recall":
            regime = Regime(arguments.regime) if arguments.regime else None
            terminal.show(service.recall(arguments.symbol, regime, arguments.limit, arguments.like), render.recalled)
        case "reconcile" if arguments.adopt is not None:
            return confirming.adopt(arguments, arguments.adopt, service, terminal)
        case "reconcile":
            compared = service.reconcile()
            terminal.show(compared, render.compared)
            differs = OversightError(
                "our books differ from the broker's", "Nothing is entered there until they agree; exits stay possible."
            )
            return 0 if compared.ok else terminal.fail(differs)
        case "usage":
            terminal.show(service.usage(arguments.count), render.usage)
        case "whynot":
            terminal.show(service.whynot(arguments.id), render.whynot)
        case "approve" | "reject":
            yes = arguments.command == "approve"
            view = (
                service.approve(arguments.id, OWNER, half=arguments.half)
                if yes
                else service.reject(arguments.id, OWNER)
            )
            terminal.show(view, render.answer)
            done = view.done and (not yes or view.order is not None)
            return 0 if done else terminal.fail(OversightError(view.note, view.standstill))
        case "pause":
            terminal.show(service.pause(arguments.scope, arguments.name, arguments.lasting), render.control)
        case _:
            raise AssertionError(f"the parser knows {arguments.command!r} and this table does not")
    return 0


def chat(service: Service, terminal: Terminal) -> int:
    """Answer questions from the records until the input ends."""
    for told in HELP:
        terminal.note(told)
    for line in questions(terminal):
        if service.understood(line).topic == "bye":
            break
        try:
            talk(line, service, terminal)
        except OversightError as error:
            terminal.fail(error)  # one question that fails ends no talk
    return 0


def talk(line: str, service: Service, terminal: Terminal) -> None:
    """One question: the model's answer from the records, or the view that the words name."""
    with terminal.working("thinking") as progress:
        view = service.chat(TERMINAL, line, progress)
    if view.lines or view.cards:
        terminal.show(view, render.chat)
        return
    who, _, why = view.source.partition(":")
    if who == "nobody":
        terminal.note(f"the model gave no usable answer ({why}); this is from the records")
    answer(view.topic, view.about, service, terminal)


def questions(terminal: Terminal) -> Any:
    """Lines as they are typed; the prompt goes to standard error."""
    while True:
        terminal.ask("you> ")
        line = sys.stdin.readline()
        if not line:
            return
        if line.strip():
            yield line.strip()


def answer(topic: Topic, about: str, service: Service, terminal: Terminal) -> None:
    """One question, one view; a question about nothing on record is told so and the talk goes on."""
    if topic == "pnl" and about != "last":
        terminal.attempt(lambda: service.profits(about, None), render.profits)
    elif topic in LOOKS:
        look, screen = LOOKS[topic]
        terminal.show(look(service), screen)
    elif topic == "performance":
        terminal.show(service.profits(about, Unit.SYMBOL), render.profits)
    elif topic == "whynot":
        terminal.attempt(lambda: service.whynot(about), render.whynot)
    elif topic == "whatif":
        terminal.attempt(lambda: service.order(asked_about(about), what_if=True), render.ticket)
    elif topic == "experiments":
        terminal.show(service.experiments(PAST), render.experiments)
    elif topic == "people":
        terminal.show(service.people(worded.me()), render.people)
    elif topic == "chart":
        terminal.attempt(lambda: worded.chart(service, Arguments("chart", what=about)), render.drawn)
    elif topic == "explain":
        terminal.attempt(lambda: service.explain(about, None), render.explain)
    else:
        terminal.show(ChatView(ASKABLE, (), (), "rules"), render.chat)


def asked_about(order: str) -> Ticket:
    """``buy NIMBO 10``, as a question had it."""
    if not order:
        raise UsageError(*NO_ORDER)
    side, symbol, qty = order.split()
    return Ticket(Side(side), Symbol(symbol), Decimal(qty))
