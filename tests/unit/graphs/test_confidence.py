"""What a confidence can do: refuse, ask for a person, and nothing else. Held by code, whatever a prompt says.

- sizes: ``sizes`` and ``final_qty`` of agents/decider.py have no confidence among their arguments.
- H3: policies/gates/model/confidence.py refuses below ``min_confidence``.
- H3_calibration: policies/gates/model/calibration.py asks a person outside paper while no skill is proven, which
  memory/calibration.py decides.
- H10: policies/gates/model/tighten_only.py refuses an order above what any role left.
"""

import inspect
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.decider import decide, final_qty, sizes
from domain.case import Mode
from domain.orders import Origin
from memory.calibration import ENOUGH, Forecast, Tally, calibration_of
from policies.evaluate import evaluate
from tests.builders.agents import (
    CYCLE,
    a_candidate,
    a_decision_answer,
    a_plan,
    an_advice,
    an_evidence_set,
    an_inspection,
    asking,
)
from tests.builders.policies import D, a_case, a_control, a_policy, a_proposal, an_order

LIMITS: dict[str, Any] = {
    "mode": "auto",
    "min_confidence": "0.40",
    "require_calibration": True,
    "max_order_qty": 60,
    "oversize": "reduce",
}
FULL = {"candidate_qty": D(100), "advised_qty": D(100), "inspected_qty": D(100)}


def tally(outcomes: int, high: int, low: int) -> Tally:
    """Half of the outcomes after 0.8 and half after 0.2; of a hundred, ``high`` and ``low`` won."""
    half = outcomes // 2
    said = [Forecast("advisor", "m", D("0.8"), number % 100 < high) for number in range(half)]
    said += [Forecast("advisor", "m", D("0.2"), number % 100 < low) for number in range(half)]
    return calibration_of(said).of("advisor", "m")


NEW, FEW, NOISE, PROVEN = tally(0, 0, 0), tally(ENOUGH - 2, 80, 20), tally(1_000, 50, 50), tally(ENOUGH, 80, 20)


@pytest.mark.parametrize(
    ("mode", "role", "stated", "qty", "expected"),
    [
        pytest.param("auto", NEW, "0.80", 50, "NEED_APPROVAL 50", id="new_model"),
        pytest.param("auto", NEW, "1.00", 50, "NEED_APPROVAL 50", id="new_model_quite_sure"),
        pytest.param("auto", NEW, "0.39", 50, "DENY 0", id="new_model_unsure"),
        pytest.param("auto", FEW, "1.00", 50, "NEED_APPROVAL 50", id="skill_on_two_outcomes_too_few"),
        pytest.param("auto", NOISE, "1.00", 50, "NEED_APPROVAL 50", id="a_thousand_outcomes_without_skill"),
        pytest.param("auto", PROVEN, "0.80", 50, "PASS 50", id="proven"),
        pytest.param("auto", PROVEN, "1.00", 50, "PASS 50", id="proven_and_sure_gets_no_more"),
        pytest.param("auto", PROVEN, "0.39", 50, "DENY 0", id="proven_and_unsure"),
        pytest.param("auto", PROVEN, "0.20", 50, "DENY 0", id="proven_to_be_worth_little"),
        pytest.param("auto", PROVEN, "1.00", 100, "REDUCE 60", id="proven_and_still_capped_by_a_gate"),
        pytest.param("auto", PROVEN, "1.00", 101, "DENY 0", id="proven_and_more_than_the_roles_left"),
        pytest.param("paper", NEW, "0.80", 50, "PASS 50", id="paper_is_where_it_is_earned"),
        pytest.param("paper", NEW, "0.39", 50, "DENY 0", id="paper_and_unsure"),
        pytest.param("paper", NEW, "1.00", 100, "REDUCE 60", id="paper_and_capped"),
    ],
)
def test_a_confidence_shrinks_or_vetoes_until_skill_is_proven_and_is_capped_after(mode, role, stated, qty, expected):
    proposal = a_proposal(confidence=D(stated), calibrated=role.calibrated(D(stated)), **FULL)
    case = a_case(an_order(qty=D(qty), origin=Origin.AGENT), proposal=proposal, control=a_control(mode=Mode(mode)))
    said = evaluate(case, a_policy(**LIMITS))
    assert f"{said.outcome} {said.final_qty}" == expected, said.codes


confidences = st.decimals(0, 1, places=4)


def decided(confidence: Decimal) -> Decimal:
    """Shares left of the standard candidate when the advisor is as sure as that."""
    asker, *_ = asking(a_decision_answer())
    advice = an_advice(confidence=confidence, size_fraction=D("0.5"))
    return decide(asker, CYCLE, an_evidence_set(), a_candidate(), a_plan(), advice, an_inspection()).qty


@given(confidences)
def test_no_confidence_makes_a_decision_larger(confidence):
    assert decided(confidence) == decided(D(0)) == 20


def test_sizes_know_no_confidence():
    for size in (sizes, final_qty):
        assert not [name for name in inspect.signature(size).parameters if "confiden" in name or "calibr" in name]


@given(confidences, confidences, st.sampled_from([NEW, FEW, NOISE, PROVEN]), st.integers(1, 120))
def test_what_a_model_says_of_itself_never_lets_more_through_than_silence_about_calibration_would_ask_for(
    one, other, role, qty
):
    """Between any two confidences the size let through is the same, or one of them was refused."""

    def through(stated: Decimal) -> Decimal:
        proposal = a_proposal(confidence=stated, calibrated=role.calibrated(stated), **FULL)
        order = an_order(qty=D(qty), origin=Origin.AGENT)
        case = a_case(order, proposal=proposal, control=a_control(mode=Mode.AUTO))
        return evaluate(case, a_policy(**LIMITS)).final_qty

    found = {through(one), through(other)}
    assert len(found - {D(0)}) <= 1
    assert max(found) <= min(qty, 60)
