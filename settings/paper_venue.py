"""What of ``[brokers.NAME]`` means something to a paper venue alone: how it fills, charges, refuses and lends.

Left out, each is as the shipped venue has it. The figures of a model that was not chosen are refused where the brokers
are made, and not here: a kill drops them and goes on.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import Field

from settings.table import Table


class PaperVenueSettings(Table):
    """The keys of a paper venue beside what routing reckons with; rates in basis points, money in USD."""

    start_cash: Decimal | None = Field(None, gt=0)
    """Empty is SAGE_START_CASH."""
    slippage: Literal["linear", "fixed", "volume_share", "volatility"] | None = None
    """The model that moves a price against an order; empty is ``linear``."""
    impact_bp: Decimal | None = Field(None, ge=0, le=10_000)
    """Of ``linear``: what taking all of a bar's volume or of a quote's size costs; empty is 10."""
    price_impact: Decimal | None = Field(None, ge=0, le=10)
    """Of ``volume_share``: times the square of the share; empty is 0.1."""
    impact_factor: Decimal | None = Field(None, ge=0, le=10)
    """Of ``volatility``: times sigma and the root of the share; empty is 1."""
    sigma: Decimal | None = Field(None, ge=0, le=1)
    """Of ``volatility`` against a quote, which has no range of its own; empty is 0.02."""
    half_spread_bp: Decimal | None = Field(None, ge=0, le=1000)
    """On top where a bar is met and not a quote, which has a spread of its own; empty is 0."""
    participation: Decimal | None = Field(None, gt=0, le=1)
    """The share of a bar's volume that all orders together may have, the rest waits; empty is 0.10."""
    commission: Literal["per_share", "per_trade", "per_notional"] | None = None
    """What the venue charges by; empty is ``per_share``."""
    commission_per_trade: Decimal | None = Field(None, ge=0, le=1000)
    """Of ``per_trade``; empty is 1.00."""
    commission_bp: Decimal | None = Field(None, ge=0, le=1000)
    """Of ``per_notional``; empty is 5."""
    fees: Literal["none", "us_sales", "own"] | None = None
    """Fees of regulators on sales; empty is ``none``."""
    fee_per_million: Decimal | None = Field(None, ge=0, le=100_000)
    """Of ``own``: of what is sold, per million USD; empty is 0."""
    fee_per_share: Decimal | None = Field(None, ge=0, le=1)
    """Of ``own``: of each share sold; empty is 0."""
    latency_s: Decimal | None = Field(None, ge=0, le=3600)
    """How long an order travels, in seconds of the market's time; empty is 0."""
    next_bar: bool | None = None
    """Whether it waits for the bar after that as well; empty is false."""
    reject_share: Decimal | None = Field(None, ge=0, le=1)
    """The share of orders that the venue rejects; empty is 0."""
    seed: int | None = Field(None, ge=0)
    """Which orders those are; empty is 0."""
    extended_hours: bool | None = None
    """Whether it trades around the sessions; empty is false."""
    allow_short: bool | None = None
    """Whether it is a margin account, which may sell what it does not hold; empty is false."""
    max_short_qty: Decimal | None = Field(None, gt=0)
    """What there is to borrow of one symbol; empty is any number of shares."""
