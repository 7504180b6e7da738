"""Group H: its gates, in the order in which their verdicts are listed."""

from __future__ import annotations

from policies.gate import Gate
from policies.gates.model import confidence, freshness, grounding, schema, tighten_only

GATES: tuple[Gate, ...] = (
    schema.GATE,
    grounding.GATE,
    confidence.GATE,
    freshness.GATE,
    tighten_only.GATE,
)
