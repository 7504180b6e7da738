"""The room under a limit in words, because a share of it is told of few limits alone.

    10,000 USD, 1,900 used                 81.0 %
    5 entries a day, 4 made                1 more
    24 h before an event, 147 h to go      5 d to spare
    30 d after a loss, 5 d gone            25 d too soon
    1,000 USD in cash at least, 92,232     91,232 over

A limit that is waited for, and one that a figure must not fall below, is a least: what is measured lies above it.
"""

from __future__ import annotations

from decimal import Decimal

from domain.money import ZERO
from domain.orders import OrderIntent
from domain.verdicts import Figure
from interfaces.views.control import RiskRow
from interfaces.views.plain import age, amount, found, measured, plain_number, quantity

_SECONDS = {"seconds": 1, "hours": 3_600, "days": 86_400}


def is_least(limit: Figure, value: Figure, left: Decimal | None) -> bool:
    """Whether the figure has to stay above the limit; ``left`` is the share of the limit that is left."""
    if not isinstance(limit, Decimal) or limit <= ZERO or left is None or left == ZERO:
        return False
    return isinstance(value, Decimal | int) and (value > limit) is (left > ZERO)


def is_waited_for(limit: Figure, value: Figure, left: Decimal | None, unit: str) -> bool:
    """Whether time alone makes room: a wait after a loss, an event that is still far off."""
    return unit in _SECONDS and is_least(limit, value, left)


def room(row: RiskRow) -> str:
    """What is left, as people say it; empty where nothing was measured."""
    limit, value = row.limit, row.value
    if not isinstance(limit, Decimal) or isinstance(value, bool) or not isinstance(value, Decimal | int):
        return ""
    if row.headroom_pct is None and row.unit not in _SECONDS:
        return ""
    between = abs(Decimal(value) - limit)
    if row.unit == "count":
        return _counted(limit - value)
    if row.headroom_pct is None:
        told = measured(between, "days") if row.unit == "days" else age(between * _SECONDS[row.unit])
        return f"{told} to spare" if value >= limit else f"{told} too soon"
    if is_least(limit, value, row.headroom_pct):
        return f"{found(between, row.unit)} {'over' if value > limit else 'short'}"
    return f"{row.headroom_pct:,.1f} %"


def room_left(row: RiskRow) -> str:
    """The same where no heading says that it is room: ``12.4 % left``."""
    told = room(row)
    return f"{told} left" if told.endswith(("%", "none", "more")) else told


def trial_words(order: OrderIntent) -> str:
    """What the figures of ``sage risk`` hold beyond what is held and was done."""
    price = "" if order.limit_price is None else f" at {amount(order.limit_price)} {order.currency}"
    told = f"{order.side.value} {quantity(order.qty)} {order.symbol}{price}"
    return f"Every figure counts a trial order as well, which is not sent: {told}."


def _counted(left: Decimal) -> str:
    return (
        "none" if left == ZERO else f"{plain_number(left)} more" if left > ZERO else f"{plain_number(-left)} too many"
    )
