"""The market's time where it stands still: in a sentence, for whoever waits for something that only time brings.

    In the simulated market time goes on with the next `sage cycle`; until then it stays 2026-03-17 15:00 UTC.

A simulated market, and one out of files, stands where its last cycle left it: however long a person waits, nothing that
rests is filled, no rate and no cooldown ends, and no request expires. Under `sage run` that time moves by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from domain.verdicts import Outcome, Verdict
from interfaces.runtime import Runtime
from interfaces.serving.holding import SIMULATED_TIME
from policies.codes import ReasonCode

PASSING = frozenset(
    {
        ReasonCode.ORDER_RATE, ReasonCode.ORDERS_TODAY, ReasonCode.SYMBOL_ORDERS, ReasonCode.COOLDOWN,
    }
)  # fmt: skip
"""Refusals that time alone takes back: so many orders lately, so short a rest."""
ENDS_WITH_TIME = PASSING | {ReasonCode.DUPLICATE_ORDER}


def standstill(runtime: Runtime) -> str:
    """The sentence; empty where time goes on by itself."""
    if not runtime.setup.own_time or runtime.duties.time is not None:
        return ""
    lease = runtime.duties.leases.get(SIMULATED_TIME)
    if lease is not None and not runtime.duties.leases.is_over(lease):
        return ""  # a service of this home moves it
    place = "Over stored bars" if runtime.setup.market.startswith("files") else "In the simulated market"
    stays = shown(runtime.deps.clock.now())
    return f"{place} time goes on with the next `sage cycle`; until then it stays {stays}."


def standstill_behind(runtime: Runtime, verdicts: Iterable[Verdict]) -> str:
    """The same where nothing but time is in the way of an order; empty where waiting would not let it pass."""
    denied = [each for each in verdicts if each.outcome is Outcome.DENY]
    return standstill(runtime) if denied and all(each.code in ENDS_WITH_TIME for each in denied) else ""


def shown(at: datetime) -> str:
    """``2026-03-17 15:00 UTC``; seconds only where there are some."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at.second else f"{at:%Y-%m-%d %H:%M} UTC"
