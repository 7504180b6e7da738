"""A talk in words: the chat's answer with its figures, what it looked at, and cards for what it would have done.

A card does nothing by itself. Its button stands for one command of one person, who may press it within ten minutes;
then it goes the way of that command, with the role it takes and the second word where it asks for one.
"""

from __future__ import annotations

from datetime import timedelta

from domain.errors import UsageError
from interfaces.telegram_bot.acting import Means, pending
from interfaces.telegram_bot.commands import BY_NAME
from interfaces.telegram_bot.killing import PRESS
from interfaces.telegram_bot.looking import LOOKS, Inquiry
from interfaces.telegram_bot.screens import control, pieces
from interfaces.telegram_bot.screens.pieces import Keyboard, Screen
from interfaces.telling.conversation.conversing import NO_ORDER
from interfaces.views.chat import CardView, ChatView
from interfaces.views.plain import short_figures
from trading.store.messages.message import Button

CARD = "card"
LASTS = timedelta(minutes=10)
ABOUT = ("explain", "chart", "whynot", "whatif", "pnl", "performance")
"""Views that a question may ask for of one thing."""
MOST_CARDS = 3
MOST_LINES = 12


def talked(inquiry: Inquiry, means: Means, text: str) -> tuple[Screen, ...]:
    """The answer, and a card for each thing that the person may want done."""
    view = inquiry.service.chat(f"telegram:{inquiry.chat_id}", text, inquiry.progress)
    if not view.lines and not view.cards:
        return named(inquiry, means, view)
    cards = tuple(card(inquiry, means, one) for one in view.cards[:MOST_CARDS] if one.effect in BY_NAME)
    return (*((said(view),) if view.lines else ()), *cards)


def said(view: ChatView) -> Screen:
    """Sentences, then where they come from."""
    looked = ", ".join(dict.fromkeys(view.looked))
    origin = f"by {view.source}" + (f", from {looked}" if looked else "")
    told = (pieces.words(short_figures(line), 600) for line in view.lines[:MOST_LINES])
    body = pieces.lines(*told, pieces.dim(origin))
    return Screen(body.html, body.plain)


def named(inquiry: Inquiry, means: Means, view: ChatView) -> tuple[Screen, ...]:
    """The view that the words themselves name, where no model is there to answer."""
    command = BY_NAME.get(view.topic)
    if command is None or view.topic == "help":
        return (control.askable(inquiry.role),)
    # Words open no door that their command keeps shut.
    if not inquiry.role.covers(command.role):
        return (pieces.notice(f"/{view.topic} takes the role {command.role.value}."),)
    if view.topic == "pending":
        return pending(inquiry, means)
    if view.topic == "whatif" and not view.about:
        raise UsageError(*NO_ORDER)
    about = tuple(view.about.split()) if view.topic in ABOUT and (view.topic, view.about) != ("pnl", "last") else ()
    return (LOOKS[view.topic](inquiry._replace(words=about)),)


def card(inquiry: Inquiry, means: Means, one: CardView) -> Screen:
    """What would be done and why, with a button for those who may."""
    command = BY_NAME[one.effect]
    told = f"/{' '.join((one.effect, *one.words))}"
    title, why = f"{one.effect.capitalize()}?", pieces.words(one.why)
    if not inquiry.role.covers(command.role):
        return pieces.page(title, why, pieces.dim(f"{told} takes the role {command.role.value}."))
    return pieces.page(title, why, pieces.code(told), buttons=_keys(inquiry, means, one))


def _keys(inquiry: Inquiry, means: Means, one: CardView) -> Keyboard:
    # No nonce: a kill goes past the database, in which a nonce is kept.
    if one.effect == "kill":
        return ((Button("🛑 Kill", PRESS),),)
    words = (one.effect, *one.words)
    bound = means.nonces.make(inquiry.user_id, inquiry.chat_id, CARD, words, "", LASTS)
    return ((Button(f"{one.effect.capitalize()}", f"p:{bound.nonce}"), Button("✖ Leave it", f"n:{bound.nonce}")),)
