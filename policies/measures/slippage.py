"""How far beyond the touch a policy lets an order pay: what is sent, and the room that the agents are told of."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from domain.money import HUNDRED

SLIPPAGE = Decimal("0.002")
"""A share of the price, where the policy sets none."""


def slippage_of(limits: Mapping[str, Any]) -> Decimal:
    """``market_slippage_pct`` as a share of the price."""
    told = limits.get("market_slippage_pct")
    return SLIPPAGE if told is None else Decimal(told) / HUNDRED
