"""Commands that act, and buttons that answer a request. Who may was settled before; what happens is the service's.

A pause, a comparison or a cycle is one word. What cannot be taken back is in ``danger.py`` and takes two.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from domain.errors import UsageError
from domain.market import Symbol
from domain.ports import Clock
from interfaces.telegram_bot import arguments
from interfaces.telegram_bot.carrier import address_of
from interfaces.telegram_bot.dressing import ANSWERS
from interfaces.telegram_bot.looking import Inquiry
from interfaces.telegram_bot.screens import control, pieces, records
from interfaces.telegram_bot.screens.pieces import Keyboard, Screen, view_button
from interfaces.views.control import PendingRow, PendingView
from trading.store.messages.message import Button
from trading.store.people.nonces import NonceStore
from trading.store.people.roles import Role


class Means(NamedTuple):
    """What acting takes besides the service: nonces, the universe of a cycle, and the market's clock."""

    nonces: NonceStore
    universe: tuple[Symbol, ...]
    times: Clock
    still_wanted: Callable[[str], None] = lambda _step: None
    """Called between two steps of a cycle; raises where the service is told to stop."""
    seen: Callable[[str, str], int] = lambda _mark, _by: 0
    """Takes an acknowledgement of a critical message, and by whom; the answer is how many copies it was for."""


Act = Callable[[Inquiry, Means], Screen]


def pause(inquiry: Inquiry, _means: Means) -> Screen:
    """Stop new entries of everything, of a symbol, or of a strategy."""
    name, lasting = arguments.paused(inquiry.words)
    why, by = "from Telegram", f"telegram:{inquiry.user_id}"
    if not name:
        return control.control(inquiry.service.pause("global", "", lasting, why, by))
    try:
        view = inquiry.service.pause("symbol", name, lasting, why, by)
    except UsageError:
        view = inquiry.service.pause("strategy", name, lasting, why, by)
    return control.control(view)


def restrict(inquiry: Inquiry, means: Means) -> Screen:
    """A symbol on the restricted list."""
    wanted, by = arguments.restricted(inquiry.words), f"telegram:{inquiry.user_id}"
    lasting = wanted.lasting if wanted.until is None else wanted.until - means.times.now()
    if lasting is not None and lasting <= timedelta(0):
        raise arguments.WrongWords("that time is over")
    return control.control(inquiry.service.restrict(wanted.symbol, lasting, wanted.reason, by))


def allow(inquiry: Inquiry, _means: Means) -> Screen:
    """A symbol off it: it loosens, so the table asks an owner for it."""
    return control.control(inquiry.service.allow(arguments.one_symbol(inquiry.words), f"telegram:{inquiry.user_id}"))


def unlock(inquiry: Inquiry, _means: Means) -> Screen:
    """A lock of a symbol or strategy off: it loosens, so it is an owner's."""
    arguments.at_most(inquiry.words, 1)
    if not inquiry.words:
        raise arguments.WrongWords("name one of those that /locks shows")
    return control.control(
        inquiry.service.unlock(inquiry.words[0][: arguments.LONGEST_WORD], f"telegram:{inquiry.user_id}")
    )


def cycle(inquiry: Inquiry, means: Means) -> Screen:
    """One cycle now."""
    arguments.nothing(inquiry.words[1:] if inquiry.words[:1] == ("now",) else inquiry.words)
    report = inquiry.service.cycle(means.universe, means.times.now(), means.still_wanted)
    return records.cycle(report)


def reconcile(inquiry: Inquiry, _means: Means) -> Screen:
    """Compare the books now."""
    arguments.nothing(inquiry.words)
    view = inquiry.service.reconcile()
    told = pieces.words("They agree.") if view.ok else pieces.each(view.differences[:10])
    return pieces.page("🟢 Books" if view.ok else "🔴 Books differ", told, note=pieces.shown(view.as_of))


def pending(inquiry: Inquiry, means: Means) -> tuple[Screen, ...]:
    """A card for each order that waits, with buttons for those who may answer."""
    arguments.nothing(inquiry.words)
    view = inquiry.service.pending()
    if not view.pending:
        return (control.nothing_waits(view),)
    return tuple(card(inquiry, means, one, view) for one in view.pending[:8])


def card(inquiry: Inquiry, means: Means, one: PendingRow, view: PendingView) -> Screen:
    """One request."""
    return control.approval(one, view, answers(inquiry, means, one, view.as_of))


def answers(inquiry: Inquiry, means: Means, one: PendingRow, now: datetime) -> Keyboard:
    """Approve, Halve and Reject for an approver, each good once and for exactly this order; Explain for everybody."""
    explain = (view_button("Explain", "explain", one.decision_id), view_button("What stops it", "whynot", one.id))
    if not inquiry.role.covers(Role.APPROVER):
        return (explain,)
    lasting = max(timedelta(seconds=1), one.expires_at - now)

    def made(label: str, action: str) -> Button:
        bound = means.nonces.make(inquiry.user_id, inquiry.chat_id, action, (one.id,), one.order_digest, lasting)
        # A button carries 64 bytes at most, so the order itself stands in the row of the nonce.
        return Button(label, f"a:{one.id}:{bound.nonce}")

    half = () if one.order.reduce_only else (made("½ Halve", "halve"),)
    return ((made("✅ Approve", "approve"), *half, made("🚫 Reject", "reject")), explain)


def answer(inquiry: Inquiry, means: Means, pending_id: str, nonce: str) -> Screen:
    """Answer a request by its button; an approval runs every gate again."""
    # Used up before anything is looked at: a button pressed twice comes here twice, and one gets past.
    bound = means.nonces.use(nonce, inquiry.user_id, inquiry.chat_id)
    if isinstance(bound, str):
        return pieces.notice(f"⚠ {bound[:1].upper()}{bound[1:]}.")
    if bound.words != (pending_id,) or bound.action not in ANSWERS:
        return pieces.notice("⚠ This button does not belong to that request; nothing was done.")
    present = next((one for one in inquiry.service.pending().pending if one.id == pending_id), None)
    if present is not None and present.order_digest != bound.digest:
        return pieces.notice("⚠ The order is another one now; ask /pending again. Nothing was done.")
    by = f"telegram:{inquiry.user_id}"
    if bound.action == "reject":
        return control.answered(inquiry.service.reject(pending_id, by))
    return control.answered(inquiry.service.approve(pending_id, by, half=bound.action == "halve"))


def acknowledge(inquiry: Inquiry, means: Means, mark: str) -> Screen:
    """Somebody has seen what is critical: it is not said again."""
    found = means.seen(mark[:40], f"telegram:{inquiry.user_id}")
    return pieces.notice("✓ Seen; it is not repeated." if found else "Somebody has seen it already.")


def prefer(what: str) -> Act:
    """How the one who asks is told from now on; without words, how they are told now."""

    def told(inquiry: Inquiry, _means: Means) -> Screen:
        words = tuple(word[: arguments.LONGEST_WORD] for word in inquiry.words[:4])
        view = inquiry.service.prefer(address_of(inquiry.user_id), what, words, f"telegram:{inquiry.user_id}")
        return pieces.page("Told to you", pieces.each(view.lines), note="what is critical always comes")

    return told


ACTS: Mapping[str, Act] = {
    "pause": pause, "restrict": restrict, "allow": allow, "unlock": unlock, "cycle": cycle, "reconcile": reconcile,
    "alerts": prefer("alerts"), "quiet": prefer("quiet"), "mute": prefer("mute"),
}  # fmt: skip
"""Those that answer with one screen."""
