"""One canonical form for every value that is stored, hashed, prompted or shown as JSON.

Decimals become plain strings without exponent or trailing zeros, times become ``2026-03-17T15:00:00Z``,
enums their value, dataclasses objects, tuples arrays, sets sorted arrays. Keys are sorted and floats are refused,
because a float has no canonical text: statistics are rounded to Decimals before they leave the code that made them.
``restore`` is the inverse for typed dataclasses, so that a stored record comes back as the value it was.
"""

from __future__ import annotations

import dataclasses
import enum
import hashlib
import json
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeVar

from domain.errors import DataQualityError

T = TypeVar("T")
Reader = Callable[[Any], Any]
"""From the plain form of a value back to the value."""

_AS_IT_IS = frozenset({str, int, bool, type(None)})
_FIELDS_OF: dict[type, tuple[str, ...]] = {}
_TEXT = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def plain(value: Any) -> Any:
    """Reduce ``value`` to JSON types in canonical form."""
    kind = type(value)
    if kind in _AS_IT_IS:
        return value
    if kind is Decimal:
        return decimal_text(value)
    names = _FIELDS_OF.get(kind)  # records are written far more often than any other kind of value
    if names is not None:
        return {name: plain(getattr(value, name)) for name in names}
    return _plain_by_test(value)


def _plain_by_test(value: Any) -> Any:
    """The same for what is no plain record of ours: by what it is an instance of."""
    if value is None or (isinstance(value, (bool, str)) and not isinstance(value, enum.Enum)):
        return value
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        _FIELDS_OF[type(value)] = tuple(field.name for field in dataclasses.fields(value))
        return plain(value)
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {name: plain(item) for name, item in value._asdict().items()}
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(item) for key, item in sorted(value.items(), key=lambda pair: str(pair[0]))}
    if isinstance(value, (set, frozenset)):
        return sorted(plain(item) for item in value)
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    raise DataQualityError(f"a {type(value).__name__} has no canonical form", "Round or convert it where it is made.")


def canonical_json(value: Any) -> str:
    """The one text of ``value``: sorted keys, no spaces, non-ASCII kept."""
    return json_text(plain(value))


def json_text(value: Any) -> str:
    """The same of a value that ``plain`` has reduced already."""
    return _TEXT.encode(value)


def digest(value: Any) -> str:
    """SHA-256 of the canonical text, in lower-case hex."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def decimal_text(value: Decimal) -> str:
    """``Decimal('1.500')`` -> ``'1.5'``; refuses NaN and infinities."""
    if not value.is_finite():
        raise DataQualityError(f"{value} has no canonical form", "A missing figure is None, never NaN.")
    text = format(value, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def time_text(value: datetime) -> str:
    """An aware time as UTC text; microseconds only where there are any."""
    if value.tzinfo is None:
        raise DataQualityError(f"the time {value.isoformat()} names no zone", "Give every time a zone, for example Z.")
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def restore(kind: type[T], stored: Any) -> T:
    """Rebuild a value of type ``kind`` from its plain form; raises DataQualityError where it does not fit."""
    try:
        return typing.cast(T, _reader(kind)(stored))
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        name = getattr(kind, "__name__", str(kind))
        raise DataQualityError(f"a stored {name} cannot be read: {error}", "Run `sage audit verify`.") from error


def _reader(kind: Any) -> Reader:
    """How a value of a kind is read."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if isinstance(kind, typing.NewType):
        return _reader(kind.__supertype__)
    if origin in (typing.Union, types.UnionType):
        return _union_reader(arguments)
    if origin is typing.Literal or kind in (Any, str, int, bool, None, type(None)):
        return _as_stored
    if origin in (frozenset, tuple):
        return _row_reader(origin, _reader(arguments[0] if arguments else Any))
    if origin in (Mapping, dict):
        return _table_reader(_reader(arguments[0]), _reader(arguments[1]))
    if kind is Decimal:
        return _read_decimal
    if kind in (datetime, date):
        return typing.cast(Reader, kind.fromisoformat)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return kind
    return _record_reader(kind)


def _as_stored(stored: Any) -> Any:
    return stored


def _row_reader(made: Callable[[Iterator[Any]], Any], one: Reader) -> Reader:
    def read(stored: Any) -> Any:
        return made(map(one, stored))

    return read


def _table_reader(key: Reader, value: Reader) -> Reader:
    def read(stored: Any) -> Any:
        return {key(name): value(item) for name, item in stored.items()}

    return read


# By type alone: two unions that differ in their order are equal, and are not read alike.
@lru_cache(maxsize=256)
def _record_reader(kind: type) -> Reader:
    """Made once for a kind, because an evaluation alone holds a hundred and twenty verdicts."""
    readers: dict[str, Reader] = {}

    def read(stored: Any) -> Any:
        if not readers:  # at first use and not before: a record may hold others of its own kind
            readers.update((name, _reader(hint)) for name, hint in typing.get_type_hints(kind).items())
        return kind(**{name: one(stored[name]) for name, one in readers.items() if name in stored})

    return read


def _read_decimal(stored: Any) -> Decimal:
    if not isinstance(stored, str) or not (number := Decimal(stored)).is_finite():
        raise ValueError(f"{stored!r} is not a finite decimal")
    return number


def _union_reader(options: tuple[Any, ...]) -> Reader:
    nothing = type(None) in options
    readers = [_reader(option) for option in options if option is not type(None)]

    def read(stored: Any) -> Any:
        if stored is None and nothing:
            return None
        if len(readers) == 1:
            return readers[0](stored)
        for one in readers:
            try:
                value = one(stored)
            except (KeyError, TypeError, ValueError, ArithmeticError):
                continue
            if plain(value) == stored:  # "1_0" is a text and True is a bool, though Decimal would take both
                return value
        raise ValueError(f"{stored!r} fits none of {options}")

    return read
