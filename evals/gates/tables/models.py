"""Cases of group H: what the roles said, what it rests on, and what it cost."""

from __future__ import annotations

from typing import Any

from evals.gates.tables.base import AGENT, DROP, EXIT, ROLES, Row, ago, table

_APPROVAL = {"by": "owner", "order_digest": "MATCH", "at": ago(60), "price": "100.00"}
_YES = {"O/approval": _APPROVAL, "L/approval_ttl_s": "900"}
_TEXT = {"ref": "n1", "published_at": ago(3600), "first_seen_at": ago(3600), "stored": True, "suspicious": False}


def _used(limit: str, field: str, most: int) -> tuple[Row, ...]:
    kinds: dict[str, tuple[str, dict[str, Any]]] = {
        f"{field}_at_limit": ("P", {f"H/usage/{field}": most}), f"{field}_over": ("D", {f"H/usage/{field}": most + 1}),
        f"{field}_unknown": ("D", {"H/usage": None}),
    }  # fmt: skip
    return table("H9", {**AGENT, f"L/{limit}": most}, **kinds)


def _each(**roles: str) -> dict[str, Any]:
    return {**dict.fromkeys(ROLES, "openai:gpt-x"), **roles}


ROWS: tuple[Row, ...] = (
    *table("H1", AGENT, fine=("P", {}), other_symbol=("D", {"H/asked_symbol": "MSFT"}), schema=("D", {"H/schema_valid":
           False}), schema_text=("D", {"H/schema_valid": "true"}), extra_field=("D", {"H/reasoning": "because"}),
           homoglyph=("D", {"H/asked_symbol": "\u0410APL"})),
    *table("H2", AGENT, nothing_cited=("P", {"H/cited": []}), all_of_it=("P", {"H/cited": ["n1", "n2"]}),
            unknown_reference=("D", {"H/cited": ["n1", "n9"]}),
           nothing_known=("D", {"H/known": []})),
    *table("H2", {**AGENT, "L/quoted_price_tolerance_pct": "1"}, no_price=("P", {}), at_limit=("P", {"H/quoted_price":
           "101.00"}), one_cent_over=("D", {"H/quoted_price": "101.01"}), below_at_limit=("P", {"H/quoted_price":
           "99.00"}), below_over=("D", {"H/quoted_price": "98.99"}), invented=("D", {"H/quoted_price": "1000"}), zero=(
           "D", {"H/quoted_price": "0"}), not_a_number=("D", {"H/quoted_price": "NaN"})),
    *table("H3", {**AGENT, "L/min_confidence": "0.5"}, above=("P", {}), at_limit=("P", {"O/confidence": "0.5"}), below=(
           "D", {"O/confidence": "0.49"}), own_figure=("D", {"H/confidence": "0.3"}), missing=("D", {"O/confidence":
           None}), above_one=("D", {"O/confidence": "1.01"}), negative=("D", {"O/confidence": "-0.5"}), not_a_number=(
           "D", {"O/confidence": "NaN"}), certain=("P", {"O/confidence": "1"})),
    *table("H3", {"L/min_confidence": "0.5"}, bare_above=("P", {"O/confidence": "0.6"}), bare_at_limit=("P",
           {"O/confidence": "0.50"}), bare_below=("D", {"O/confidence": "0.49"}), exit_below=("P", {**EXIT,
           "O/confidence": "0.1"})),
    *table("H3", {**AGENT, "L/require_calibration": True}, calibrated=("P", {}), uncalibrated=("A", {"H/calibrated":
           None}), uncalibrated_paper=("P", {"H/calibrated": None, "C/mode": "paper"}), uncalibrated_approved=("P",
           {"H/calibrated": None, **_YES}), too_low=("D", {"L/min_confidence": "0.75"}), at_least=("P",
           {"L/min_confidence": "0.70"}), manual=("P", {"proposal": DROP, "O/confidence": None, "O/origin": "manual"})),
    *table("H4", {**AGENT, "L/max_disagreement": "0.25"}, agreed=("P", {}), at_limit=("P", {"H/candidate_qty": "160",
           "H/advised_qty": "140", "H/inspected_qty": "100"}), over=("A", {"H/candidate_qty": "160", "H/advised_qty":
           "141", "H/inspected_qty": "100"}), approved=("P", {"H/candidate_qty": "200", "H/inspected_qty": "100",
           **_YES}), dispersed_at=("P", {"H/dispersion": "0.25"}), dispersed=("A", {"H/dispersion": "0.26"}),
           inspector_missing=("D", {"H/inspected_qty": None}), denied_too=("D", {"H/dispersion": "0.9",
           "M/halted": True})),
    *table("H5", {**AGENT, "L/require_signal_agreement": True}, agrees=("P", {}), against=("D", {"H/signal_direction":
           -1}), flat=("D", {"H/signal_direction": 0}), against_with_reason=("A", {"H/signal_direction": -1,
           "H/override_reason": "takeover"}), reason_and_approval=("P", {"H/signal_direction": -1, "H/override_reason":
           "takeover", **_YES}), approval_without_reason=("D", {"H/signal_direction": -1, **_YES}), unknown=("D",
           {"H/signal_direction": None})),
    *table("H6", AGENT, same=("P", {"H/evidence_digest": "x", "H/evidence_digest_now": "x"}), changed=("D",
           {"H/evidence_digest_now": "x"})),
    *table("H6", {"L/max_signal_age_s": "1800"}, at_limit=("P", {"O/created_at": ago(1800)}), one_second_over=("D",
           {"O/created_at": ago(1801)}), future=("D", {"O/created_at": ago(-1)}), missing=("D", {"O/created_at":
           DROP}), no_zone=("D", {"O/created_at": "2026-03-17T14:59:00"}), exit_old=("P", {**EXIT, "O/created_at":
           ago(7200)}), evidence_at=("P", {**AGENT, "H/evidence_as_of": ago(1800)}), evidence_old=("D", {**AGENT,
           "H/evidence_as_of": ago(1801)}), evidence_future=("D", {**AGENT, "H/evidence_as_of": ago(-1)})),
    *table("H7", {**AGENT, "L/forbid_suspicious_texts": True}, clean=("P", {}), flagged=("A", {"H/texts": [{**_TEXT,
           "suspicious": True}]}), one_of_two=("A", {"H/texts": [_TEXT, {**_TEXT, "ref": "n2", "suspicious": True}]}),
           approved=("P", {"H/texts": [{**_TEXT, "suspicious": True}], **_YES}), unknown=("D", {"H/texts": None}),
           none=("P", {"H/texts": []}), flagged_and_halted=("D", {"H/texts": [{**_TEXT, "suspicious": True}],
           "M/halted": True})),
    *table("H8", {**AGENT, "L/released_models": ["openai:gpt-x"]}, released=("P", {}), other=("D",
           {"H/provenance/models": _each(inspector="openai:gpt-y")}), family=("P", {"L/released_models": ["openai"]}),
           empty=("D", {"L/released_models": []}), unknown=("D", {"H/provenance": None}), exit=("P", {**EXIT,
           "O/origin": "manual", "proposal": DROP, "O/confidence": None})),
    *table("H8", {**AGENT, "L/released_prompts": ["p1", "p2"]}, prompts=("P", {}), other_prompt=("D",
           {"H/provenance/prompts": _each(advisor="p1", inspector="p1", decider="p9")}), prompts_unknown=("D",
           {"H/provenance": None})),
    *_used("max_calls_per_cycle", "calls_cycle", 30), *_used("max_tokens_per_cycle", "tokens_cycle", 60000),
    *_used("max_tokens_per_day", "tokens_day", 900000),
    *table("H9", {**AGENT, "L/max_model_cost_per_day": "5.00"}, cost_at_limit=("P", {"H/usage/cost_day": "5.00"}),
           cost_over=("D", {"H/usage/cost_day": "5.01"}), cost_unknown=("D", {"H/usage": None}), cost_manual=("P",
           {"proposal": DROP, "O/confidence": None, "O/origin": "manual"})),
    *table("H10", AGENT, equal=("P", {}), tightened=("P", {"O/qty": "60", "H/candidate_qty": "100", "H/advised_qty":
           "80", "H/inspected_qty": "60"}), above_inspected=("D", {"H/candidate_qty": "100", "H/inspected_qty": "99"}),
           inspector_enlarges=("D", {"H/candidate_qty": "200", "H/advised_qty": "120", "H/inspected_qty": "150"}),
           advisor_enlarges=("D", {"H/candidate_qty": "100", "H/advised_qty": "120", "H/inspected_qty": "100"}),
           inspector_missing=("D", {"H/inspected_qty": None}), advisor_missing=("D", {"H/advised_qty": None,
           "H/inspected_qty": "100"}), candidate_missing=("D", {"H/candidate_qty": None, "H/advised_qty": "100",
           "H/inspected_qty": "100"})),
)  # fmt: skip
