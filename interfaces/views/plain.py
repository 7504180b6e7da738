"""Plain text: how one value reads on every face, and the one door by which text from outside reaches any of them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from domain.book import Adjustment
from domain.verdicts import Figure

UNKNOWN, NOTHING = "unknown", "-"
LONGEST_TEXT = 400
LONGEST_FIGURE = 14

_ESCAPES = re.compile(
    # Control sequences, strings up to their terminator (titles, links), any other escape; in 7 and in 8 bits.
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b[\]P^_X]|[\x9d\x90\x9e\x9f]).*?(?:\x07|\x1b\\|\x9c)|\x1b.",
    re.DOTALL,
)
# Vietnamese letters bear two marks; a taller stack covers the lines above it.
_TALLEST = 2
_DIGEST = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{52}\b")
_UNITS = {
    "pct": "%", "percent": "%", "seconds": "s", "hours": "h", "days": "d", "average true ranges": "ATR",
    "multiple of equity": "x",
}  # fmt: skip
"""How a unit is written behind its figure; money has two places instead, and counts and ratios have none."""
# From ten million on amounts are told in millions: a column of figures is never wrapped.
_MILLION, _MILLIONS = Decimal(1_000_000), Decimal(10_000_000)
_TENTH, _FINEST = Decimal("0.1"), 4
# Not within a name or a version, and no amount: prices may have more places than two.
_LONG_FIGURE = re.compile(r"(?<![\w.@])(-?\d[\d,]*\.\d{3,})(?!\d|\.\d|[a-zA-Z_]| USD)( %)?")
_SNAKE = re.compile(r"(?<![\w.@])[a-z]+(?:_[a-z]+)+(?![\w@])")
STALE_S = 300
"""Older than this, what the broker said or our books were compared with is marked."""


def clean(text: str, limit: int = LONGEST_TEXT) -> str:
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


def short_digests(text: str) -> str:
    """A sentence whose SHA-256 digests show their first 12 digits: enough to tell two apart, and they fit a line."""
    return _DIGEST.sub(r"\1", text)


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


def figure(value: Figure | tuple[str, ...], longest: int = LONGEST_TEXT) -> str:
    """A limit or a measured value of whatever kind."""
    if value is None:
        return NOTHING
    # To Python a bool is an int, and True would read as 1.
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (Decimal, int)):
        return plain_number(Decimal(value))
    return clean(value if isinstance(value, str) else ", ".join(value), longest)


def measured(value: Figure, unit: str, longest: int = LONGEST_FIGURE) -> str:
    """A gate's limit or figure in its unit: ``10,000.00``, ``2.5 %``, ``300 s``."""
    if isinstance(value, str):
        return figure(short_digests(value), longest)
    if isinstance(value, bool) or not isinstance(value, (Decimal, int)):
        return figure(value)
    number = Decimal(value)
    if unit in ("USD", "money"):
        return amount(number) if abs(number) < _MILLIONS else f"{plain_number(number / _MILLION)} M"
    behind = _UNITS.get(unit)
    told = plain_number(number)
    return told if behind is None else f"{told} {behind}"


def found(value: Figure, unit: str, limit: Figure = None, longest: int = LONGEST_FIGURE) -> str:
    """What a gate measured, in so many places as people read: ``13.97 %``, ``0.0388 %``, ``7,709.36``.

    More where fewer would make it look like its ``limit``: 0.5004 % beside 0.5 %.
    """
    if isinstance(value, bool) or not isinstance(value, Decimal | int) or not Decimal(value).is_finite():
        return measured(value, unit, longest)
    number, beside = Decimal(value), measured(limit, unit, longest)
    places = 2 if unit in ("pct", "percent") and (abs(number) >= _TENTH or number == 0) else _FINEST
    told = measured(Decimal(f"{number:.{places}f}"), unit, longest)
    if told != beside or number == limit:
        return told
    exact = f"{number.normalize():,f}"
    return f"{exact} {_UNITS[unit]}" if unit in _UNITS else exact


def counted(count: int, thing: str) -> str:
    """``1 order``, ``2 orders``, ``0 entries``."""
    many = f"{thing[:-1]}ies" if thing.endswith("ry") else f"{thing}s"
    return f"{count:,} {thing if count == 1 else many}"


def short_figures(text: str) -> str:
    """A sentence whose figures show as many places as people read; amounts of money keep theirs.

    ``26.252`` -> ``26.25``, ``-7.2467 %`` -> ``-7.25 %``, ``0.90412`` -> ``0.9041``, ``37.3545 USD`` as it is.
    """
    return _LONG_FIGURE.sub(_shorter, text)


def readable(text: str) -> str:
    """A sentence made of records as people read it: short digests and figures, ``trend_up`` as two words."""
    return _SNAKE.sub(lambda match: match[0].replace("_", " "), short_figures(short_digests(text)))


def _shorter(match: re.Match[str]) -> str:
    number, percent = Decimal(match[1].replace(",", "")), match[2] or ""
    places = 2 if abs(number) >= (_TENTH if percent else 1) else _FINEST
    told = f"{number:,.{places}f}".rstrip("0").rstrip(".")
    # What would read as nothing is something all the same.
    return f"{match[1] if told.strip('-') == '0' else told}{percent}"


def is_bounded(limit: Figure, value: Figure) -> bool:
    """Whether one is a limit of the other: two figures, or two words. No figure is the limit of a state."""
    if isinstance(limit, str) and isinstance(value, str):
        return True
    return all(isinstance(each, Decimal | int) and not isinstance(each, bool) for each in (limit, value))


def bound(limit: Figure, value: Figure, unit: str) -> str:
    """The limit beside what was found: of a state or another word no figure is the limit."""
    return NOTHING if isinstance(value, str) and not isinstance(limit, str) else measured(limit, unit)


def set_value(value: Any, unit: str) -> str:
    """What a policy sets: a figure in its unit, a list of names, or nothing in it."""
    if isinstance(value, (frozenset, set, list, tuple, Mapping)):
        return clean(", ".join(sorted(str(getattr(each, "value", each)) for each in value))) or "none"
    return measured(getattr(value, "value", value), unit)


def age(seconds: Decimal | None) -> str:
    """``12 s``, ``4 min``, ``3 h`` or ``2 d``, never rounded up."""
    if seconds is None:
        return UNKNOWN
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{int(seconds // length)} {unit}"
    return f"{int(seconds)} s"


def since(at: datetime | None, now: datetime) -> str:
    """The age of ``at`` as seen from ``now``."""
    return age(None if at is None else Decimal((now - at).total_seconds()))


def adjustment_words(each: Adjustment) -> str:
    """``2026-03-17 NIMBO 10 -> 14 by owner, cost +392.00``; of a split that its cost stays."""
    moved = f"cost {each.cost:+,.2f}" if each.cost else "cost as it was"
    by = each.by if each.ratio is None else f"{each.by}, a split"
    return f"{each.at:%Y-%m-%d} {each.symbol} {quantity(each.ours)} -> {quantity(each.theirs)} by {by}, {moved}"


def left_resting(count: int, symbol: str) -> str:
    """What an adoption leaves at the broker: a stop for shares that are gone would open a position of its own."""
    verb = "works" if count == 1 else "work"
    return f"{counted(count, 'order')} of ours in {symbol} {verb} on as before: cancel what fits it no more."


def ago(at: datetime | None, now: datetime) -> str:
    """``4 s ago``, ``3 h ago, stale``, or ``never, stale``."""
    if at is None:
        return "never, stale"
    return f"{since(at, now)} ago{', stale' if (now - at).total_seconds() > STALE_S else ''}"
