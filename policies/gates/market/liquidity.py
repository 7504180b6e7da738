"""E9 liquidity, E9_value and E10 participation: what the market takes without noticing.

E9_value: an instrument is entered only where at least ``min_adv_value`` changes hands on an average day, in account
currency and counted at the bid: with 5,000,000 and 200,000 shares a day an entry passes at 25.00 and not at 24.99.

E9: an order is at most ``max_adv_pct`` percent of the average daily volume. With 1 % and 2,000,000 shares a day, 20,000
shares pass and 20,001 do not. E10: an order, and all that is still open on its side, are at most
``max_recent_volume_pct`` percent of the volume of the last bar. With 5 %, 10,000 shares in that bar and an open buy of
200, a buy of 300 passes and one of 301 does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from domain.money import HUNDRED
from policies.codes import ReasonCode
from policies.gate import OVERSIZE_DENY, Answer, Gate, Reads, Scope, at_least, denied
from policies.gates.caps import fits, too_large
from policies.measures.worst_case import LARGEST, NOTHING, WorstCase, is_positive, percent, whole_lots

LIQUIDITY, THINLY_TRADED = ReasonCode.LIQUIDITY, ReasonCode.THINLY_TRADED
PARTICIPATION = ReasonCode.PARTICIPATION


@dataclass(frozen=True, slots=True)
class LiquidityLimits:
    """In percent of the average daily volume."""

    max_adv_pct: Decimal
    oversize: str = OVERSIZE_DENY


@dataclass(frozen=True, slots=True)
class TradedValueLimits:
    """In account currency a day."""

    min_adv_value: Decimal


@dataclass(frozen=True, slots=True)
class ParticipationLimits:
    """In percent of the volume of the last bar."""

    max_recent_volume_pct: Decimal
    oversize: str = OVERSIZE_DENY


def check(case: Case, worst: WorstCase, limits: LiquidityLimits) -> Answer:
    """PASS up to the share of a day's volume."""
    cap, volume = limits.max_adv_pct, worst.view.adv_shares
    if not is_positive(volume):
        return denied("E9", ReasonCode.LIQUIDITY_UNKNOWN, cap)
    if not worst.measurable:
        return denied("E9", ReasonCode.QTY_INVALID, cap)
    found = fits(cap, case.order.qty, volume)
    if found is not None:
        return found
    largest, share = volume * cap / HUNDRED, percent(case.order.qty, volume)
    quantity = whole_lots(largest, worst.step)
    return too_large("E9", LIQUIDITY, cap, share, cap - share, quantity, limits.oversize)


def check_value(case: Case, worst: WorstCase, limits: TradedValueLimits) -> Answer:
    """PASS from the least value of a day's volume upwards; no smaller order would help."""
    floor, view = limits.min_adv_value, case.market.symbols.get(case.order.symbol, NOTHING)
    volume = view.adv_shares
    if not is_positive(volume):
        return denied("E9_value", ReasonCode.LIQUIDITY_UNKNOWN, floor)
    if worst.quote is None:
        return denied("E9_value", ReasonCode.QUOTE_MISSING, floor)
    return at_least("E9_value", THINLY_TRADED, floor, volume * worst.quote.bid)


def check_participation(case: Case, worst: WorstCase, limits: ParticipationLimits) -> Answer:
    """PASS up to the share of the last bar's volume."""
    cap, order = limits.max_recent_volume_pct, case.order
    volume = worst.view.recent_volume
    if not is_positive(volume):
        return denied("E10", ReasonCode.VOLUME_UNKNOWN, cap)
    if not worst.measurable:
        return denied("E10", ReasonCode.QTY_INVALID, cap)
    mine = worst.mine
    # A position that cannot be told carries no open quantities either.
    if mine.held is None:
        return denied("E10", ReasonCode.POSITION_UNKNOWN, cap)
    working = mine.buying if worst.buys else mine.selling
    # LARGEST stands for an open quantity that nobody can tell.
    if working >= LARGEST:
        return denied("E10", ReasonCode.POSITION_UNKNOWN, cap)
    total = working + order.qty
    found = fits(cap, total, volume)
    if found is not None:
        return found
    largest, share = volume * cap / HUNDRED, percent(total, volume)
    quantity = whole_lots(largest - working, worst.step)
    return too_large("E10", PARTICIPATION, cap, share, cap - share, quantity, limits.oversize)


GATE = Gate("E9", "liquidity", Scope.NEW_EXPOSURE, ("adv",), LiquidityLimits, check, "pct")
VALUE_GATE = Gate(
    "E9_value",
    "value traded a day",
    Scope.NEW_EXPOSURE,
    ("adv", "quote"),
    TradedValueLimits,
    check_value,
    "USD",
    reads=Reads.SUBJECT,
)
PARTICIPATION_GATE = Gate(
    "E10", "participation", Scope.NEW_EXPOSURE, ("bars", "orders"), ParticipationLimits, check_participation, "pct"
)
