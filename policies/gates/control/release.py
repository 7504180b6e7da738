"""A5 release: entries need this process to run exactly the code, policy and prompts that the owner put in force.

With code ``c1``, policy ``p1`` and prompts ``r1`` in force, a process of ``c1``, ``p1``, ``r2`` opens nothing. Its
policy must also be the one that is judging here, so that nobody runs one policy and reports another. What is not known
on either side, an empty digest included, denies.
"""

from __future__ import annotations

from dataclasses import dataclass

from domain.case import Case, Release
from policies.codes import ReasonCode
from policies.gate import NO_OBJECTION, PASSED, Answer, Gate, Reads, Scope, denied
from policies.measures.worst_case import WorstCase

PARTS = ("code", "policy", "prompts")


@dataclass(frozen=True, slots=True)
class ReleaseLimits:
    """``policy_digest`` is that of the policy the gate is bound to, not one that somebody sets."""

    require_same_release: bool
    policy_digest: str = ""


def check(case: Case, worst: WorstCase, limits: ReleaseLimits) -> Answer:
    """PASS where what runs here is what is in force."""
    if not limits.require_same_release:
        return NO_OBJECTION
    ours, theirs = _digests(case.release), _digests(case.control.release)
    if ours is None or theirs is None:
        return denied("A5", ReasonCode.RELEASE_UNKNOWN)
    if ours != theirs:
        part, mine, wanted = next(each for each in zip(PARTS, ours, theirs, strict=True) if each[1] != each[2])
        return denied("A5", ReasonCode.RELEASE_MISMATCH, wanted, mine, part)
    loaded, named = limits.policy_digest, ours[PARTS.index("policy")]
    if named != loaded:
        return denied("A5", ReasonCode.RELEASE_MISMATCH, loaded, named, "another policy is loaded here")
    return PASSED, None, named, None


def _digests(release: Release | None) -> tuple[str, ...] | None:
    if release is None:
        return None
    found = (release.code, release.policy, release.prompts)
    for digest in found:
        # Two empty texts are equal and say nothing, so they must not count as agreement.
        if type(digest) is not str or not digest:
            return None
    return found


GATE = Gate("A5", "release", Scope.NEW_EXPOSURE, ("control",), ReleaseLimits, check, reads=Reads.NOTHING)
