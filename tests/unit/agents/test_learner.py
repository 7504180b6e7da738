"""The learner: held to the record by code, replaced by code where it fails, and without any effect."""

from decimal import Decimal

import pytest

from agents.learner import cited_evidence, review
from agents.llm import NoAnswer
from agents.models.rules_llm import RulesModel
from agents.slots import figures, read_slot
from domain.ids import Ref
from domain.record.rendering import check, render
from memory.lessons import Result
from memory.reviews import POSSIBLE, Finding, ReviewSubject, SuggestedChange, review_by_code
from prompts.loader import load
from tests.builders.agents import CYCLE, an_asker, asking
from tests.builders.learning import CLOSED, TARGETS, a_case, a_review_answer, a_suggestion_answer


def reviewed(*answers, case=None):
    asker, model, journal = asking(*answers)
    return review(asker, CYCLE, case or a_case(), TARGETS), model, journal


def test_a_good_answer_is_taken_with_everything_it_rests_on():
    made, _, journal = reviewed(a_review_answer(suggestions=[a_suggestion_answer()]))
    assert (made.finding, made.source) == (Finding.THESIS_WRONG, "scripted:test-model")
    assert made.prompt == load("learner").digest
    assert made.cited == ("plan.stop@ACME", "signal.score@ACME", "trade.pnl_pct@ACME")
    (suggestion,) = made.suggestions
    assert (suggestion.subject, suggestion.target, suggestion.change) == (
        ReviewSubject.STRATEGY,
        "momentum",
        SuggestedChange.REVIEW,
    )
    assert journal.faults == []


def test_its_words_can_be_shown_with_the_evidence_that_is_kept():
    made, *_ = reviewed(a_review_answer())
    kept = {str(item.ref): item for item in cited_evidence(a_case(), made)}
    assert sorted(kept) == ["signal.score@ACME", "trade.pnl_pct@ACME"]
    assert [render(statement, kept) for statement in made.statements] == [
        "It brought -0.8865 % although the score was 0.42."
    ]


def sentence(text):
    return [{"text": text, "weight": "low"}]


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        pytest.param({"symbol": "MSFT"}, "wrong_symbol", id="another_symbol"),
        pytest.param({"finding": "as_expected"}, "contradiction", id="a_loss_called_expected"),
        pytest.param({"finding": "by_luck"}, "contradiction", id="a_loss_called_luck"),
        pytest.param({"finding": "great"}, "schema", id="a_word_of_its_own"),
        pytest.param({"cited": ["rsi99@ACME"]}, "unknown_reference", id="evidence_it_was_not_given"),
        pytest.param({"cited": ["trade.pnl_pct@MSFT"]}, "unknown_reference", id="evidence_of_another_symbol"),
        pytest.param({"cited": []}, "schema", id="no_evidence"),
        pytest.param({"lesson": sentence("It lost {trade.nothing@ACME}.")}, "statement", id="a_sentence_on_nothing"),
        pytest.param({"lesson": sentence("It lost 36 USD.")}, "statement", id="a_figure_by_hand"),
        pytest.param({"lesson": []}, "schema", id="no_lesson"),
        pytest.param({"note": "x"}, "schema", id="a_field_of_its_own"),
        pytest.param({"max_position_pct_equity": 100}, "schema", id="a_limit_in_the_answer"),
        pytest.param(
            {"suggestions": [a_suggestion_answer(target="carry_trade")]}, "unknown_reference", id="no_such_strategy"
        ),
        pytest.param(
            {"suggestions": [a_suggestion_answer(subject="policy", target="momentum")]},
            "unknown_reference",
            id="a_target_of_another_subject",
        ),
        pytest.param(
            {"suggestions": [a_suggestion_answer(target="../../policies/conservative.toml")]},
            "unknown_reference",
            id="a_path",
        ),
        pytest.param({"suggestions": [a_suggestion_answer(change="apply")]}, "schema", id="a_change_it_would_make"),
        pytest.param({"suggestions": [a_suggestion_answer(reasons=[])]}, "schema", id="a_change_without_reason"),
        pytest.param(
            {"suggestions": [a_suggestion_answer(reasons=sentence("Raise it to 5."))]}, "statement", id="a_new_figure"
        ),
        pytest.param({"suggestions": [a_suggestion_answer()] * 3}, "schema", id="too_many_changes"),
    ],
)
def test_what_does_not_hold_is_refused_and_code_answers(changed, fault):
    made, model, journal = reviewed(a_review_answer(**changed))
    assert (made, len(model.requests)) == (review_by_code(a_case().lesson), 2)
    assert journal.faults == [fault, fault]


def test_one_repair_turn_is_given():
    made, model, _ = reviewed(a_review_answer(finding="as_expected"), a_review_answer())
    assert (made.source, len(model.requests)) == ("scripted:test-model", 2)


@pytest.mark.parametrize("reason", ["network", "timeout", "quota", "refusal"])
def test_a_model_that_is_away_leaves_the_lesson_of_code(reason):
    made, *_ = reviewed(NoAnswer(reason, "away"))
    assert (made.source, made.finding, made.suggestions, made.prompt) == ("code", Finding.THESIS_WRONG, (), "")


def test_a_spent_budget_is_told_so_that_another_day_goes_on():
    asker = an_asker(RulesModel(), calls=0)
    with pytest.raises(NoAnswer, match="budget"):
        review(asker, CYCLE, a_case(), TARGETS)


def test_the_same_suggestion_counts_once():
    made, *_ = reviewed(a_review_answer(suggestions=[a_suggestion_answer()] * 2))
    assert len(made.suggestions) == 1


def test_it_is_shown_thesis_outcome_and_targets_and_nothing_else():
    _, model, _ = reviewed(a_review_answer(), case=a_case(trades=5, win_rate=Decimal("0.2")))
    user = model.requests[0].user
    (record,), (targets,) = read_slot(user, "record"), read_slot(user, "targets")
    assert (record["thesis"], record["result"], record["ending"]) == ("with_signal", "lost", "stop")
    assert record["bull"] == ["The signal stands at {signal.score@ACME}."]
    assert targets == {"policy": ["min_confidence"], "prompt": ["advisor", "decider"], "strategy": ["momentum"]}
    shown = figures(read_slot(user, "facts"))
    assert shown["trade.pnl_pct@ACME"] == "-0.8865"
    assert shown["memory.win_rate@ACME"] == "0.2"
    assert None not in shown.values()
    assert sorted(set(shown) - set(a_case(trades=5, win_rate=Decimal("0.2")).known)) == []


def test_the_question_does_not_depend_on_when_it_is_put():
    questions = {reviewed(a_review_answer())[1].requests[0].digest for _ in range(2)}
    assert len(questions) == 1
    assert CLOSED.isoformat()[:10] not in reviewed(a_review_answer())[1].requests[0].user


@pytest.mark.parametrize(
    ("pnl", "exit_reason", "finding"),
    [
        pytest.param("36", "target", Finding.AS_EXPECTED, id="won_with_the_signal"),
        pytest.param("-36", "stop", Finding.THESIS_WRONG, id="stopped"),
        pytest.param("-36", "time", Finding.TIMING_WRONG, id="ran_out_of_time"),
        pytest.param("0", "signal", Finding.TIMING_WRONG, id="even"),
    ],
)
def test_the_rules_and_the_code_find_the_same(pnl, exit_reason, finding):
    case = a_case(pnl=pnl, exit_reason=exit_reason)
    made = review(an_asker(RulesModel()), CYCLE, case, TARGETS)
    assert (made.source, made.finding) == ("rules:rules", finding)
    assert review_by_code(case.lesson).finding is finding
    assert [check(statement, case.known) for statement in made.statements] == [None] * len(made.statements)


@pytest.mark.parametrize(
    ("similar", "asked"),
    [
        pytest.param({"trades": 5, "win_rate": Decimal("0.2")}, 1, id="a_poor_record"),
        pytest.param({"trades": 4, "win_rate": Decimal("0.2")}, 0, id="too_few_to_tell"),
        pytest.param({"trades": 5, "win_rate": Decimal("0.3")}, 0, id="good_enough"),
        pytest.param({}, 0, id="nothing_remembered"),
    ],
)
def test_the_rules_ask_for_a_review_after_a_poor_record_only(similar, asked):
    made = review(an_asker(RulesModel()), CYCLE, a_case(**similar), TARGETS)
    assert len(made.suggestions) == asked
    assert all(each.subject is ReviewSubject.STRATEGY for each in made.suggestions)
    assert (Ref("memory.win_rate@ACME") in made.cited) is bool(asked)


@pytest.mark.parametrize("result", Result)
def test_code_only_finds_what_is_possible(result):
    pnl = {Result.WON: "5", Result.LOST: "-5", Result.EVEN: "0"}[result]
    for ending in ("stop", "time", "target", ""):
        lesson = a_case(pnl=pnl, exit_reason=ending).lesson
        assert lesson.result is result
        assert review_by_code(lesson).finding in POSSIBLE[result]
