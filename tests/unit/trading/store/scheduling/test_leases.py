"""Leases on both databases: one holder, taken over when it is over, and the loser learns it."""

from datetime import timedelta

import pytest

from domain.errors import IntegrityError, RetryableError
from interfaces.serving.holding import Busy, held, kept_alive
from tests.builders.execution import HandClock
from tests.builders.serving import a_lease_store
from tests.unit.trading.store.conftest import database, url  # noqa: F401  # the fixtures of the folder above
from trading.store.scheduling.leases import TERM


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def ours(database, clock):  # noqa: F811
    return a_lease_store(database, "desk:1:1", clock)


@pytest.fixture
def theirs(database, clock):  # noqa: F811
    return a_lease_store(database, "desk:2:2", clock)


def test_the_first_has_it_and_the_second_learns_who(ours, theirs):
    assert ours.take("cycle", "a cycle").holder == "desk:1:1"
    assert theirs.take("cycle", "a cycle").holder == "desk:1:1"
    assert theirs.take("other", "another").holder == "desk:2:2"


def test_given_back_is_free_and_only_the_holder_can(ours, theirs):
    ours.take("cycle", "a cycle")
    theirs.give_back("cycle")
    assert theirs.take("cycle", "a cycle").holder == "desk:1:1"
    ours.give_back("cycle")
    assert theirs.take("cycle", "a cycle").holder == "desk:2:2"


@pytest.mark.parametrize(("waited", "holder"), [(TERM - timedelta(seconds=1), "desk:1:1"), (TERM, "desk:2:2")])
def test_without_a_sign_of_life_it_runs_out(ours, theirs, clock, waited, holder):
    ours.take("cycle", "a cycle")
    clock.at += waited
    assert theirs.take("cycle", "a cycle").holder == holder
    assert ours.renew("cycle") == (holder == "desk:1:1")


def test_a_sign_of_life_keeps_it_and_may_say_something(ours, theirs, clock):
    ours.take("service:1", "starting")
    clock.at += TERM / 2
    assert ours.renew("service:1", what="last cycle at noon")
    clock.at += TERM / 2
    assert theirs.take("service:1", "mine").what == "last cycle at noon"


def test_of_a_process_that_is_gone_it_is_free_at_once(ours, database, clock):  # noqa: F811
    ours.take("cycle", "a cycle")
    other = a_lease_store(database, "desk:2:2", clock, gone=lambda name: name == "desk:1:1")
    assert other.take("cycle", "a cycle").holder == "desk:2:2"


def test_what_is_over_is_cleared_and_what_lives_stays(ours, theirs, clock):
    ours.take("service:a", "old")
    clock.at += TERM
    theirs.take("service:b", "new")
    a_third = theirs
    a_third.clear("service:")
    assert [lease.name for lease in ours.named("service:")] == ["service:b"]
    assert theirs.named("service_") == (), "a name is no pattern"


def test_a_block_holds_it_and_gives_it_back(ours, theirs):
    with held(ours, "cycle", "a cycle") as still_ours:
        still_ours()
        told = r"a cycle is running in this home: process 1 on desk has been at it since 2026-03-17 15:00:00Z"
        with pytest.raises(Busy, match=told), held(theirs, "cycle", "a cycle"):
            pytest.fail("two at once")
    with held(theirs, "cycle", "a cycle"):
        assert ours.get("cycle").holder == "desk:2:2"


def test_a_block_that_fails_gives_it_back_too(ours, theirs):
    def fails():
        with held(ours, "cycle", "a cycle"):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert theirs.take("cycle", "a cycle").holder == "desk:2:2"


def until_told(still_ours):
    while True:
        still_ours()


def alive(*answers):
    """A lease whose renewals come to these answers, until somebody is told that it is lost."""
    left = iter(answers)

    def renew():
        said = next(left)
        if isinstance(said, Exception):
            raise said
        return said

    return kept_alive("a cycle", renew, beat_s=0.01)


@pytest.mark.parametrize(
    "answers",
    [(True, False), (RetryableError("busy"), True, False), (True, IntegrityError("damaged"))],
    ids=["lost", "lost_after_a_busy_moment", "nothing_to_renew_in"],
)
def test_who_lost_it_is_told_and_goes_no_further(answers):
    with alive(*answers) as still_ours, pytest.raises(RetryableError, match="another process has taken over a cycle"):
        until_told(still_ours)
