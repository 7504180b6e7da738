"""D6 wash sale: a buy of what was sold at a loss within ``wash_sale_days`` is refused, or passes with a warning.

Who buys back within 30 days before or after such a sale cannot deduct the loss (US, 26 USC 1091). With 30, a buy 30
days and some hours after the loss is still one, and the first that is none comes after 31 full days. It costs tax and
no money at risk, so without ``forbid_wash_sale`` the order passes and its verdict says WASH_SALE.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from domain.orders import Side
from domain.verdicts import Verdict
from policies.codes import ReasonCode
from policies.gate import DENY, OK, PASS, PASSED, Answer, Gate, Reads, Scope, denied
from policies.gates.ages import seconds
from policies.measures.worst_case import WorstCase

SELL = Side.SELL
WASH_SALE = ReasonCode.WASH_SALE
DAY_S = Decimal(86_400)


@dataclass(frozen=True, slots=True)
class WashSaleLimits:
    """Days after a loss; ``forbid_wash_sale`` refuses where it would otherwise warn."""

    wash_sale_days: Decimal
    forbid_wash_sale: bool = False


def check(case: Case, worst: WorstCase, limits: WashSaleLimits) -> Answer:
    """DENY or warn of a buy too soon after a loss in the same symbol."""
    days, losses = limits.wash_sale_days, case.book.counters.last_loss_on
    if case.order.side is SELL:
        return PASSED, days, None, None
    if losses is None:
        if limits.forbid_wash_sale:
            return denied("D6", ReasonCode.COUNTERS_UNKNOWN, days)
        return Verdict("D6", OK, PASS, days, note="nobody knows when the symbol was last sold at a loss")
    last = losses.get(case.order.symbol)
    if last is None:
        return PASSED, days, None, None
    # Full days: never more than the calendar counts, so that no time zone makes a buy too early look like one in time.
    since = seconds(case.now, last) // DAY_S
    if since > days:
        return PASSED, days, since, since - days
    return Verdict("D6", WASH_SALE, DENY if limits.forbid_wash_sale else PASS, days, since, since - days)


GATE = Gate("D6", "wash sale", Scope.NEW_EXPOSURE, ("counters",), WashSaleLimits, check, "days", reads=Reads.SUBJECT)
