"""Pieces of a screen: each is said twice, once with the marks of Telegram's HTML and once without any.

    page("Orders", table([("ord-k3v5", "12 of 40")], "lr"), words("newest first"), buttons=((refresh,),))

Text from outside passes ``words``, ``bold``, ``code`` or ``table`` and nothing else: they make it one inert line and
escape it. A screen is at most as long as one message, and as tall as a phone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from html import escape
from typing import NamedTuple

from interfaces.views.plain import clean
from trading.store.messages.message import Button

LONGEST = 4096
"""What Telegram takes in one message, counted without marks in UTF-16 units."""
WIDEST = 46
LONGEST_LINE = 300
Keyboard = tuple[tuple[Button, ...], ...]


class Piece(NamedTuple):
    """One part of a screen."""

    html: str
    plain: str

    @property
    def empty(self) -> bool:
        """Nothing to show."""
        return not self.plain


class Screen(NamedTuple):
    """What one message shows."""

    html: str
    plain: str
    buttons: Keyboard = ()
    picture: bytes | None = None


def words(text: str, limit: int = LONGEST_LINE) -> Piece:
    """A line of text."""
    told = clean(text, limit)
    return Piece(escape(told, quote=False), told)


def bold(text: str, limit: int = LONGEST_LINE) -> Piece:
    """A line that stands out."""
    told = words(text, limit)
    return Piece(f"<b>{told.html}</b>", told.plain)


def dim(text: str, limit: int = LONGEST_LINE) -> Piece:
    """A line of detail."""
    told = words(text, limit)
    return Piece(f"<i>{told.html}</i>" if told.plain else "", told.plain)


def code(text: str, limit: int = LONGEST_LINE) -> Piece:
    """Something to be copied."""
    told = words(text, limit)
    return Piece(f"<code>{told.html}</code>", told.plain)


def row(*pieces: Piece, between: str = " ") -> Piece:
    """Pieces beside each other."""
    kept = [each for each in pieces if not each.empty]
    return Piece(between.join(each.html for each in kept), between.join(each.plain for each in kept))


def lines(*pieces: Piece) -> Piece:
    """Pieces below each other."""
    return row(*pieces, between="\n")


def each(texts: Iterable[str], mark: str = "• ") -> Piece:
    """A list of sentences."""
    return lines(*(words(f"{mark}{text}") for text in texts))


def table(rows: Sequence[Sequence[str]], sides: str) -> Piece:
    """Aligned columns; ``sides`` has an ``l`` or an ``r`` for each. The last one to the left is cut to fit: a figure

    that lost its end would be another figure.
    """
    if not rows:
        return Piece("", "")
    cells = [[clean(cell, WIDEST) for cell in line] for line in rows]
    wide = [max(len(line[at]) for line in cells) for at in range(len(sides))]
    over, gives = sum(wide) + len(wide) - 1 - WIDEST, sides.rfind("l")
    if over > 0 and gives >= 0 and wide[gives] > over:
        wide[gives] -= over
        for line in cells:
            line[gives] = clean(line[gives], wide[gives])
    told = "\n".join(
        " ".join(
            cell.ljust(width) if side == "l" else cell.rjust(width)
            for cell, width, side in zip(line, wide, sides, strict=True)
        ).rstrip()[:WIDEST]
        for line in cells
    )
    return Piece(f"<pre>{escape(told, quote=False)}</pre>", told)


def facts(*pairs: tuple[str, str]) -> Piece:
    """Names to the left, values beside them."""
    return table(pairs, "ll")


def page(title: str, *pieces: Piece, note: str = "", buttons: Keyboard = (), picture: bytes | None = None) -> Screen:
    """A screen with a title."""
    body = lines(row(bold(title), dim(note)), *pieces)
    return Screen(body.html, body.plain, buttons, picture)


def notice(*texts: str, buttons: Keyboard = ()) -> Screen:
    """A few plain sentences."""
    body = lines(*(words(text, 1_000) for text in texts))
    return Screen(body.html, body.plain, buttons)


def view_button(label: str, *command: str, here: bool = False) -> Button:
    """A button that shows what a command of level R shows, below, or ``here`` in the place of the present message."""
    carried = f"{'r' if here else 'v'}:{' '.join(command)}"
    return Button(label, carried if len(carried.encode()) <= 64 else "v:help")


def shown(at: datetime) -> str:
    """``03-17 15:00 UTC``."""
    return f"{at.astimezone(UTC):%m-%d %H:%M} UTC"


def money(value: Decimal | None) -> str:
    """``1,204.50``; a question mark where nobody knows."""
    return "?" if value is None else f"{value:,.2f}"


def signed(value: Decimal | None, unit: str = "") -> str:
    """``+12.40``."""
    return "?" if value is None else f"{value:+,.2f}{unit}"


def pages(count: int, present: int, size: int, *command: str) -> tuple[Button, ...]:
    """Buttons to the page before and after; ``present`` counts from 1."""
    last = max(1, -(-count // size))
    before = (view_button("◀", *command, str(present - 1), here=True),) if present > 1 else ()
    after = (view_button("▶", *command, str(present + 1), here=True),) if present < last else ()
    return (*before, *after)
