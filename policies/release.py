"""The release in force: which code, policy and prompts may open positions, and what a start changes of it by itself.

    nothing in force yet       the start is the owner's first act: it is put in force
    the same                   nothing to do
    other code or prompts      the newest start is put in force; processes that still run the old ones open nothing (A5)
    a policy that tightens     put in force, with every change on record
    a policy that loosens      not in force until the owner accepts it: until then this process opens nothing

A policy that nobody can compare with (the one in force cannot be read any more) counts as one that loosens.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any, NamedTuple

from domain.case import Release
from domain.errors import ConfigurationError
from domain.record.canonical import plain
from policies.gate import bind
from policies.gates.control import release as same_release
from policies.limits import BY_NAME, Kind
from policies.policy import Change, Policy, compare_policies, policy_from_limits


class Step(StrEnum):
    """How a start stands to what is in force."""

    FIRST = "first"
    SAME = "same"
    NEWER = "newer"
    TIGHTER = "tighter"
    LOOSER = "looser"


class PolicyShift(NamedTuple):
    """The step, and how each limit that differs does; ``changes`` are empty where the old policy cannot be read."""

    step: Step
    changes: tuple[Change, ...] = ()

    @property
    def needs_owner(self) -> bool:
        """True where only the owner may put this release in force."""
        return self.step is Step.LOOSER

    @property
    def looser(self) -> tuple[Change, ...]:
        """The changes that loosen something."""
        return tuple(change for change in self.changes if change.direction < 0)


def standing(in_force: Release | None, old: Policy | None, ours: Release, policy: Policy) -> PolicyShift:
    """What a start of ``ours`` with ``policy`` means where ``in_force`` with the policy ``old`` is what counts."""
    if in_force is None:
        return PolicyShift(Step.FIRST)
    if in_force == ours:
        return PolicyShift(Step.SAME)
    if in_force.policy == ours.policy:
        return PolicyShift(Step.NEWER)
    if old is None:
        return PolicyShift(Step.LOOSER)
    changes = compare_policies(old, policy)
    looser = any(change.direction < 0 for change in changes)
    return PolicyShift(Step.LOOSER if looser else Step.TIGHTER, changes)


def as_written(limits: Mapping[str, Any]) -> dict[str, Any]:
    """Limits in the plain form of a policy file, which ``policy_as_written`` reads back."""
    return {name: _written(name, value) for name, value in limits.items()}


def policy_as_written(profile: str, limits: Mapping[str, Any], digest: str) -> Policy | None:
    """The stored policy; None where this code cannot read it, or reads something else than was stored."""
    try:
        policy = policy_from_limits(limits, profile)
    except ConfigurationError:
        return None
    return policy if policy.digest == digest else None


def guarded(policy: Policy) -> Policy:
    """The policy with gate A5 enforced, which a policy that is not in force cannot switch off by leaving it out."""
    limits = {"require_same_release": True, "policy_digest": policy.digest}
    bound = bind(same_release.GATE, limits)
    others = tuple(gate for gate in policy.gates if gate.id != same_release.GATE.id)
    return replace(policy, gates=others if bound is None else (bound, *others))


def _written(name: str, value: Any) -> Any:
    if BY_NAME[name].kind is not Kind.FORBIDDEN:
        return plain(value)
    return [{"symbol": symbol, **_stated(plain(each))} for symbol, each in sorted(value.items())]


def _stated(restriction: Mapping[str, Any]) -> dict[str, Any]:
    # A policy file has no null: what is not stated is left out.
    return {name: value for name, value in restriction.items() if value is not None}
