"""The members of one JSON object, read by name and kind, and a complaint that says where.

    account = Fields({"equity": "100000", "cash": null}, "account")
    account.number("equity") -> Decimal("100000");  account.number("cash") -> None;  account.close()

Absent and null both mean that nobody knows; a default given by the reader stands in for what is absent, never for null.
NaN and the infinities, as words, are figures that nobody knows. Everything else that is not what the field takes is
refused with its path: a float, a bool for a number, digits of other scripts, an exponent, a time without a zone.
``close`` refuses the keys that no reader has asked for, so a misspelt limit cannot pass for one that is not set.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from domain.clock import parse_time
from domain.errors import DataQualityError
from domain.market import Symbol, parse_symbol
from domain.money import ZERO, decimal_of

W = TypeVar("W", bound=StrEnum)
V = TypeVar("V")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""The time of what carries none: older than any age that a limit allows."""
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
LONGEST_TEXT = 200
_SHOWN = 60
NAN = Decimal("NaN")

_NOT_FINITE = re.compile(r"[+-]?(s?nan|inf|infinity)", re.ASCII | re.IGNORECASE)
_ANY_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,29})(\.[0-9]{1,18})?", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


class Fields:
    """One object of a case, and where it stands; nothing is ever said of the place of an empty one."""

    def __init__(self, raw: Any, path: str = "") -> None:
        if not isinstance(raw, dict):
            raise refused(path, raw, "an object")
        self._raw: dict[str, Any] = raw
        self._path = path
        self._asked: set[str] = set()

    def has(self, name: str) -> bool:
        """True where the key stands, null included."""
        return name in self._raw

    def raw(self, name: str) -> Any:
        """The value as the parser left it, None where there is none."""
        self._asked.add(name)
        return self._raw.get(name)

    def path(self, name: str) -> str:
        """Where a member stands: ``account.equity``."""
        return f"{self._path}.{name}" if self._path else name

    def number(self, name: str, default: Decimal | None = None) -> Decimal | None:
        """A plain finite number; None is unknown."""
        return self._read(name, _number, default)

    def amount(self, name: str, default: Decimal | None = None) -> Decimal | None:
        """A number that cannot be negative, such as a price that was sent or an average volume."""
        found = self.number(name, default)
        if found is not None and found < ZERO:
            raise refused(self.path(name), self._raw[name], "a number that is not negative")
        return found

    def figure(self, name: str) -> Decimal | None:
        """A figure of the order itself, for the gates to judge: negative, zero, NaN and infinite ones come through."""
        return self._read(name, _any_number, None)

    def count(self, name: str, default: int | None = None) -> int | None:
        """A whole number from zero up."""
        found = self.amount(name)
        if found is not None and found % 1 != ZERO:
            raise refused(self.path(name), self._raw[name], "a whole number")
        return default if not self.has(name) else None if found is None else int(found)

    def flag(self, name: str, default: bool | None = None) -> bool | None:
        """True, false or unknown."""
        return self._read(name, _flag, default)

    def text(self, name: str, default: str = "") -> str:
        """A text; unknown is the default."""
        found = self._read(name, text_of, default)
        return default if found is None else found

    def moment(self, name: str, default: datetime | None = None) -> datetime | None:
        """A time with its zone."""
        return self._read(name, _moment, default)

    def day(self, name: str) -> date | None:
        """A date."""
        return self._read(name, _day, None)

    def word(self, name: str, words: type[W], default: W | None = None) -> W | None:
        """A word of a closed set, in whatever case."""
        return self._read(name, lambda value, path: word_of(value, path, words), default)

    def symbol(self, name: str) -> Symbol:
        """The name of an instrument."""
        return symbol_of(self.raw(name), self.path(name))

    def inner(self, name: str) -> Fields | None:
        """An object inside; None where it is absent or null."""
        return self._read(name, Fields, None)

    def rows(self, name: str) -> tuple[Fields, ...]:
        """A list of objects; nothing there is an empty one."""
        return tuple(Fields(item, f"{self.path(name)}[{place}]") for place, item in enumerate(self._items(name)))

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts."""
        return tuple(text_of(item, f"{self.path(name)}[{place}]") for place, item in enumerate(self._items(name)))

    def mapping(self, name: str, read: Callable[[Any, str], V]) -> dict[str, V] | None:
        """An object whose keys are free, each value read by ``read``; None is unknown."""
        raw = self.raw(name)
        if raw is None:
            return None
        if not isinstance(raw, dict):
            raise refused(self.path(name), raw, "an object")
        return {key: read(value, f"{self.path(name)}.{key[:40]}") for key, value in raw.items()}

    def by_symbol(self, name: str, read: Callable[[Any, str], V]) -> dict[Symbol, V] | None:
        """The same by symbol; two spellings of one symbol are refused."""
        found = self.mapping(name, read)
        if found is None:
            return None
        named = {symbol_of(key, self.path(name)): value for key, value in found.items()}
        if len(named) != len(found):
            raise DataQualityError(f"{self.path(name)} names one symbol twice", "Write each symbol once.")
        return named

    def close(self) -> None:
        """Refuse what nobody asked for."""
        unknown = sorted(set(self._raw) - self._asked)
        if unknown:
            raise DataQualityError(
                f"{self.path(unknown[0][:60])!r} is not a field of a case", "Remove it or correct its name."
            )

    def _items(self, name: str) -> list[Any]:
        raw = self.raw(name)
        if raw is not None and not isinstance(raw, list):
            raise refused(self.path(name), raw, "a list")
        return raw or []

    def _read(self, name: str, read: Callable[[Any, str], V | None], default: V | None) -> V | None:
        value = self.raw(name)
        if value is None:
            return None if self.has(name) else default
        return read(value, self.path(name))


def refused(path: str, value: Any, wanted: str) -> DataQualityError:
    """The complaint about one field."""
    shown = "missing" if value is None else str(value) if isinstance(value, bool) else repr(str(value)[:_SHOWN])
    return DataQualityError(f"{path} is {shown}", f"It takes {wanted}.")


def text_of(value: Any, path: str) -> str:
    """A text of bounded length."""
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise refused(path, value, f"a text of at most {LONGEST_TEXT} characters")
    return value


def word_of(value: Any, path: str, words: type[W]) -> W:
    """A member of a closed set."""
    name = text_of(value, path)
    # ASCII only: `lower` makes a plain k of the Kelvin sign.
    found = next((word for word in words if word.value.lower() == name.lower()), None) if name.isascii() else None
    if found is None:
        raise refused(path, value, f"one of {', '.join(words)}")
    return found


def symbol_of(value: Any, path: str) -> Symbol:
    """A ticker in its one spelling. A name that only looks like one is refused: what it holds would count nowhere."""
    try:
        return parse_symbol(text_of(value, path))
    except DataQualityError as error:
        raise refused(path, value, "a ticker") from error


def ordered_symbol_of(value: Any, path: str) -> Symbol:
    """The symbol of the order itself; a name that is none comes through as it is, for gate B1 to refuse."""
    name = text_of(value, path)
    try:
        return parse_symbol(name)
    except DataQualityError:
        return Symbol(name)


def count_of(value: Any, path: str) -> int:
    """A count in a mapping."""
    found = _number(value, path)
    if found is None or found < ZERO or found % 1 != ZERO:
        raise refused(path, value, "a whole number")
    return int(found)


def moment_of(value: Any, path: str) -> datetime:
    """A time in a mapping."""
    return _moment(value, path)


def decimals_of(value: Any, path: str) -> Decimal:
    """A finite number in a mapping."""
    found = _number(value, path)
    if found is None:
        raise refused(path, value, "a finite number")
    return found


def known(found: Mapping[Symbol, V | None] | None) -> dict[Symbol, V]:
    """A mapping without what is unknown."""
    return {} if found is None else {key: value for key, value in found.items() if value is not None}


def _number(value: Any, path: str) -> Decimal | None:
    if isinstance(value, str) and _NOT_FINITE.fullmatch(value):
        return None
    try:
        return decimal_of(value, name=path)
    except DataQualityError as error:
        raise refused(path, value, "a plain number in quotation marks, like '12.50'") from error


def _any_number(value: Any, path: str) -> Decimal | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, str) and (_ANY_NUMBER.fullmatch(value) or _NOT_FINITE.fullmatch(value)):
        return NAN if "nan" in value.lower() else Decimal(value)
    raise refused(path, value, "a plain number in quotation marks, like '12.50'")


def _flag(value: Any, path: str) -> bool:
    if not isinstance(value, bool):
        raise refused(path, value, "true or false")
    return value


def _moment(value: Any, path: str) -> datetime:
    text = text_of(value, path)
    try:
        moment = parse_time(text, name=path) if text.isascii() else None
    except (DataQualityError, OverflowError):
        moment = None
    if moment is None or not EPOCH <= moment < LATEST:
        raise refused(path, value, "a time with its zone, like 2026-03-17T15:00:00Z")
    return moment


def _day(value: Any, path: str) -> date:
    text = text_of(value, path)
    try:
        return date.fromisoformat(text if _DAY.fullmatch(text) else "")
    except ValueError as error:
        raise refused(path, value, "a date like 2026-03-17") from error
