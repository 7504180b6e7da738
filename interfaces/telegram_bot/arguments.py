"""What stands behind a command, read: each reader takes the words and says in one sentence what is wrong with them.

The words are a stranger's text until they have passed here, and they name no file, no host and no policy.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple, TypeVar

from domain.case import Mode
from domain.errors import UsageError
from domain.market import Symbol
from domain.orders import Side
from interfaces.words import day, duration, identifier, moment, period_or_symbol, positive, some, symbol
from trading.store.people.roles import Role

T = TypeVar("T")
Words = Sequence[str]
LONGEST_WORD = 80
LONGEST_REASON = 200
MOST_LINES = 25


class WrongWords(UsageError):
    """The words do not fit the command."""


class Paused(NamedTuple):
    """What to pause, and for how long."""

    name: str
    lasting: timedelta | None


def nothing(words: Words) -> None:
    """No words."""
    if words:
        raise WrongWords(f"nothing stands behind it, and you wrote {words[0][:LONGEST_WORD]}")


def at_most(words: Words, count: int) -> None:
    """So many words."""
    if len(words) > count:
        raise WrongWords(f"at most {count} word{'s' * (count > 1)}, and you wrote {len(words)}")


def page(words: Words) -> int:
    """A page number; the first one where none is named."""
    at_most(words, 1)
    if not words:
        return 1
    # Cut before it is read, because int() raises on thousands of digits.
    if not (words[0].isascii() and words[0].isdecimal() and 1 <= int(words[0][:4]) <= 999 and len(words[0]) <= 3):
        raise WrongWords(f"{words[0][:LONGEST_WORD]} is no page number")
    return int(words[0])


def one_symbol(words: Words) -> Symbol:
    """A symbol."""
    if len(words) != 1:
        raise WrongWords("name one symbol")
    return _read(symbol, words[0])


def one_id(words: Words, otherwise: str = "") -> str:
    """An id or a symbol."""
    if not words and otherwise:
        return otherwise
    if len(words) != 1:
        raise WrongWords("name one id or symbol")
    name = _read(identifier, words[0])
    return name if "-" in name or name == "last" else name.upper()


def strategy_or_experiment(words: Words) -> str:
    """The name of a strategy, or the id of an experiment."""
    if len(words) != 1:
        raise WrongWords("name one strategy, or all")
    return _read(identifier, words[0]).lower()


def one_mode(words: Words) -> Mode:
    """A rung of the ladder."""
    if len(words) != 1 or words[0].lower() not in set(Mode):
        raise WrongWords(f"name one of {', '.join(Mode)}")
    return Mode(words[0].lower())


class WhatIf(NamedTuple):
    """An order that is only asked about."""

    side: Side
    symbol: Symbol
    qty: Decimal
    stop: Decimal | None


def what_if(words: Words) -> WhatIf:
    """``buy NIMBO 10`` or ``buy NIMBO 10 stop 126``."""
    if len(words) not in (3, 5) or words[0].lower() not in set(Side) or words[3:4] not in ([], ["stop"], (), ("stop",)):
        raise WrongWords("name buy or sell, a symbol and a quantity, and where its stop would be")
    stop = _read(positive, words[4]) if len(words) == 5 else None
    return WhatIf(Side(words[0].lower()), _read(symbol, words[1]), _read(positive, words[2]), stop)


def paused(words: Words) -> Paused:
    """``NIMBO for 2h``, ``for 2h``, ``NIMBO`` or nothing."""
    name, rest = ("", list(words)) if not words or words[0].lower() == "for" else (words[0], list(words[1:]))
    if not rest:
        return Paused(name, None)
    if len(rest) != 2 or rest[0].lower() != "for":
        raise WrongWords("write how long as in: for 2h")
    return Paused(name[:LONGEST_WORD], _read(duration, rest[1].lower()))


def profits(words: Words) -> str:
    """A period or a symbol; the whole time where none is named."""
    at_most(words, 1)
    return _read(period_or_symbol, words[0]) if words else "total"


def count(words: Words, otherwise: int, most: int = MOST_LINES) -> int:
    """How many, at most as many as a screen has lines for."""
    at_most(words, 1)
    return min(most, _read(some, words[0])) if words else otherwise


class Restricted(NamedTuple):
    """What to restrict, for how long, and why."""

    symbol: Symbol
    lasting: timedelta | None
    reason: str
    until: datetime | None = None


def restricted(words: Words) -> Restricted:
    """``NIMBO``, ``NIMBO for 2h earnings rumour`` or ``NIMBO until 2026-03-18 earnings rumour``."""
    if not words:
        raise WrongWords("name one symbol")
    name, timed = _read(symbol, words[0]), words[1].lower() if len(words) > 1 else ""
    if timed not in ("for", "until"):
        return Restricted(name, None, " ".join(words[1:])[:LONGEST_REASON])
    if len(words) < 3:
        raise WrongWords("write how long as in: for 2h, or until 2026-03-18")
    reason = " ".join(words[3:])[:LONGEST_REASON]
    if timed == "for":
        return Restricted(name, _read(duration, words[2].lower()), reason)
    return Restricted(name, None, reason, _until(words[2]))


def _until(word: str) -> datetime:
    """A moment with its zone, or a day: then the end of it, so that the day itself is still restricted."""
    try:
        return datetime.combine(day(word), time.max, UTC)
    except argparse.ArgumentTypeError:
        return _read(moment, word.upper())


def role(words: Words) -> tuple[int, Role | None]:
    """A person's number, and a role or none."""
    if len(words) != 2 or not (words[0].isascii() and words[0].isdecimal() and 0 < len(words[0]) <= 18):
        raise WrongWords("name the number of a person (they see it with /whoami or /start) and a role")
    if words[1].lower() not in {*Role, "none"}:
        raise WrongWords(f"name one of {', '.join(Role)} or none")
    return int(words[0]), None if words[1].lower() == "none" else Role(words[1].lower())


def _read(reader: Callable[[str], T], word: str) -> T:
    try:
        return reader(word)
    except argparse.ArgumentTypeError as error:
        raise WrongWords(str(error)[:200]) from error
