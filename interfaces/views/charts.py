"""What a chart is drawn from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.market import Bar, Quote, Symbol
from domain.orders import Fill
from interfaces.views.state import PositionView
from trading.portfolio.performance import Day


@dataclass(frozen=True, slots=True)
class EquityView:
    """Equity by exchange day, oldest first."""

    as_of: datetime
    days: tuple[Day, ...]
    currency: str = ""


@dataclass(frozen=True, slots=True)
class DrawnView:
    """``sage chart``: where the picture was written; empty, with the reason, where there is too little to draw."""

    as_of: datetime
    what: str
    file: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class PricesView:
    """Bars of one symbol, oldest first, our fills in their time, what is held of it now, and its quote.

    ``quote`` is None where the source tells none of its own.
    """

    as_of: datetime
    symbol: Symbol
    bars: tuple[Bar, ...]
    fills: tuple[Fill, ...]
    holding: PositionView | None
    currency: str = ""
    quote: Quote | None = None
