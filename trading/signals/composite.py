"""Quant and text in one view, with the flags that a careful reader of it must know.

    score       0.65 quant + 0.35 text where trusted texts have an opinion, else quant alone
    direction   the sign of the score from 0.15 on, else 0
    confidence  0.4 + 0.6 |score|, less 0.2 for ``conflict``, 0.1 each for ``volatile``, ``wide_spread`` and
                ``earnings_soon``; 0 without quote, in a halt, or while the regime is unknown

Flags are a closed list. ``suspicious_text`` informs and moves nothing: whoever can post must not be able to stop
trading.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from domain.case import SymbolView
from domain.market import EventKind, Quote
from domain.money import HUNDRED, ZERO
from domain.signals import CompositeSignal, QuantSignals, Regime, TextSignals
from policies.measures.worst_case import usable
from trading.signals.quant import SCORE_STEP

RiskFlag = Literal[
    "conflict", "earnings_soon", "halted", "no_quote", "suspicious_text", "volatile", "warming_up", "wide_spread"
]
QUANT_SHARE = Decimal("0.65")
DIRECTION_FROM = Decimal("0.15")
CONFLICT_FROM = Decimal("0.2")
WIDE_SPREAD_PCT = Decimal("0.5")
EARNINGS_WITHIN = timedelta(hours=48)
_DOUBTS: dict[RiskFlag, Decimal] = {
    "conflict": Decimal("0.2"),
    "volatile": Decimal("0.1"),
    "wide_spread": Decimal("0.1"),
    "earnings_soon": Decimal("0.1"),
}
_HOPELESS: frozenset[RiskFlag] = frozenset({"halted", "no_quote", "warming_up"})


def composite(quant: QuantSignals, text: TextSignals, view: SymbolView, *, as_of: datetime) -> CompositeSignal:
    """The one signal of a symbol that strategies and roles look at."""
    score = combined_score(quant.score, text.score)
    flags = risk_flags(quant, text, view, as_of=as_of)
    return CompositeSignal(
        symbol=quant.symbol,
        timeframe=quant.timeframe,
        at=as_of,
        quant=quant,
        text=text,
        direction=0 if abs(score) < DIRECTION_FROM else 1 if score > 0 else -1,
        score=score,
        confidence=confidence_of(score, flags),
        risk_flags=flags,
    )


def combined_score(quant: Decimal, text: Decimal) -> Decimal:
    """The weighted mean; a text score of exactly 0 is no opinion."""
    return quant if text == 0 else (QUANT_SHARE * quant + (1 - QUANT_SHARE) * text).quantize(SCORE_STEP)


def confidence_of(score: Decimal, flags: tuple[RiskFlag, ...]) -> Decimal:
    """How far to trust the score, in [0, 1]: the formula above, not a probability."""
    if not _HOPELESS.isdisjoint(flags):
        return ZERO
    doubts = sum((_DOUBTS.get(flag, ZERO) for flag in flags), ZERO)
    return max(ZERO, Decimal("0.4") + Decimal("0.6") * abs(score) - doubts).quantize(Decimal("0.01"))


def risk_flags(quant: QuantSignals, text: TextSignals, view: SymbolView, *, as_of: datetime) -> tuple[RiskFlag, ...]:
    """The flags that hold, in alphabetical order."""
    quote = usable(view.quote)
    holds: dict[RiskFlag, bool] = {
        "conflict": quant.score * text.score < 0 and min(abs(quant.score), abs(text.score)) >= CONFLICT_FROM,
        "earnings_soon": earnings_soon(view, as_of=as_of),
        "halted": view.status is not None and view.status.halted,
        "no_quote": quote is None,
        "suspicious_text": text.suspicious > 0,
        "volatile": quant.regime is Regime.VOLATILE,
        "warming_up": quant.regime is Regime.UNKNOWN,
        "wide_spread": quote is not None and spread_pct(quote) >= WIDE_SPREAD_PCT,
    }
    return tuple(sorted(flag for flag, held in holds.items() if held))


def earnings_soon(view: SymbolView, *, as_of: datetime) -> bool:
    """True where a known report is due within 48 hours."""
    return any(
        event.kind is EventKind.EARNINGS
        # I-67: a report that is announced only later is not known yet.
        and event.announced_at <= as_of <= event.effective_at <= as_of + EARNINGS_WITHIN
        for event in view.events
    )


def spread_pct(quote: Quote) -> Decimal:
    """The spread of a usable quote in per cent of its middle: bid 99.90, ask 100.10 -> 0.2."""
    return (quote.ask - quote.bid) / quote.mid * HUNDRED
