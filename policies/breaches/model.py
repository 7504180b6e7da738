"""Breaches of group H."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.case import Case, Provenance, TextUsed, Usage
from domain.ids import Ref
from domain.money import ONE, ZERO
from policies.breaches.case import Breach, with_proposal

BEYOND_ALL = 2 * ONE
"""A dispersion no limit allows: shares end at one."""


def _against_the_signal(case: Case, limits: Mapping[str, Any]) -> Case | None:
    return with_proposal(case, signal_direction=-case.order.side.sign) if limits["require_signal_agreement"] else None


def _uncalibrated(case: Case, limits: Mapping[str, Any]) -> Case | None:
    return with_proposal(case, calibrated=None) if limits["require_calibration"] else None


def _misled(case: Case, limits: Mapping[str, Any]) -> Case | None:
    text = TextUsed(Ref("news.1@SELF"), case.now, case.now, stored=True, suspicious=True)
    return with_proposal(case, texts=(text,)) if limits["forbid_suspicious_texts"] else None


def _unlisted(names: frozenset[str]) -> dict[str, str]:
    # longer than every name on the list and without a colon, so that no part of it is on the list
    return {"decider": "?" + "".join(sorted(names)).replace(":", ".")}


def _unreleased_model(case: Case, limits: Mapping[str, Any]) -> Case:
    return with_proposal(case, provenance=Provenance("self-test", "", _unlisted(limits["released_models"]), {}))


def _unreleased_prompt(case: Case, limits: Mapping[str, Any]) -> Case:
    return with_proposal(case, provenance=Provenance("self-test", "", {}, _unlisted(limits["released_prompts"])))


def _spent(case: Case, limits: Mapping[str, Any]) -> Case:
    """More than any of the budgets the policy sets."""
    names = ("max_calls_per_cycle", "max_tokens_per_cycle", "max_tokens_per_day")
    calls, cycle, day = (int(limits.get(name, ZERO)) + 1 for name in names)
    return with_proposal(case, usage=Usage(calls, cycle, day, limits.get("max_model_cost_per_day", ZERO) + ONE))


BREACHES: Mapping[str, Breach] = {
    "H1": lambda case, limits: with_proposal(case, schema_valid=False),
    "H2": lambda case, limits: with_proposal(case, cited=(Ref("invented@NOWHERE"),)),
    "H3": lambda case, limits: with_proposal(case, confidence=None),
    "H3_calibration": _uncalibrated,
    "H4": lambda case, limits: with_proposal(case, dispersion=BEYOND_ALL),
    "H5": _against_the_signal,
    "H6": lambda case, limits: with_proposal(case, evidence_digest_now="changed"),
    "H7": _misled,
    "H8": _unreleased_model,
    "H8_prompts": _unreleased_prompt,
    "H9": _spent,
    "H9_tokens": _spent,
    "H9_day": _spent,
    "H9_cost": _spent,
    "H10": lambda case, limits: with_proposal(case, inspected_qty=None),
}
