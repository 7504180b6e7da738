"""Profit and loss by period, or of one symbol."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from trading.portfolio.periods import Unit


@dataclass(frozen=True, slots=True)
class ProfitRow:
    """A day, week, month or symbol.

    ``pnl`` is all of it: of a time what equity did beyond transfers, of a symbol realised and unrealised together.
    ``trades`` are the round trips that closed in it.
    """

    name: str
    pnl: Decimal | None
    pnl_pct: Decimal | None
    trades: int
    wins: int
    realized_pnl: Decimal | None = None
    unrealized_pnl: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ProfitsView:
    """``sage pnl week``: ``what`` is the period or the symbol, ``since`` its first exchange day (None: the beginning).

    ``realized_pnl`` is what fills of the time made final, ``unrealized_pnl`` that of positions as they are held now.
    """

    as_of: datetime
    currency: str
    what: str
    by: Unit
    since: date | None
    pnl: Decimal | None
    pnl_pct: Decimal | None
    realized_pnl: Decimal
    unrealized_pnl: Decimal | None
    trades: int
    wins: int
    rows: tuple[ProfitRow, ...]
