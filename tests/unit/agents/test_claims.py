"""Claims of explanations: what the record does not bear out is told by kind, and true sentences are let pass."""

from dataclasses import replace
from decimal import Decimal

import pytest

from agents.claims.check import faults
from agents.claims.figures import Number, numbers_in
from agents.record import facts
from domain.decisions import Action, Ruling, Stance
from domain.verdicts import Outcome
from tests.builders.agents import a_figure, an_advice, an_inspection
from tests.builders.claims import a_claimed_record, kinds


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        pytest.param("The stop is at 96.00 USD.", "number", id="another_number"),
        pytest.param("The stop is at 965.00 USD.", "number", id="ten_times"),
        pytest.param("The stop is at 111.50 USD.", "name", id="the_number_of_the_target"),
        pytest.param("The ask of 101.48 USD is fair.", "name", id="bid_for_ask"),
        pytest.param("RSI stands at 61.2 USD.", "unit", id="invented_unit"),
        pytest.param("The plan is for 40 USD.", "unit", id="shares_as_money"),
        pytest.param("The spread is 0.04 USD.", "unit", id="percent_as_money"),
        pytest.param("It moved 7.2467 %.", "sign", id="sign_lost"),
        pytest.param("The signal score is -0.42.", "sign", id="sign_added"),
        pytest.param("It rose -7.2467 %.", "direction", id="rose_by_less_than_nothing"),
        pytest.param("The ask of 101.52 USD is below the average of 99.10 USD.", "order", id="wrong_order"),
        pytest.param("The proposal was to sell 40 shares of ACME.", "side", id="other_side"),
        pytest.param("It would buy 40 shares of INITECH.", "symbol", id="other_symbol"),
        pytest.param("The report came out yesterday.", "time", id="dated"),
        pytest.param("A gate refused it.", "gates", id="refused_though_passed"),
        pytest.param("The advisor spoke against it.", "role", id="advisor_turned"),
        pytest.param("The risk inspector blocked it.", "role", id="inspector_turned"),
        pytest.param("It needs the approval of a person.", "approval", id="approval_invented"),
        pytest.param("The 40 shares were filled.", "fill", id="fill_invented"),
        pytest.param("The order was sent.", "order", id="order_invented"),
        pytest.param("In the end the trade was skipped.", "decision", id="skipped_though_taken"),
        pytest.param("The decision was to make it smaller.", "decision", id="shrunk_though_taken"),
        pytest.param("The advisor wanted a smaller position.", "role", id="advisor_reduced"),
        pytest.param("The inspector wanted a person to look at it.", "role", id="inspector_asked"),
        pytest.param("The risk inspector's ruling: block.", "role", id="ruling_word"),
        pytest.param("The gates were never asked.", "gates", id="gates_skipped"),
        pytest.param("It met the gate named spread.", "gates", id="gate_that_did_not_object"),
        pytest.param("It was reduced from 40 shares to 40 shares.", "size", id="no_cut"),
        pytest.param("It was an hour ago.", "time", id="an_hour_ago"),
    ],
)
def test_what_the_record_contradicts_is_found(sentence, kind):
    assert kinds(sentence) == [kind]


@pytest.mark.parametrize(
    "sentence",
    [
        "The momentum strategy proposed buying 40 shares of ACME at about 101.52 USD, stop at 96.50 USD.",
        "RSI stands at 61.2, or 61 in round figures.",
        "It fell 7.25 % and is down 7.2 %.",
        "It moved -7.2467 %.",
        "The ask of 101.52 USD is above the average of 99.10 USD and above the stop at 96.50 USD.",
        "The ask of 101.52 USD is not below the average of 99.10 USD.",
        "The gap between bid and ask of 0.04 % is small.",
        "Selling pressure has eased, and buying power is left.",
        "The advisor supported it, the inspector allowed it and the gates passed it.",
        "No gate refused it, nothing was filled and no approval by a person is needed.",
        "Nothing has been sent yet.",
        "MACD, RSI and the USD say little.",
        "The advisor and the inspector saw no reason to cut it.",
        "No gate objected, and the inspector had no objection either.",
        "The decision was to take the full 40 shares.",
    ],
)
def test_what_is_true_is_let_pass(sentence):
    assert kinds(sentence) == []


@pytest.mark.parametrize(
    ("sentence", "record", "found"),
    [
        pytest.param(
            "The gates passed it.", a_claimed_record(outcome=Outcome.DENY), ["gates"], id="passed_though_refused"
        ),
        pytest.param("The gates passed it.", a_claimed_record(outcome=None), ["gates"], id="passed_though_not_asked"),
        pytest.param("A gate refused it.", a_claimed_record(outcome=Outcome.DENY), [], id="refused"),
        pytest.param(
            "No approval is needed.", a_claimed_record(needs_approval=True), ["approval"], id="approval_denied"
        ),
        pytest.param("It needs approval.", a_claimed_record(outcome=Outcome.NEED_APPROVAL), [], id="a_gate_asks"),
        pytest.param(
            "The advisor supported it.",
            a_claimed_record(advice=replace(an_advice(), stance=Stance.SKIP)),
            ["role"],
            id="advisor_skipped",
        ),
        pytest.param(
            "The inspector allowed it.",
            a_claimed_record(inspection=replace(an_inspection(), ruling=Ruling.BLOCK)),
            ["role"],
            id="inspector_blocked",
        ),
        pytest.param(
            "The final decision was to take it.",
            a_claimed_record(action=Action.SKIP),
            ["decision"],
            id="taken_though_skipped",
        ),
    ],
)
def test_what_happened_decides(sentence, record, found):
    assert kinds(sentence, record) == found


def test_what_had_to_be_told_and_was_not_is_a_fault():
    record = a_claimed_record()
    owed = ["The trade was not taken (ADVISOR_SKIP); nothing was sent."]
    assert [fault.kind for fault in faults(["RSI stands at 61.2."], record, facts(record), owed)] == ["undisclosed"]
    assert (
        faults(owed, replace(record, decision=replace(record.decision, action=Action.SKIP)), facts(record), owed) == ()
    )


def test_figures_inside_quoted_texts_are_no_claims():
    record = a_claimed_record()
    known = {**facts(record), "news.1@ACME": a_figure("news.1", "guidance raised to 9.99 in 2027", "text")}
    assert faults(["A story (guidance raised to 9.99 in 2027) backs it."], record, known) == ()


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("1,234.50 USD", "1234.50", "USD"),
        ("\u22123.1 %", "-3.1", "pct"),
        ("$12", "12", "USD"),
        ("5.25 h", "5.25", "hours"),
    ],
)
def test_numbers_are_read_with_their_units(text, value, unit):
    (found,) = numbers_in(f"It is {text}.")
    assert isinstance(found, Number)
    assert (found.value, found.unit) == (Decimal(value), unit)
