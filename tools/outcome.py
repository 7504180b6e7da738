"""What became of a decision as evidence: the verdicts, the order and its fills."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from domain.evidence import Evidence, Value
from domain.market import Symbol
from domain.money import ZERO
from domain.orders import Fill, Order
from domain.verdicts import Evaluation, Figure, Verdict
from policies.codes import meaning_of
from policies.gates.catalogue import BY_ID
from tools.tool import figure

GATE_NAMES: tuple[str, ...] = tuple(gate.name for gate in BY_ID.values())
"""How gates are called in ``gate.<id>.name``."""

_FINEST_PRICE = Decimal("0.000001")


def gate_evidence(symbol: Symbol, evaluation: Evaluation, *, at: datetime) -> tuple[Evidence, ...]:
    """``gate.<id>.name``, ``.reason`` of each gate; ``.limit``, ``.value``, ``.margin`` where it measured something."""
    return tuple(
        figure(f"gate.{verdict.gate}.{name}", value, unit, source="gates", at=at, symbol=symbol)
        for verdict in evaluation.verdicts
        for name, value, unit in _told(verdict)
    )


def _told(verdict: Verdict) -> Iterator[tuple[str, Figure, str]]:
    gate = BY_ID[verdict.gate]
    yield "name", gate.name, "text"
    yield "reason", meaning_of(verdict.code).rstrip("."), "text"
    if verdict.value is not None:
        for name, value in (("limit", verdict.limit), ("value", verdict.value), ("margin", verdict.margin)):
            yield (
                name,
                value,
                gate.unit if isinstance(value, (int, Decimal)) and not isinstance(value, bool) else "text",
            )


def order_evidence(order: Order, fills: Sequence[Fill]) -> tuple[Evidence, ...]:
    """``order.*`` as last updated and, once something was filled, ``fill.*``: sums, and the mean price."""
    asked = (("order.qty", order.qty, "shares"), ("order.limit", order.limit_price, "USD"))
    placed = tuple(
        figure(name, value, unit, source="orders", at=order.updated_at, symbol=order.symbol)
        for name, value, unit in asked
    )
    return (*placed, *_filled(order.symbol, fills)) if fills else placed


def _filled(symbol: Symbol, fills: Sequence[Fill]) -> tuple[Evidence, ...]:
    qty = sum((fill.qty for fill in fills), ZERO)
    paid = sum((fill.qty * fill.price for fill in fills), ZERO)
    figures: tuple[tuple[str, Value, str], ...] = (
        ("fill.qty", qty, "shares"),
        ("fill.price", (paid / qty).quantize(_FINEST_PRICE), "USD"),
        ("fill.commission", sum((fill.commission for fill in fills), ZERO), "USD"),
    )
    at = max(fill.at for fill in fills)
    return tuple(figure(name, value, unit, source="broker", at=at, symbol=symbol) for name, value, unit in figures)
