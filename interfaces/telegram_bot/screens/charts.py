"""Pictures for a chat: equity with its drawdown, room under the limits, exposure, prices with our trades on them.

Each is a pure function from a view to a PNG, or None where there is too little to draw. Figures are made
without the global state of the drawing library, and one at a time: all threads share its fonts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from functools import cache
from io import BytesIO
from itertools import accumulate
from threading import Lock

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import ConciseDateFormatter
from matplotlib.figure import Figure

from domain.money import ZERO
from domain.orders import Side
from interfaces.views.charts import EquityView, PricesView
from interfaces.views.experiments import ExperimentView
from interfaces.views.gates import RiskView
from interfaces.views.state import PositionsView, State

WIDE, TALL, DPI = 8.0, 5.0, 110
INK, FAINT, GOOD, BAD, WAIT, LINE = "#1f2933", "#9aa5b1", "#1b8a5a", "#c0392b", "#d98e04", "#2563a8"
_MOST_GATES, _MOST_USED, FEWEST_POINTS = 14, 130.0, 2
_ONE_AT_A_TIME = Lock()


class _Picture:
    """A figure while it is drawn, and its bytes afterwards."""

    def __init__(self, figure: Figure) -> None:
        self.figure = figure
        self.png = b""


@contextmanager
def drawn(tall: float = TALL) -> Iterator[_Picture]:
    """A figure; at the end of the block ``png`` holds it."""
    with _ONE_AT_A_TIME:
        figure = Figure(figsize=(WIDE, tall), dpi=DPI, layout="constrained", facecolor="white")
        canvas = FigureCanvasAgg(figure)
        picture = _Picture(figure)
        yield picture
        stream = BytesIO()
        canvas.print_png(stream)  # type: ignore[no-untyped-call]  # the library is typed in part
        picture.png = stream.getvalue()


@cache
def warm() -> None:
    """Draw something that nobody sees: the first picture of a process takes seconds, because the fonts are read.

    Once is enough for a process, however often a bot is started in it.
    """
    with drawn() as picture:
        _plain(picture.figure.subplots(), "0")


def equity(view: EquityView) -> bytes | None:
    """Equity at the end of each day, and how far below its highest it stood."""
    return _curve([(one.day, float(one.close)) for one in view.days])


def backtest(view: ExperimentView) -> bytes | None:
    """The same of a run over the past, with what the same cash would have become in all its symbols, untouched."""
    closes = view.answer.closes
    return _curve([(one.day, float(one.equity)) for one in closes], [float(one.held) for one in closes])


def _curve(days: Sequence[tuple[date, float]], held: Sequence[float] = ()) -> bytes | None:
    """A curve with its highs over its drawdown, and ``held`` beside it where that is known."""
    if len(days) < FEWEST_POINTS:
        return None
    at, closes = [day for day, _ in days], [close for _, close in days]
    highs = list(accumulate(closes, max))
    under = [100 * (close / high - 1) if high else 0.0 for close, high in zip(closes, highs, strict=True)]
    with drawn() as picture:
        above, below = picture.figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        above.plot(at, closes, color=LINE, linewidth=1.8, label="this run")
        above.plot(at, highs, color=FAINT, linewidth=0.8, linestyle="--")
        if held:
            above.plot(at, held, color=WAIT, linewidth=1.2, label="buy and hold")
            above.legend(loc="best", fontsize=8, frameon=False)
        _plain(above, f"Equity {closes[-1]:,.2f}")
        below.fill_between(at, under, 0, color=BAD, alpha=0.35, linewidth=0)
        _plain(below, f"Drawdown {under[-1]:.2f} %, at worst {min(under):.2f} %")
        short = ConciseDateFormatter(below.xaxis.get_major_locator())  # type: ignore[no-untyped-call]  # as above
        below.xaxis.set_major_formatter(short)
    return picture.png


def headroom(view: RiskView) -> bytes | None:
    """The gates with the least room: how much of each limit is used."""
    rows = [one for one in view.risk if one.headroom_pct is not None]
    rows = sorted(rows, key=lambda one: one.headroom_pct or ZERO)[:_MOST_GATES][::-1]
    if not rows:
        return None
    true = [max(0.0, 100 - float(one.headroom_pct or 0)) for one in rows]
    used = [min(_MOST_USED, share) for share in true]
    colours = {State.OK: GOOD, State.TIGHT: WAIT}
    with drawn(1.2 + 0.34 * len(rows)) as picture:
        axes = picture.figure.subplots()
        names = [f"{one.gate} {one.name}" for one in rows]
        axes.barh(names, used, color=[colours.get(one.state, BAD) for one in rows], height=0.62)
        axes.axvline(100, color=INK, linewidth=1)
        axes.set_xlim(0, max(110.0, *used))
        for at, (share, told) in enumerate(zip(used, true, strict=True)):
            axes.text(share + 1, at, f"{told:,.0f} %", va="center", fontsize=8, color=INK)
        _plain(axes, "Used of each limit, in per cent")
    return picture.png


def exposure(view: PositionsView) -> bytes | None:
    """What is held, at the price at which it could be sold."""
    held = [
        (one.symbol, float(one.market_price * one.broker_qty))
        for one in view.positions
        if one.market_price is not None and one.broker_qty
    ]
    if not held:
        return None
    held.sort(key=lambda pair: abs(pair[1]))
    with drawn(1.4 + 0.4 * len(held)) as picture:
        axes = picture.figure.subplots()
        values = [value for _, value in held]
        axes.barh(
            [name for name, _ in held], values, color=[GOOD if value > 0 else BAD for value in values], height=0.6
        )
        axes.axvline(0, color=INK, linewidth=1)
        for at, value in enumerate(values):
            axes.text(value, at, f" {value:,.0f} ", va="center", ha="left" if value >= 0 else "right", fontsize=9)
        axes.margins(x=0.18)
        gross, net = sum(map(abs, values)), sum(values)
        _plain(axes, f"Exposure: gross {gross:,.0f}, net {net:,.0f}")
    return picture.png


def prices(view: PricesView) -> bytes | None:
    """Bars, with entries, exits and the stop of what is held."""
    if not view.bars:
        return None
    with drawn() as picture:
        axes = picture.figure.subplots()
        for at, bar in enumerate(view.bars):
            colour = GOOD if bar.close >= bar.open else BAD
            axes.vlines(at, float(bar.low), float(bar.high), color=colour, linewidth=0.9)
            low, high = sorted((float(bar.open), float(bar.close)))
            axes.bar(at, max(high - low, 1e-9), bottom=low, width=0.62, color=colour)
        _trades(axes, view)
        _levels(axes, view)
        count = len(view.bars)
        ticks = range(0, count, max(1, count // 6))
        axes.set_xticks(list(ticks), [f"{view.bars[at].start:%m-%d}" for at in ticks])
        _plain(axes, f"{view.symbol} {float(view.bars[-1].close):,.2f}")
        if axes.get_legend_handles_labels()[0]:
            axes.legend(loc="upper left", fontsize=8, frameon=False)
    return picture.png


def _trades(axes: Axes, view: PricesView) -> None:
    marks = {Side.BUY: ("^", LINE, "bought"), Side.SELL: ("v", INK, "sold")}
    for side, (mark, colour, label) in marks.items():
        fills = [one for one in view.fills if one.side is side]
        spots = [next((at for at, bar in enumerate(view.bars) if one.at < bar.end), len(view.bars)) for one in fills]
        if fills:
            axes.scatter(spots, [float(one.price) for one in fills], marker=mark, color=colour, s=70, zorder=5,
                         edgecolors="white", label=label)  # fmt: skip


def _levels(axes: Axes, view: PricesView) -> None:
    if view.holding is None:
        return
    levels = ((view.holding.avg_price, LINE, "average"), (view.holding.stop_loss, BAD, "stop"))
    for price, colour, label in levels:
        if price:
            axes.axhline(float(price), color=colour, linewidth=1, linestyle="--", label=f"{label} {float(price):,.2f}")


def _plain(axes: Axes, title: str) -> None:
    """Only what carries a figure."""
    axes.set_title(title, loc="left", fontsize=11, color=INK)
    axes.tick_params(labelsize=8, colors=INK, length=3)
    axes.grid(axis="both", color="#e4e7eb", linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
