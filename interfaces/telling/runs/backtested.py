"""What a run over the past came to, in sentences that every face shows."""

from __future__ import annotations

from collections.abc import Iterator

from domain.case import TradingState
from interfaces.views.experiments import ExperimentView
from interfaces.views.plain import amount, counted
from trading.backtest.experiment import ExperimentResult
from trading.backtest.figures import Returns


def sharpe_words(each: Returns) -> str:
    """``1.20 ± 2.05``: a ratio is told with its standard error or not at all."""
    return "unknown" if each.sharpe is None else f"{amount(each.sharpe)} ± {amount(each.sharpe_error)}"


def judged_words(told: ExperimentResult) -> str:
    """``9 candidates, 7 orders before the gates: 4 passed, 1 cut to size, 1 waited in vain, 1 refused``."""
    said = told.judged
    parts = (
        (said.passed, "passed"), (said.reduced, "cut to size"), (said.unanswered, "waited in vain"),
        (said.refused, "refused"),
    )  # fmt: skip
    became = ", ".join(f"{count} {what}" for count, what in parts if count)
    judged = f"{counted(told.candidates, 'candidate')}, {counted(said.proposed, 'order')} before the gates"
    return f"{judged}{': ' * bool(became)}{became}"


def notes(view: ExperimentView) -> Iterator[tuple[str, bool]]:
    """What the figures rest on; True for what should worry the reader."""
    curve, answer = view.answer.figures.curve, view.answer
    yield "Decided by rules, which are no language model.", False
    if curve.sharpe is not None and curve.sharpe_error is not None:
        doubtful = abs(curve.sharpe) < 2 * curve.sharpe_error
        told = "luck alone can do that" if doubtful else "luck alone seldom does that"
        yield f"Sharpe {sharpe_words(curve)} over {curve.sessions} returns: {told}.", doubtful
    if answer.judged.unanswered:
        yield "Nobody answered what waited; --approve would say yes to all of it.", False
    if answer.trading_state is not TradingState.ACTIVE:
        yield f"Breakers left it {answer.trading_state.value}: from then on nothing was entered.", True
    if answer.degraded:
        yield f"{answer.degraded} of {curve.sessions} cycles did without a source or a model.", True
