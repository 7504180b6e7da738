"""A view as figures with names: what a conversation may refer to, and nothing else of it.

    PnlView(equity=..., day_pnl=...)       pnl.equity  pnl.day_pnl
    PositionsView((PositionView("NIMBO", qty=46), ...))     positions.1.qty@NIMBO

Names come from our own views and from symbols that are spelled like symbols; texts from outside are values, and a
value never becomes a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from itertools import islice
from typing import Any

from domain.evidence import Evidence, Value
from domain.ids import Ref
from domain.market import Symbol

MOST = 150
LONGEST_TEXT = 240
DEEPEST = 5
SOURCE = "records"
_NAME = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
_SYMBOL = re.compile(r"[A-Z0-9./-]{1,15}", re.ASCII)
_MONEY = re.compile(r"(equity|cash|pnl|pnl_day|price|notional|commission|cost_usd|stop_loss|take_profit)$")
_STATED = ("limit", "value", "margin")
"""Figures whose unit stands beside them."""
UNITS = ("USD", "shares", "pct", "hours", "seconds", "days", "count")
_SHARES = re.compile(r"(^|_)qty$")


def figures_of(view: Any, name: str, at: datetime) -> tuple[Evidence, ...]:
    """The first figures of a view, in the order of its fields; what is not known has no figure."""
    return tuple(islice(_walk(view, name, "", at, 0), MOST))


def _walk(value: Any, path: str, symbol: str, at: datetime, depth: int) -> Iterator[Evidence]:
    if depth > DEEPEST or value is None:
        return
    if is_dataclass(value) and not isinstance(value, type):
        inside = {each.name: getattr(value, each.name) for each in fields(value)}
        yield from _members(inside, path, symbol, at, depth)
    elif isinstance(value, Mapping):
        yield from _members(value, path, symbol, at, depth)
    # Before sequences: a NamedTuple is one too, and its places say less than its names.
    elif isinstance(value, tuple) and hasattr(value, "_asdict"):
        yield from _members(value._asdict(), path, symbol, at, depth)
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for number, each in enumerate(value, start=1):
            yield from _walk(each, f"{path}.{number}", symbol, at, depth + 1)
    else:
        yield from _figure(value, path, symbol, at)


def _members(inside: Mapping[Any, Any], path: str, symbol: str, at: datetime, depth: int) -> Iterator[Evidence]:
    named, unit = inside.get("symbol"), inside.get("unit")
    # The symbol of a whole view is what it was asked about; that of a row is what the row is about.
    own = named if depth > 0 and isinstance(named, str) and _SYMBOL.fullmatch(named) else symbol
    for key, each in inside.items():
        if not isinstance(key, str) or not _NAME.fullmatch(key) or "digest" in key:
            continue
        deeper = path if key == path else f"{path}.{key}"  # positions.positions.1 says no more than positions.1
        for item in _walk(each, deeper, own, at, depth + 1):
            stated = key in _STATED and isinstance(unit, str) and item.unit != "text"
            yield replace(item, unit=unit if unit in UNITS else "count") if stated else item


def _figure(value: Any, path: str, symbol: str, at: datetime) -> Iterator[Evidence]:
    told = _told(value)
    if told is None or told == "":
        return
    ref = Ref(f"{path}@{symbol}" if symbol else path)
    unit = _unit(path.rpartition(".")[2], told)
    yield Evidence(ref, told, unit, SOURCE, at, at, Symbol(symbol) if symbol else None)


def _told(value: Any) -> Value:
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return Decimal(str(round(value, 6)))
    if isinstance(value, str):
        return "".join(each if each.isprintable() else " " for each in value)[:LONGEST_TEXT]
    return value if isinstance(value, bool | int | Decimal) else None


def _unit(name: str, value: Value) -> str:
    if isinstance(value, str | bool):
        return "text"
    if name.endswith("_pct"):
        return "pct"
    if _SHARES.search(name):
        return "shares"
    if name.endswith("_s"):
        return "seconds"
    return "USD" if _MONEY.search(name) and isinstance(value, Decimal) else "count"
