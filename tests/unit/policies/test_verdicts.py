"""Every verdict word for word: a change of a limit shown, a margin, a unit or a note is seen, and has to be meant.

``verdicts.txt`` is for reading: what each gate says of an ordinary entry and of the order that it must stop.
``verdicts.json`` holds one digest a gate over seeded cases of every kind, good, odd and broken.

After a change that is meant: ``python -m tests.unit.policies.test_verdicts`` writes both anew.
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

from domain.case import Case
from domain.record.canonical import digest
from domain.verdicts import Verdict
from policies.breaches import BREACHES, good_case
from policies.evaluate import evaluate
from policies.gates.catalogue import GATES
from policies.policy import Policy, load_policy, policy_from_limits
from tests.builders.gate_cases import any_case, any_limits

READABLE, DIGESTS = Path(__file__).with_name("verdicts.txt"), Path(__file__).with_name("verdicts.json")
SEEDS = range(400)
SHOWN = ("limit", "value", "margin", "quantity", "note")
PROFILES = ("conservative", "balanced", "research")


def in_full(verdict: Verdict) -> str:
    """One verdict on one line."""
    named = zip(verdict._fields, verdict, strict=True)
    told = [f"{name} {value}" for name, value in named if name in SHOWN and value not in (None, "")]
    return " | ".join([verdict.outcome.value, str(verdict.code), *told])


def readable() -> str:
    """Good and bad under each profile, gate by gate."""
    lines = []
    for profile in PROFILES:
        policy = load_policy(profile)
        good = said(policy, good_case(policy))
        lines.append(f"# {profile}")
        for gate in policy.enforced:
            breach = BREACHES[gate](good_case(policy), policy.limits)
            stopped = "nothing to stop" if breach is None else in_full(said(policy, breach)[gate])
            lines += [f"{gate} good: {in_full(good[gate])}", f"{gate} bad: {stopped}"]
    return "\n".join(lines) + "\n"


def said(policy: Policy, case: Case) -> dict[str, Verdict]:
    """Every verdict on a case by its gate."""
    return {verdict.gate: verdict for verdict in evaluate(case, policy).verdicts}


def digests() -> dict[str, str]:
    """One digest a gate over all seeded cases."""
    found = defaultdict(list)
    for seed in SEEDS:
        for verdict in evaluate(any_case(seed), policy_from_limits(any_limits(seed))).verdicts:
            found[verdict.gate].append(in_full(verdict))
    return {gate.id: digest(found[gate.id])[:16] for gate in GATES}


def test_what_gates_say_of_good_and_bad_orders():
    assert readable() == READABLE.read_text(encoding="utf-8")


def test_what_gates_say_of_seeded_orders():
    expected = json.loads(DIGESTS.read_text(encoding="utf-8"))
    assert {gate for gate, found in digests().items() if expected.get(gate) != found} == set()


if __name__ == "__main__":
    READABLE.write_text(readable(), encoding="utf-8")
    DIGESTS.write_text(json.dumps(digests(), indent=1) + "\n", encoding="utf-8")
