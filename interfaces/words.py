"""What people write to any face, as values: symbols, times, counts, ids. A wrong word is told with the right form."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from domain.clock import parse_time
from domain.errors import DataQualityError
from domain.market import Symbol, parse_symbol

T = TypeVar("T")
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_LONGEST_PAUSE_S = 366 * 86_400
_LONGEST_ID = 80
_MOST = 1_000
FACES = ("scheduler", "telegram", "dashboard")
PERIODS = ("day", "week", "month", "ytd", "total")
"""As ``trading.portfolio.periods.Period`` has them; that module takes longer to load."""
ALGOS, SIDES = ("twap", "vwap", "iceberg"), ("buy", "sell")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_LONGEST_WHOLE = 9
_NUMBER = re.compile(r"\d{1,12}(\.\d{1,9})?", re.ASCII)


def symbols(text: str) -> tuple[Symbol, ...]:
    """``AAPL,msft`` -> (AAPL, MSFT), each once."""
    return tuple(dict.fromkeys(_told(parse_symbol, part.strip()) for part in text.split(",")))


def symbol(text: str) -> Symbol:
    """``aapl`` -> AAPL."""
    return _told(parse_symbol, text.strip())


def period_or_symbol(text: str) -> str:
    """``week`` or ``Week`` -> week, ``nimbo`` -> NIMBO; in capitals DAY is the symbol."""
    word = text.strip()
    return word.lower() if word.lower() in PERIODS and not word.isupper() else symbol(word)


def some(text: str) -> int:
    """A count from 1 to 1000."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 4 and 1 <= int(text) <= _MOST):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to {_MOST}")
    return int(text)


def moment(text: str) -> datetime:
    """A time that names its zone."""
    return _told(parse_time, text)


def day(text: str) -> date:
    """``2026-03-17``."""
    if not _DAY.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a day; write 2026-03-17")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day of the calendar") from error


def whole(text: str) -> int:
    """A whole number from 0 on."""
    if not (text.isascii() and text.isdecimal() and len(text) <= _LONGEST_WHOLE):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)


def person(text: str) -> int:
    """The number that a chat service gives a person."""
    if not (text.isascii() and text.isdecimal() and 0 < len(text) <= 18 and int(text)):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of a person")
    return int(text)


def duration(text: str) -> timedelta:
    """``90s``, ``45m``, ``2h`` or ``1d``; more than nothing and at most a year."""
    number, unit = text[:-1], _UNITS.get(text[-1:])
    if unit is None or not (number.isascii() and number.isdecimal()) or len(number) > len(str(_LONGEST_PAUSE_S)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a duration; write 90s, 45m, 2h or 1d")
    if not 0 < int(number) * unit <= _LONGEST_PAUSE_S:
        raise argparse.ArgumentTypeError(f"{text!r} is not between a second and a year")
    return timedelta(seconds=int(number) * unit)


def identifier(text: str) -> str:
    """The id of something, or ``last``."""
    name = text.strip()
    if not name or not name.isascii() or not name.isprintable() or len(name) > _LONGEST_ID:
        raise argparse.ArgumentTypeError(f"{text!r} is not an id; copy one from `sage orders` or `sage pending`")
    return name


def _told(read: Callable[[str], T], text: str) -> T:
    try:
        return read(text)
    except DataQualityError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def faces(text: str) -> tuple[str, ...]:
    """``scheduler,telegram``, each once."""
    named = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
    unknown = [name for name in named if name not in FACES]
    if unknown:
        raise argparse.ArgumentTypeError(f"there is no {unknown[0]!r}; choose from {', '.join(FACES)}")
    return named


def positive(text: str) -> Decimal:
    """A plain number above nothing."""
    if not _NUMBER.fullmatch(text) or Decimal(text) <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above zero")
    return Decimal(text)


def split(text: str) -> Decimal:
    """``2:1`` -> 2, ``1:10`` -> 0.1: new shares for old ones, each a whole number up to 1000."""
    new, mark, old = text.partition(":")
    if not (mark and all(part.isascii() and part.isdecimal() and len(part) <= 4 for part in (new, old))):
        raise argparse.ArgumentTypeError(f"{text!r} is no split; write 2:1 for two new shares for an old one")
    if not (1 <= int(new) <= _MOST and 1 <= int(old) <= _MOST and int(new) != int(old)):
        raise argparse.ArgumentTypeError(f"{text!r} is no split: whole numbers from 1 to {_MOST} that are not the same")
    return Decimal(new) / Decimal(old)


def algo_words(verb: str, given: object) -> tuple[str, ...]:
    """The words behind ``start``, ``stop`` and ``list``, checked; ArgumentTypeError for others."""
    words = tuple(map(str, given)) if isinstance(given, list) else ()
    if verb == "list" and not words:
        return ()
    if verb == "stop" and len(words) == 1:
        return (identifier(words[0]),)
    if verb == "start" and len(words) == 4:
        kind, name, side, qty = words
        if kind in ALGOS and side in SIDES:
            return kind, symbol(name), side, str(positive(qty))
    shapes = {"start": f"start {'|'.join(ALGOS)} SYMBOL {'|'.join(SIDES)} QTY", "stop": "stop ID", "list": "list"}
    raise argparse.ArgumentTypeError(f"write `sage algo {shapes[verb]}`")
