"""Runs over the past: one on a screen with its chart, and the list of them."""

from __future__ import annotations

from decimal import Decimal

from interfaces.telegram_bot.screens.pieces import (
    Screen,
    code,
    dim,
    each,
    money,
    notice,
    page,
    shown,
    signed,
    table,
    view_button,
    words,
)
from interfaces.telling.runs.backtested import judged_words, notes, sharpe_words
from interfaces.views.experiments import ExperimentsView, ExperimentView
from interfaces.views.plain import counted
from trading.backtest.figures import Returns

MOST_STOPS, BUTTONS_A_ROW, MOST_BUTTONS = 4, 4, 8
LISTED = view_button("All backtests", "experiments")


def experiment(view: ExperimentView, picture: bytes | None) -> Screen:
    """Figures beside those of buy and hold, and what the gates stood in the way of."""
    asked, told = view.question, view.answer
    done = told.figures
    curves = table(
        [("", "run", "held"), *(zip(_NAMES, _column(done.curve), _column(told.holding), strict=True))], "lrr"
    )
    holding = "?" if done.holding_days is None else f"{done.holding_days:,.1f} d"
    traded = table(
        (
            ("trades", f"{done.trades}, {told.open_positions} open"),
            ("win rate", _percent(done.win_rate_pct)),
            ("profit factor", money(done.profit_factor)),
            ("expectancy", signed(done.expectancy)),
            ("holding", holding),
            ("exposure", _percent(done.exposure_pct)),
            ("fees", money(done.fees)),
            ("slippage", money(done.slippage)),
            ("turnover", f"{money(done.turnover)} x"),
        ),
        "lr",
    )
    stops = [(one.gate, one.code, str(one.orders)) for one in told.judged.by_gate[:MOST_STOPS]]
    head = f"{asked.first_day} to {asked.last_day}, {counted(asked.sessions, 'session')}, "
    head += counted(len(asked.symbols), "symbol")
    return page(
        f"Backtest {asked.strategy}",
        dim(f"{head}, {asked.market}, policy {asked.policy}"),
        curves,
        traded,
        words(judged_words(told)),
        *((table(stops, "llr"),) if stops else ()),
        each(line for line, _ in notes(view)),
        code(view.id),
        note=f"run {shown(view.as_of)}",
        buttons=((LISTED,),),
        picture=picture,
    )


_NAMES = ("return", "a year", "volatility", "Sharpe", "drawdown")


def _column(curve: Returns) -> tuple[str, ...]:
    sharpe = "?" if curve.sharpe is None else sharpe_words(curve)
    return (
        signed(curve.return_pct, " %"), signed(curve.annualised_pct, " %"), _percent(curve.volatility_pct), sharpe,
        _percent(curve.max_drawdown_pct),
    )  # fmt: skip


def none_stored(strategy: str) -> Screen:
    """Nothing to show, and who can change that."""
    return notice(
        f"No backtest of {strategy} is stored. A run takes minutes, so it is made on the machine:",
        f"sage backtest {strategy}",
        buttons=((LISTED,),),
    )


def experiments(view: ExperimentsView) -> Screen:
    """Newest first, each with a button."""
    if not view.experiments:
        return notice("No backtest is stored yet. One is made on the machine: sage backtest momentum")
    rows = [
        (one.strategy[:14], f"{one.last_day:%y-%m-%d}", str(one.sessions), signed(one.return_pct, "%"),
         signed(one.holding_pct, "%"))
        for one in view.experiments
    ]  # fmt: skip
    names = [(f"{one.strategy} {one.last_day:%m-%d}", one.id) for one in view.experiments[:MOST_BUTTONS]]
    buttons = [
        tuple(view_button(label, "backtest", name) for label, name in names[at : at + BUTTONS_A_ROW])
        for at in range(0, len(names), BUTTONS_A_ROW)
    ]
    told = table([("strategy", "until", "days", "return", "held"), *rows], "llrrr")
    return page("Backtests", told, note=shown(view.as_of), buttons=tuple(buttons))


def _percent(value: Decimal | None) -> str:
    return "?" if value is None else f"{value:,.2f} %"
