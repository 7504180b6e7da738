"""Corruptions: 24 kinds, each with one thing wrong, the same for the same seed, and none of the checker in them."""

import random
from pathlib import Path

import pytest

import evals.corruptions
from agents.claims.check import faults
from evals.corruptions.answered import READ, answered, explained, read_as
from evals.corruptions.kinds import KINDS, corrupted
from evals.corruptions.telling import generated, recorded
from evals.runner import play
from evals.suites import s6_faithfulness as s6


def test_there_are_24_kinds():
    assert len(set(KINDS)) == len(KINDS) == 24


@pytest.mark.parametrize("kind", KINDS)
def test_a_corruption_changes_one_thing_and_is_repeatable(kind):
    made = 0
    for number in range(20):
        told = generated(5, number)
        said = corrupted(kind, told, random.Random(number))
        if said is None:
            continue
        made += 1
        assert said == corrupted(kind, told, random.Random(number))
        true = told.shown()
        assert len([each for each in said if each not in true]) <= 1
        assert not any("(not available)" in each for each in said)
    assert made


def test_the_corruptions_know_nothing_of_the_checker():
    folder = Path(evals.corruptions.__file__).parent
    assert not [path.name for path in folder.glob("*.py") if "agents.claims" in path.read_text(encoding="utf-8")]


def test_recorded_explanations_are_let_pass_and_their_corruptions_found():
    assert recorded()
    cases = s6.cases_of(seed=23, each=4, true=60)
    results = [play(s6.SUITE, s6.solve, None, case) for case in cases]
    measures = {each.name: each.interval.value for each in s6.measure(results) if not each.of}
    assert measures["recall"] >= 0.9
    assert measures["false alarms"] <= 0.02
    assert measures["disclosure"] == 1


@pytest.mark.parametrize("label", READ)
def test_the_recorded_answers_that_count_as_true_are_those_that_were_read(label):
    assert read_as(explained(label)) == READ[label], "read the explanations of this recording again, then note it here"


def test_every_answer_that_was_read_and_found_true_is_let_pass():
    assert len(answered()) == 20
    assert [told.texts for told in answered() if faults(told.shown(), told.record, told.known)] == []
