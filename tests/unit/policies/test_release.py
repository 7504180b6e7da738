"""The release in force: what a start may change of it by itself, and what only the owner may."""

import pytest

from domain.case import Control, Mode, Release, TradingState
from domain.verdicts import Outcome
from policies.evaluate import evaluate
from policies.policy import PROFILES, load_policy, policy_from_limits
from policies.release import Step, as_written, guarded, policy_as_written, standing
from tests.builders.policies import a_case

row = pytest.param
OLD = policy_from_limits({"max_order_qty": "10", "allow_short": False, "require_same_release": True}, profile="own")


def changed(**limits):
    return policy_from_limits({**as_written(OLD.limits), **limits}, profile="own")


def release_of(policy, code="c1", prompts="r1"):
    return Release(code, policy.digest, prompts)


IN_FORCE = release_of(OLD)


@pytest.mark.parametrize(
    ("in_force", "old", "ours", "policy", "step"),
    [
        row(None, None, IN_FORCE, OLD, Step.FIRST, id="a_new_home"),
        row(IN_FORCE, OLD, IN_FORCE, OLD, Step.SAME, id="the_same"),
        row(IN_FORCE, OLD, release_of(OLD, "c2"), OLD, Step.NEWER, id="other_code"),
        row(IN_FORCE, OLD, release_of(OLD, "c1", "r2"), OLD, Step.NEWER, id="other_prompts"),
        row(IN_FORCE, None, release_of(OLD, "c2"), OLD, Step.NEWER, id="other_code_and_a_policy_no_code_reads"),
        row(IN_FORCE, OLD, release_of(new := changed(max_order_qty="9")), new, Step.TIGHTER, id="tighter"),
        row(IN_FORCE, OLD, release_of(new := changed(max_order_notional="5")), new, Step.TIGHTER, id="one_more"),
        row(IN_FORCE, OLD, release_of(new := changed(max_order_qty="11")), new, Step.LOOSER, id="looser"),
        row(
            IN_FORCE, OLD, release_of(new := changed(max_order_qty="9", allow_short=True)), new, Step.LOOSER,
            id="tighter_and_looser",
        ),
        row(IN_FORCE, OLD, release_of(new := policy_from_limits({})), new, Step.LOOSER, id="limits_left_out"),
        row(IN_FORCE, None, release_of(new := changed(max_order_qty="9")), new, Step.LOOSER, id="nothing_to_compare"),
    ],
)  # fmt: skip
def test_how_a_start_stands_to_what_is_in_force(in_force, old, ours, policy, step):
    found = standing(in_force, old, ours, policy)
    assert found.step is step
    assert found.needs_owner is (step is Step.LOOSER)


def test_the_changes_are_named_with_their_direction():
    new = changed(max_order_qty="9", allow_short=True)
    found = standing(IN_FORCE, OLD, release_of(new), new)
    assert [(change.name, change.direction) for change in found.changes] == [("max_order_qty", 1), ("allow_short", -1)]
    assert [change.name for change in found.looser] == ["allow_short"]


RESTRICTED = policy_from_limits(
    {
        "restricted": ["GME", {"symbol": "AMC", "reason": "odd", "until": "2026-06-01T00:00:00Z"}],
        "universe": ["AAPL", "MSFT"],
        "mode": "paper",
        "account_id": "DU1",
        "max_order_qty": "0.5",
    },
    profile="lists",
)


@pytest.mark.parametrize("policy", [*map(load_policy, PROFILES), RESTRICTED], ids=lambda policy: policy.profile)
def test_a_stored_policy_is_read_back_as_it_was(policy):
    again = policy_as_written(policy.profile, as_written(policy.limits), policy.digest)
    assert again is not None
    assert (again.digest, again.limits) == (policy.digest, policy.limits)


@pytest.mark.parametrize(
    ("profile", "limits", "digest"),
    [
        row("own", {"max_order_qty": "10", "renamed_since": "1"}, OLD.digest, id="a_limit_this_code_does_not_know"),
        row("own", {"max_order_qty": "-1"}, OLD.digest, id="an_absurd_value"),
        row("own", {"max_order_qty": "11"}, OLD.digest, id="edited_in_the_database"),
        row("other", as_written(OLD.limits), OLD.digest, id="another_profile"),
    ],
)
def test_a_stored_policy_that_is_not_what_was_stored_is_no_policy(profile, limits, digest):
    assert policy_as_written(profile, limits, digest) is None


def in_force(release):
    return Control(False, TradingState.ACTIVE, Mode.PAPER, release=release)


@pytest.mark.parametrize("limits", [{}, {"require_same_release": False}, {"require_same_release": True}], ids=str)
def test_a_policy_that_waits_opens_nothing_whatever_it_says(limits):
    policy = policy_from_limits({"max_order_qty": "1000", **limits})
    case = a_case(control=in_force(IN_FORCE), release=release_of(policy))
    said = evaluate(case, guarded(policy))
    assert said.outcome is Outcome.DENY
    assert "RELEASE_MISMATCH" in said.codes
    assert guarded(policy).digest == policy.digest


def test_limits_are_written_as_a_policy_file_writes_them():
    assert as_written(RESTRICTED.limits) == {
        "restricted": [
            {"symbol": "AMC", "reason": "odd", "until": "2026-06-01T00:00:00Z"},
            {"symbol": "GME", "reason": ""},
        ],
        "universe": ["AAPL", "MSFT"],
        "mode": "paper",
        "account_id": "DU1",
        "max_order_qty": "0.5",
    }


def test_a_policy_that_waits_asks_for_the_release_first_and_for_all_else_as_before():
    policy = policy_from_limits({"require_same_release": True, "max_order_qty": "10"})
    assert [gate.id for gate in guarded(policy).gates] == ["A5", *(gate.id for gate in policy.gates if gate.id != "A5")]
    assert policy_as_written("own", as_written(OLD.limits), OLD.digest) == OLD
