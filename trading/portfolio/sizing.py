"""Position sizing: fixed fractional. Lose at most a fixed share of equity at the stop, hold at most a fixed share.

    qty = floor to lot of min(risk_pct equity / (entry - stop), cap_pct equity / entry)

Worked number: equity 100,000, entry 200, stop 190, risk 0.6 %, cap 9 %: 600 / 10 = 60 and 9,000 / 200 = 45, so 45
shares with 450 at risk, bounded by the cap. Source: R. Vince, Portfolio Management Formulas, 1990.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from domain.market import Instrument
from domain.money import HUNDRED, ONE, ZERO, floor_to, known

FINEST_FRACTION = Decimal("0.000000001")

Bound = Literal["risk", "cap", "unknown"]


@dataclass(frozen=True, slots=True)
class SizingRule:
    """Shares of equity in per cent: ``risk_pct`` lost at the stop, ``cap_pct`` held in one symbol."""

    risk_pct: Decimal = Decimal("0.6")
    cap_pct: Decimal = Decimal(9)


@dataclass(frozen=True, slots=True)
class PositionSize:
    """``qty`` shares worth ``notional`` at the entry, losing ``risk`` at the stop; ``bound`` held it down."""

    qty: Decimal
    notional: Decimal
    risk: Decimal
    bound: Bound


NOTHING = PositionSize(ZERO, ZERO, ZERO, "unknown")
"""The size where equity, entry or stop are unknown or make no sense."""


def step_of(instrument: Instrument, *, allow_fractional: bool) -> Decimal:
    """The smallest quantity to trade: a billionth of a share where instrument and policy allow it, else a lot."""
    return FINEST_FRACTION if allow_fractional and instrument.fractionable and instrument.lot <= ONE else instrument.lot


def step_behind(qty: Decimal, instrument: Instrument | None) -> Decimal:
    """The step that a quantity was sized in, so that what is left of it is cut alike: 10 in shares, 10.5 in parts."""
    lot = ONE if instrument is None else instrument.lot
    return lot if qty % lot == ZERO else FINEST_FRACTION


def position_size(
    *, equity: Decimal | None, entry: Decimal, stop: Decimal, lot: Decimal, rule: SizingRule
) -> PositionSize:
    """The size of a new position; nothing where equity is unknown or the stop is not below the entry."""
    equity = known(equity)
    if equity is None or not (equity > 0 and ZERO < stop < entry and lot > 0):
        return NOTHING
    by_risk = rule.risk_pct / HUNDRED * equity / (entry - stop)
    by_cap = rule.cap_pct / HUNDRED * equity / entry
    qty = floor_to(min(by_risk, by_cap), lot)
    return PositionSize(qty, qty * entry, qty * (entry - stop), "risk" if by_risk <= by_cap else "cap")


def excess_qty(*, held: Decimal, price: Decimal, equity: Decimal | None, lot: Decimal, rule: SizingRule) -> Decimal:
    """Shares of a long position above its cap, once it has outgrown the cap by a fifth; otherwise 0."""
    equity = known(equity)
    if equity is None or equity <= 0 or price <= 0:
        return ZERO
    cap = rule.cap_pct / HUNDRED * equity
    return floor_to(held - cap / price, lot) if held * price > _OUTGROWN * cap else ZERO


_OUTGROWN = Decimal("1.2")
