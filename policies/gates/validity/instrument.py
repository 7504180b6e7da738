"""B1 instrument: a plain ticker that our sources know, that the broker trades, of an allowed class, in one currency.

The name must be exactly what ``parse_symbol`` makes of it, so a look-alike never matches. An order in USD on an
instrument in EUR is refused whichever way it goes; an account in another currency, or an instrument that no source
knows, refuses entries only.
"""

from __future__ import annotations

from dataclasses import dataclass

from domain.case import Case
from domain.errors import DataQualityError
from domain.market import AssetClass, parse_symbol
from policies.codes import ReasonCode
from policies.gate import PASSED, Answer, Gate, Reads, Scope, denied
from policies.measures.worst_case import WorstCase

INSTRUMENT_UNKNOWN = ReasonCode.INSTRUMENT_UNKNOWN


@dataclass(frozen=True, slots=True)
class InstrumentLimits:
    """``allowed_asset_classes``: None for any."""

    allowed_asset_classes: frozenset[AssetClass] | None = None


def check(case: Case, worst: WorstCase, limits: InstrumentLimits) -> Answer:
    """DENY for a name, instrument, class or currency that does not fit."""
    order, instrument = case.order, worst.instrument
    if not _is_ticker(order.symbol):
        return denied("B1", ReasonCode.SYMBOL_INVALID, value=str(order.symbol)[:40])
    if instrument is None:
        code = INSTRUMENT_UNKNOWN
        return (PASSED, None, order.symbol, None) if worst.reduces_risk else denied("B1", code, value=order.symbol)
    if instrument.tradable is not True or instrument.symbol != order.symbol:
        return denied("B1", ReasonCode.NOT_TRADABLE, value=order.symbol)
    if order.currency != instrument.currency:
        return denied("B1", ReasonCode.CURRENCY_MISMATCH, instrument.currency, order.currency)
    # What is held may be left, whatever the account's currency and the list of classes say (I-09).
    if worst.reduces_risk:
        return PASSED, None, order.symbol, None
    if case.book.account.currency != instrument.currency:
        return denied("B1", ReasonCode.CURRENCY_MISMATCH, case.book.account.currency, instrument.currency)
    if limits.allowed_asset_classes is not None and instrument.asset_class not in limits.allowed_asset_classes:
        return denied("B1", ReasonCode.ASSET_CLASS_FORBIDDEN, value=instrument.asset_class)
    return PASSED, None, order.symbol, None


def _is_ticker(symbol: object) -> bool:
    try:
        return parse_symbol(symbol) == symbol
    except DataQualityError:
        return False


GATE = Gate("B1", "instrument", Scope.ALWAYS, ("instrument", "account"), InstrumentLimits, check, reads=Reads.SUBJECT)
