"""Which status may follow which. The table is the law, and late news from a broker is part of it.

Edges that look wrong and happen: an order that was cancelled and had filled at the same moment (CANCELED -> FILLED), a
cancel that was refused (PENDING_CANCEL -> ACCEPTED), a broker that takes an order and then rejects it. What the table
does not have leads to UNKNOWN, which counts as exposure and is looked up, never to a crash.
"""

from __future__ import annotations

from typing import NamedTuple

from domain.orders import OrderStatus as S

_WORKING = frozenset({S.ACCEPTED, S.TRIGGERED, S.PARTIALLY_FILLED, S.PENDING_UPDATE, S.PENDING_CANCEL})
_OVER = frozenset({S.FILLED, S.CANCELED, S.REJECTED, S.EXPIRED, S.REPLACED})
_LATE_FILL = frozenset({S.PARTIALLY_FILLED, S.FILLED})

TRANSITIONS: dict[S, frozenset[S]] = {
    S.INTENT: frozenset({S.SUBMITTED, S.CANCELED, S.DENIED, S.UNKNOWN}) | _WORKING | _OVER,
    S.SUBMITTED: frozenset({S.CANCELED, S.DENIED, S.UNKNOWN}) | _WORKING | _OVER,
    S.UNKNOWN: frozenset({S.SUBMITTED}) | _WORKING | _OVER,
    S.ACCEPTED: _WORKING | _OVER | {S.UNKNOWN},
    S.TRIGGERED: (_WORKING - {S.ACCEPTED}) | _OVER | {S.UNKNOWN},
    # Whoever has filled a part has taken the order, and cannot have rejected it.
    S.PARTIALLY_FILLED: (_WORKING - {S.ACCEPTED, S.TRIGGERED}) | (_OVER - {S.REJECTED}) | {S.UNKNOWN},
    S.PENDING_UPDATE: _WORKING | _OVER | {S.UNKNOWN},
    S.PENDING_CANCEL: _WORKING | _OVER | {S.UNKNOWN},
    S.CANCELED: _LATE_FILL,
    S.EXPIRED: _LATE_FILL,
    S.REPLACED: _LATE_FILL,
    S.FILLED: frozenset(),
    S.REJECTED: frozenset(),
    S.DENIED: frozenset(),
}
"""Every legal move; staying where one is is always legal."""


class Move(NamedTuple):
    """The status after a report; ``legal`` is False where the table does not know the move."""

    status: S
    legal: bool


def transition(current: S, reported: S) -> Move:
    """Where ``current`` goes on the news ``reported``: an illegal move becomes UNKNOWN, to be looked up."""
    if reported is current or reported in TRANSITIONS[current]:
        return Move(reported, legal=True)
    return Move(S.UNKNOWN, legal=False)
