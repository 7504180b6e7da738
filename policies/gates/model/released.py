"""H8 released models and H8_prompts: only what has passed its evaluation speaks about money.

With ``["hosted:gpt-5", "rules"]`` released, a proposal by ``hosted:gpt-5`` and ``rules:rules`` passes: a model
is matched by its full name or by the part before the colon, its origin. One by ``hosted:gpt-5-mini`` does not. A prompt
is matched by the digest of its file. A proposal that does not say who spoke is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from domain.case import Case
from domain.orders import Origin
from policies.codes import ReasonCode
from policies.gate import NO_OBJECTION, Answer, Gate, Reads, Scope, denied
from policies.gates.model.record import unrecorded
from policies.measures.worst_case import WorstCase

AGENT = Origin.AGENT
MODEL_NOT_RELEASED = ReasonCode.MODEL_NOT_RELEASED
PROMPT_NOT_RELEASED = ReasonCode.PROMPT_NOT_RELEASED


@dataclass(frozen=True, slots=True)
class ModelLimits:
    """Names of models, or of their origins."""

    released_models: frozenset[str]


@dataclass(frozen=True, slots=True)
class PromptLimits:
    """Digests of prompt files."""

    released_prompts: frozenset[str]


def check_models(case: Case, worst: WorstCase, limits: ModelLimits) -> Answer:
    """PASS while every model is on the list."""
    if case.proposal is None or case.order.origin is not AGENT:
        return unrecorded("H8", case)
    provenance = case.proposal.provenance
    models = {} if provenance is None else provenance.models
    listed = limits.released_models
    released = {role: name in listed or name.partition(":")[0] in listed for role, name in models.items()}
    return _all_listed("H8", MODEL_NOT_RELEASED, models, released)


def check_prompts(case: Case, worst: WorstCase, limits: PromptLimits) -> Answer:
    """PASS while every prompt is on the list."""
    if case.proposal is None or case.order.origin is not AGENT:
        return unrecorded("H8_prompts", case)
    provenance = case.proposal.provenance
    prompts = {} if provenance is None else provenance.prompts
    released = {role: digest in limits.released_prompts for role, digest in prompts.items()}
    return _all_listed("H8_prompts", PROMPT_NOT_RELEASED, prompts, released)


def _all_listed(gate: str, code: ReasonCode, used: Mapping[str, str], released: Mapping[str, bool]) -> Answer:
    # Asked by itself: `all` is true of nothing.
    if not used:
        return denied(gate, ReasonCode.PROVENANCE_MISSING)
    if all(released.values()):
        return NO_OBJECTION
    others = [role for role in sorted(used) if not released[role]]
    return denied(gate, code, value=used[others[0]], note=", ".join(others))


GATE = Gate("H8", "released models", Scope.NEW_EXPOSURE, ("proposal",), ModelLimits, check_models, reads=Reads.SUBJECT)
PROMPTS_GATE = Gate(
    "H8_prompts",
    "released prompts",
    Scope.NEW_EXPOSURE,
    ("proposal",),
    PromptLimits,
    check_prompts,
    reads=Reads.SUBJECT,
)
