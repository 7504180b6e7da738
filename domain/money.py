"""Money and quantities are Decimals; this is the only door by which a number from outside becomes one.

Refused before any arithmetic: bools, floats, NaN, infinities, exponents, Unicode digits, blanks, and anything longer
than 30 digits. Rounding never goes toward more risk: quantities round down, a buy limit down and a sell limit up.
"""

from __future__ import annotations

import re
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, ROUND_UP, Decimal

from domain.errors import DataQualityError

ZERO = Decimal(0)
ONE = Decimal(1)
HUNDRED = Decimal(100)
CENT = Decimal("0.01")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,12})?", re.ASCII)


def decimal_of(value: object, *, name: str = "number") -> Decimal:
    """A finite Decimal from an int, a Decimal or a plain decimal string; anything else is a DataQualityError."""
    if isinstance(value, Decimal):
        if value.is_finite() and abs(value) < Decimal(10) ** 18:
            return value
    elif isinstance(value, int) and not isinstance(value, bool):
        if abs(value) < 10**18:
            return Decimal(value)
    elif isinstance(value, str) and _NUMBER.fullmatch(value):
        return Decimal(value)
    shown = repr(value)[:40]
    raise DataQualityError(f"{name} {shown} is not a plain finite number", "Write it as a decimal string like '12.50'.")


def from_float(value: float, places: int = 6, *, name: str = "number") -> Decimal:
    """A vendor's float as a Decimal of at most ``places`` decimals; NaN, infinities and 10^18 or more are refused."""
    # Through ``repr``, the shortest text that gives the float back: ``Decimal(0.1)`` itself has 55 digits. ``float``
    # first, because numpy's numbers have a ``repr`` of their own.
    number = Decimal(repr(float(value)))
    if not number.is_finite():
        raise DataQualityError(f"{name} {value!r} is not finite", "Look at the source of this figure.")
    # As ``decimal_of`` draws the line; beyond it the rounding below would run out of digits.
    if abs(number) >= Decimal(10) ** 18:
        raise DataQualityError(f"{name} {value!r} is too large", "Look at the source of this figure.")
    # ``+ ZERO`` makes 0 of -0, which has another text.
    return number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN).normalize() + ZERO


def rounded(value: float, digits: int = 4) -> Decimal | None:
    """A statistic for people and prompts: ``digits`` significant digits, None where it is not finite."""
    number = Decimal(repr(float(value)))
    if not number.is_finite():
        return None
    if number == 0:
        return ZERO
    return number.quantize(Decimal(1).scaleb(number.adjusted() - digits + 1), ROUND_HALF_EVEN)


def known(value: Decimal | None) -> Decimal | None:
    """The number, or None where there is none: NaN and infinity are things nobody knows."""
    return value if value is not None and value.is_finite() else None


def cents(value: Decimal) -> Decimal:
    """An amount of money in whole cents, half to even."""
    return value.quantize(CENT, ROUND_HALF_EVEN)


def floor_to(value: Decimal, step: Decimal) -> Decimal:
    """The largest multiple of ``step`` at or below ``value``: quantities to lots, buy limits to ticks."""
    return (value / step).to_integral_value(ROUND_FLOOR) * step


def ceil_to(value: Decimal, step: Decimal) -> Decimal:
    """The smallest multiple of ``step`` at or above a positive ``value``: sell limits to ticks."""
    return (value / step).to_integral_value(ROUND_UP) * step
