"""Pictures for a chat: equity with its drawdown, room under the limits, exposure, prices with our trades on them.

Each is a pure function from a view to a PNG, or None where there is too little to draw. Figures are made
without the global state of the drawing library, and one at a time: all threads share its fonts.

A picture is as wide as a phone in points, so that its words are as large there as they say. Nothing is told by colour
alone: what falls is filled and what rises is hollow, what is short or refuses is hatched, so it can be printed too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import cache
from io import BytesIO
from itertools import accumulate
from textwrap import fill
from threading import Lock
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from domain.market import Timeframe
from domain.money import ZERO
from domain.orders import Side
from interfaces.telling.gates.rooms import is_least
from interfaces.views.charts import EquityView, PricesView
from interfaces.views.control import RiskRow
from interfaces.views.experiments import ExperimentView
from interfaces.views.gates import RiskView
from interfaces.views.plain import measured
from interfaces.views.state import PositionsView, State
from trading.portfolio.performance import curve_of

WIDE, TALL, DPI = 5.6, 4.4, 160
SMALL = 8.0
INK, FAINT, GOOD, BAD, WAIT, LINE = "#1f2933", "#9aa5b1", "#1b8a5a", "#c0392b", "#d98e04", "#2563a8"
_MOST_GATES, _MOST_USED, FEWEST_POINTS, _FEW_DAYS = 14, 130.0, 2, 7
_LONGEST_NAME, _LONGEST_LINE, _MOST_TICKS = 22, 52, 5
_ONE_AT_A_TIME = Lock()


class _Spot(NamedTuple):
    """A curve at the end of a day, and the highest it had been."""

    day: date
    equity: float
    high: float


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
        _plain(picture.figure.subplots())
        _titled(picture.figure, "0", "0")


def equity(view: EquityView) -> bytes | None:
    """What the account began with, its equity at the end of each day, and how far below its highest it stood."""
    spots = [_Spot(one.day, float(one.equity), float(one.high)) for one in curve_of(view.days)]
    # A day that is over has its close; that of today is told as of now.
    today = bool(spots) and spots[-1].day == view.as_of.astimezone(UTC).date()
    return _curve(spots, view.currency, told=f", as of {view.as_of.astimezone(UTC):%H:%M} UTC" if today else "")


def backtest(view: ExperimentView) -> bytes | None:
    """The same of a run over the past, with what the same cash would have become in all its symbols, untouched."""
    closes = view.answer.closes
    highs = accumulate((float(one.equity) for one in closes), max)
    spots = [_Spot(one.day, float(one.equity), high) for one, high in zip(closes, highs, strict=True)]
    return _curve(spots, "", [float(one.held) for one in closes])


def _curve(spots: Sequence[_Spot], currency: str, held: Sequence[float] = (), told: str = "") -> bytes | None:
    """A curve with its highs over its drawdown, and ``held`` beside it where that is known; ``told`` dates its end."""
    if len(spots) < FEWEST_POINTS:
        return None
    at, closes, highs = zip(*spots, strict=True)
    under = [100 * (close / high - 1) if high else 0.0 for close, high in zip(closes, highs, strict=True)]
    with drawn() as picture:
        above, below = picture.figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        above.plot(at, closes, color=LINE, linewidth=1.8, label="this run" if held else "equity")
        above.plot(at, highs, color=FAINT, linewidth=0.9, linestyle="--", label="highest so far", zorder=1)
        if held:
            above.plot(at, held, color=WAIT, linewidth=1.3, linestyle="-.", label="buy and hold")
        _plain(above)
        above.yaxis.set_major_formatter(_amount)
        above.set_ylabel(currency or "equity", fontsize=SMALL, color=INK)
        above.legend(loc="best", fontsize=SMALL, frameon=False)
        below.fill_between(at, under, 0, color=BAD, alpha=0.35, linewidth=0)
        below.plot(at, under, color=BAD, linewidth=0.8)
        _plain(below)
        # A day that never fell has an axis too.
        below.set_ylim(min(-1.0, 1.1 * min(under)), 0)
        below.yaxis.set_major_locator(MaxNLocator(3))
        below.set_ylabel("%", fontsize=SMALL, color=INK)
        fallen = f"Drawdown {abs(under[-1]):.2f} %, at worst {abs(min(under)):.2f} %"
        below.set_title(fallen, loc="left", fontsize=SMALL, color=INK)
        _dated(below, at)
        _titled(
            picture.figure,
            f"Equity {closes[-1]:,.2f} {currency}".rstrip(),
            f"{at[0]} to {at[-1]}{told}",
        )
    return picture.png


def headroom(view: RiskView) -> bytes | None:
    """The gates with the least room: how much of each limit is used."""
    rows = [one for one in view.risk if one.headroom_pct is not None and _is_used_up(one)]
    rows = sorted(rows, key=lambda one: one.headroom_pct or ZERO)[:_MOST_GATES][::-1]
    if not rows:
        return None
    true = [max(0.0, 100 - float(one.headroom_pct or 0)) for one in rows]
    used = [min(_MOST_USED, share) for share in true]
    colours = {State.OK: GOOD, State.TIGHT: WAIT}
    hatches = {State.OK: "", State.TIGHT: "//"}
    with drawn(1.3 + 0.36 * len(rows)) as picture:
        axes = picture.figure.subplots()
        names = [fill(f"{one.gate} {one.name}", _LONGEST_NAME) for one in rows]
        axes.barh(
            range(len(rows)), used, height=0.62, edgecolor="white", linewidth=0,
            color=[colours.get(one.state, BAD) for one in rows], hatch=[hatches.get(one.state, "xx") for one in rows],
        )  # fmt: skip
        axes.axvline(100, color=INK, linewidth=1)
        # Room to the right of the longest bar, in which its figure stands.
        axes.set_xlim(0, max(100.0, *used) + 34)
        for at, (share, told, one) in enumerate(zip(used, true, rows, strict=True)):
            # On white, because the line of the limit runs behind.
            axes.text(share + 1.5, at, _told_used(one, told), va="center", fontsize=SMALL, color=INK,
                      bbox={"facecolor": "white", "linewidth": 0, "pad": 1})  # fmt: skip
        _plain(axes)
        axes.set_yticks(range(len(rows)), names)
        axes.set_xticks([0, 25, 50, 75, 100])
        axes.grid(visible=False, axis="y")
        axes.set_xlabel("% of the limit", fontsize=SMALL, color=INK)
        _titled(picture.figure, "Used of each limit", f"smallest entry into {view.symbol}, {_moment(view.as_of)}")
    return picture.png


def _is_used_up(one: RiskRow) -> bool:
    """Whether the limit is one that is used up; a least is drawn only where it is fallen below."""
    return not is_least(one.limit, one.value, one.headroom_pct) or (one.headroom_pct or ZERO) < ZERO


def _told_used(one: RiskRow, share: float) -> str:
    """``63 %``, ``4 of 5``, with what it does in the way of an entry."""
    told = f"{share:,.0f} %"
    if one.unit == "count":
        told = f"{measured(one.value, one.unit)} of {measured(one.limit, one.unit)}"
    return f"{told}{ {State.OK: '', State.TIGHT: ', tight'}.get(one.state, ', refuses') }"


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
    unpriced = [one.symbol for one in view.positions if one.market_price is None and one.broker_qty]
    with drawn(1.5 + 0.36 * len(held)) as picture:
        axes = picture.figure.subplots()
        values = [value for _, value in held]
        axes.barh(
            [name for name, _ in held], values, height=0.62, edgecolor="white", linewidth=0,
            color=[LINE if value > 0 else BAD for value in values],
            hatch=["" if value > 0 else "//" for value in values],
        )  # fmt: skip
        axes.axvline(0, color=INK, linewidth=1)
        for at, value in enumerate(values):
            told = f" {value:,.0f} " if value >= 0 else f" short {abs(value):,.0f} "
            axes.text(value, at, told, va="center", ha="left" if value >= 0 else "right", fontsize=SMALL, color=INK)
        # Figures stand beyond the ends of the bars, on the sides where there are any.
        least, most = min(0.0, *values), max(0.0, *values)
        room = 0.25 * (most - least)
        axes.set_xlim(least - room * (least < 0), most + room * (most > 0))
        _plain(axes)
        axes.grid(visible=False, axis="y")
        axes.xaxis.set_major_locator(MaxNLocator(_MOST_TICKS))
        axes.xaxis.set_major_formatter(_amount)
        axes.set_xlabel("worth at the market price, in the account's currency", fontsize=SMALL, color=INK)
        gross, net = sum(map(abs, values)), sum(values)
        without = f"; without a price: {', '.join(unpriced)}" if unpriced else ""
        _titled(picture.figure, f"Exposure: gross {gross:,.0f}, net {net:,.0f}", f"{_moment(view.as_of)}{without}")
    return picture.png


def prices(view: PricesView) -> bytes | None:
    """Bars, with entries, exits and the stop of what is held."""
    if not view.bars:
        return None
    with drawn() as picture:
        axes = picture.figure.subplots()
        for at, bar in enumerate(view.bars):
            rises = bar.close >= bar.open
            colour = GOOD if rises else BAD
            low, high = sorted((float(bar.open), float(bar.close)))
            axes.vlines(at, float(bar.low), float(bar.high), color=colour, linewidth=0.9, zorder=2)
            axes.bar(
                at, max(high - low, 1e-9), bottom=low, width=0.66, facecolor="white" if rises else colour,
                edgecolor=colour, linewidth=0.9, zorder=3,
            )  # fmt: skip
        axes.set_xlim(-1, len(view.bars))
        _plain(axes)
        axes.yaxis.set_major_formatter(_price)
        _levels(axes, view)
        _trades(axes, view)
        begin, end = view.bars[0].start, view.bars[-1].start
        form = "%d %b" if (end - begin).days >= _FEW_DAYS else "%d %b\n%H:%M"
        step = max(1, len(view.bars) // _MOST_TICKS)
        ticks = list(range(step // 2, len(view.bars), step))
        axes.set_xticks(ticks, [f"{view.bars[at].start:{form}}" for at in ticks])
        axes.set_ylabel(view.currency or "price", fontsize=SMALL, color=INK)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.09), ncols=4, fontsize=SMALL, frameon=False)
        shown = f"{begin:%Y-%m-%d} to {end:%Y-%m-%d}; hollow rises, filled falls"
        _titled(picture.figure, f"{view.symbol} {closed(view)}", "; ".join(filter(None, (quoted(view), shown))))
    return picture.png


def closed(view: PricesView) -> str:
    """``133.05 USD, close of 17 Mar``: the end of the last finished bar, which may be yesterday's."""
    bar = view.bars[-1]
    # A bar of a day is called by the day, and a shorter one by its end.
    when = f"{bar.start:%d %b}" if bar.timeframe is Timeframe.DAY_1 else f"{bar.end.astimezone(UTC):%d %b %H:%M} UTC"
    return f"{' '.join(filter(None, (f'{bar.close:,.2f}', view.currency)))}, close of {when}"


def quoted(view: PricesView) -> str:
    """``bid 133.11, ask 133.14 on 18 Mar at 15:00 UTC``; empty where nobody quotes it."""
    quote = view.quote
    if quote is None:
        return ""
    return f"bid {quote.bid:,.2f}, ask {quote.ask:,.2f} on {quote.at.astimezone(UTC):%d %b at %H:%M} UTC"


class _Mark(NamedTuple):
    """How the fills of one side are drawn: entries below their bar, exits above it."""

    shape: str
    colour: str
    label: str
    below: bool


_MARKS = {Side.BUY: _Mark("^", LINE, "bought", True), Side.SELL: _Mark("v", INK, "sold", False)}


def _trades(axes: Axes, view: PricesView) -> None:
    """One mark a bar and side, beside the bar and never on it, with how many fills it stands for."""
    least, most = axes.get_ylim()
    away = 0.03 * (most - least)
    for side, mark in _MARKS.items():
        counts = Counter(_bar_of(one.at, view) for one in view.fills if one.side is side)
        if not counts:
            continue
        spots = sorted(counts)
        edges = [float(view.bars[at].low) - away if mark.below else float(view.bars[at].high) + away for at in spots]
        axes.scatter(spots, edges, marker=mark.shape, color=mark.colour, s=34, zorder=5, linewidth=0.6,
                     edgecolors="white", label=mark.label)  # fmt: skip
        for at, edge in zip(spots, edges, strict=True):
            if counts[at] > 1:
                told = edge + (-away if mark.below else away)
                axes.text(at, told, f"{counts[at]}×", ha="center", va="top" if mark.below else "bottom",
                          fontsize=7, color=mark.colour)  # fmt: skip
    # What stands beside the outermost bars needs room of its own.
    axes.set_ylim(least - 2 * away, most + 2 * away)


def _bar_of(at: datetime, view: PricesView) -> int:
    """In which bar a fill was; one after the last is shown with it."""
    return next((number for number, bar in enumerate(view.bars) if at < bar.end), len(view.bars) - 1)


def _levels(axes: Axes, view: PricesView) -> None:
    """Average and stop of what is held, each with its price at the right, where no bar is."""
    if view.holding is None:
        return
    holding = view.holding
    levels = [(holding.avg_price, LINE, "average", "-."), (holding.stop_loss, BAD, "stop", "--")]
    drawn_at = sorted((float(price), colour, label, line) for price, colour, label, line in levels if price)
    for price, colour, label, line in drawn_at:
        axes.axhline(price, color=colour, linewidth=1, linestyle=line, label=f"{label} {price:,.2f}", zorder=1)


def _amount(value: float, _place: float) -> str:
    """``135,000``."""
    return f"{value:,.0f}"


def _price(value: float, _place: float) -> str:
    """``66``, ``66.5``, ``1,204``."""
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _dated(axes: Axes, days: Sequence[date]) -> None:
    """Days on the axis: each of a few, else as many as fit, by the length of the time."""
    if len(set(days)) <= _FEW_DAYS:
        axes.set_xticks(sorted(set(days)), [f"{day:%d %b}" for day in sorted(set(days))])
        return
    places = AutoDateLocator(minticks=3, maxticks=_MOST_TICKS + 1)  # type: ignore[no-untyped-call]  # typed in part
    axes.xaxis.set_major_locator(places)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(places))  # type: ignore[no-untyped-call]  # as above
    axes.xaxis.get_offset_text().set(fontsize=SMALL, color=INK)


def _titled(figure: Figure, title: str, below: str) -> None:
    """What it shows, and of when."""
    figure.suptitle(title, x=0.02, ha="left", fontsize=11.5, fontweight="bold", color=INK)
    figure.axes[0].set_title(fill(below, _LONGEST_LINE), loc="left", fontsize=SMALL, color=INK)


def _plain(axes: Axes) -> None:
    """Only what carries a figure."""
    axes.tick_params(labelsize=SMALL, colors=INK, length=3)
    axes.grid(axis="both", color="#e4e7eb", linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
