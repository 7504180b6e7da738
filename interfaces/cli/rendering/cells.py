"""Cells: how one value looks in a terminal. Its words are those of every face, from ``interfaces/views/plain.py``.

Colours mean something: green passes, red refuses, yellow waits or warns, dim is detail. Nothing here is parsed as
markup, so brackets in a headline stay brackets.
"""

from __future__ import annotations

from collections.abc import Iterable, Sized
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from domain.verdicts import Figure
from interfaces.views import plain
from interfaces.views.plain import LONGEST_TEXT, UNKNOWN, clean
from interfaces.views.state import State

GOOD, BAD, WAIT, DIM, BOLD = "green", "red", "yellow", "dim", "bold"


def words(text: str, style: str = "", limit: int = LONGEST_TEXT) -> Text:
    """Untrusted text as a cell."""
    return Text(clean(text, limit), style)


def lines(*parts: Text | None) -> Text:
    """Several cells below each other; None is left out."""
    return Text("\n").join(part for part in parts if part is not None)


def signed(value: Decimal | None, unit: str = "", places: int = 2) -> Text:
    """A gain or a loss, in its colour: ``+1.40 %``."""
    if value is None:
        return Text(UNKNOWN, DIM)
    return Text(f"{value:+,.{places}f}{unit}", GOOD if value > 0 else BAD if value < 0 else "")


def figure(value: Figure | tuple[str, ...]) -> Text:
    """A limit or a measured value of whatever kind."""
    return _dim_if(value is None, plain.figure(value))


def measured(value: Figure, unit: str, longest: int = plain.LONGEST_FIGURE) -> Text:
    """A gate's limit or figure in its unit: ``10,000.00``, ``2.5 %``, ``300 s``."""
    return _dim_if(value is None, plain.measured(value, unit, longest))


def found(value: Figure, unit: str, limit: Figure = None) -> Text:
    """What a gate measured, in as many places as people read, and enough to tell it from its limit."""
    return _dim_if(value is None, plain.found(value, unit, limit))


def bound(limit: Figure, value: Figure, unit: str) -> Text:
    """The limit beside what was found: of a state or another word no figure is the limit."""
    told = plain.bound(limit, value, unit)
    return _dim_if(told == plain.NOTHING, told)


def set_value(value: Any, unit: str) -> Text:
    """What a policy sets: a figure in its unit, a list of names, or nothing in it."""
    is_empty = isinstance(value, Sized) and not isinstance(value, str) and not len(value)
    return _dim_if(value is None or is_empty, plain.set_value(value, unit))


def _dim_if(nothing: bool, told: str) -> Text:
    return Text(told, DIM if nothing else "")


def percent(value: Decimal | None) -> Text:
    """A percentage without sign colours, in the two places of every other one: ``0.09 %``."""
    return Text(UNKNOWN, DIM) if value is None else Text(f"{value:,.2f} %")


def closed(trades: int, wins: int) -> Text:
    """How many round trips ended, and how many of them well."""
    return Text(f"{trades:,}, of which {wins:,} won") if trades else Text("none", DIM)


def moment(at: datetime | None, style: str = "") -> Text:
    """``2026-03-17 15:00 UTC``."""
    return Text(UNKNOWN, DIM) if at is None else Text(f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC", style)


def day(at: datetime) -> Text:
    """``2026-03-17``."""
    return Text(f"{at.astimezone(UTC):%Y-%m-%d}", DIM)


def short(name: str, length: int = 12) -> Text:
    """The head of a digest."""
    return words(name[:length], DIM)


_STATES = {
    State.OK: ("ok", GOOD),
    State.TIGHT: ("tight", WAIT),
    State.FAILED: ("failed", BAD),
    State.UNKNOWN: ("unknown", WAIT),
    State.IDLE: ("idle", DIM),
    State.OFF: ("off", DIM),
}


def state(value: State, tight: str = "tight") -> Text:
    """A state in its colour; a check calls ``tight`` something else than a limit does."""
    word, colour = _STATES[value]
    return Text(tight if value is State.TIGHT else word, colour)


def yes_no(value: bool | None, good: str = "yes", bad: str = "no") -> Text:
    """Green, red, or yellow where nobody knows."""
    return Text(UNKNOWN, WAIT) if value is None else Text(good, GOOD) if value else Text(bad, BAD)


def heading(title: str, note: str = "") -> Text:
    """A title with what belongs to it."""
    return Text.assemble((clean(title), BOLD), (f"   {clean(note)}" if note else "", DIM))


def table(*columns: str) -> Table:
    """An open table; a name that ends in ``>`` is a column of figures, set to the right."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False, header_style=DIM)
    for name in columns:
        figures = name.endswith(">")
        # A figure that is broken over two lines reads as another one.
        made.add_column(Text(name.rstrip(">")), justify="right" if figures else "left", no_wrap=figures)
    return made


def pairs(rows: Iterable[tuple[str, RenderableType]]) -> Table:
    """Names to the left, values to the right of them."""
    made = Table.grid(padding=(0, 3, 0, 0))
    made.add_column(style=DIM, no_wrap=True)
    made.add_column()
    for name, value in rows:
        made.add_row(words(name), value)
    return made


def section(title: str, body: RenderableType, note: str = "") -> RenderableType:
    """A title right above what it is the title of."""
    return Group(heading(title, note), body)


def screen(*parts: RenderableType) -> RenderableType:
    """Parts below each other with a blank line between, set in by one."""
    spaced = [piece for part in parts for piece in (part, Text())]
    return Padding(Group(Text(), *spaced[:-1]), (0, 1, 1, 1))
