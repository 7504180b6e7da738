"""Routing: an exit goes where the position is, an entry where it costs least.

    exit     to the broker that holds the position, never more than is held there
    entry    in a symbol that a broker holds or works on already: to that one, so that no position is ever split
             in any other: to the one with the least expected cost among those that trade it and can pay for it

    cost = commission + quantity * price * (half the spread + slippage), in the account's currency

Equal costs go to the broker that has answered more of its calls lately, then to the first by name. A broker whose cost
nobody knows is asked last, and without a price for the order nobody knows any cost.

Worked: 100 shares at 50. A: 1.00 commission and 4 bp, 1.00 + 5,000 * 0.0004 = 3.00. B: none and 7 bp, 3.50. A gets it.

A position that somebody split all the same (by hand, or by another SAGE_BROKER) is closed in parts: 100 at A and 50 at
B are a sell of at most 100, which goes to A, and then one of 50.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from domain.book import Position
from domain.errors import ManualActionError
from domain.market import Symbol
from domain.money import ZERO
from domain.orders import OrderIntent, OrderReport, Side

_BP = Decimal(10_000)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a broker is known to cost, and which ``symbols`` it trades (none named: all).

    ``commission_per_share`` or ``commission_bp`` of the value, and at least ``commission_minimum`` an order, in the
    account's currency; ``cost_bp`` is half the spread and slippage in basis points, None where nobody knows.
    """

    commission_per_share: Decimal = ZERO
    commission_minimum: Decimal = ZERO
    cost_bp: Decimal | None = None
    symbols: frozenset[Symbol] = frozenset()
    commission_bp: Decimal = ZERO

    def trades(self, symbol: Symbol) -> bool:
        """Whether orders in this symbol may go there."""
        return not self.symbols or symbol in self.symbols

    def expected_cost(self, qty: Decimal, price: Decimal | None) -> Decimal | None:
        """What the order costs there; None where a figure is missing or no number."""
        if self.cost_bp is None or price is None:
            return None
        value = qty * price
        commission = max(self.commission_minimum, qty * self.commission_per_share + value * self.commission_bp / _BP)
        cost = commission + value * self.cost_bp / _BP
        return cost if cost.is_finite() else None


@dataclass(frozen=True, slots=True)
class Venue:
    """One broker, seen for one order; ``error_pct`` is the share of its calls that failed lately."""

    name: str
    terms: Terms = Terms()
    error_pct: Decimal = ZERO


def route(venues: Iterable[Venue], qty: Decimal, price: Decimal | None) -> Venue | None:
    """Where the order goes, of those that can take it; None where there is none."""

    def rank(venue: Venue) -> tuple[bool, Decimal, Decimal, str]:
        cost = venue.terms.expected_cost(qty, price)
        # False sorts before True: a known cost before every unknown one.
        return cost is None, cost or ZERO, venue.error_pct, venue.name

    return min(venues, key=rank, default=None)


def named(name: str, report: OrderReport) -> OrderReport:
    """The report with the broker's name in front of the order's number there: ``paper:b/ord-1``."""
    return replace(report, broker_id=f"{name}/{report.broker_id}")


def place_of(broker_id: str) -> str:
    """The broker's name in front of an order's number; empty for an order of a home with one broker."""
    return broker_id.rpartition("/")[0]


def closable(position: Position | None, side: Side) -> Decimal:
    """What an order of that side can close of a holding; zero for one on its own side."""
    if position is None or position.qty * side.sign >= ZERO:
        return ZERO
    return abs(position.qty)


def free(position: Position) -> Decimal:
    """What no resting order holds of a holding, without its sign; all of it where the broker does not say."""
    return abs(position.qty if position.available_qty is None else position.available_qty)


def holders(intent: OrderIntent, held: Mapping[str, Position]) -> frozenset[str]:
    """The brokers that an exit may go to; none for an order that closes nothing.

    Raises ManualActionError, with the nearest that passes, where no broker holds as much: more would open there what
    it was to close elsewhere.
    """
    parts = {name: each for name, each in held.items() if closable(each, intent.side) > ZERO}
    if not parts and not intent.reduce_only:
        return frozenset()
    # The only one that holds it is asked for as much as it holds: what its resting orders leave free it knows itself.
    most = {name: free(each) if len(parts) > 1 else abs(each.qty) for name, each in parts.items()}
    enough = frozenset(name for name, qty in most.items() if qty >= intent.qty)
    if enough:
        return enough
    if len(parts) == 1 and not intent.reduce_only:
        return frozenset(parts)  # it turns the holding over there, as it would with one broker
    told = ", ".join(f"{name} {qty.normalize():f}" for name, qty in most.items()) or "none"
    largest = max(most.values(), default=ZERO)
    raise ManualActionError(
        f"no broker holds {intent.qty.normalize():f} {intent.symbol} to close ({told})",
        f"Nothing was sent; an order of at most {largest.normalize():f} passes." if largest else "Nothing was sent.",
    )
