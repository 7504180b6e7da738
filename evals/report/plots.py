"""Plots of a report as SVG: intervals of every measure of a suite, and reliability where forecasts were scored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK, MUTED, GOOD, BROKEN = "#1c2733", "#8a97a6", "#1f7a5c", "#b3372f"
_LOOK: dict[Any, Any] = {
    # The same bytes from run to run: element ids from a fixed salt, no date in the file.
    "svg.hashsalt": "sage",
    "font.family": "sans-serif",
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "xtick.color": MUTED,
    "ytick.color": INK,
}


def intervals(measures: Sequence[Mapping[str, Any]]) -> str:
    """Each measure as a dot with its interval; a tick marks the bar it must keep."""
    with mpl.rc_context(_LOOK):
        figure = Figure(figsize=(7.2, 0.42 * len(measures) + 0.7))
        axes = figure.add_subplot()
        # Drawn from the bottom up, so that the first measure stands on top as in the table.
        for row, measure in enumerate(reversed(measures)):
            colour = INK if measure["bound"] == "reported" else GOOD if measure["holds"] else BROKEN
            axes.plot([measure["low"], measure["high"]], [row, row], color=colour, linewidth=2, solid_capstyle="round")
            axes.plot(measure["value"], row, "o", color=colour, markersize=5)
            if measure["bound"] != "reported":
                axes.plot(measure["bar"], row, "|", color=BROKEN, markersize=13, markeredgewidth=1.6)
        axes.set_yticks(range(len(measures)), [_label(each) for each in reversed(measures)])
        axes.set_ylim(-0.6, len(measures) - 0.4)
        _quiet(axes)
        return _svg(figure)


def reliability(bins: Sequence[tuple[float, float, int]]) -> str:
    """Stated against observed frequency, (stated, observed, n) a bin; the diagonal is perfect calibration."""
    with mpl.rc_context(_LOOK):
        figure = Figure(figsize=(3.6, 3.4))
        axes = figure.add_subplot()
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
        largest = max((n for _, _, n in bins), default=1)
        for stated, observed, n in bins:
            axes.plot(stated, observed, "o", color=INK, markersize=4 + 8 * (n / largest) ** 0.5, alpha=0.85)
        axes.set_xlabel("stated probability")
        axes.set_ylabel("share that came true")
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        _quiet(axes)
        return _svg(figure)


def _label(measure: Mapping[str, Any]) -> str:
    return f"{measure['name']} ({measure['of']})" if measure["of"] else str(measure["name"])


def _quiet(axes: Axes) -> None:
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(length=0)
    axes.grid(axis="x", color="#e3e8ed", linewidth=0.8)
    axes.set_axisbelow(True)


def _svg(figure: Figure) -> str:
    figure.tight_layout()
    drawn = StringIO()
    figure.savefig(drawn, format="svg", metadata={"Date": None}, transparent=True)
    text = drawn.getvalue()
    return text[text.index("<svg") :]
