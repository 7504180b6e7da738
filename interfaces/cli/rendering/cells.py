"""Cells: how one value looks in a terminal, and the one door by which text from outside reaches it.

Colours mean something: green passes, red refuses, yellow waits or warns, dim is detail. Nothing here is parsed as
markup, so brackets in a headline stay brackets.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from domain.verdicts import Figure
from interfaces.views.state import State

GOOD, BAD, WAIT, DIM, BOLD = "green", "red", "yellow", "dim", "bold"
UNKNOWN = "unknown"
LONGEST_CELL = 400

_ESCAPES = re.compile(
    # Control sequences, strings up to their terminator (titles, links), any other escape; in 7 and in 8 bits.
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b[\]P^_X]|[\x9d\x90\x9e\x9f]).*?(?:\x07|\x1b\\|\x9c)|\x1b.",
    re.DOTALL,
)
# Vietnamese letters bear two marks; a taller stack covers the lines above it.
_TALLEST = 2


def clean(text: str, limit: int = LONGEST_CELL) -> str:
    """Text from outside as one inert line: no escape sequences, control, bidirectional or invisible characters.

    Everything in Unicode's groups C and Z but the plain blank goes, and marks are stacked at most two high.
    """
    kept: list[str] = []
    stacked = 0
    for char in _ESCAPES.sub("", text):
        group = unicodedata.category(char)
        stacked = stacked + 1 if group[0] == "M" else 0
        if group[0] == "Z" or char in "\t\n\r\v\f":
            kept.append(" ")
        elif group[0] != "C" and stacked <= _TALLEST:
            kept.append(char)
    line = " ".join("".join(kept).split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def words(text: str, style: str = "", limit: int = LONGEST_CELL) -> Text:
    """Untrusted text as a cell."""
    return Text(clean(text, limit), style)


def lines(*parts: Text | None) -> Text:
    """Several cells below each other; None is left out."""
    return Text("\n").join(part for part in parts if part is not None)


def amount(value: Decimal | None, places: int = 2) -> str:
    """Money and prices: ``12,345.60``."""
    return UNKNOWN if value is None else f"{value:,.{places}f}"


def quantity(value: Decimal | None) -> str:
    """Shares: ``120``, ``0.5``, ``1,200``."""
    return UNKNOWN if value is None else plain_number(value)


def plain_number(value: Decimal) -> str:
    """A figure with thousands marked and no idle zeros, at most four decimals: ``1,200.5``."""
    text = f"{value:,.4f}"
    return text.rstrip("0").rstrip(".")


def signed(value: Decimal | None, unit: str = "", places: int = 2) -> Text:
    """A gain or a loss, in its colour: ``+1.40 %``."""
    if value is None:
        return Text(UNKNOWN, DIM)
    return Text(f"{value:+,.{places}f}{unit}", GOOD if value > 0 else BAD if value < 0 else "")


def figure(value: Figure | tuple[str, ...]) -> Text:
    """A limit or a measured value of whatever kind."""
    if value is None:
        return Text("-", DIM)
    if isinstance(value, bool):
        return Text("yes" if value else "no")
    if isinstance(value, (Decimal, int)):
        return Text(plain_number(Decimal(value)))
    return words(value if isinstance(value, str) else ", ".join(value))


_UNITS = {
    "pct": "%", "percent": "%", "seconds": "s", "hours": "h", "days": "d", "average true ranges": "ATR",
    "multiple of equity": "x",
}  # fmt: skip
"""How a unit is written behind its figure; money has two places instead, and counts and ratios have none."""


_LONGEST_FIGURE = 14
# From ten million on amounts are told in millions: a column of figures is never wrapped.
_MILLION, _MILLIONS = Decimal(1_000_000), Decimal(10_000_000)


_DIGEST = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{52}\b")


def short_digests(text: str) -> str:
    """A sentence whose SHA-256 digests show their first 12 digits: enough to tell two apart, and they fit a line."""
    return _DIGEST.sub(r"\1", text)


def measured(value: Figure, unit: str, longest: int = _LONGEST_FIGURE) -> Text:
    """A gate's limit or figure in its unit: ``10,000.00``, ``2.5 %``, ``300 s``."""
    if isinstance(value, str):
        return words(short_digests(value), limit=longest)
    # To Python a bool is an int, and True would read as 1.
    if isinstance(value, bool) or not isinstance(value, (Decimal, int)):
        return figure(value)
    number = Decimal(value)
    if unit in ("USD", "money"):
        return Text(amount(number) if abs(number) < _MILLIONS else f"{plain_number(number / _MILLION)} M")
    behind = _UNITS.get(unit)
    told = plain_number(number)
    return Text(told if behind is None else f"{told} {behind}")


def bound(limit: Figure, value: Figure, unit: str, longest: int = _LONGEST_FIGURE) -> Text:
    """The limit beside what was found: of a state or another word no figure is the limit."""
    return figure(None) if isinstance(value, str) and not isinstance(limit, str) else measured(limit, unit, longest)


def is_bounded(limit: Figure, value: Figure) -> bool:
    """Whether one is a limit of the other: two figures, or two words. No figure is the limit of a state."""
    if isinstance(limit, str) and isinstance(value, str):
        return True
    return all(isinstance(each, Decimal | int) and not isinstance(each, bool) for each in (limit, value))


def set_value(value: Any, unit: str) -> Text:
    """What a policy sets: a figure in its unit, a list of names, or nothing in it."""
    if isinstance(value, (frozenset, set, list, tuple, Mapping)):
        names = sorted(str(getattr(each, "value", each)) for each in value)
        return words(", ".join(names)) if names else Text("none", DIM)
    return measured(getattr(value, "value", value), unit)


def percent(value: Decimal | None, places: int = 1) -> Text:
    """A percentage without sign colours."""
    return Text(UNKNOWN, DIM) if value is None else Text(f"{value:,.{places}f} %")


def moment(at: datetime | None, style: str = "") -> Text:
    """``2026-03-17 15:00 UTC``."""
    return Text(UNKNOWN, DIM) if at is None else Text(f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC", style)


def age(seconds: Decimal | None) -> str:
    """``12 s``, ``4 min``, ``3 h`` or ``2 d``, never rounded up."""
    if seconds is None:
        return UNKNOWN
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{int(seconds // length)} {unit}"
    return f"{int(seconds)} s"


def day(at: datetime) -> Text:
    """``2026-03-17``."""
    return Text(f"{at.astimezone(UTC):%Y-%m-%d}", DIM)


def since(at: datetime | None, now: datetime) -> str:
    """The age of ``at`` as seen from ``now``."""
    return age(None if at is None else Decimal((now - at).total_seconds()))


STALE_S = 300
"""Older than this, what the broker said or our books were compared with is marked."""


def ago(at: datetime | None, now: datetime) -> str:
    """``4 s ago``, ``3 h ago, stale``, or ``never, stale``."""
    if at is None:
        return "never, stale"
    return f"{since(at, now)} ago{', stale' if (now - at).total_seconds() > STALE_S else ''}"


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
