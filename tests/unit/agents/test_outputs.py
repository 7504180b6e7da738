"""Documents from models: what is refused, what is read, and that nothing in them can loosen anything."""

import json
from decimal import Decimal
from typing import Any

import pytest

from agents.llm import BadAnswer
from agents.outputs import LONGEST_ANSWER, OUTPUTS, advice, inspection, parse, schema_of
from agents.slots import index
from domain.decisions import Ruling, Stance
from tests.builders.agents import (
    a_candidate,
    a_figure,
    a_plan,
    an_advice_answer,
    an_exit,
    an_inspection_answer,
    figures,
)

KNOWN = index((*figures(), *a_plan()))
GOOD = json.dumps(an_advice_answer())


def advised(candidate=None, *, repaired=False, **changed):
    output: Any = parse("advisor", json.dumps(an_advice_answer(**changed)))
    return advice(output, candidate or a_candidate(), KNOWN, source="test", repaired=repaired)


def inspected(candidate=None, *, repaired=False, **changed):
    output: Any = parse("inspector", json.dumps(an_inspection_answer(**changed)))
    return inspection(output, candidate or a_candidate(), KNOWN, source="test", repaired=repaired)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("I would take it.", id="prose"),
        pytest.param(GOOD[:-20], id="truncated"),
        pytest.param(GOOD + GOOD, id="two_documents"),
        pytest.param(GOOD + "\nThat is my view.", id="trailing_text"),
        pytest.param(f"```json\n{GOOD}\n```", id="fenced"),
        pytest.param(GOOD[:-1] + ', "symbol": "ACME"}', id="duplicate_key"),
        pytest.param(GOOD.replace("0.7", "NaN"), id="nan"),
        pytest.param(GOOD.replace("0.7", "Infinity"), id="infinity"),
        pytest.param(GOOD.replace("0.7", "-Infinity"), id="minus_infinity"),
        pytest.param("[" * 50_000, id="deep_nesting"),
        pytest.param('{"a":' * 20_000, id="deep_objects"),
        pytest.param(GOOD.replace("0.7", "9" * 5000), id="five_thousand_digits"),
        pytest.param("[" + " " * LONGEST_ANSWER + "]", id="too_long"),
        pytest.param("\ufeff" + GOOD, id="byte_order_mark"),
    ],
)
def test_anything_but_one_document_is_garbage(text):
    with pytest.raises(BadAnswer) as caught:
        parse("advisor", text)
    assert caught.value.reason == "garbage"
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        pytest.param({"qty": 1000}, "qty", id="extra_field"),
        pytest.param({"confidence": 1.01}, "confidence", id="above_one"),
        pytest.param({"confidence": -0.01}, "confidence", id="below_zero"),
        pytest.param({"size_fraction": 2}, "size_fraction", id="double_size"),
        pytest.param({"size_fraction": True}, "size_fraction", id="true_is_no_number"),
        pytest.param({"size_fraction": "1"}, "size_fraction", id="text_is_no_number"),
        pytest.param({"size_fraction": None}, "size_fraction", id="null"),
        pytest.param({"size_fraction": 1e-300}, "size_fraction", id="three_hundred_places"),
        pytest.param({"stance": "buy"}, "stance", id="unknown_stance"),
        pytest.param({"stance": "TAKE"}, "stance", id="wrong_case"),
        pytest.param({"direction": 2}, "direction", id="direction_two"),
        pytest.param({"direction": True}, "direction", id="direction_true"),
        pytest.param({"direction": 0.5}, "direction", id="direction_half"),
        pytest.param({"reference_price": 0}, "reference_price", id="price_zero"),
        pytest.param({"reference_price": 1e308}, "reference_price", id="price_huge"),
        pytest.param({"bull": "strong"}, "bull", id="text_is_no_list"),
        pytest.param({"bull": [{"text": "x"}]}, "bull.0.weight", id="weight_missing"),
        pytest.param({"bull": [{"text": "x" * 401, "weight": "low"}]}, "bull.0.text", id="endless_sentence"),
        pytest.param({"cited": [["close@ACME"]]}, "cited.0", id="nested_reference"),
    ],
)
def test_a_document_of_another_shape_is_refused_at_its_place(changed, place):
    with pytest.raises(BadAnswer, match=place) as caught:
        parse("advisor", json.dumps(an_advice_answer(**changed)))
    assert caught.value.reason == "schema"


def test_a_missing_field_is_refused():
    answer = an_advice_answer()
    del answer["bear"]
    with pytest.raises(BadAnswer, match="bear"):
        parse("advisor", json.dumps(answer))


@pytest.mark.parametrize("output", OUTPUTS.values(), ids=lambda output: output.__name__)
def test_schemas_fit_strict_mode(output):
    """Every object is closed and requires all of its fields; no keyword that strict servers refuse."""

    def walk(node):
        if isinstance(node, dict):
            if node.get("type") == "object":
                assert node["additionalProperties"] is False
                assert sorted(node["required"]) == sorted(node["properties"])
            assert not {"title", "description", "default", "maxLength", "maxItems", "minItems", "pattern"} & set(node)
            for item in node.values():
                walk(item)
        elif isinstance(node, list):
            for item in node:
                walk(item)

    walk(schema_of(output))


def test_good_advice_is_read():
    read = advised()
    assert (read.stance, read.size_fraction, read.confidence) == (Stance.TAKE, Decimal(1), Decimal("0.7"))
    assert read.cited == ("atr14@ACME", "signal.score@ACME")
    assert read.stop_loss == Decimal("96.5")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        pytest.param({"symbol": "ACMEX"}, "wrong_symbol", id="another_symbol"),
        pytest.param({"symbol": "acme"}, "wrong_symbol", id="lower_case"),
        pytest.param({"symbol": "ΑCME"}, "wrong_symbol", id="homoglyph"),
        pytest.param({"cited": ["rsi14@OTHER"]}, "unknown_reference", id="other_symbol_cited"),
        pytest.param({"cited": ["made.up@ACME"]}, "unknown_reference", id="made_up_reference"),
        pytest.param({"stop_ref": "made.up@ACME"}, "unknown_reference", id="made_up_stop"),
        pytest.param({"direction": -1}, "contradiction", id="against_its_own_direction"),
        pytest.param({"bull": [{"text": "It is 5 % up.", "weight": "low"}]}, "statement", id="free_hand_figure"),
        pytest.param({"bear": [{"text": "It may fall by half.", "weight": "low"}]}, "statement", id="number_word"),
        pytest.param({"bull": [{"text": "See {made.up@ACME}.", "weight": "low"}]}, "statement", id="unknown_in_text"),
        pytest.param({"bull": [{"text": "See {{close@ACME}}.", "weight": "low"}]}, "statement", id="double_brace"),
        pytest.param({"bull": [{"text": "Up\u202e.", "weight": "low"}]}, "statement", id="direction_override"),
        pytest.param({"bull": [{"text": "\ud800", "weight": "low"}]}, "schema", id="lone_surrogate"),
        pytest.param({"bull": [{"text": "Up ٣ times", "weight": "low"}]}, "statement", id="arabic_digit"),
    ],
)
def test_a_document_that_does_not_fit_the_question_is_refused(changed, reason):
    with pytest.raises(BadAnswer) as caught:
        advised(**changed)
    assert caught.value.reason == reason
    assert str(caught.value).isascii()


@pytest.mark.parametrize(
    ("stance", "fraction", "stands", "left"),
    [
        ("take", 1, Stance.TAKE, "1"),
        ("take", 0.4, Stance.REDUCE, "0.4"),
        ("reduce", 1, Stance.TAKE, "1"),
        ("take", 0, Stance.SKIP, "0"),
        ("skip", 1, Stance.SKIP, "0"),
    ],
)
def test_of_stance_and_fraction_the_stricter_counts(stance, fraction, stands, left):
    read = advised(stance=stance, size_fraction=fraction)
    assert (read.stance, read.size_fraction) == (stands, Decimal(left))


@pytest.mark.parametrize(
    ("ruling", "fraction", "stands", "left"),
    [
        ("allow", 1, Ruling.ALLOW, "1"),
        ("allow", 0.5, Ruling.SHRINK, "0.5"),
        ("shrink", 1, Ruling.ALLOW, "1"),
        ("ask", 1, Ruling.ASK, "1"),
        ("ask", 0, Ruling.BLOCK, "0"),
        ("block", 1, Ruling.BLOCK, "0"),
        ("allow", 0, Ruling.BLOCK, "0"),
    ],
)
def test_of_ruling_and_fraction_the_stricter_counts(ruling, fraction, stands, left):
    read = inspected(ruling=ruling, max_fraction=fraction)
    assert (read.ruling, read.max_fraction) == (stands, Decimal(left))


def test_a_repaired_answer_is_strictly_smaller():
    assert advised(repaired=True).size_fraction == Decimal("0.5")
    assert inspected(repaired=True).max_fraction == Decimal("0.5")
    assert advised(repaired=True, size_fraction=0.2).size_fraction == Decimal("0.2")


@pytest.mark.parametrize(
    ("ref", "stop"),
    [
        pytest.param("low20@ACME", "97", id="nearer"),
        pytest.param("close@ACME", "101.5", id="just_below_entry"),
        pytest.param("quote.ask@ACME", "96.5", id="at_entry"),
        pytest.param("plan.target@ACME", "96.5", id="beyond_entry"),
        pytest.param("atr14@ACME", "96.5", id="looser"),
        pytest.param("rsi14@ACME", "96.5", id="not_a_price"),
        pytest.param("regime@ACME", "96.5", id="not_a_number"),
    ],
)
def test_a_stop_is_only_ever_tightened(ref, stop):
    assert advised(stop_ref=ref).stop_loss == Decimal(stop)


def test_an_exit_has_no_stop_to_move():
    assert advised(an_exit(), direction=-1, stop_ref="low20@ACME").stop_loss is None


def test_warnings_are_tied_to_evidence_and_to_a_symbol_it_is_about():
    warning = {"kind": "halted", "severity": "caution", "refs": ["halted@ACME"], "symbol": "ACME"}
    stray = {"kind": "other", "severity": "info", "refs": ["book.cash"], "symbol": "OTHER"}
    read = inspected(ruling="shrink", max_fraction=0.5, warnings=[warning, stray])
    assert [(item.symbol, item.refs) for item in read.warnings] == [("ACME", ("halted@ACME",)), (None, ("book.cash",))]
    assert set(read.cited) == {"halted@ACME", "book.cash"}


def test_a_figure_of_another_symbol_cannot_become_a_stop():
    known = {**KNOWN, **index([a_figure("close", Decimal(100), "USD", symbol=None)])}
    output: Any = parse("advisor", json.dumps(an_advice_answer(stop_ref="close")))
    assert advice(output, a_candidate(), known, source="test").stop_loss == Decimal("96.5")
