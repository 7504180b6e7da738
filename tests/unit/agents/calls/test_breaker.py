"""The breaker: five failures in a row open it, a pause later one call finds out, and an answer closes it."""

import threading
from datetime import timedelta

import pytest

from agents.calls.breaker import PAUSE, Breaker
from agents.llm import NoAnswer
from tests.builders.agents import AT
from tests.builders.execution import HandClock
from tests.builders.model_use import MemoryRests

MODEL = "openai:first"


@pytest.fixture
def clock():
    return HandClock(AT)


@pytest.fixture
def book():
    return MemoryRests()


@pytest.fixture
def breaker(book, clock):
    return Breaker(book, clock)


def admits(breaker, model=MODEL):
    try:
        breaker.admit(model)
    except NoAnswer as error:
        return error.reason
    return True


def fail(breaker, *reasons, model=MODEL):
    for reason in reasons:
        breaker.failed(model, reason)


@pytest.mark.parametrize(
    ("reasons", "admitted"),
    [
        pytest.param((), True, id="never_failed"),
        pytest.param(("timeout",) * 4, True, id="one_below"),
        pytest.param(("timeout",) * 5, "timeout", id="at_the_limit"),
        pytest.param(("network", "server", "rate_limit", "garbage", "bad_request"), "bad_request", id="of_any_kind"),
        pytest.param(("quota",), "quota", id="no_credit"),
        pytest.param(("unauthorised",), "unauthorised", id="a_wrong_key"),
        pytest.param(("permission",), "permission", id="no_right"),
        pytest.param(("unknown_model",), "unknown_model", id="a_wrong_name"),
        pytest.param(("refusal", "content_filter", "length", "context_length", "schema"), True, id="answers_of_a_kind"),
        pytest.param(("timeout",) * 4 + ("refusal", "timeout"), True, id="a_refusal_shows_that_it_is_up"),
    ],
)
def test_what_opens_it(breaker, reasons, admitted):
    fail(breaker, *reasons)
    assert admits(breaker) == admitted


def test_an_answer_closes_it_and_leaves_nothing_on_record(breaker, book):
    fail(breaker, *("timeout",) * 4)
    breaker.answered(MODEL)
    fail(breaker, *("timeout",) * 4)
    assert admits(breaker) is True
    breaker.answered(MODEL)
    assert (breaker.rests(), book.rows) == ((), {})


def test_after_the_pause_one_call_finds_out(breaker, clock):
    fail(breaker, "quota")
    clock.at = AT + PAUSE - timedelta(seconds=1)
    assert admits(breaker) == "quota"
    clock.at = AT + PAUSE
    assert [admits(breaker) for _ in range(3)] == [True, "quota", "quota"]
    fail(breaker, "quota")
    assert admits(breaker) == "quota", "it failed, and the pause begins anew"
    clock.at += PAUSE
    assert admits(breaker) is True
    breaker.answered(MODEL)
    assert [admits(breaker) for _ in range(3)] == [True, True, True]


def test_a_trial_that_was_not_made_is_left_to_the_next(breaker, clock):
    fail(breaker, "quota")
    clock.at += PAUSE
    assert admits(breaker) is True
    breaker.untried(MODEL)
    assert admits(breaker) is True


def test_of_many_threads_one_finds_out(breaker, clock):
    fail(breaker, "quota")
    clock.at += PAUSE
    told = []
    threads = [threading.Thread(target=lambda: told.append(admits(breaker))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told.count(True) == 1


def test_one_model_says_nothing_about_another(breaker):
    fail(breaker, *("timeout",) * 5)
    assert admits(breaker, "openai:second") is True


def test_another_process_is_told_and_a_start_with_a_corrected_key_is_not_held_up(book, clock):
    fail(Breaker(book, clock), *("timeout",) * 5)
    fail(Breaker(book, clock), "unauthorised", model="openai:second")
    later = Breaker(book, clock)
    assert (admits(later), admits(later, "openai:second")) == ("timeout", True)


def test_a_running_service_hears_of_it_within_a_minute(book, clock, breaker):
    assert admits(breaker) is True
    fail(Breaker(book, clock), *("timeout",) * 5)
    clock.at += timedelta(minutes=1)
    assert admits(breaker) == "timeout"


def test_it_says_what_it_knows(breaker):
    fail(breaker, *("timeout",) * 5)
    with pytest.raises(
        NoAnswer, match=r"failed 5 times in a row \(timeout\), left alone until 2026-03-17 15:05:00 UTC"
    ):
        breaker.admit(MODEL)
