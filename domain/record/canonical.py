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
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter
from typing import Any, TypeVar

from domain.errors import DataQualityError
from domain.record.identity import Itself

T = TypeVar("T")
Reader = Callable[[Any], Any]
"""From the plain form of a value back to the value."""
Writer = Callable[[Any], str]
"""From a value of one kind to its text."""

_AS_IT_IS = frozenset({str, int, bool, type(None)})
_TEXT = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


class _Writers(dict[type, Writer]):
    """How values of a kind are written: found out once, because a cycle writes hundreds of thousands of them."""

    def __missing__(self, kind: type) -> Writer:
        write = self[kind] = _writer(kind)
        return write


def canonical_json(value: Any) -> str:
    """The one text of ``value``: sorted keys, no spaces, non-ASCII kept."""
    return _WRITERS[type(value)](value)


def plain(value: Any) -> Any:
    """Reduce ``value`` to JSON types in canonical form, the fields of a record in their order."""
    kind: Any = type(value)
    if kind in _AS_IT_IS:
        return value
    names = _fields_of(kind)
    if names is not None:
        return {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(item) for key, item in sorted(value.items(), key=_named)}
    return [plain(item) for item in value] if isinstance(value, (list, tuple)) else json.loads(canonical_json(value))


def _named(pair: tuple[Any, Any]) -> str:
    return str(pair[0])


def json_text(value: Any) -> str:
    """The canonical text of a value that ``plain`` has reduced already."""
    return _TEXT.encode(value)


def joined_text(parts: Mapping[str, str]) -> str:
    """The canonical text of a table whose values are canonical texts already."""
    return "{" + ",".join([f"{_quoted(name)}:{parts[name]}" for name in sorted(parts)]) + "}"


@lru_cache(maxsize=1024)
def _fields_of(kind: type) -> tuple[str, ...] | None:
    """The fields of a record in their order; None of any other kind."""
    if dataclasses.is_dataclass(kind) and not issubclass(kind, enum.Enum):
        return tuple(field.name for field in dataclasses.fields(kind))
    fields: tuple[str, ...] | None = getattr(kind, "_fields", None) if issubclass(kind, tuple) else None
    return fields


def _writer(kind: type) -> Writer:
    names = _fields_of(kind)
    if names is not None:
        return _record_writer(sorted(names))
    return next((write for parents, write in _WRITTEN if issubclass(kind, parents)), _refused)


def _record_writer(names: list[str]) -> Writer:
    if len(names) < 2:  # of one name, ``attrgetter`` gives the value and no tuple
        return lambda value: joined_text({name: canonical_json(getattr(value, name)) for name in names})
    values_of, form = attrgetter(*names), "{" + ",".join(f'"{name}":%s' for name in names) + "}"
    return lambda value: form % tuple([_WRITERS[type(item)](item) for item in values_of(value)])


def _row(value: Iterable[Any]) -> str:
    return "[" + ",".join([_WRITERS[type(item)](item) for item in value]) + "]"


def _sorted_row(value: Iterable[Any]) -> str:
    return _row(sorted(map(plain, value)))


def _table(value: Mapping[Any, Any]) -> str:
    # Nearly every key is a plain text already, and the correlations of two hundred symbols are forty thousand of them.
    return joined_text(
        {key if type(key) is str else str(plain(key)): _WRITERS[type(item)](item) for key, item in value.items()}
    )


def _refused(value: Any) -> str:
    raise DataQualityError(f"a {type(value).__name__} has no canonical form", "Round or convert it where it is made.")


def lasting_text(value: Any) -> str:
    """The canonical text of a value that nobody changes, made once for as long as it is asked for."""
    return _lasting_text(Itself(value))


@lru_cache(maxsize=4096)
def _lasting_text(known: Itself[Any]) -> str:
    return canonical_json(known.value)


def digest(value: Any) -> str:
    """SHA-256 of the canonical text, in lower-case hex."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def decimal_text(value: Decimal) -> str:
    """``Decimal('1.500')`` -> ``'1.5'``; refuses NaN and infinities."""
    if not value.is_finite():
        raise DataQualityError(f"{value} has no canonical form", "A missing figure is None, never NaN.")
    text = str(value)
    if "E" in text:  # seldom; written out it takes several times as long to make
        text = format(value, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def time_text(value: datetime) -> str:
    """An aware time as UTC text; microseconds only where there are any."""
    if value.tzinfo is UTC:
        return _utc_text(value)
    if value.tzinfo is None:
        raise DataQualityError(f"the time {value.isoformat()} names no zone", "Give every time a zone, for example Z.")
    return _utc_text(value.astimezone(UTC))


# Of UTC alone: equal moments are one text there, and elsewhere two where a clock was set back between them. A cycle
# writes the same few moments tens of thousands of times.
@lru_cache(maxsize=4096)
def _utc_text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


_quoted = json.encoder.encode_basestring
_WRITERS = _Writers({str: _quoted, int: int.__repr__, type(None): lambda _none: "null"})
# The first that fits counts: a word of a StrEnum is a text too, a moment a date, and True a number.
_WRITTEN: tuple[tuple[type | tuple[type, ...], Writer], ...] = (
    (enum.StrEnum, lambda value: _quoted(value._value_)),
    (enum.Enum, lambda value: canonical_json(value._value_)),
    (bool, lambda value: "true" if value else "false"),
    (str, _quoted),
    (int, int.__repr__),
    (Decimal, lambda value: f'"{decimal_text(value)}"'),
    (datetime, lambda value: f'"{time_text(value)}"'),
    (date, lambda value: f'"{value.isoformat()}"'),
    (Mapping, _table),
    (Set, _sorted_row),
    ((list, tuple), _row),
)


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
    if origin in (frozenset, tuple, Set):
        return _row_reader(tuple if origin is tuple else frozenset, _reader(arguments[0] if arguments else Any))
    if origin in (Mapping, dict):
        return _table_reader(_reader(arguments[0]), _reader(arguments[1]))
    if kind is Decimal:
        return _read_decimal
    if kind in (datetime, date):
        return typing.cast(Reader, kind.fromisoformat)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return _word_reader(kind)
    return _record_reader(kind)


def _as_stored(stored: Any) -> Any:
    return stored


def _word_reader(kind: type[enum.Enum]) -> Reader:
    known = {word.value: word for word in kind}

    def read(stored: Any) -> Any:
        return known[stored]

    return read


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
    readers: dict[str, Reader] | None = None

    def read(stored: Any) -> Any:
        nonlocal readers
        if readers is None:  # at first use and not before: a record may hold others of its own kind
            # Whole or not at all: another thread would read what is half made, and leave the other fields out.
            readers = {name: _reader(hint) for name, hint in typing.get_type_hints(kind).items()}
        return kind(
            **{
                name: stored[name] if one is _as_stored else one(stored[name])
                for name, one in readers.items()
                if name in stored
            }
        )

    return read


def _read_decimal(stored: Any) -> Decimal:
    if not isinstance(stored, str) or not (number := Decimal(stored)).is_finite():
        raise ValueError(f"{stored!r} is not a finite decimal")
    return number


def _union_reader(options: tuple[Any, ...]) -> Reader:
    nothing = type(None) in options
    kinds = [option for option in options if option is not type(None)]
    readers = [_reader(kind) for kind in kinds]
    if _LEAVES.issuperset(kinds):
        return _leaf_reader(nothing, kinds)

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
            if plain(value) == stored:
                return value
        raise ValueError(f"{stored!r} fits none of {options}")

    return read


_LEAVES = frozenset({Decimal, int, str, bool})


def _leaf_reader(nothing: bool, kinds: list[Any]) -> Reader:
    """Of figures and words, as most stored values are: without trying what cannot be, for an error is slow to raise."""

    def read_exact(stored: Any) -> Any:
        return None if stored is None and nothing else _read_decimal(stored)

    def read_figure(stored: Any) -> Any:
        if type(stored) is str and stored[-1:].isdigit():
            try:
                number = _read_decimal(stored)
            except (ValueError, ArithmeticError):
                return stored
            return number if decimal_text(number) == stored else stored  # "1_0" is a text, though Decimal takes it
        return stored

    if kinds == [Decimal]:
        return read_exact
    return read_figure if kinds[0] is Decimal else _as_stored
