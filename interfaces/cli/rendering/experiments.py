"""Screens of runs over the past: one with its figures and what the gates said, and the list."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from interfaces.cli.rendering.cells import (
    DIM,
    WAIT,
    heading,
    lines,
    moment,
    pairs,
    percent,
    screen,
    signed,
    table,
    words,
)
from interfaces.telling.runs.backtested import judged_words, notes, sharpe_words
from interfaces.views.experiments import ExperimentsView, ExperimentView
from interfaces.views.plain import amount, clean, counted, plain_number
from trading.backtest.experiment import ExperimentResult
from trading.backtest.figures import Figures

MOST_STOPS = 5


def experiments(view: ExperimentsView | ExperimentView) -> RenderableType:
    """``sage experiments``: the list, or one of them."""
    return experiment(view) if isinstance(view, ExperimentView) else listed(view)


def experiment(view: ExperimentView) -> RenderableType:
    """``sage backtest``."""
    asked, told = view.question, view.answer
    period = f"{asked.first_day} to {asked.last_day}, {counted(asked.sessions, 'session')}"
    over = f"{asked.market}, {counted(len(asked.symbols), 'symbol')}, {asked.timeframe.value} bars"
    return screen(
        heading(f"Backtest {asked.strategy}", period),
        pairs(
            (
                ("over", words(f"{over}, policy {asked.policy} {asked.policy_digest[:8]}")),
                ("stored", words(f"{view.id}, {view.as_of:%Y-%m-%d} by {view.made_by}, result {view.digest[:8]}")),
            )
        ),
        curves(told, asked.strategy),
        trading(told),
        gates(told),
        lines(*(words(line, WAIT if warns else DIM) for line, warns in notes(view))),
    )


def curves(told: ExperimentResult, strategy: str) -> RenderableType:
    """The run beside doing nothing."""
    made = table("", f"{clean(strategy)}>", "buy and hold>")
    both = (told.figures.curve, told.holding)
    made.add_row(Text("return"), *(signed(each.return_pct, " %") for each in both))
    made.add_row(Text("annualised"), *(signed(each.annualised_pct, " %") for each in both))
    made.add_row(Text("volatility"), *(percent(each.volatility_pct) for each in both))
    made.add_row(Text("Sharpe"), *(Text(sharpe_words(each)) for each in both))
    made.add_row(Text("worst drawdown"), *(percent(each.max_drawdown_pct) for each in both))
    return made


def trading(told: ExperimentResult) -> RenderableType:
    """What was done for it."""
    done = told.figures
    cost = f"{amount(done.fees)} fees, {amount(done.slippage)} slippage in {counted(done.fills, 'fill')}"
    return pairs(
        (
            ("equity", Text(amount(told.closes[-1].equity))),
            ("in shares", Text.assemble(percent(done.exposure_pct), " of it on average")),
            ("trades", Text(f"{done.trades} closed, {told.open_positions} open")),
            *(trips(done) if done.trades else ()),
            ("cost", Text(cost)),
            ("turnover", Text(f"{amount(done.turnover)} times the equity")),
        )
    )


def trips(done: Figures) -> Iterator[tuple[str, RenderableType]]:
    """What the closed ones brought."""
    factor = "" if done.profit_factor is None else f", profit factor {amount(done.profit_factor)}"
    yield "won", Text.assemble(percent(done.win_rate_pct), " of them", factor)
    held = "unknown" if done.holding_days is None else f"{plain_number(done.holding_days)} d"
    yield "each", Text.assemble(signed(done.expectancy), f" on average, held for {held}")


def gates(told: ExperimentResult) -> RenderableType:
    """What was refused, and by which gates most."""
    said, head = told.judged, judged_words(told)
    if not said.by_gate:
        return words(head)
    made = table("gate", "code", "orders>")
    for each in said.by_gate[:MOST_STOPS]:
        made.add_row(words(each.gate), words(each.code), Text(str(each.orders)))
    return Group(words(head), Text(), made)


def listed(view: ExperimentsView) -> RenderableType:
    """Newest first."""
    told = heading("Experiments", moment(view.as_of).plain)
    if not view.experiments:
        return screen(told, words("None is stored yet; `sage backtest momentum` makes one.", DIM))
    made = table("id", "strategy", "until", "days>", "return>", "held>", "worst>", "trades>")
    made.columns[0].no_wrap = made.columns[1].no_wrap = made.columns[2].no_wrap = True
    for each in view.experiments:
        made.add_row(
            words(each.id[:10]), words(each.strategy), Text(f"{each.last_day}", DIM), Text(str(each.sessions)),
            signed(each.return_pct, " %"), signed(each.holding_pct, " %"),
            percent(each.max_drawdown_pct), Text(str(each.trades)),
        )  # fmt: skip
    return screen(told, made)
