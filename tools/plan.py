"""One candidate's plan as evidence: what it would buy or sell, where it is protected, what it risks."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from domain.evidence import Evidence, Value
from domain.money import cents, rounded
from domain.signals import TradeCandidate
from tools.tool import figure


def plan_evidence(candidate: TradeCandidate, *, as_of: datetime) -> tuple[Evidence, ...]:
    """``plan.*@SYM``; stop, target, risk and reward are None for exits. Money in the instrument's currency."""
    entry, stop, target = candidate.entry_price, candidate.stop_loss, candidate.take_profit
    risk = None if stop is None else abs(entry - stop)
    figures: tuple[tuple[str, Value, str], ...] = (
        ("plan.qty", candidate.qty, "shares"),
        ("plan.entry", entry, "USD"),
        ("plan.stop", stop, "USD"),
        ("plan.target", target, "USD"),
        ("plan.notional", cents(candidate.qty * entry), "USD"),
        ("plan.risk", None if risk is None else cents(candidate.qty * risk), "USD"),
        ("plan.reward_risk", _reward_risk(entry, risk, target), "ratio"),
    )
    return tuple(
        figure(name, value, unit, source=candidate.strategy, at=as_of, symbol=candidate.symbol)
        for name, value, unit in figures
    )


def _reward_risk(entry: Decimal, risk: Decimal | None, target: Decimal | None) -> Decimal | None:
    """Distance of the target in distances of the stop: entry 100, stop 95, target 110 -> 2."""
    return None if risk is None or risk == 0 or target is None else rounded(float(abs(target - entry) / risk))
