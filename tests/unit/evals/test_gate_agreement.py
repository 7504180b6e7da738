"""The gates and the oracle, which share no line of code, on every judged case."""

from dataclasses import replace
from decimal import Decimal
from functools import cache

import pytest

from evals.gates.agreement import Agreement, Answer, answer_of, compared, report
from evals.gates.generate import BY_HAND, generate
from evals.suites.s2_gates import names
from policies.whatif.case import PolicyShelf

ANOTHER_SEED = 20_261_121


@pytest.mark.parametrize("seed", [7, ANOTHER_SEED])
def test_nothing_escapes_and_next_to_nothing_is_stopped_for_nothing(seed):
    found = compared(generate(seed, len(BY_HAND) + 300))
    assert found.cases > 1_600
    assert [each for each in found.differences if each.kind == "escape"] == [], report(found)
    assert found.over_blocked_pct <= 1, report(found)
    assert found.count("wrong word") == 0, report(found)


@cache
def judged():
    """Cases are read and never changed, and to make them takes seconds."""
    return tuple(generate(7, 1))


def first(verdict):
    return next(each for each in judged() if each.expected.verdict == verdict)


@pytest.mark.parametrize(
    ("told", "changes", "kind"),
    [
        pytest.param("PASS", {"verdict": "DENY", "final_qty": "0"}, "escape", id="let_through"),
        pytest.param("REDUCE", {"final_qty": "1"}, "escape", id="cut_too_little"),
        pytest.param("DENY", {"verdict": "PASS", "final_qty": "1"}, "over-block", id="stopped"),
        pytest.param("DENY", {"verdict": "NEED_APPROVAL", "final_qty": None}, "over-block", id="nobody_was_asked"),
        pytest.param("NEED_APPROVAL", {"verdict": "DENY", "final_qty": "0"}, "wrong word", id="somebody_was_asked"),
        pytest.param("DENY", {"codes_any": ("NOT_TOLD",)}, "wrong word", id="another_code"),
    ],
)
def test_a_difference_is_found_and_named(told, changes, kind):
    case = first(told)
    wrong = case._replace(expected=replace(case.expected, **changes))
    assert [each.kind for each in compared([wrong]).differences] == [kind]
    assert compared([case]).differences == ()
    assert kind in report(compared([wrong]))


def test_one_case_more_in_a_table_renames_no_other_case_of_the_suite():
    ids = ["0001-A1-on", "0002-A1-off", "0003-B1-on", "0004-A1-on"]
    assert list(names(ids)) == ["A1-on", "A1-off", "B1-on", "A1-on-2"]
    assert set(names(["0001-A0-new", *(f"{int(each[:4]) + 1:04d}{each[4:]}" for each in ids)])) > set(names(ids))


def test_a_case_that_cannot_be_read_is_a_denial():
    assert answer_of(first("PASS")._replace(case={"id": 1}), PolicyShelf(None)) == Answer(
        "DENY", Decimal(0), ("CASE_INVALID",)
    )
    assert Agreement(0, ()).over_blocked_pct == 0
