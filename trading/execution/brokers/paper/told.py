"""A paper venue in words, for whoever asks what it is set to: one line, models by name with the figures they read."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from domain.money import HUNDRED, ZERO
from trading.execution.brokers.paper.costs import US_SALES_2024, Commission, Slippage
from trading.execution.brokers.paper.fill_model import FillRules
from trading.execution.brokers.paper.settings import PaperSettings


def described(venue: PaperSettings) -> str:
    """What the venue is set to: "fixed slippage of 5 bp, 10 % of a bar's volume, commission 1.00 an order; no shorts".

    What never happens there is left out, but for shorts.
    """
    return f"{', '.join(_parts(venue))}; {_shorts(venue)}"


def _parts(venue: PaperSettings) -> Iterator[str]:
    rules = venue.rules
    yield _slippage(rules)
    if rules.half_spread_bp:
        yield f"half a spread of {rules.half_spread_bp:f} bp on bars"
    yield f"{_percent(rules.participation)} of a bar's volume"
    yield _commission(rules)
    if rules.fees:
        yield _fees(rules)
    if venue.latency or venue.next_bar:
        travels = f"orders travel {venue.latency.total_seconds():g} s"
        yield f"{travels} and wait for the next bar" if venue.next_bar else travels
    if venue.reject_probability:
        yield f"{_percent(venue.reject_probability)} of orders rejected by seed {venue.seed}"
    if venue.extended_hours:
        yield "extended hours"


def _slippage(rules: FillRules) -> str:
    match rules.slippage:
        case Slippage.LINEAR:
            return f"linear slippage of {rules.slippage_bp:f} bp and {rules.impact_bp:f} bp for all of the volume"
        case Slippage.FIXED:
            return f"fixed slippage of {rules.slippage_bp:f} bp"
        case Slippage.VOLUME_SHARE:
            return f"volume share slippage, impact {rules.price_impact:f}"
        case Slippage.VOLATILITY:
            return f"volatility slippage, factor {rules.impact_factor:f}, sigma {rules.sigma:f} against a quote"


def _commission(rules: FillRules) -> str:
    least = f" and at least {rules.commission_minimum:f}"
    match rules.commission:
        case Commission.PER_SHARE:
            return f"commission {rules.commission_per_share:f} a share{least}"
        case Commission.PER_TRADE:
            return f"commission {rules.commission_per_trade:f} an order"
        case Commission.PER_NOTIONAL:
            return f"commission {rules.commission_bp:f} bp{least}"


def _fees(rules: FillRules) -> str:
    if rules.fees == US_SALES_2024:
        return "SEC and FINRA fees on sales in 2024 and 2025"
    each = (f"{one.per_million:f} a million and {one.per_share:f} a share" for one in rules.fees)
    return f"fees on sales of {', '.join(each)}"


def _shorts(venue: PaperSettings) -> str:
    if not venue.allow_short:
        return "no shorts"
    most = venue.max_short_qty
    return "shorts" if most is None else f"shorts of {most:f} shares a symbol at most"


def _percent(share: Decimal) -> str:
    return f"{(share * HUNDRED).normalize() + ZERO:f} %"
