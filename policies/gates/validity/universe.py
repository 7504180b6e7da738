"""B9 lists: restricted symbols are not traded at all, symbols outside the universe are not entered.

A restriction until 2026-06-01T00:00Z is over at that moment. A holding that fell out of the universe can be sold, a
restricted one cannot: such a list has legal reasons more often than not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from domain.case import Case
from domain.market import Symbol
from policies.codes import ReasonCode
from policies.gate import NO_OBJECTION, Answer, Gate, Reads, Scope, denied
from policies.measures.worst_case import WorstCase


class Restriction(NamedTuple):
    """Why a symbol must not be traded, and until when; ``until`` None is for good."""

    reason: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ListLimits:
    """``universe`` None for any symbol, ``restricted`` None for no list."""

    universe: frozenset[Symbol] | None = None
    restricted: Mapping[Symbol, Restriction] | None = None


def check(case: Case, worst: WorstCase, limits: ListLimits) -> Answer:
    """DENY for a restricted symbol and for an entry outside the universe."""
    symbol = case.order.symbol
    restriction = None if limits.restricted is None else limits.restricted.get(symbol)
    if restriction is not None and (restriction.until is None or case.now < restriction.until):
        return denied("B9", ReasonCode.RESTRICTED, value=symbol, note=restriction.reason)
    if limits.universe is not None and symbol not in limits.universe and not worst.reduces_risk:
        return denied("B9", ReasonCode.NOT_IN_UNIVERSE, value=symbol)
    return NO_OBJECTION


GATE = Gate("B9", "universe and restricted list", Scope.ALWAYS, (), ListLimits, check, reads=Reads.SUBJECT)
