"""A5 at the desk: a process opens positions only while exactly what it runs is in force."""

from dataclasses import replace

import pytest

from domain.verdicts import Outcome
from policies.policy import policy_from_limits
from tests.builders.execution import a_house, an_exit, an_intent
from tests.builders.market import NOON

LIMITS = {"max_order_qty": 1000, "require_same_release": True}


@pytest.fixture
def house(database, tmp_path):
    """What it runs is in force."""
    return a_house(database, tmp_path, limits=LIMITS)


def test_what_is_in_force_may_open_positions(house):
    assert house.place(an_intent()).order is not None


@pytest.mark.parametrize("part", ["code", "prompts", "policy"])
def test_a_newer_start_stops_the_entries_of_the_older_ones_and_leaves_their_exits(house, part):
    house.place(an_intent("dec-1"))
    looser = policy_from_limits({**LIMITS, "max_order_qty": 2000}) if part == "policy" else house.policy
    newer = replace(house.desk.release, **{part: looser.digest if part == "policy" else "newer"})
    house.control.put_in_force(newer, looser, by="start", at=NOON)
    refused = house.place(an_intent("dec-2"))
    assert (refused.order, refused.evaluation.codes) == (None, ("RELEASE_MISMATCH",))
    assert house.place(an_exit("dec-3")).order is not None


def test_a_process_that_does_not_know_what_it_runs_opens_nothing(house, database, tmp_path):
    house.desk._release = None
    refused = house.place(an_intent())
    assert (refused.evaluation.outcome, refused.evaluation.codes) == (Outcome.DENY, ("RELEASE_UNKNOWN",))


def test_a_refusal_for_the_release_is_no_refusal_of_the_intent(house):
    house.control.put_in_force(replace(house.desk.release, code="newer"), house.policy, by="start", at=NOON)
    house.place(an_intent())
    assert house.control.blocks_in_row(now=NOON) == {}
