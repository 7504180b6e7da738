"""What cannot be taken back: shown first, done at the second word.

    asked -> prepared (what it would do, as things stand) -> a button, bound to its person and to the digest of that
          -> pressed, or typed, within a minute -> prepared again -> the same? -> done

The second preparation is the point: who says yes to closing 40 shares does not close 400 that were bought meanwhile.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

from domain.case import Mode, Pause
from domain.errors import OversightError, UsageError
from domain.market import parse_symbol
from domain.orders import Order
from domain.record.canonical import digest
from interfaces.telegram_bot import arguments
from interfaces.telegram_bot.acting import Means
from interfaces.telegram_bot.arguments import WrongWords
from interfaces.telegram_bot.looking import Inquiry
from interfaces.telegram_bot.screens import control, gates, pieces
from interfaces.telegram_bot.screens.pieces import Screen
from interfaces.telegram_bot.screens.state import order_words
from interfaces.views.plain import adjustment_words, amount, counted, left_resting, quantity
from interfaces.views.state import PositionView
from trading.store.people.roles import Role

LASTS = timedelta(seconds=60)
MOST_CANCELLED = 20
CHECKED = "The checklist finds nothing against it: books, data, losses, gates."
TYPED = 4
"""So many signs of a nonce are typed: only its own person can, in their own chat, so nobody has to guess them."""
_TYPED = re.compile(rf"\s*yes\s+([0-9a-f]{{{TYPED}}})\s*", re.ASCII | re.IGNORECASE)


class Prepared(NamedTuple):
    """What it would do: told to the person, and as a state whose digest has to be the same at the second word.

    ``at_once``: it only takes something away, so no second word is asked.
    """

    title: str
    told: tuple[str, ...]
    state: tuple[str, ...]
    yes: str
    at_once: bool = False


class Danger(NamedTuple):
    """One such command."""

    prepare: Callable[[Inquiry], Prepared]
    do: Callable[[Inquiry], Screen]


def prepare_resume(inquiry: Inquiry) -> Prepared:
    """A scope's pause, or everything that stops trading; both only where the checklist finds nothing."""
    arguments.at_most(inquiry.words, 1)
    plan, paused = inquiry.service.resume_plan(), list[Pause]()
    if inquiry.words:
        name = inquiry.words[0][: arguments.LONGEST_WORD].upper()
        paused = [one for one in inquiry.service.status().paused if one.name.upper() == name]
        if not paused:
            raise UsageError(f"{name} is not paused", "See /status.")
    elif not plan.releases:
        raise UsageError("nothing is stopped", "See /status.")
    if plan.findings:
        raise UsageError(f"not resumed: {'; '.join(plan.findings)}", "Mend it, then /resume again.")
    if inquiry.words:
        told = (f"Lifts the pause of {paused[0].scope} {paused[0].name}.", CHECKED)
        return Prepared(f"Resume {paused[0].name}?", told, (paused[0].scope, paused[0].name), "▶ Resume")
    ramp = ("Orders start at a quarter of their size.",) if plan.stopped else ()
    told_all = (*plan.releases, CHECKED, "Counters and limits stay.", *ramp)
    return Prepared("Resume trading?", told_all, (*plan.releases, str(plan.stamp)), "▶ Resume")


def resume(inquiry: Inquiry) -> Screen:
    """As prepared."""
    if inquiry.words:
        name = inquiry.words[0].upper()
        one = next(one for one in inquiry.service.status().paused if one.name.upper() == name)
        return control.control(inquiry.service.resume(one.scope, one.name))
    return control.control(inquiry.service.resume("global", "", inquiry.service.resume_plan()))


def prepare_mode(inquiry: Inquiry) -> Prepared:
    """Down at once for an operator, up for an owner and after a second word."""
    wanted, present = arguments.one_mode(inquiry.words), inquiry.service.status().mode
    up = inquiry.service.needs_owner(wanted)
    if up and not inquiry.role.covers(Role.OWNER):
        raise UsageError(f"only an owner moves the mode up to {wanted}", "Down is open to you.")
    told = (f"From {present.value} up to {wanted.value}: Sage may do more by itself.",)
    return Prepared(f"Mode {wanted.value}?", told, (present.value, wanted.value), f"⬆ {wanted.value}", at_once=not up)


def mode(inquiry: Inquiry) -> Screen:
    """As prepared."""
    wanted: Mode = arguments.one_mode(inquiry.words)
    return control.mode(inquiry.service.set_mode(wanted, confirmed=True))


def prepare_flatten(inquiry: Inquiry) -> Prepared:
    """Close one holding, or all of them, under a kill too: then the kill stays, and nothing else is sent."""
    held, under = _held(inquiry), _under(inquiry)
    told = tuple(f"{one.symbol}: {_shares(one)}" for one in held)
    what = "all" if inquiry.words[0].lower() == "all" else held[0].symbol
    return Prepared(f"Close {what}?", (*told, *under), (*told, *under), "Close now")


def flatten(inquiry: Inquiry) -> Screen:
    """As prepared."""
    only = () if inquiry.words[0].lower() == "all" else (parse_symbol(inquiry.words[0].upper()),)
    return control.control(inquiry.service.flatten(only))


def prepare_close(inquiry: Inquiry) -> Prepared:
    """Close the holding that an id stands for, all of it."""
    one, under = inquiry.service.holding(arguments.one_id(inquiry.words)), _under(inquiry)
    told = (f"{one.symbol}: {share_words(one.qty)}, all that is held of it.", *under)
    return Prepared(f"Close {one.symbol}?", told, (one.symbol, quantity(one.qty), one.trade_id, *under), "Close now")


def close(inquiry: Inquiry) -> Screen:
    """As prepared."""
    one = inquiry.service.holding(arguments.one_id(inquiry.words))
    return control.control(inquiry.service.close(one.symbol))


def prepare_kill(inquiry: Inquiry) -> Prepared:
    """Close everything under the kill, which stands already."""
    if not inquiry.role.covers(Role.APPROVER):
        raise UsageError("killed; closing the positions takes the role approver", "Ask somebody who has it.")
    held = _held(inquiry._replace(words=("all",)))
    told = tuple(f"{one.symbol}: {_shares(one)}" for one in held)
    return Prepared("Killed. Close all positions too?", told, tuple(sorted(told)), "Close all now")


def kill(inquiry: Inquiry) -> Screen:
    """As prepared."""
    return control.control(inquiry.service.kill(f"from Telegram by {inquiry.user_id}", flatten=True))


def _under(inquiry: Inquiry) -> tuple[str, ...]:
    """Said, and part of what is agreed to, while a kill stands: who said yes before it fell is asked again."""
    return ("The kill stays: nothing else is sent.",) if inquiry.service.status().kill_switch else ()


def _held(inquiry: Inquiry) -> list[PositionView]:
    if len(inquiry.words) != 1:
        raise WrongWords("name a symbol, or all")
    wanted = None if inquiry.words[0].lower() == "all" else arguments.one_symbol(inquiry.words)
    held = [one for one in inquiry.service.positions().positions if wanted is None or one.symbol == wanted]
    if not held:
        raise UsageError("nothing is held" if wanted is None else f"nothing is held of {wanted}", "See /positions.")
    return held


def _shares(one: PositionView) -> str:
    return share_words(one.broker_qty if one.broker_qty is not None else one.qty)


def share_words(qty: Decimal) -> str:
    """``1 share``, ``46 shares``."""
    return f"{quantity(qty)} share{'' if abs(qty) == 1 else 's'}"


def prepare_cancel(inquiry: Inquiry) -> Prepared:
    """Take one working order out, or all entries."""
    found = _working(inquiry)
    told = tuple(f"{order_words(one)}, {one.client_order_id}" for one in found)
    return Prepared(f"Cancel {counted(len(found), 'order')}?", told,
                    tuple(one.client_order_id for one in found), "Cancel now")  # fmt: skip


def cancel(inquiry: Inquiry) -> Screen:
    """As prepared, one after the other; what one refuses keeps none of the others."""
    done: list[str] = []
    found = _working(inquiry)
    if len(found) == 1:
        return gates.ticket(inquiry.service.cancel_order(found[0].client_order_id), "Cancel")
    for one in found:
        try:
            view = inquiry.service.cancel_order(one.client_order_id)
            done.append(f"{order_words(one)}: {'cancelled' if view.done else view.note or 'asked'}")
        except OversightError as error:
            done.append(f"{order_words(one)}: {error.what}")
    return pieces.page("Cancel", pieces.each(done))


def _working(inquiry: Inquiry) -> list[Order]:
    name = arguments.one_id(inquiry.words)
    open_ones = [one for one in inquiry.service.orders().orders if one.status.is_open]
    if name == "ALL":
        found = [one for one in open_ones if one.parent_id is None][:MOST_CANCELLED]
    else:
        found = [one for one in open_ones if one.client_order_id.startswith(name.lower())]
    if not found:
        raise UsageError(
            f"no working order is called {name}" if name != "ALL" else "no entry is working", "See /orders."
        )
    if name != "ALL" and len(found) > 1:
        raise UsageError(f"several orders begin with {name}", "Take the whole id from /orders.")
    return found


def prepare_adopt(inquiry: Inquiry) -> Prepared:
    """Take over what the broker holds of a symbol: a trade by hand, a split, a transfer of shares."""
    shown = inquiry.service.adoptable(arguments.one_symbol(inquiry.words))
    price = "" if shown.price is None else f" at {amount(shown.price)} a share"
    told = (
        f"Ours {quantity(shown.ours)}, the broker's {quantity(shown.theirs)}{price}.",
        f"Differs since {shown.since:%Y-%m-%d %H:%M} UTC; {shown.words}.",
        "Our books become the broker's: nothing is sent, no profit or loss is booked.",
        *((left_resting(shown.resting, shown.symbol),) if shown.resting else ()),
    )
    return Prepared(f"Adopt {shown.symbol}?", told, (shown.agreed,), "Adopt")


def adopt(inquiry: Inquiry) -> Screen:
    """As prepared."""
    shown = inquiry.service.adoptable(arguments.one_symbol(inquiry.words))
    done = inquiry.service.adopt(shown, f"telegram:{inquiry.user_id}")
    found = f"{shown.symbol} is the same on both sides again." if done.free else f"{shown.symbol} differs still."
    return pieces.page("Adopted", pieces.words(adjustment_words(done.adjustment)), pieces.words(found),
                       note=pieces.shown(done.as_of))  # fmt: skip


def prepare_role(inquiry: Inquiry) -> Prepared:
    """Give or take a role."""
    who, wanted = arguments.role(inquiry.words)
    present = inquiry.people.roles().get(who)
    if present is wanted:
        raise UsageError(f"{who} has that role already", "See /people.")
    was, becomes = ("none" if held is None else held.value for held in (present, wanted))
    return Prepared(f"Role of {who}?", (f"From {was} to {becomes}.",), (str(who), was, becomes), f"Make {becomes}")


def role(inquiry: Inquiry) -> Screen:
    """As prepared."""
    who, wanted = arguments.role(inquiry.words)
    inquiry.people.set_role(who, wanted, by=inquiry.user_id)
    return control.people(inquiry.people.roles())


DANGERS: Mapping[str, Danger] = {
    "resume": Danger(prepare_resume, resume),
    "mode": Danger(prepare_mode, mode),
    "kill": Danger(prepare_kill, kill),
    "flatten": Danger(prepare_flatten, flatten),
    "close": Danger(prepare_close, close),
    "cancel": Danger(prepare_cancel, cancel),
    "adopt": Danger(prepare_adopt, adopt),
    "role": Danger(prepare_role, role),
}


def first_word(name: str, inquiry: Inquiry, means: Means) -> Screen:
    """Show what it would do, with a button for the second word."""
    prepared = DANGERS[name].prepare(inquiry)
    if prepared.at_once:
        return DANGERS[name].do(inquiry)
    bound = means.nonces.make(inquiry.user_id, inquiry.chat_id, name, inquiry.words, digest(prepared.state), LASTS)
    told, buttons = prepared.told[:MOST_CANCELLED], control.yes_no(bound.nonce, prepared.yes)
    return control.asks(prepared.title, told, buttons, f"yes {bound.nonce[:TYPED]}")


def typed_word(text: str) -> str:
    """What stands behind a yes that was typed and not pressed; empty where the text is none."""
    found = _TYPED.fullmatch(text)
    return "" if found is None else found[1].lower()


def second_word(name: str, inquiry: Inquiry, agreed: str) -> Screen:
    """Do it, where it is still what was agreed to."""
    prepared = DANGERS[name].prepare(inquiry)
    if digest(prepared.state) != agreed:
        return pieces.notice("⚠ Things have changed since you were asked: nothing was done. Ask again.")
    return DANGERS[name].do(inquiry)
