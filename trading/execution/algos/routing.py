"""Routing: among the brokers that can take the order the one with the least expected cost.

    cost = commission + fees + quantity * price * (half the spread + slippage), in the account's currency

Equal costs go to the broker that has answered more of its calls lately, then to the first by name. A broker whose cost
nobody knows is asked last, and one that does not answer, is not reconciled or does not trade the symbol not at all.

Worked: 100 shares at 50. A: 1.00 commission and 4 bp, 1.00 + 5,000 * 0.0004 = 3.00. B: none and 7 bp, 3.50. A gets it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from domain.money import ZERO

_BP = Decimal(10_000)


@dataclass(frozen=True, slots=True)
class Venue:
    """One configured broker, seen for one order; ``cost_bp`` is half the spread and slippage, None is unknown.

    ``error_pct`` is the share of its calls that failed lately.
    """

    name: str
    takes_it: bool
    reconciled: bool
    commission: Decimal = ZERO
    fees: Decimal = ZERO
    cost_bp: Decimal | None = None
    error_pct: Decimal = ZERO


def expected_cost(venue: Venue, qty: Decimal, price: Decimal) -> Decimal | None:
    """What the order costs there; None where a figure is missing or no number."""
    if venue.cost_bp is None:
        return None
    cost = venue.commission + venue.fees + qty * price * venue.cost_bp / _BP
    return cost if cost.is_finite() else None


def route(venues: Iterable[Venue], qty: Decimal, price: Decimal) -> Venue | None:
    """Where the order goes; None where nobody can take it."""

    def rank(venue: Venue) -> tuple[bool, Decimal, Decimal, str]:
        cost = expected_cost(venue, qty, price)
        return cost is None, cost or ZERO, venue.error_pct, venue.name

    return min((venue for venue in venues if venue.takes_it and venue.reconciled), key=rank, default=None)
