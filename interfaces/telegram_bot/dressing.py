"""Buttons under notices, made into ones that act: bound to the person they are sent to, just before they leave.

Whoever writes a notice knows no person and draws no nonce: it says ``approve:apr-…``. Here that becomes a button of the
one whose chat it is, if they may answer; in a group nobody can, because a button there is everybody's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from domain.errors import OversightError
from interfaces.telegram_bot.carrier import place_of
from interfaces.telegram_bot.commands import PRESSES
from interfaces.telegram_bot.screens.pieces import view_button
from trading.store.approvals import ApprovalState, PendingApproval
from trading.store.messages.message import Button, Message
from trading.store.people.nonces import NonceStore
from trading.store.people.roles import Role

ANSWERS = ("approve", "reject", "halve")


class Dresser:
    """Puts the buttons of one message into the form that the bot understands."""

    def __init__(
        self,
        request: Callable[[str], PendingApproval | None],
        roles: Callable[[], Mapping[int, Role]],
        nonces: NonceStore,
    ) -> None:
        self._request = request
        self._roles = roles
        self._nonces = nonces

    def __call__(self, message: Message) -> Message:
        """The message with its buttons bound; those that nobody here could use are left out."""
        if not any(button.callback.partition(":")[0] in PRESSES for row in message.buttons for button in row):
            return message
        place = place_of(message.address)
        user = 0 if place is None else place.chat
        try:
            role = self._roles().get(user)
            rows = [tuple(made for one in row if (made := self._made(one, user, role))) for row in message.buttons]
        except OversightError:
            rows = []  # the database is away: the notice goes out, and /pending brings the buttons
        return replace(message, buttons=tuple(row for row in rows if row))

    def _made(self, button: Button, user: int, role: Role | None) -> Button | None:
        action, _, name = button.callback.partition(":")
        if action == "explain":
            return view_button(button.label, "explain", name)
        if action not in ANSWERS:
            return button
        if role is None or not role.covers(PRESSES[action]):
            return None
        one = self._request(name)
        if one is None or one.state is not ApprovalState.PENDING:
            return None
        # The request's own time is the market's; by the wall clock the button lives as long as the request does.
        lasting = one.expires_at - one.requested_at
        bound = self._nonces.make(user, user, action, (name,), one.order_digest, lasting)
        return Button(button.label, f"a:{name}:{bound.nonce}")
