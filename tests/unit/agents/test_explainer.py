"""Explanations: figures only by reference, refusals and reductions always told, and a template behind every model."""

from dataclasses import replace
from decimal import Decimal

import pytest

from agents.decider import decide
from agents.explainer import disclosures, explain, template
from agents.llm import NoAnswer, WrongSetup
from agents.record import Record, facts
from agents.slots import figures, read_slot
from domain.decisions import Concern, Phase, Ruling, Severity, Stance, Statement
from domain.ids import ClientOrderId, Ref, client_order_id
from domain.orders import Fill, Order, OrderStatus, OrderType, Origin, Side, TimeInForce
from domain.record.rendering import check, render
from domain.verdicts import Evaluation, Outcome, Verdict
from tests.builders.agents import (
    ACME,
    AT,
    CYCLE,
    a_candidate,
    a_decision_answer,
    a_plan,
    a_reply,
    an_advice,
    an_evidence_set,
    an_exit,
    an_inspection,
    asking,
)

PASSED = Verdict("C1", "OK", Outcome.PASS, Decimal(5000), Decimal(4060), Decimal(940))
REDUCED = Verdict(
    "C3_notional", "MAX_POSITION", Outcome.REDUCE, Decimal(3000), Decimal(4060), Decimal(-1060), Decimal(29)
)
DENIED = Verdict("E3", "SYMBOL_HALTED", Outcome.DENY, False, True, None)
UNKNOWN = Verdict("E4", "NO_QUOTE", Outcome.DENY)


def a_record(*answers, candidate=None, advice=None, inspection=None, verdicts=None, order=False, fills=(), **more):
    asker, *_ = asking(*(answers or (a_decision_answer(),)))
    evidence = an_evidence_set()
    decision = decide(
        asker,
        CYCLE,
        evidence,
        candidate or a_candidate(),
        a_plan(),
        advice or an_advice(),
        inspection or an_inspection(),
    )
    evaluation = None
    if verdicts is not None:
        worst = max((verdict.outcome for verdict in verdicts), key=list(Outcome).index)
        left = Decimal(0) if worst is Outcome.DENY else Decimal(29) if worst is Outcome.REDUCE else decision.qty
        evaluation = Evaluation(worst, left, (), tuple(verdicts), "policy")
    placed = an_order(decision) if order else None
    return Record(decision, evidence, a_plan(), evaluation, placed, tuple(fills), **more)


def an_order(decision):
    return Order(
        client_order_id(decision.decision_id), decision.decision_id, ACME, Side.BUY, Decimal(29), OrderType.LIMIT,
        TimeInForce.DAY, OrderStatus.FILLED, AT, AT, "momentum", Origin.AGENT, limit_price=Decimal("101.72"),
    )  # fmt: skip


def a_fill(qty="29", price="101.55"):
    return Fill("f1", ClientOrderId("ord-1"), ACME, Side.BUY, Decimal(qty), Decimal(price), Decimal("0.29"), AT)


def told(explanation, record):
    known = facts(record)
    return [render(statement, known) for statement in explanation.statements]


BLOCKED = an_inspection(
    ruling=Ruling.BLOCK,
    max_fraction=Decimal(0),
    warnings=(Concern("spread_wide", Severity.CRITICAL, (Ref("quote.spread_pct@ACME"),)),),
    cited=("quote.spread_pct@ACME",),
)
RECORDS = {
    "taken": a_record(verdicts=[PASSED], order=True, fills=[a_fill()]),
    "before": a_record(verdicts=[PASSED]),
    "shrunk_by_role": a_record(advice=an_advice(stance=Stance.REDUCE, size_fraction=Decimal("0.5"))),
    "reduced_by_gate": a_record(verdicts=[PASSED, REDUCED], order=True),
    "denied": a_record(verdicts=[PASSED, DENIED, UNKNOWN]),
    "denied_without_a_limit": a_record(verdicts=[REDUCED._replace(outcome=Outcome.DENY, limit=None, margin=None)]),
    "denied_by_no_number": a_record(
        verdicts=[
            REDUCED._replace(outcome=Outcome.DENY, limit=Decimal("NaN"), margin=Decimal("Infinity")),
            DENIED._replace(gate="G1", value=Decimal("NaN")),
        ]
    ),
    "blocked": a_record(inspection=BLOCKED),
    "delayed": a_record(a_decision_answer(action="delay")),
    "asked": a_record(a_decision_answer(ask_approval=True)),
    "model_down": a_record(NoAnswer("network", "down")),
    "exit": a_record(candidate=an_exit()),
}


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_the_template_explains_every_record_without_a_free_hand_figure(record, phase):
    explanation, known = template(record, phase), facts(record)
    assert [check(statement, known) for statement in explanation.statements] == [None] * len(explanation.statements)
    assert set(disclosures(record)) <= set(explanation.statements)
    assert explanation.source == "template"
    assert not [line for line in told(explanation, record) if "(not available)" in line]
    assert template(record, phase) == explanation


SIZES = (
    "Size: 40 shares proposed, 40 shares after the advisor, 40 shares after the inspector, 40 shares decided, "
    "40 shares after the gates."
)


def test_the_template_tells_thesis_sizes_gates_and_outcome():
    assert told(template(RECORDS["taken"], Phase.AFTER), RECORDS["taken"]) == [
        "The momentum strategy proposed buying 40 shares at about 101.52 USD, stop at 96.50 USD, target at 111.50 USD.",
        "It rests on signal score 0.42, relative strength 61.2, average range 1.80 USD, halted no.",
        "The advisor supported it, confidence 0.7.",
        "The signal stands at 0.42.",
        "Daily movement is 1.80 USD.",
        "The risk inspector's ruling: allow.",
        SIZES,
        "Of 1 gates 1 passed.",
        "An order for 29 shares at a limit of 101.72 USD stands as filled.",
        "So far 29 shares were filled at 101.55 USD, commission 0.29 USD.",
    ]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("shrunk_by_role", "It was made smaller: 20 shares of the proposed 40 shares."),
        (
            "reduced_by_gate",
            "A gate allows less: max position, limit 3,000.00 USD, value 4,060.00 USD, margin -1,060.00 USD.",
        ),
        ("denied", "A gate refuses it: symbol halted, limit no, value yes."),
        ("denied", "A gate refuses it: no quote."),
        ("blocked", "The trade was not taken (INSPECTOR_BLOCK); nothing was sent."),
        ("delayed", "The trade was delayed (DECIDER_DELAY); nothing was sent."),
        ("asked", "It needs the approval of a person."),
        ("model_down", "The trade was not taken (DECIDER_MISSING, DECIDER_NETWORK); nothing was sent."),
        ("blocked", "Warning: spread wide: 0.04 %."),
    ],
)
def test_what_stood_in_the_way_is_told(name, sentence):
    assert sentence in told(template(RECORDS[name], Phase.AFTER), RECORDS[name])


SAID = Statement("The proposal was for {plan.qty@ACME} at about {plan.entry@ACME}.", "high")


def explained(record, *answers, phase=Phase.AFTER):
    asker, model, _ = asking(*answers)
    return explain(asker, CYCLE, record, phase), model


def an_answer(*texts):
    return {"statements": [{"text": text, "weight": "high"} for text in texts or (SAID.text,)]}


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_a_model_explains_and_code_adds_what_must_be_told(record):
    explanation, _ = explained(record, an_answer())
    assert explanation.source == "scripted:test-model"
    assert explanation.statements == (SAID, *disclosures(record))


def test_a_model_that_already_disclosed_is_not_repeated():
    record = RECORDS["shrunk_by_role"]
    texts = [statement.text for statement in disclosures(record)]
    assert explained(record, an_answer(SAID.text, *texts))[0].statements == (SAID, *disclosures(record))


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        pytest.param(NoAnswer("network", "down"), "network", id="model_down"),
        pytest.param(WrongSetup("unauthorised", "key"), "unauthorised", id="wrong_key"),
        pytest.param(a_reply("No.", finish="refusal"), "refusal", id="refusing"),
        pytest.param("rubbish", "garbage", id="rubbish"),
        pytest.param(an_answer("It gained 5 %."), "statement", id="free_hand_figure"),
        pytest.param(an_answer("It holds {made.up@ACME}."), "statement", id="made_up_reference"),
        pytest.param(an_answer("See {event.earnings_in@ACME}."), "statement", id="unknown_value"),
        pytest.param(an_answer("All shares were bought."), "contradiction", id="a_fill_that_never_was"),
        pytest.param({"statements": []}, "schema", id="nothing_said"),
    ],
)
def test_a_model_that_fails_is_replaced_by_the_template_as_a_whole_which_says_why(answer, why):
    record = RECORDS["reduced_by_gate"]
    explanation, model = explained(record, answer)
    assert explanation == replace(template(record, Phase.AFTER), source=f"template:{why}")
    assert (explanation.by_template, explanation.failure) == (True, why)
    assert len(model.requests) <= 2


def test_a_fill_on_record_may_be_told():
    explanation, _ = explained(RECORDS["taken"], an_answer("{fill.qty@ACME} were bought at {fill.price@ACME}."))
    assert explanation.source == "scripted:test-model"


def test_the_model_is_given_the_figures_of_the_record_and_no_unknown_ones():
    _, model = explained(RECORDS["reduced_by_gate"], an_answer())
    given = figures(read_slot(model.requests[0].user, "facts"))
    assert {"gate.C3_notional.limit@ACME", "size.gated@ACME", "plan.qty@ACME", "order.limit@ACME", "atr14@ACME"} <= set(
        given
    )
    assert "gate.C1.limit@ACME" not in given
    assert None not in given.values()


def test_a_strategy_name_with_a_digit_costs_its_sentence_only():
    record = RECORDS["blocked"]
    odd = replace(record, decision=replace(record.decision, candidate=a_candidate(strategy="alpha2")))
    assert set(disclosures(odd)) <= set(template(odd, Phase.BEFORE).statements)
