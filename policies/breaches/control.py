"""Breaches of group A."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from domain.case import Approval, Case, Mode, Pause, TradingState
from policies.breaches.case import DAY, Breach, with_account, with_control, with_proposal


def _unapproved(case: Case, limits: Mapping[str, Any]) -> Case:
    return replace(case, approval=Approval("", "another order", case.now, case.now))


def _other_prompts(case: Case, limits: Mapping[str, Any]) -> Case | None:
    if case.release is None or not limits["require_same_release"]:
        return None
    return replace(case, release=replace(case.release, prompts="changed"))


def _of_nobody(case: Case, limits: Mapping[str, Any]) -> Case | None:
    return with_proposal(case, provenance=None) if limits["require_provenance"] else None


BREACHES: Mapping[str, Breach] = {
    "A1": lambda case, limits: with_control(case, kill_switch=True),
    "A2": lambda case, limits: with_control(case, mode=Mode.OFF),
    "A3": lambda case, limits: with_control(case, pauses=(Pause("global", "", case.now, "self-test"),)),
    "A4": lambda case, limits: with_control(case, trading_state=TradingState.HALTED),
    "A5": _other_prompts,
    "A6": lambda case, limits: with_account(case, trading_blocked=True),
    "A6_age": lambda case, limits: with_account(case, as_of=case.now + DAY),
    "A7": lambda case, limits: with_control(case, reconciled_at=None),
    "A8": lambda case, limits: with_control(case, broker_time=None),
    "A9": _of_nobody,
    "A10": _unapproved,
}
