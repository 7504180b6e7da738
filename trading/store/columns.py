"""Column types that give back on every database what was put in: aware times, exact Decimals, canonical JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import DateTime, Dialect, Numeric, Text, TypeDecorator
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import TypeEngine

from domain.clock import in_utc
from domain.record.canonical import canonical_json, decimal_text


class UtcTime(TypeDecorator[datetime]):
    """An aware time in UTC. SQLite has no zones: there it is text of fixed width, which also sorts."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Text on SQLite, a time with zone elsewhere."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Refuse a time without zone, store UTC."""
        if value is None:
            return None
        moment = in_utc(value)
        return moment.isoformat(timespec="microseconds") if dialect.name == "sqlite" else moment

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Back to an aware time in UTC."""
        if value is None:
            return None
        return (datetime.fromisoformat(value) if isinstance(value, str) else value).astimezone(UTC)


class ExactDecimal(TypeDecorator[Decimal]):
    """A Decimal without loss: NUMERIC of any scale where the database has it, canonical text on SQLite."""

    impl = Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Text on SQLite, which would turn a number into a float."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else Numeric())

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        """Canonical text or the Decimal of it; NaN and infinities are refused."""
        if value is None:
            return None
        # Through the canonical text on both: 1.50 and 1.5 come back as one value, with one hash.
        text = decimal_text(value)
        return text if dialect.name == "sqlite" else Decimal(text)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """Back to the Decimal."""
        return None if value is None else Decimal(value)


class CanonicalJson(TypeDecorator[Any]):
    """A value in canonical form, stored as text so that a hash over it can be taken again."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """The one text of the value."""
        return None if value is None else canonical_json(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Plain JSON types; ``domain.record.canonical.restore`` makes values of them."""
        return None if value is None else json.loads(value)


class ExactSum(GenericFunction[Decimal]):
    """``func.exact_sum``: the sum of an exact column without leaving Decimal; None over no rows."""

    name = "exact_sum"
    type = ExactDecimal()
    inherit_cache = True


@compiles(ExactSum, "postgresql")
def _native_sum(element: ExactSum, compiler: SQLCompiler, **given: Any) -> str:
    return f"sum({compiler.process(element.clauses, **given)})"


class TextSum:
    """The same on SQLite, whose own sum would go through floats: an aggregate over canonical texts."""

    def __init__(self) -> None:
        self._total: Decimal | None = None

    def step(self, value: str) -> None:
        """One more row."""
        self._total = Decimal(value) if self._total is None else self._total + Decimal(value)

    def finalize(self) -> str | None:
        """The sum as text."""
        return None if self._total is None else decimal_text(self._total)
