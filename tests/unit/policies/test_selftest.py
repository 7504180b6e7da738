"""The self-test stops what it must, and notices a gate that does not."""

from dataclasses import replace

import pytest

from domain.verdicts import Outcome, Verdict
from policies.breaches import BREACHES, good_case
from policies.evaluate import evaluate
from policies.gates.catalogue import GATES
from policies.policy import PROFILES, Policy, load_policy
from policies.selftest import SelfTestResult, run_self_test
from tests.builders.policies import a_policy

row = pytest.param


@pytest.mark.parametrize("profile", PROFILES)
def test_every_enforced_gate_of_a_shipped_profile_passes(profile):
    policy = load_policy(profile)
    results = run_self_test(policy)
    assert [result.gate for result in results] == list(policy.enforced)
    assert [result for result in results if not result.ok] == []


def test_every_gate_has_a_must_block_order():
    assert set(BREACHES) == {gate.id for gate in GATES}


@pytest.mark.parametrize(
    "limits",
    [
        row({}, id="nothing_set"),
        row({"universe": ["TSLA"]}, id="a_universe"),
        row({"universe": []}, id="an_empty_universe"),
        row({"restricted": ["AAPL"]}, id="a_restricted_list"),
        row({"restricted": [{"symbol": "AAPL", "until": "2020-01-01T00:00:00Z"}]}, id="an_old_restriction"),
        row({"forbid_self_cross": False}, id="self_cross_left_to_the_broker"),
        row({"allow_short": True, "allow_extended_hours": True, "allow_fractional": True}, id="everything_allowed"),
        row({"allowed_order_types": ["market"], "allowed_tif": ["gtc"]}, id="market_orders_only"),
        row({"allowed_order_types": []}, id="no_order_type"),
        row({"mode": "observe"}, id="observe"),
        row({"min_price": "5000", "min_stop_distance_pct": "20", "max_stop_distance_pct": "30"}, id="far_stops"),
        row(
            {"cooldown_after_loss_s": "0", "min_cash_reserve": "0", "min_confidence": "0", "min_price": "0"},
            id="zero_floors",
        ),
        row({"max_order_notional": "0", "max_open_positions": "0", "max_orders_per_minute": "0"}, id="zero_caps"),
        row(
            {
                "max_order_notional": 10**12,
                "max_position_qty": 10**9,
                "max_leverage": 20,
                "daily_loss_limit_abs": 10**12,
            },
            id="the_largest_caps",
        ),
        row({"account_id": "mine"}, id="a_named_account"),
        row(
            {
                "max_api_error_pct": 100,
                "max_slippage_pct": 100,
                "max_give_back_pct": 100,
                "give_back_from_pct": 100,
                "max_disagreement": 1,
                "max_order_to_trade_ratio": 1000,
                "max_tokens_per_day": 10**9,
                "max_strategy_loss_pct": 100,
                "weekly_loss_limit_pct": 100,
            },
            id="shares_of_everything",
        ),
        row(
            {"released_models": [], "released_prompts": ["a:b", "ab"], "max_calls_per_cycle": 0}, id="nothing_released"
        ),
        row({"require_calibration": False, "require_signal_agreement": False}, id="models_left_alone"),
        row(
            {
                "require_same_release": True,
                "require_provenance": True,
                "auction_buffer_s": "600",
                "min_listing_age_d": "90",
                "min_market_cap": 10**12,
                "max_margin_use_pct": "75",
                "max_round_trips_5d": "3",
                "wash_sale_days": "30",
                "forbid_wash_sale": True,
                "require_settled_cash": True,
            },
            id="account_rules",
        ),
        row(
            {
                "require_same_release": False,
                "require_provenance": False,
                "allow_leveraged_funds": True,
                "wash_sale_days": "30",
                "require_settled_cash": False,
            },
            id="account_rules_switched_off",
        ),
        row({"allowed_tif": ["gtd"]}, id="orders_with_an_end_only"),
        row({"allowed_tif": ["cls"]}, id="orders_into_the_close_only"),
    ],
)
def test_any_policy_that_loads_can_be_tested(limits):
    assert [result for result in run_self_test(a_policy(**limits)) if not result.ok] == []


def with_answer(policy: Policy, gate_id: str, check) -> Policy:
    gates = tuple(gate._replace(check=check) if gate.id == gate_id else gate for gate in policy.gates)
    return replace(policy, gates=gates)


def test_a_gate_that_passes_everything_is_caught():
    policy = with_answer(
        load_policy("conservative"), "C1", lambda case, worst, limits: Verdict("C1", "OK", Outcome.PASS)
    )
    failed = [result for result in run_self_test(policy) if not result.ok]
    assert [(result.gate, result.note) for result in failed] == [("C1", "let its must-block order through")]


def test_a_gate_that_fails_is_caught_although_it_denies():
    policy = with_answer(load_policy("conservative"), "E7", lambda case, worst, limits: 1 / 0)
    failed = [result for result in run_self_test(policy) if not result.ok]
    assert [(result.gate, result.code) for result in failed] == [("E7", "GATE_ERROR")]


def test_a_gate_without_a_must_block_order_is_caught():
    policy = load_policy("conservative")
    nameless = replace(policy, gates=(policy.gates[0]._replace(id="Z9"),))
    assert [(result.gate, result.ok) for result in run_self_test(nameless)] == [("Z9", False)]


def test_the_good_case_is_good_under_the_default():
    policy = load_policy("conservative")
    assert evaluate(good_case(policy), policy).codes == ()


SMALL = a_policy(max_order_qty="10")
STOPPED = SelfTestResult("C2", True, "ORDER_QTY")


def result_of(gate, policy):
    return next(result for result in run_self_test(policy) if result.gate == gate)


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        row(None, STOPPED, id="it_stops_its_order"),
        row(
            lambda case, worst, limits: Verdict("C2", "OK", Outcome.PASS),
            SelfTestResult("C2", False, "OK", "let its must-block order through"),
            id="it_lets_it_through",
        ),
        row(
            lambda case, worst, limits: 1 / 0,
            SelfTestResult("C2", False, "GATE_ERROR", "ZeroDivisionError: division by zero"),
            id="it_fails",
        ),
    ],
)
def test_what_is_told_of_a_gate(check, expected):
    assert result_of("C2", SMALL if check is None else with_answer(SMALL, "C2", check)) == expected


def test_a_gate_that_lets_its_order_through_is_caught_although_another_stops_it():
    policy = with_answer(
        a_policy(max_order_qty="10", max_order_notional="10"), "C2", lambda *_: Verdict("C2", "OK", Outcome.PASS)
    )
    assert not result_of("C2", policy).ok
    assert result_of("C1", policy).ok


def test_a_gate_with_nothing_to_stop_is_well():
    assert result_of("A9", a_policy(require_provenance=False)) == SelfTestResult(
        "A9", True, "OK", "the policy leaves this gate nothing to stop"
    )


def test_a_gate_that_nobody_can_test_is_not():
    nameless = replace(SMALL, gates=(SMALL.gates[0]._replace(id="Z9"),))
    assert run_self_test(nameless) == (SelfTestResult("Z9", False, "", "no must-block order is defined for this gate"),)
