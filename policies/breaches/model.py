"""Breaches of group H."""

from __future__ import annotations

from collections.abc import Mapping

from domain.ids import Ref
from policies.breaches.case import Breach, with_proposal

BREACHES: Mapping[str, Breach] = {
    "H1": lambda case, limits: with_proposal(case, schema_valid=False),
    "H2": lambda case, limits: with_proposal(case, cited=(Ref("invented@NOWHERE"),)),
    "H3": lambda case, limits: with_proposal(case, confidence=None),
    "H6": lambda case, limits: with_proposal(case, evidence_digest_now="changed"),
    "H10": lambda case, limits: with_proposal(case, inspected_qty=None),
}
