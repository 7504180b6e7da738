"""What waits for a word, and what became of it: approvals, pauses, resume, kill, mode, roles, help."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from domain.case import Pause
from domain.verdicts import Outcome
from interfaces.telegram_bot.commands import COMMANDS, Command, Level
from interfaces.telegram_bot.screens.pieces import (
    Keyboard,
    Piece,
    Screen,
    bold,
    code,
    dim,
    each,
    facts,
    lines,
    money,
    page,
    row,
    shown,
    table,
    view_button,
    words,
)
from interfaces.telegram_bot.screens.state import order_words
from interfaces.telling.conversation.conversing import ASKABLE
from interfaces.telling.gates.gate_words import because, meaning, named_gate
from interfaces.views.control import AnswerView, ControlView, LocksView, ModeView, PendingRow, PendingView, ResumePlan
from interfaces.views.plain import age, quantity
from trading.store.messages.message import Button
from trading.store.people.roles import Role

MOST_LOCKS = 30


def approval(one: PendingRow, view: PendingView, buttons: Keyboard) -> Screen:
    """One order that waits: what, worth what, why it is asked, until when."""
    order, left = one.order, Decimal((one.expires_at - view.as_of).total_seconds())
    price = order.limit_price
    told = facts(
        ("order", f"{order.side.value} {quantity(order.qty)} {order.symbol}"),
        ("limit", "none" if price is None else money(price)),
        ("worth", money(None if price is None else price * order.qty)),
        ("stop", "none" if order.stop_loss is None else money(order.stop_loss)),
        ("target", "none" if order.take_profit is None else money(order.take_profit)),
        ("by", order.strategy.replace("_", " ")),
        ("answer in", "too late" if left <= 0 else age(left)),
    )
    reasons = lines(*(words(f"because {because(reason)}") for reason in one.reasons[:5]))
    return page(f"Approve {order.symbol}?", told, reasons, code(one.id), note=shown(view.as_of), buttons=buttons)


def nothing_waits(view: PendingView) -> Screen:
    """No request is open."""
    return page("Waiting for you", words("Nothing."), note=shown(view.as_of))


def answered(view: AnswerView) -> Screen:
    """What became of a request."""
    mark = {"approved": "✅", "rejected": "🚫"}.get(view.answer, "") if view.done else "⚠"
    order = () if view.order is None else (bold(order_words(view.order)),)
    refused = [one for one in view.verdicts if one.outcome is not Outcome.PASS] if view.order is None else []
    gates = [f"{named_gate(one.gate)}: {meaning(one.code)}{f': {one.note}' if one.note else ''}" for one in refused[:5]]
    buttons = ((view_button("Explain", "explain", view.decision_id),),)
    return page(f"{mark} {view.answer}", words(view.note), *order, each(gates), note=shown(view.as_of), buttons=buttons)


def control(view: ControlView) -> Screen:
    """The control plane afterwards."""
    state = "KILLED" if view.kill_switch else view.trading_state.value
    pauses = [
        f"{one.scope} {one.name}" + ("" if one.until is None else f" until {shown(one.until)}") for one in view.paused
    ]
    told = facts(("trading", state)) if pauses else facts(("trading", state), ("paused", "nothing"))
    more = (words(f"and {len(pauses) - MOST_LOCKS} more"),) if len(pauses) > MOST_LOCKS else ()
    return page(view.action.capitalize(), words(view.note), told, each(pauses[:MOST_LOCKS], "⏸ "), *more,
                note=shown(view.as_of), buttons=((view_button("Status", "status"),),))  # fmt: skip


def locks(view: LocksView) -> Screen:
    """The restricted list, and what else is paused."""
    told = (_lock(one) for one in view.locks[:MOST_LOCKS])
    more = len(view.locks) - MOST_LOCKS
    return page("Restricted and paused", each(told) if view.locks else words("Nothing."),
                dim(f"and {more} more" if more > 0 else ""), note=shown(view.as_of))  # fmt: skip


def _lock(one: Pause) -> str:
    name = one.name if one.scope == "symbol" else f"{one.scope} {one.name}".strip()
    until = "" if one.until is None else f" until {shown(one.until)}"
    return f"{name}{until} by {one.by}" + (f": {one.reason}" if one.reason else "")


def mode(view: ModeView) -> Screen:
    """Where the ladder stands."""
    moved = words(f"{view.before.value} → {view.mode.value}")
    return page("Mode", moved, *((words(view.note),) if view.note else ()), note=shown(view.as_of))


def resume_plan(view: ResumePlan, buttons: Keyboard) -> Screen:
    """What a resume would lift, and what its checklist finds."""
    lifts = each(view.releases) if view.releases else words("Nothing is stopped.")
    found = (
        lines(bold("Stands against it"), each(view.findings))
        if view.findings
        else words("The checklist finds nothing.")
    )
    note = dim("Counters and limits stay; orders start at a quarter of their size.")
    return page("Resume trading?", lifts, found, note, note=shown(view.as_of), buttons=buttons)


def asks(title: str, told: tuple[str, ...], buttons: Keyboard, typed: str) -> Screen:
    """A second word before something that cannot be taken back, pressed or typed."""
    return page(title, *(words(line) for line in told), dim("Press, or write back what follows; once, for a minute."),
                code(typed), buttons=buttons)  # fmt: skip


def people(roles: Mapping[int, Role]) -> Screen:
    """Who has which role."""
    return page("People", table([(str(one), held.value) for one, held in sorted(roles.items())], "rl"))


def help_all(role: Role) -> Screen:
    """The commands that this role may use."""
    titles = {Level.READ: "Look", Level.WRITE: "Act", Level.DANGER: "Act, asked twice"}
    parts: list[Piece] = []
    for level, title in titles.items():
        mine = [one for one in COMMANDS if one.level is level and one.listed and role.covers(one.role)]
        if mine:
            parts += [bold(title), words("  ".join(f"/{one.name}" for one in mine), 600)]
    parts.append(dim("/help pause tells more about one. Or just ask in words."))
    return page("Sage", *parts)


def askable(role: Role) -> Screen:
    """What can be asked in words, where these were none of it; then the commands."""
    told, commands = lines(*(words(each, 1_000) for each in ASKABLE)), help_all(role)
    return Screen(f"{told.html}\n\n{commands.html}", f"{told.plain}\n\n{commands.plain}")


def help_one(command: Command) -> Screen:
    """One command."""
    needs = f"takes the role {command.role.value}"
    asked = ", asks twice" if command.level is Level.DANGER else ""
    return page(f"/{command.name}", words(f"{command.help[:1].upper()}{command.help[1:]}."),
                row(dim("usage"), code(command.usage)), row(dim("example"), code(command.example)),
                dim(f"{needs}{asked}"))  # fmt: skip


def wrong(command: Command, why: str) -> Screen:
    """Wrong words, told with the right ones."""
    return page("Not understood", words(why), row(dim("usage"), code(command.usage)),
                row(dim("example"), code(command.example)))  # fmt: skip


def yes_no(nonce: str, yes: str) -> Keyboard:
    """The two answers to a second word."""
    return ((Button(yes, f"d:{nonce}"), Button("✖ Leave it", f"n:{nonce}")),)
