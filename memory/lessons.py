"""What a closed trade taught, in closed words: was it with the signal, how did it end, what did it bring.

No model writes here and no figure is copied: the sentence cites references, and ``figures`` is where they are filled
from. A lesson is a function of the trade and its situation, so it is never stored and cannot drift from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from domain.decisions import Statement
from domain.errors import DataQualityError
from domain.evidence import Evidence
from domain.ids import Ref
from domain.market import Symbol
from domain.money import HUNDRED, decimal_of
from domain.orders import Side
from domain.record.entries import ClosedTrade
from domain.signals import Regime
from memory.situation import Situation


class Thesis(StrEnum):
    """How the trade stood to the computed signal when it was decided."""

    WITH_SIGNAL = "with_signal"
    AGAINST_SIGNAL = "against_signal"
    WITHOUT_SIGNAL = "without_signal"


class Result(StrEnum):
    """What it brought, commissions paid."""

    WON = "won"
    LOST = "lost"
    EVEN = "even"


class Ending(StrEnum):
    """What closed it."""

    STOP = "stop"
    TARGET = "target"
    TIME = "time"
    SIGNAL = "signal"
    MANUAL = "manual"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Lesson:
    """One trade, weighed. ``statement`` cites ``figures`` by reference."""

    trade_id: str
    symbol: Symbol
    thesis: Thesis
    result: Result
    ending: Ending
    regime: Regime
    statement: Statement


def lesson_of(trade: ClosedTrade, situation: Situation) -> Lesson:
    """The lesson of a settled trade; raises DataQualityError for one whose figures cannot be read."""
    symbol = Symbol(trade.symbol)
    thesis, ending = thesis_of(situation), ending_of(trade.exit_reason)
    result = result_of(return_pct(trade))
    text = (
        f"{_SIDE[situation.side]} {_THESIS[thesis]} {_REGIME[situation.regime]} {_RESULT[result]} "
        f"{{trade.pnl_pct@{symbol}}} and {_ENDING[ending]}."
    )
    return Lesson(trade.trade_id, symbol, thesis, result, ending, situation.regime, Statement(text))


def thesis_of(situation: Situation) -> Thesis:
    """Whether the side taken was the side the signal pointed to."""
    direction = situation.features.get("direction")
    if direction is None or direction == 0:
        return Thesis.WITHOUT_SIGNAL
    agreed = (direction > 0) is (situation.side is Side.BUY)
    return Thesis.WITH_SIGNAL if agreed else Thesis.AGAINST_SIGNAL


def result_of(pnl_pct: Decimal) -> Result:
    """Won, lost or even."""
    return Result.EVEN if pnl_pct == 0 else Result.WON if pnl_pct > 0 else Result.LOST


def ending_of(exit_reason: str) -> Ending:
    """The ending an exit reason names; words that name none are ``other``, whatever they say."""
    # Words and not substrings: "sometimes" holds "time".
    words = exit_reason.lower().replace("_", " ").replace("-", " ").split()
    return next((ending for word, ending in _ENDING_WORDS.items() if word in words), Ending.OTHER)


def return_pct(trade: ClosedTrade) -> Decimal:
    """Net result in percent of the money put in: 10 shares at 200 that brought 50 returned 2.5."""
    qty, entry = decimal_of(trade.qty, name="qty"), decimal_of(trade.entry_price, name="entry price")
    pnl = decimal_of(trade.pnl, name="pnl")
    if qty == 0 or entry <= 0:
        raise DataQualityError(f"trade {trade.trade_id} has no size or no entry price", "Look at its fills.")
    return round(pnl / (abs(qty) * entry) * HUNDRED, 4)


def figures(trade: ClosedTrade) -> tuple[Evidence, ...]:
    """The figures of a closed trade as evidence, known since it closed.

    Money goes by the unit ``USD`` as in all evidence: it stands for the currency of the account, in which a trade can
    only be entered where its instrument is in it too (gate B1).
    """
    values = (
        ("trade.entry", decimal_of(trade.entry_price), "USD"),
        ("trade.exit", decimal_of(trade.exit_price), "USD"),
        ("trade.pnl", decimal_of(trade.pnl), "USD"),
        ("trade.pnl_pct", return_pct(trade), "pct"),
    )
    symbol, at = Symbol(trade.symbol), trade.closed_at
    return tuple(
        Evidence(Ref(f"{name}@{symbol}"), value, unit, f"trade {trade.trade_id}", at, at, symbol)
        for name, value, unit in values
    )


_SIDE = {Side.BUY: "A long trade", Side.SELL: "A short trade"}
_THESIS = {
    Thesis.WITH_SIGNAL: "with the signal",
    Thesis.AGAINST_SIGNAL: "against the signal",
    Thesis.WITHOUT_SIGNAL: "without a signal",
}
_REGIME = {
    Regime.TREND_UP: "in a rising market",
    Regime.TREND_DOWN: "in a falling market",
    Regime.RANGE: "in a market without trend",
    Regime.VOLATILE: "in a restless market",
    Regime.UNKNOWN: "in a market of unknown state",
}
_RESULT = {Result.WON: "won", Result.LOST: "lost", Result.EVEN: "broke even at"}
_ENDING = {
    Ending.STOP: "ended at its stop",
    Ending.TARGET: "reached its target",
    Ending.TIME: "ran out of time",
    Ending.SIGNAL: "was closed by a signal",
    Ending.MANUAL: "was closed by hand",
    Ending.OTHER: "ended for another reason",
}
# The first in this order that is there counts: a trailing stop "by rule" ended at its stop.
_ENDING_WORDS = {
    "stop": Ending.STOP,
    "trailing": Ending.STOP,
    "target": Ending.TARGET,
    "profit": Ending.TARGET,
    "time": Ending.TIME,
    "signal": Ending.SIGNAL,
    "rule": Ending.SIGNAL,
    "agent": Ending.SIGNAL,
    "manual": Ending.MANUAL,
    "flatten": Ending.MANUAL,
}
