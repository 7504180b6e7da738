"""A person's yes: what it is bound to, how long it can be given, and the first reason why it does not hold."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from domain.case import Approval
from domain.orders import Side
from policies.approval import ApprovalFault, ApprovalTerms, answerable_until, fault, grant, price_shown
from policies.codes import ReasonCode
from tests.builders.policies import NOW, D, a_quote, an_order

LONGEST = NOW + timedelta(hours=4)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        pytest.param(None, LONGEST, id="evidence_never_ages"),
        pytest.param("1800", NOW + timedelta(minutes=30), id="evidence_ages_first"),
        pytest.param("86400", LONGEST, id="a_person_gives_up_first"),
    ],
)
def test_a_request_closes_when_its_evidence_is_too_old(seconds, expected):
    assert answerable_until(NOW, LONGEST, None if seconds is None else Decimal(seconds)) == expected


TERMS = ApprovalTerms(D(120), D(1), "p1")
ORDER = an_order()
YES = grant(ORDER, by="owner", at=NOW, price=D(200), terms=TERMS)


def test_a_yes_is_bound_to_the_order_the_price_and_the_policy():
    assert Approval("owner", ORDER.digest, NOW, NOW + timedelta(seconds=120), D(200), "p1") == YES


def test_terms_that_nobody_sets():
    assert ApprovalTerms() == ApprovalTerms(D(120), None, "")


def test_a_person_sees_what_the_order_would_pay_or_get():
    assert (price_shown(a_quote(), Side.BUY), price_shown(a_quote(), Side.SELL)) == (D("200.00"), D("199.90"))


@pytest.mark.parametrize(
    ("changes", "seconds", "price", "expected"),
    [
        pytest.param({}, 0, "200", None, id="at_once"),
        pytest.param({}, 120, "200", None, id="at_its_last_second"),
        pytest.param({}, 121, "200", ApprovalFault(ReasonCode.APPROVAL_EXPIRED, D(120), D(121)), id="a_second_late"),
        pytest.param(
            {}, -1, "200", ApprovalFault(ReasonCode.APPROVAL_EXPIRED, D(120), D(-1)), id="before_it_was_given"
        ),
        pytest.param(
            {"expires_at": NOW + timedelta(seconds=9)},
            10,
            "200",
            ApprovalFault(ReasonCode.APPROVAL_EXPIRED, D(120), D(10)),
            id="after_its_own_end",
        ),
        pytest.param({"expires_at": NOW + timedelta(seconds=9)}, 9, "200", None, id="at_its_own_end"),
        pytest.param({}, 0, "202", None, id="the_price_at_the_band"),
        pytest.param({}, 0, "198", None, id="the_price_at_the_band_below"),
        pytest.param(
            {},
            0,
            "202.02",
            ApprovalFault(ReasonCode.APPROVAL_PRICE_MOVED, D(1), D("1.01")),
            id="the_price_beyond_the_band",
        ),
        pytest.param({}, 0, None, ApprovalFault(ReasonCode.APPROVAL_PRICE_MOVED, D(1)), id="no_price"),
        pytest.param(
            {"price": None}, 0, "200", ApprovalFault(ReasonCode.APPROVAL_PRICE_MOVED, D(1)), id="no_price_was_seen"
        ),
        pytest.param(
            {"by": ""}, 0, "200", ApprovalFault(ReasonCode.APPROVAL_MISMATCH, ORDER.digest, ORDER.digest), id="nobodys"
        ),
        pytest.param(
            {"order_digest": "x"},
            0,
            "200",
            ApprovalFault(ReasonCode.APPROVAL_MISMATCH, ORDER.digest, "x"),
            id="another_order",
        ),
        pytest.param(
            {"policy_digest": "p0"},
            0,
            "200",
            ApprovalFault(ReasonCode.APPROVAL_POLICY_CHANGED, "p1", "p0"),
            id="another_policy",
        ),
    ],
)
def test_the_first_reason_why_a_yes_does_not_hold(changes, seconds, price, expected):
    given, now = replace(YES, **changes), NOW + timedelta(seconds=seconds)
    told = None if price is None else D(price)
    assert fault(given, ORDER, now=now, price=told, terms=TERMS) == expected


def test_without_a_band_the_price_does_not_count():
    terms = replace(TERMS, approval_price_band_pct=None)
    assert fault(YES, ORDER, now=NOW, price=None, terms=terms) is None
