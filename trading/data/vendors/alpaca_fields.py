"""The fields of Alpaca's answers: what must be there or is an error, and what may be missing and is then unknown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from domain.clock import parse_time
from domain.errors import DataQualityError
from trading.data.vendors.wire import figure

Raw = Mapping[str, Any]
# Only what the door of ``domain.money`` is too narrow for: more than twelve decimals, and no other liberty.
_LONG_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,17})\.[0-9]{13,40}", re.ASCII)
_FINEST = Decimal("1e-12")


def mapping(raw: object, what: str) -> Raw:
    """A JSON object."""
    if not isinstance(raw, dict):
        raise DataQualityError(f"Alpaca's {what} is no object", "Look at the source.")
    return raw


def word(raw: Raw, name: str) -> str:
    """A text that must be there."""
    told = raw.get(name)
    if not isinstance(told, str) or not told.strip():
        raise DataQualityError(f"Alpaca's answer has no {name}", "Look at the source.")
    return told.strip()


def number(raw: Raw, name: str) -> Decimal:
    """A number that must be there, to twelve decimals: averages of fractional trades come with sixteen."""
    told = raw.get(name)
    if isinstance(told, str) and _LONG_NUMBER.fullmatch(told):
        return Decimal(told).quantize(_FINEST)
    return figure(told, f"Alpaca's {name}")


def optional(raw: Raw, name: str) -> Decimal | None:
    """A number, or None where Alpaca does not tell it."""
    # Alpaca's objects have all three, null, blank and missing, for what is not known.
    return None if raw.get(name) in (None, "") else number(raw, name)


def moment(raw: Raw, name: str) -> datetime:
    """A time in UTC, to the microsecond."""
    return parse_time(word(raw, name), name=f"Alpaca's {name}")


def flag(raw: Raw, name: str) -> bool | None:
    """Yes or no, or None where Alpaca does not tell it."""
    told = raw.get(name)
    if told is not None and not isinstance(told, bool):
        raise DataQualityError(f"Alpaca's {name} is neither true nor false", "Look at the source.")
    return told
