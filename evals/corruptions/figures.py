"""Corruptions of a figure: its digits, its size, its unit, its sign, or whose figure it is.

digit changed     101.52 USD -> 101.92 USD        factor ten        101.52 USD -> 1,015.20 USD
digits swapped    101.52 USD -> 105.12 USD        decimal shift     101.52 USD -> 1.0152 USD
another's         101.52 USD -> 96.50 USD         unit              101.52 USD -> 101.52 %
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal

from domain.evidence import Evidence
from domain.record.canonical import decimal_text
from domain.record.rendering import figure, refs_in
from evals.corruptions.telling import TrueExplanation

Changed = Callable[[random.Random, TrueExplanation, str], str | None]
"""Another text for the figure of this reference; None where the corruption does not apply."""

_MEASURED = frozenset({"USD", "pct", "shares", "points", "ratio", "hours", "seconds", "count"})
_UNITS = {"USD": (" USD", " $"), "pct": (" %",), "shares": (" shares",), "hours": (" h",), "seconds": (" s",)}
_SIZES = ("size.proposed", "size.advised", "size.inspected", "size.decided", "size.gated", "order.qty", "fill.qty")


def figures_of(told: TrueExplanation) -> list[tuple[int, str]]:
    """Each measured figure that is shown: number of the sentence, and reference."""
    return [
        (row, ref)
        for row, text in enumerate(told.texts)
        for ref in refs_in(text)
        if ref in told.known and told.known[ref].unit in _MEASURED and _number(told.known[ref]) is not None
    ]


def with_figure(told: TrueExplanation, row: int, ref: str, shown: str) -> str:
    """The sentence with another text for that figure, and all others as they are."""
    # By a mark that no text holds: what takes the figure's place is shown as it is, braces and all.
    return told.show(told.texts[row].replace(f"{{{ref}}}", "\0", 1)).replace("\0", shown)


def digit_changed(chance: random.Random, told: TrueExplanation, ref: str) -> str | None:
    """One digit is another one; the leading one never becomes zero."""
    text = figure(told.known[ref])
    at = chance.choice([each.start() for each in re.finditer(r"\d", text)])
    other = chance.choice([digit for digit in "123456789" if digit != text[at]])
    return _if_other(text, text[:at] + other + text[at + 1 :])


def digits_swapped(chance: random.Random, told: TrueExplanation, ref: str) -> str | None:
    """Two unequal neighbours change places."""
    text = figure(told.known[ref])
    spots = [each.start() for each in re.finditer(r"(?=\d\d)", text) if text[each.start()] != text[each.start() + 1]]
    if not spots:
        return None
    at = chance.choice(spots)
    return _if_other(text, text[:at] + text[at + 1] + text[at] + text[at + 2 :])


def factor_ten(chance: random.Random, told: TrueExplanation, ref: str) -> str | None:
    """Ten times too much or too little."""
    return _scaled(told.known[ref], chance.choice((Decimal(10), Decimal("0.1"))))


def decimal_shift(chance: random.Random, told: TrueExplanation, ref: str) -> str | None:
    """The point two or three places off, as between a share and a percentage."""
    return _scaled(told.known[ref], chance.choice(tuple(map(Decimal, ("100", "0.01", "1000", "0.001")))))


def anothers(chance: random.Random, told: TrueExplanation, ref: str) -> str | None:
    """The true figure of something else, in the same unit."""
    own = told.known[ref]
    others = {
        figure(item)
        for name, item in told.known.items()
        if name != ref and item.unit == own.unit and _number(item) is not None and item.value != own.value
    } - {figure(own)}
    # Sizes have a kind of their own below.
    return chance.choice(sorted(others)) if others and not ref.startswith("size.") else None


def unit_changed(chance: random.Random, told: TrueExplanation, ref: str) -> str | None:
    """Another unit after the same number."""
    item = told.known[ref]
    if item.unit not in _UNITS:
        return None
    others = [suffix for unit, each in _UNITS.items() if unit != item.unit for suffix in each]
    return _bare(figure(item)) + chance.choice(others)


def unit_invented(chance: random.Random, told: TrueExplanation, ref: str) -> str | None:
    """A unit after a number that has none."""
    item = told.known[ref]
    return (
        f"{figure(item)} {chance.choice(('USD', '%', 'shares'))}" if item.unit in ("points", "ratio", "count") else None
    )


def sign_flipped(_chance: random.Random, told: TrueExplanation, ref: str) -> str | None:
    """Minus for plus and the other way round."""
    item, text = told.known[ref], figure(told.known[ref])
    number = _number(item)
    if not number or item.unit in ("shares", "count", "seconds", "hours"):
        return None
    return text.removeprefix("-") if text.startswith("-") else f"-{text}"


def time_unit(chance: random.Random, told: TrueExplanation, ref: str) -> str | None:
    """Minutes for hours, days for seconds."""
    item = told.known[ref]
    if item.unit not in ("hours", "seconds"):
        return None
    return f"{_bare(figure(item))} {chance.choice(('minutes', 'days', 'weeks'))}"


def size_of_another_step(chance: random.Random, told: TrueExplanation, ref: str) -> str | None:
    """The size after one step given for that after another."""
    steps = {name: told.known.get(f"{name}@{told.symbol}") for name in _SIZES}
    own = told.known[ref]
    if ref.partition("@")[0] not in steps:
        return None
    others = {figure(item) for item in steps.values() if item is not None and item.value != own.value}
    return chance.choice(sorted(others)) if others else None


def gate_count(chance: random.Random, told: TrueExplanation, ref: str) -> str | None:
    """One gate more or fewer than there were."""
    item = told.known[ref]
    if not ref.startswith("gates.") or not isinstance(item.value, int):
        return None
    return str(item.value + chance.choice((-2, -1, 1, 2, 10)))


def _scaled(item: Evidence, factor: Decimal) -> str | None:
    number = _number(item)
    if not number:
        return None
    # USD is shown in cents, where a thousandth of a small price would read as nothing at all.
    made = f"{number * factor:,f}" if item.unit == "USD" else decimal_text(number * factor)
    made = made.rstrip("0").rstrip(".") if "." in made else made
    # What a shown 1 has behind it is the unit.
    return made + figure(replace(item, value=Decimal(1))).lstrip("1.0")


def _number(item: Evidence) -> Decimal | None:
    value = item.value
    return None if isinstance(value, bool | str) or value is None else Decimal(value)


def _bare(text: str) -> str:
    return text.rpartition(" ")[0]


def _if_other(before: str, after: str) -> str | None:
    return None if _value(before) == _value(after) else after


def _value(text: str) -> Decimal:
    return Decimal(re.sub(r"[^\d.-]", "", text.partition(" ")[0]))


FIGURE_KINDS: Mapping[str, Changed] = {
    "digit changed": digit_changed,
    "digits swapped": digits_swapped,
    "factor ten": factor_ten,
    "decimal shift": decimal_shift,
    "number of another figure": anothers,
    "unit changed": unit_changed,
    "unit invented": unit_invented,
    "sign": sign_flipped,
    "size": size_of_another_step,
    "gate count": gate_count,
}
