"""A what-if case read strictly: every value is what its kind says, or the whole line is unreadable.

Numbers become ``Fraction``, so that 0.1 + 0.2 == 0.3 and a limit that is met to the cent is met. ASCII digits only,
at most fifteen before the point and twelve behind it: NaN, 1e308, full-width digits, booleans, lists and 400-digit
integers never reach the arithmetic.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from evals.gates.oracle import schema

_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,12})?", re.ASCII)
_SYMBOL = re.compile(r"[A-Z][A-Z0-9]{0,9}([./-][A-Z0-9]{1,5})?", re.ASCII)
_LARGEST_COUNT = 10**12


class Unreadable(Exception):
    """The line is no case; it is denied as a whole."""


class Misnamed(Unreadable):
    """A field that no case has."""


@dataclass(frozen=True, slots=True)
class View:
    """One case with its defaults filled in. Tables are plain dicts; None, or an absent key, is unknown."""

    now: datetime
    limits: dict[str, Any]
    control: dict[str, Any]
    account: dict[str, Any]
    positions: dict[str, dict[str, Any]]
    working: list[dict[str, Any]]
    recent: list[dict[str, Any]]
    market: dict[str, dict[str, Any]]
    order: dict[str, Any]
    qty: Fraction
    top: dict[str, Any]
    proposal: dict[str, Any] | None


def read(case: object) -> View:
    """The case as values, or ``Unreadable``."""
    top = _table(case, schema.CASE, "case")
    missing = [name for name in ("clock", "limits", "account", "order", "market") if top.get(name) is None]
    if missing:
        raise Unreadable(f"missing: {missing}")
    now, order = top["clock"], top["order"]
    wanted = ("decision_id", "symbol", "side", "qty", "type", "tif", "created_at", "currency")
    if any(order.get(name) is None for name in wanted):
        raise Unreadable("the order is not whole")
    working = [each for each in top.get("open_orders") or [] if each.get("status") not in schema.OVER]
    return View(
        now=now,
        limits={name: value for name, value in top["limits"].items() if value is not None},
        control=_control(top, now),
        account={"paper": True, "trading_blocked": False, **top["account"]},
        positions=top.get("positions") or {},
        working=working,
        recent=top.get("recent_orders") or [],
        market={name: _symbol(each) for name, each in top["market"].items()},
        order=_order(top),
        qty=order["qty"],
        top=top,
        proposal=_proposal(top, now),
    )


def _control(top: dict[str, Any], now: datetime) -> dict[str, Any]:
    given = top.get("control") or {}
    reconciled = now if top["account"].get("broker_reconciled") else None
    start = {"mode": "auto", "paused": [], "readable": True, "ramp": Fraction(1), "mismatched": []}
    return {**start, "broker_time": now, "reconciled_at": reconciled, **given}


def _symbol(given: dict[str, Any]) -> dict[str, Any]:
    plain = {"shortable": True, "fractionable": True, "asset_class": "equity", "bar_fault": ""}
    dated = {"last_bar_end": given.get("ts"), "events": [], "event_kinds": ["earnings"]}
    return {**plain, **dated, **given}


def _order(top: dict[str, Any]) -> dict[str, Any]:
    order = dict(top["order"])
    order["origin"] = order.get("origin") or ("agent" if top.get("proposal") is not None else "manual")
    order["strategy"] = order.get("strategy") or "case"
    triggered = order["type"] in {"stop", "stop_limit", "trailing_stop"}
    bare = triggered and order.get("trigger_price") is None
    order["trigger"] = order.get("stop_price") if bare else order.get("trigger_price")
    order["stop_loss"] = None if bare else order.get("stop_price")
    return order


def _proposal(top: dict[str, Any], now: datetime) -> dict[str, Any] | None:
    given, order = top.get("proposal"), top["order"]
    if given is None and order.get("confidence") is None:
        return None
    given = given or {}
    candidate = given.get("candidate_qty", order["qty"])
    advised = given.get("advised_qty", candidate)
    start = {
        "asked_symbol": order["symbol"], "schema_valid": True, "cited": [], "known": [], "evidence_as_of": now,
        "decided_at": now, "evidence_digest": "e", "evidence_digest_now": "e", "needs_approval": False,
        "override_reason": "", "confidence": order.get("confidence"),
    }  # fmt: skip
    return {**start, "inspected_qty": advised, **given, "candidate_qty": candidate, "advised_qty": advised}


def _table(value: object, shape: dict[str, Any], where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Unreadable(f"{where} is no table")
    if "*" in shape:
        return {name: _value(each, shape["*"], f"{where}.{name}") for name, each in value.items()}
    unknown = [name for name in value if name not in shape]
    if unknown:
        raise Misnamed(f"{where}: unknown {unknown}")
    # A limit is a limit: null, or less than nothing, is no policy.
    bounded = shape is schema.LIMITS
    return {name: _limit(each, shape[name], name) if bounded else _value(each, shape[name], name)
            for name, each in value.items()}  # fmt: skip


def _limit(value: object, kind: Any, where: str) -> Any:
    read_value = _value(value, kind, where)
    if read_value is None or (isinstance(read_value, Fraction | int) and read_value < 0):
        raise Unreadable(f"{where}: {value!r} is no limit")
    return read_value


def _value(value: object, kind: Any, where: str) -> Any:
    if value is None:
        return None
    if isinstance(kind, dict):
        return _table(value, kind, where)
    if isinstance(kind, list):
        if not isinstance(value, list):
            raise Unreadable(f"{where} is no list")
        return [_table(each, kind[0], where) for each in value]
    return _scalar(value, kind, where)


def _scalar(value: object, kind: str, where: str) -> Any:
    try:
        return _READERS[kind](value) if kind in _READERS else _name(value, kind)
    except ValueError as wrong:
        raise Unreadable(f"{where}: {value!r} is no {kind}") from wrong


def _name(value: object, kind: str) -> str:
    if not isinstance(value, str) or value not in schema.NAMES[kind]:
        raise ValueError(value)
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(value)
    return value


def _number(value: object) -> Fraction:
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        raise ValueError(value)
    return Fraction(value)


def _count(value: object) -> int:
    # Minus one is a direction of a signal; as a limit it is refused like every negative one.
    if isinstance(value, bool) or not isinstance(value, int) or not -1 <= value <= _LARGEST_COUNT:
        raise ValueError(value)
    return value


def _time(value: object) -> datetime:
    at = datetime.fromisoformat(_text(value))
    if at.tzinfo is None:
        raise ValueError(value)
    return at


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(value)
    return value


def _texts(value: object) -> list[str]:
    if not isinstance(value, list):
        raise ValueError(value)
    return [_text(each) for each in value]


def _listing(value: object) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise ValueError(value)
    rows = [each if isinstance(each, dict) else {"symbol": _text(each)} for each in value]
    return [{"symbol": _text(each["symbol"]), "until": _time(each["until"]) if "until" in each else None}
            for each in rows]  # fmt: skip


def _ticker(value: object) -> str:
    name = _text(value).upper() if str(value).isascii() else ""
    if not _SYMBOL.fullmatch(name) or len(name) > 15:
        raise ValueError(value)
    return name


def _status(value: object) -> str:
    name = _text(value).lower()
    if name not in schema.STATUSES:
        raise ValueError(value)
    return name


_READERS: dict[str, Any] = {
    "text": _text, "num": _number, "count": _count, "time": _time, "flag": _flag, "texts": _texts, "status": _status,
    "listing": _listing, "symbol": _ticker, "date": lambda value: date.fromisoformat(_text(value)),
}  # fmt: skip
