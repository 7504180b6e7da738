"""Breaches of group G."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.case import Case
from domain.money import ZERO
from policies.breaches.case import EVERYTHING_LOST, Breach, with_account, with_performance


def _poor(case: Case, limits: Mapping[str, Any]) -> Case:
    return with_performance(
        with_account(case, equity=ZERO), day_start_equity=EVERYTHING_LOST, peak_equity=EVERYTHING_LOST
    )


BREACHES: Mapping[str, Breach] = {
    "G1": _poor,
    "G1_abs": _poor,
    "G3_soft": _poor,
    "G3": _poor,
}
