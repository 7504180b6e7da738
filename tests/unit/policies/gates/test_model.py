"""Group H: what the language models did on the way."""

from decimal import Decimal
from typing import Any

import pytest

from domain.orders import Origin
from tests.builders.policies import (
    MSFT,
    NOW,
    D,
    a_case,
    a_proposal,
    a_sell,
    a_view,
    ago,
    an_order,
    answer,
    held,
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
