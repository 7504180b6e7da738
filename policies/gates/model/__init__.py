"""Group H: its gates, in the order in which their verdicts are listed."""

from __future__ import annotations

from policies.gate import Gate
from policies.gates.model import (
    budget,
    calibration,
    confidence,
    disagreement,
    freshness,
    grounding,
    released,
    schema,
    signal_agreement,
    suspicious_texts,
    tighten_only,
)

GATES: tuple[Gate, ...] = (
    schema.GATE,
    grounding.GATE,
    confidence.GATE,
    calibration.GATE,
    disagreement.GATE,
    signal_agreement.GATE,
    freshness.GATE,
    suspicious_texts.GATE,
    released.GATE,
    released.PROMPTS_GATE,
    budget.CALLS_GATE,
    budget.TOKENS_GATE,
    budget.DAY_GATE,
    budget.COST_GATE,
    tighten_only.GATE,
)
