"""Everything about the paper broker that can be set; the defaults are a patient venue for a cash account."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from domain.market import Timeframe
from domain.money import ZERO
from trading.execution.brokers.paper.fill_model import FillRules


@dataclass(frozen=True, slots=True)
class PaperSettings:
    """The paper account and its venue; ``label`` tells venues of one home apart, each of which has books of its own.

    ``timeframe`` is the length of the bars that resting orders are matched with. An order reaches the market after
    ``latency``, or with the next bar where ``next_bar`` is set; a cancel is honoured at once, also before that. A share
    ``reject_probability`` of orders is rejected, which ones follows from ``seed`` and their ids alone. With
    ``allow_short`` it is a margin account: half the value of a new short must be free (Regulation T, 12 CFR 220.12),
    and ``max_short_qty`` is what there is to borrow of one symbol.
    """

    account_id: str = "paper"
    label: str = ""
    currency: str = "USD"
    starting_cash: Decimal = Decimal(100_000)
    timeframe: Timeframe = Timeframe.MIN_15
    rules: FillRules = field(default_factory=FillRules)
    seed: int = 0
    latency: timedelta = timedelta(0)
    next_bar: bool = False
    reject_probability: Decimal = ZERO
    extended_hours: bool = False
    allow_short: bool = False
    max_short_qty: Decimal | None = None
