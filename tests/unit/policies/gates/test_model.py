"""Group H: what the language models did on the way."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from domain.case import Approval, Mode, Provenance, TextUsed, Usage
from domain.ids import Ref
from domain.orders import Origin, Side
from policies.evaluate import evaluate
from tests.builders.policies import (
    MSFT,
    NOW,
    D,
    a_case,
    a_control,
    a_policy,
    a_proposal,
    a_sell,
    a_view,
    ago,
    an_order,
    answer,
    held,
    verdict,
)

row = pytest.param

NAN = Decimal("NaN")
AGENT = an_order(origin=Origin.AGENT)
EXIT = a_sell(D(50), origin=Origin.AGENT)
CITED: dict[str, Any] = {"cited": ("rsi14@AAPL", "news.1@AAPL"), "known": frozenset({"rsi14@AAPL", "news.1@AAPL"})}


@pytest.mark.parametrize(
    ("proposal", "expected"),
    [
        row(a_proposal(), "PASS", id="well_formed"),
        row(None, "DENY PROPOSAL_MISSING", id="no_record"),
        row(a_proposal(schema_valid=False), "DENY SCHEMA_INVALID", id="malformed"),
        row(a_proposal(schema_valid="yes"), "DENY SCHEMA_INVALID", id="a_truthy_text_is_not_true"),
        row(a_proposal(asked_symbol=MSFT), "DENY SYMBOL_SWAPPED", id="another_symbol"),
        row(a_proposal(confidence=D("1.01")), "DENY SCHEMA_INVALID", id="confidence_above_one"),
        row(a_proposal(confidence=NAN), "DENY SCHEMA_INVALID", id="nan_confidence"),
        row(a_proposal(confidence=None), "PASS", id="no_confidence"),
        row(a_proposal(quoted_price=D(0)), "DENY SCHEMA_INVALID", id="zero_price"),
        row(a_proposal(quoted_price=D(200)), "PASS", id="a_price"),
    ],
)
def test_h1_form(proposal, expected):
    assert answer("H1", a_case(AGENT, proposal=proposal)) == expected


def test_h1_people_rules_and_agents_that_leave_need_no_record():
    assert answer("H1", a_case(an_order(origin=Origin.MANUAL))) == "PASS"
    assert answer("H1", a_case(EXIT, positions=held(50))) == "PASS"
    assert (
        answer("H1", a_case(EXIT, positions=held(50), proposal=a_proposal(schema_valid=False))) == "DENY SCHEMA_INVALID"
    )


@pytest.mark.parametrize(
    ("changes", "view", "expected"),
    [
        row(CITED, a_view(), "PASS", id="all_known"),
        row({**CITED, "cited": ("rsi14@MSFT",)}, a_view(), "DENY UNGROUNDED", id="invented"),
        row({"quoted_price": D("201.94")}, a_view(), "PASS", id="price_near"),
        row({"quoted_price": D("201.95")}, a_view(), "DENY QUOTED_PRICE_OFF", id="price_far"),
        row({"quoted_price": D("197.90")}, a_view(), "DENY QUOTED_PRICE_OFF", id="price_far_below"),
        row({"quoted_price": D("200.00")}, a_view(quote=None), "DENY QUOTE_MISSING", id="no_quote"),
        row({}, a_view(quote=None), "PASS", id="no_price_quoted"),
    ],
)
def test_h2_grounding(changes, view, expected):
    case = a_case(AGENT, proposal=a_proposal(**changes), view=view)
    assert answer("H2", case, quoted_price_tolerance_pct="1") == expected


def test_h2_without_a_tolerance_or_a_proposal():
    assert answer("H2", a_case(AGENT, proposal=a_proposal(quoted_price=D(999)))) == "PASS"
    assert answer("H2", a_case()) == "PASS"


@pytest.mark.parametrize(
    ("order", "proposal", "expected"),
    [
        row(AGENT, a_proposal(confidence=D("0.60")), "PASS", id="at_limit"),
        row(AGENT, a_proposal(confidence=D("0.59")), "DENY CONFIDENCE_TOO_LOW", id="just_under"),
        row(AGENT, a_proposal(confidence=None), "DENY CONFIDENCE_TOO_LOW", id="none_given"),
        row(AGENT, a_proposal(confidence=NAN), "DENY CONFIDENCE_TOO_LOW", id="nan"),
        row(AGENT, None, "DENY CONFIDENCE_TOO_LOW", id="no_record"),
        row(an_order(origin=Origin.RULE), None, "PASS", id="a_rule_has_none"),
    ],
)
def test_h3_confidence(order, proposal, expected):
    assert answer("H3", a_case(order, proposal=proposal), min_confidence="0.60") == expected


@pytest.mark.parametrize(
    ("proposal", "created_at", "limits", "expected"),
    [
        row(None, ago(300), {"max_signal_age_s": "300"}, "PASS", id="order_at_limit"),
        row(None, ago(300.001), {"max_signal_age_s": "300"}, "DENY SIGNAL_STALE", id="order_too_old"),
        row(None, ago(-2.5), {}, "DENY SIGNAL_STALE", id="order_from_the_future"),
        row(None, ago(9999), {}, "PASS", id="any_age_without_limit"),
        row(a_proposal(evidence_as_of=ago(300)), NOW, {"max_signal_age_s": "300"}, "PASS", id="evidence_at_limit"),
        row(
            a_proposal(evidence_as_of=ago(301)),
            NOW,
            {"max_signal_age_s": "300"},
            "DENY SIGNAL_STALE",
            id="evidence_old",
        ),
        row(a_proposal(decided_at=ago(-60)), NOW, {}, "DENY SIGNAL_STALE", id="decided_in_the_future"),
        row(a_proposal(decided_at=ago(61)), NOW, {}, "DENY EVIDENCE_CHANGED", id="decided_before_its_evidence"),
        row(a_proposal(evidence_digest_now="e2"), NOW, {}, "DENY EVIDENCE_CHANGED", id="evidence_changed"),
    ],
)
def test_h6_freshness(proposal, created_at, limits, expected):
    case = a_case(an_order(origin=Origin.RULE, created_at=created_at), proposal=proposal)
    assert answer("H6", case, **limits) == expected


@pytest.mark.parametrize(
    ("qty", "changes", "expected"),
    [
        row("50", {}, "PASS", id="at_the_inspector"),
        row("51", {}, "DENY ENLARGED", id="one_over_the_inspector"),
        row("50", {"advised_qty": D(120)}, "DENY ENLARGED", id="advisor_enlarged"),
        row("50", {"inspected_qty": D(90)}, "DENY ENLARGED", id="inspector_enlarged"),
        row("10", {"inspected_qty": None}, "DENY ROLE_MISSING", id="no_inspector"),
        row("10", {"advised_qty": None}, "DENY ROLE_MISSING", id="no_advisor"),
        row("10", {"candidate_qty": NAN}, "DENY ROLE_MISSING", id="nan_candidate"),
        row("1", {"inspected_qty": D(0)}, "DENY ENLARGED", id="inspector_said_nothing_at_all"),
        row("NaN", {}, "DENY QTY_INVALID", id="nan_qty"),
    ],
)
def test_h10_tighten_only(qty, changes, expected):
    case = a_case(an_order(origin=Origin.AGENT, qty=D(qty)), proposal=a_proposal(**changes))
    assert answer("H10", case) == expected


def test_h10_without_a_record_only_agents_are_refused_and_exits_never():
    assert answer("H10", a_case(AGENT)) == "DENY ROLE_MISSING"
    assert answer("H10", a_case(an_order(origin=Origin.MANUAL))) == "PASS"
    assert answer("H10", a_case(EXIT, positions=held(50))) == "PASS RISK_REDUCING"


YES = Approval("owner", AGENT.digest, NOW, ago(-60), price=D(200))
"""A person's approval of exactly this order."""


NEW_GATES: list[tuple[str, dict[str, Any]]] = [
    ("H3_calibration", {"require_calibration": True}),
    ("H4", {"max_disagreement": "0.3"}),
    ("H5", {"require_signal_agreement": True}),
    ("H7", {"forbid_suspicious_texts": True}),
    ("H8", {"released_models": ["rules"]}),
    ("H8_prompts", {"released_prompts": ["p1"]}),
    ("H9", {"max_calls_per_cycle": "60"}),
    ("H9_tokens", {"max_tokens_per_cycle": "1000"}),
    ("H9_day", {"max_tokens_per_day": "1000"}),
    ("H9_cost", {"max_model_cost_per_day": "5"}),
]


@pytest.mark.parametrize(("gate", "limits"), NEW_GATES, ids=[each[0] for each in NEW_GATES])
def test_without_a_record_only_entries_of_agents_are_refused(gate, limits):
    assert answer(gate, a_case(AGENT), **limits) == "DENY PROPOSAL_MISSING"
    assert answer(gate, a_case(an_order(origin=Origin.MANUAL)), **limits) == "PASS"
    assert answer(gate, a_case(an_order(origin=Origin.RULE)), **limits) == "PASS"
    assert answer(gate, a_case(EXIT, positions=held(50)), **limits) == "PASS RISK_REDUCING"
    assert answer(gate, a_case(EXIT, positions=held(50), proposal=a_proposal()), **limits) == "PASS RISK_REDUCING"


FLAGS = [
    ("H3_calibration", "require_calibration"),
    ("H5", "require_signal_agreement"),
    ("H7", "forbid_suspicious_texts"),
]


@pytest.mark.parametrize(("gate", "flag"), FLAGS, ids=[each[0] for each in FLAGS])
def test_a_flag_that_is_off_lets_everything_through(gate, flag):
    assert answer(gate, a_case(AGENT, proposal=a_proposal()), **{flag: False}) == "PASS"


@pytest.mark.parametrize(
    ("calibrated", "limits", "expected"),
    [
        row(D("0.60"), {"min_confidence": "0.60"}, "PASS", id="at_limit"),
        row(D("0.59"), {"min_confidence": "0.60"}, "DENY CONFIDENCE_TOO_LOW", id="just_under"),
        row(D("0.01"), {}, "PASS", id="no_lowest_confidence"),
        row(None, {"min_confidence": "0.60"}, "NEED_APPROVAL UNCALIBRATED", id="not_calibrated"),
        row(NAN, {}, "DENY CONFIDENCE_TOO_LOW", id="nan"),
        row(D("1.01"), {"min_confidence": "0.60"}, "DENY CONFIDENCE_TOO_LOW", id="more_than_all"),
        row(D("-0.01"), {}, "DENY CONFIDENCE_TOO_LOW", id="negative"),
        row(0.9, {}, "DENY CONFIDENCE_TOO_LOW", id="a_float"),
    ],
)
def test_h3_calibration(calibrated, limits, expected):
    proposal = a_proposal(calibrated=calibrated, confidence=D("0.99"))
    limits = {"require_calibration": True, **limits}
    assert answer("H3_calibration", a_case(AGENT, proposal=proposal), **limits) == expected
    paper = a_case(AGENT, proposal=proposal, control=a_control(mode=Mode.PAPER))
    assert answer("H3_calibration", paper, **limits) == "PASS"
    assert verdict("H3_calibration", paper, **limits).note == "paper mode"


def test_h3_calibration_a_person_may_decide_for_a_model_that_has_proven_nothing_but_not_below_the_limit():
    unproven, poor = a_proposal(calibrated=None), a_proposal(calibrated=D("0.1"))
    limits: dict[str, Any] = {"require_calibration": True, "min_confidence": "0.60"}
    assert answer("H3_calibration", a_case(AGENT, proposal=unproven, approval=YES), **limits) == "PASS"
    assert answer("H3_calibration", a_case(AGENT, proposal=poor, approval=YES), **limits) == "DENY CONFIDENCE_TOO_LOW"


@pytest.mark.parametrize(
    ("changes", "limit", "expected"),
    [
        row({}, "0.3", "PASS", id="at_limit"),
        row({}, "0.29", "NEED_APPROVAL DISAGREEMENT", id="just_over"),
        row({"inspected_qty": D(80)}, "0", "PASS", id="of_one_mind"),
        row({"inspected_qty": D(90)}, "0.09", "NEED_APPROVAL DISAGREEMENT", id="either_way"),
        row(
            {"candidate_qty": D(3), "advised_qty": D(2), "inspected_qty": D(1)},
            "0.333333333",
            "NEED_APPROVAL DISAGREEMENT",
            id="a_third_is_more_than_its_digits",
        ),
        row({"dispersion": D("0.3")}, "0.3", "PASS", id="dispersion_at_limit"),
        row({"dispersion": D("0.31")}, "0.3", "NEED_APPROVAL DISAGREEMENT", id="dispersion_over"),
        row({"dispersion": NAN}, "1", "DENY DISAGREEMENT", id="nan_dispersion"),
        row({"dispersion": D("-0.1")}, "1", "DENY DISAGREEMENT", id="negative_dispersion"),
        row({"dispersion": D("1.1")}, "1", "DENY DISAGREEMENT", id="dispersion_above_one"),
        row({"inspected_qty": None}, "1", "DENY ROLE_MISSING", id="no_inspector"),
        row({"advised_qty": NAN}, "1", "DENY ROLE_MISSING", id="nan_advisor"),
        row({"candidate_qty": D(0)}, "1", "DENY ROLE_MISSING", id="nothing_proposed"),
        row({"candidate_qty": None}, "1", "DENY ROLE_MISSING", id="no_candidate"),
    ],
)
def test_h4_disagreement(changes, limit, expected):
    proposal = a_proposal(**changes)
    assert answer("H4", a_case(AGENT, proposal=proposal), max_disagreement=limit) == expected
    approved = answer("H4", a_case(AGENT, proposal=proposal, approval=YES), max_disagreement=limit)
    assert approved == ("PASS" if expected.startswith("NEED_APPROVAL") else expected)


SHORT = an_order(origin=Origin.AGENT, side=Side.SELL)


@pytest.mark.parametrize(
    ("order", "changes", "expected"),
    [
        row(AGENT, {"signal_direction": 1}, "PASS", id="a_buy_with_the_signal"),
        row(AGENT, {"signal_direction": 0}, "DENY AGAINST_SIGNAL", id="a_buy_without_one"),
        row(AGENT, {"signal_direction": -1}, "DENY AGAINST_SIGNAL", id="a_buy_against_it"),
        row(SHORT, {"signal_direction": -1}, "PASS", id="short_with_the_signal"),
        row(SHORT, {"signal_direction": 1}, "DENY AGAINST_SIGNAL", id="short_against_it"),
        row(
            AGENT,
            {"signal_direction": -1, "override_reason": "the index turned"},
            "NEED_APPROVAL AGAINST_SIGNAL",
            id="with_a_reason",
        ),
        row(AGENT, {"signal_direction": -1, "override_reason": "  "}, "DENY AGAINST_SIGNAL", id="a_blank_is_no_reason"),
        row(AGENT, {"signal_direction": None, "override_reason": "x"}, "DENY SIGNAL_UNKNOWN", id="missing"),
        row(AGENT, {"signal_direction": 2}, "DENY SIGNAL_UNKNOWN", id="no_direction"),
        row(AGENT, {"signal_direction": True}, "DENY SIGNAL_UNKNOWN", id="a_bool_is_no_direction"),
        row(AGENT, {"signal_direction": D(1)}, "DENY SIGNAL_UNKNOWN", id="a_decimal_is_no_direction"),
    ],
)
def test_h5_signal_agreement(order, changes, expected):
    proposal = a_proposal(**changes)
    assert answer("H5", a_case(order, proposal=proposal), require_signal_agreement=True) == expected
    approved = answer("H5", a_case(order, proposal=proposal, approval=YES), require_signal_agreement=True)
    assert approved == ("PASS" if expected.startswith("NEED_APPROVAL") else expected)


def a_text(**changes: Any) -> TextUsed:
    return replace(TextUsed(Ref("news.1@AAPL"), ago(600), ago(590), stored=True, suspicious=False), **changes)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        row((), "PASS", id="no_text_was_cited"),
        row((a_text(), a_text()), "PASS", id="unflagged"),
        row((a_text(), a_text(suspicious=True)), "NEED_APPROVAL SUSPICIOUS_TEXT", id="one_flagged"),
        row((a_text(suspicious=None),), "NEED_APPROVAL SUSPICIOUS_TEXT", id="nobody_looked"),
        row(None, "DENY NEWS_UNKNOWN", id="missing"),
    ],
)
def test_h7_suspicious_texts(texts, expected):
    proposal = a_proposal(texts=texts)
    assert answer("H7", a_case(AGENT, proposal=proposal), forbid_suspicious_texts=True) == expected
    approved = answer("H7", a_case(AGENT, proposal=proposal, approval=YES), forbid_suspicious_texts=True)
    assert approved == ("PASS" if expected.startswith("NEED_APPROVAL") else expected)


def told(models=(), prompts=()):
    """A proposal whose roles ran these."""
    roles = ("advisor", "decider", "inspector")
    provenance = Provenance(
        "cyc-1", "momentum", dict(zip(roles, models, strict=False)), dict(zip(roles, prompts, strict=False))
    )
    return a_proposal(provenance=provenance)


@pytest.mark.parametrize(
    ("proposal", "released", "expected"),
    [
        row(told(["hosted:m1"] * 3), ["hosted:m1"], "PASS", id="by_full_name"),
        row(told(["hosted:m1", "rules:rules", "rules:rules"]), ["hosted:m1", "rules"], "PASS", id="by_origin"),
        row(told(["hosted:m1:8b"]), ["hosted"], "PASS", id="origin_of_a_name_with_two_colons"),
        row(told(["hosted:m1", "hosted:m1", "hosted:m1-mini"]), ["hosted:m1"], "DENY MODEL_NOT_RELEASED", id="one_of"),
        row(told(["hosted:m1"]), ["HOSTED:M1"], "DENY MODEL_NOT_RELEASED", id="letter_by_letter"),
        row(told(["hosted:m1"]), ["m1"], "DENY MODEL_NOT_RELEASED", id="the_end_of_a_name_is_not_it"),
        row(told([""]), ["rules"], "DENY MODEL_NOT_RELEASED", id="no_name"),
        row(told(["rules:rules"]), [], "DENY MODEL_NOT_RELEASED", id="nothing_released"),
        row(told([]), ["rules"], "DENY PROVENANCE_MISSING", id="no_model_told"),
        row(a_proposal(provenance=None), ["rules"], "DENY PROVENANCE_MISSING", id="missing"),
    ],
)
def test_h8_released_models(proposal, released, expected):
    assert answer("H8", a_case(AGENT, proposal=proposal), released_models=released) == expected


@pytest.mark.parametrize(
    ("proposal", "expected"),
    [
        row(told(prompts=["p1", "p2", "p1"]), "PASS", id="all_released"),
        row(told(prompts=["p1", "p2", "p3"]), "DENY PROMPT_NOT_RELEASED", id="one_is_not"),
        row(told(prompts=["p1:p3"]), "DENY PROMPT_NOT_RELEASED", id="a_digest_has_no_parts"),
        row(told(), "DENY PROVENANCE_MISSING", id="no_prompt_told"),
        row(a_proposal(provenance=None), "DENY PROVENANCE_MISSING", id="missing"),
    ],
)
def test_h8_released_prompts(proposal, expected):
    assert answer("H8_prompts", a_case(AGENT, proposal=proposal), released_prompts=["p1", "p2"]) == expected


def test_h8_says_which_role_ran_what():
    found = verdict("H8", a_case(AGENT, proposal=told(["rules:rules", "x:y", "x:z"])), released_models=["rules"])
    assert (found.value, found.note) == ("x:y", "decider, inspector")


BUDGETS = [
    ("H9", "calls_cycle", "max_calls_per_cycle"),
    ("H9_tokens", "tokens_cycle", "max_tokens_per_cycle"),
    ("H9_day", "tokens_day", "max_tokens_per_day"),
]


@pytest.mark.parametrize(
    ("used", "expected"),
    [
        row(60, "PASS", id="at_limit"),
        row(61, "DENY MODEL_BUDGET", id="one_over"),
        row(0, "PASS", id="nothing"),
        row(-1, "DENY USAGE_UNKNOWN", id="negative"),
        row(None, "DENY USAGE_UNKNOWN", id="missing"),
        row(NAN, "DENY USAGE_UNKNOWN", id="nan"),
        row(True, "DENY USAGE_UNKNOWN", id="a_bool_is_no_count"),
    ],
)
@pytest.mark.parametrize(("gate", "field", "limit"), BUDGETS, ids=[each[0] for each in BUDGETS])
def test_h9_budgets(gate, field, limit, used, expected):
    proposal = a_proposal(usage=replace(Usage(0, 0, 0, D(0)), **{field: used}))
    assert answer(gate, a_case(AGENT, proposal=proposal), **{limit: "60"}) == expected
    assert answer(gate, a_case(AGENT, proposal=a_proposal(usage=None)), **{limit: "60"}) == "DENY USAGE_UNKNOWN"


@pytest.mark.parametrize(
    ("cost", "expected"),
    [
        row(D("5.00"), "PASS", id="at_limit"),
        row(D("5.01"), "DENY MODEL_BUDGET", id="one_cent_over"),
        row(D("-0.01"), "DENY USAGE_UNKNOWN", id="negative"),
        row(Decimal("Infinity"), "DENY USAGE_UNKNOWN", id="infinite"),
        row(None, "DENY USAGE_UNKNOWN", id="missing"),
    ],
)
def test_h9_cost(cost, expected):
    proposal = a_proposal(usage=Usage(0, 0, 0, cost))
    assert answer("H9_cost", a_case(AGENT, proposal=proposal), max_model_cost_per_day="5") == expected


def test_what_waits_for_a_person_waits_as_a_whole_and_an_approval_lifts_it():
    policy = a_policy(require_calibration=True, max_disagreement="0.1", forbid_suspicious_texts=True)
    proposal = a_proposal(texts=(a_text(suspicious=True),))
    waiting = evaluate(a_case(AGENT, proposal=proposal), policy)
    assert (waiting.outcome, waiting.codes) == ("NEED_APPROVAL", ("UNCALIBRATED", "DISAGREEMENT", "SUSPICIOUS_TEXT"))
    yes = replace(YES, policy_digest=policy.digest)
    assert evaluate(a_case(AGENT, proposal=proposal, approval=yes), policy).outcome == "PASS"
    forged = replace(yes, order_digest="of another order")
    assert evaluate(a_case(AGENT, proposal=proposal, approval=forged), policy).outcome == "DENY"
