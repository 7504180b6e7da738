"""What trading costs beyond the price: slippage as a fraction of it, commissions and the fees of regulators.

    linear         slippage_bp + impact_bp * share, in basis points
    fixed          slippage_bp, whatever the size (the idea of zipline's FixedBasisPointsSlippage)
    volume share   price_impact * share^2 (zipline's VolumeShareSlippage: 0.1, with 2.5 % of the volume at most)
    volatility     impact_factor * sigma * sqrt(share), the square-root law (Almgren et al., Direct Estimation of
                   Equity Market Impact, 2005); sigma is that of the bar the share is of, after Parkinson (1980):
                   ln(high / low) / (2 * sqrt(ln 2))

``share`` is the part of the bar's volume, or of the quote's size, that the order takes. Worked, for a quarter of it:
linear with 1 and 10 bp is 3.5 bp; volume share with 0.1 is 62.5 bp; volatility with factor 1 on a bar between 99 and
102 is 0.017929 * 0.5, 89.6 bp.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum

from domain.market import Bar
from domain.money import CENT, ZERO
from domain.orders import Side

BP = Decimal(10_000)
# Decimal's own logarithm is correctly rounded, so the last digit is the same on every machine; math.log is not.
_PARKINSON = 2 * Decimal(2).ln().sqrt()


class Slippage(StrEnum):
    """How the size of an order moves its price."""

    LINEAR = "linear"
    FIXED = "fixed"
    VOLUME_SHARE = "volume_share"
    VOLATILITY = "volatility"


class Commission(StrEnum):
    """What the broker charges by."""

    PER_SHARE = "per_share"
    PER_TRADE = "per_trade"
    PER_NOTIONAL = "per_notional"


@dataclass(frozen=True, slots=True)
class FeeRate:
    """A fee on executions of one side from ``since`` until before ``until``; each execution is rounded up to a cent."""

    name: str
    side: Side
    source: str
    since: date
    until: date | None = None
    per_share: Decimal = ZERO
    per_million: Decimal = ZERO
    maximum: Decimal | None = None


US_SALES_2024 = (
    FeeRate(
        "SEC Section 31", Side.SELL, "Securities Exchange Act, section 31; SEC fee rate advisory for fiscal year 2024",
        date(2024, 5, 22), date(2025, 5, 14), per_million=Decimal("27.80"),
    ),
    FeeRate(
        "FINRA TAF", Side.SELL, "FINRA By-Laws, Schedule A, section 1", date(2024, 1, 1), date(2026, 1, 1),
        per_share=Decimal("0.000166"), maximum=Decimal("8.30"),
    ),
)  # fmt: skip
"""Sales of US shares in 2024 and 2025. Rates change about once a year; a date outside them is charged nothing."""


def fees_due(rates: Iterable[FeeRate], side: Side, qty: Decimal, price: Decimal, at: datetime) -> Decimal:
    """The fees of one execution: 1,000 sold at 50 in June 2024 are 50,000 * 27.80 / 10^6 = 1.39 and 0.166 -> 0.17."""
    day, total = at.date(), ZERO
    for rate in rates:
        if rate.side is side and rate.since <= day and (rate.until is None or day < rate.until):
            fee = qty * rate.per_share + qty * price * rate.per_million / 1_000_000
            fee = fee if rate.maximum is None else min(fee, rate.maximum)
            # Each fee by itself, as they are billed: two of 0.001 are two cents.
            total += fee.quantize(CENT, ROUND_CEILING)
    return total


def volume_share_impact(price_impact: Decimal, share: Decimal) -> Decimal:
    """Quadratic in the share of the volume."""
    return price_impact * share * share


def volatility_impact(factor: Decimal, sigma: Decimal, share: Decimal) -> Decimal:
    """The square-root law."""
    return factor * sigma * share.sqrt()


def parkinson(bar: Bar) -> Decimal:
    """The volatility of a bar from its range, as a fraction; zero for a bar that stood still."""
    return (bar.high / bar.low).ln() / _PARKINSON if bar.high > bar.low > ZERO else ZERO
