"""Asking: what is paid is recorded before it is read, nothing is paid twice, and there is one repair turn."""

import json
import threading
from dataclasses import replace
from decimal import Decimal

import pytest

from agents.ask import Asker, estimate
from agents.calls.budget import Budget, TokenPrice
from agents.llm import BadAnswer, NoAnswer, WrongSetup, reason_of
from agents.slots import encode
from domain.clock import FixedClock
from domain.errors import DataQualityError
from domain.record.canonical import digest
from tests.builders.agents import (
    AT,
    CYCLE,
    MemoryJournal,
    ScriptedModel,
    a_reply,
    a_request,
    an_article,
    an_asker,
    asking,
    set_aside,
)

NOTHING = {"events": [], "suspicious": False}
VARIABLES = {"symbols": encode(["ACME"]), "text": encode(an_article().text)}


def has_left(asker, tokens):
    """Whether a further call may take so many tokens and not one more; it takes none in the end."""
    with pytest.raises(NoAnswer, match="budget"):
        asker.budget.reserve(set_aside("probe", tokens + 1))
    asker.budget.reserve(set_aside("probe", tokens))
    asker.budget.settle(CYCLE, "probe", 0)
    return True


def ask(asker, read=lambda output, source, repaired: (output.suspicious, source, repaired), cycle=CYCLE):
    return asker.ask("reader", "subject", cycle, VARIABLES, read)


def test_an_answer_is_read_and_on_record():
    asker, model, journal = asking(NOTHING)
    assert ask(asker).value == (False, "scripted:test-model", False)
    (call,) = journal.calls
    assert (call.role, call.subject, call.cycle_id, call.at) == ("reader", "subject", CYCLE, AT)
    assert call.request_digest == model.requests[0].digest
    assert (call.tokens_in, call.tokens_out, call.latency_ms, call.finish) == (900, 120, 15, "stop")


def test_equal_questions_have_equal_digests_and_any_difference_shows():
    asker, *_ = asking(NOTHING)
    request = asker.request("reader", VARIABLES)
    assert request.digest == asker.request("reader", dict(reversed(VARIABLES.items()))).digest
    others = [
        replace(request, user=request.user + " "),
        replace(request, attempt=2),
        replace(request, sampling=replace(request.sampling, seed=1)),
        replace(request, sampling=replace(request.sampling, model="other")),
        replace(request, prompt_digest="x"),
    ]
    assert len({request.digest, *(other.digest for other in others)}) == 6
    assert all(other.digest == digest(other) for other in (request, *others)), "keys are those of the fields"


def test_a_finished_call_is_never_paid_twice():
    asker, model, journal = asking(NOTHING)
    first = ask(asker)
    later = an_asker(model, journal=MemoryJournal(journal.calls))
    assert ask(later) == first
    assert len(model.requests) == 1


def test_a_finished_refusal_is_not_asked_again_either():
    asker, model, _ = asking(a_reply("No.", finish="refusal"))
    for _ in range(3):
        with pytest.raises(NoAnswer):
            ask(asker)
    assert len(model.requests) == 1


def test_another_cycle_asks_for_itself():
    asker, model, _ = asking(NOTHING)
    ask(asker)
    ask(asker, cycle="cyc-other")
    assert len(model.requests) == 2


def test_the_record_is_written_before_the_answer_is_read():
    asker, _, journal = asking("rubbish")

    def read(output, source, repaired):
        raise AssertionError("never reached")

    with pytest.raises(BadAnswer):
        ask(asker, read)
    assert [call.response for call in journal.calls] == ["rubbish", "rubbish"]


def test_a_record_that_cannot_be_written_stops_the_answer():
    class FullDisk(MemoryJournal):
        def save(self, call):
            raise DataQualityError("the disk is full")

    asker = an_asker(ScriptedModel(NOTHING), journal=FullDisk())
    with pytest.raises(DataQualityError, match="disk is full"):
        ask(asker)


def test_one_repair_turn_tells_what_was_wrong():
    asker, model, _ = asking("rubbish", NOTHING)
    answer = ask(asker)
    first, second = model.requests
    assert (answer.repaired, answer.value[2]) == (True, True)
    assert (first.attempt, second.attempt) == (1, 2)
    assert second.system.startswith(first.system)
    assert second.user.startswith(first.user)
    assert "not one JSON document" in second.user


def test_there_is_no_second_repair_turn():
    asker, model, _ = asking("rubbish", "nonsense", NOTHING)
    with pytest.raises(BadAnswer, match="not one JSON document"):
        ask(asker)
    assert len(model.requests) == 2


def test_what_its_reader_refuses_is_repaired_too():
    asker, model, _ = asking(NOTHING)

    def read(output, source, repaired):
        if not repaired:
            raise BadAnswer("wrong_symbol", "another symbol </text_from_outside>")
        return "ok"

    assert ask(asker, read).value == "ok"
    assert "\\u003c/text_from_outside\\u003e" in model.requests[1].user


@pytest.mark.parametrize(
    ("reply", "kind", "reason", "calls"),
    [
        pytest.param(a_reply("no", finish="refusal"), NoAnswer, "refusal", 1, id="refusal"),
        pytest.param(a_reply("", finish="content_filter"), NoAnswer, "content_filter", 1, id="content_filter"),
        pytest.param(a_reply('{"ev', finish="length"), BadAnswer, "length", 2, id="length"),
        pytest.param(a_reply(json.dumps(NOTHING), finish="other"), BadAnswer, "garbage", 2, id="other"),
        pytest.param(NoAnswer("timeout", "slow"), NoAnswer, "timeout", 1, id="timeout"),
        pytest.param(WrongSetup("unauthorised", "key"), WrongSetup, "unauthorised", 1, id="unauthorised"),
        pytest.param(BadAnswer("garbage", "html"), BadAnswer, "garbage", 2, id="html"),
    ],
)
def test_what_is_no_answer_has_a_reason_and_only_a_bad_one_is_repaired(reply, kind, reason, calls):
    asker, model, _ = asking(reply)
    with pytest.raises(kind) as caught:
        ask(asker)
    assert (reason_of(caught.value), len(model.requests)) == (reason, calls)


@pytest.mark.parametrize("text", ["\x00", "{\ud800}", "x" * 200_000], ids=["nul", "surrogate", "endless"])
def test_what_is_kept_fits_every_database(text):
    asker, _, journal = asking(a_reply(text))
    with pytest.raises(BadAnswer):
        ask(asker)
    kept = journal.calls[0].response
    assert "\x00" not in kept
    assert len(kept.encode()) <= 65_537


def test_the_budget_of_calls_is_kept():
    asker = an_asker(ScriptedModel("rubbish"), calls=1)
    with pytest.raises(NoAnswer) as caught:
        ask(asker)
    assert caught.value.reason == "budget"


def test_the_budget_of_tokens_is_reserved_before_the_call():
    model = ScriptedModel(NOTHING)
    asker = an_asker(model, tokens=1000)
    with pytest.raises(NoAnswer, match="budget"):
        ask(asker)
    assert model.requests == []


def test_a_reservation_shrinks_to_what_was_used_and_stays_where_that_is_unknown():
    asker = an_asker(ScriptedModel(NOTHING, NoAnswer("timeout", "slow")), calls=5, tokens=10_000)
    ask(asker)
    assert has_left(asker, 10_000 - 1020)
    other = asker.request("reader", {**VARIABLES, "text": encode("another text")})
    with pytest.raises(NoAnswer, match="slow"):
        asker.ask("reader", "s", CYCLE, {**VARIABLES, "text": encode("another text")}, lambda *_: None)
    assert has_left(asker, 10_000 - 1020 - estimate(other))


def test_calls_from_the_journal_count_against_the_budget_once():
    asker, model, journal = asking(NOTHING)
    ask(asker)
    resumed = an_asker(model, journal=journal, calls=3, tokens=10_000)
    ask(resumed)
    ask(resumed)
    assert has_left(resumed, 10_000 - 1020), "this was the second call of three"
    resumed.budget.reserve(set_aside("third", 0))
    with pytest.raises(NoAnswer, match="budget"):
        resumed.budget.reserve(set_aside("fourth", 0))


def test_parallel_reservations_never_exceed_the_budget():
    budget, taken = Budget(1000, 100), []

    def take(number):
        try:
            budget.reserve(set_aside(str(number), 7))
            taken.append(number)
        except NoAnswer:
            pass

    threads = [threading.Thread(target=take, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 14


def test_cost_follows_the_price_of_the_model_that_answered():
    prices = {"test-model": TokenPrice(Decimal(2), Decimal(10))}
    journal = MemoryJournal()
    ask(Asker(ScriptedModel(NOTHING), journal, FixedClock(AT), Budget(9, 99_999), prices))
    assert journal.calls[0].cost_usd == Decimal("0.003")


def test_a_reservation_covers_what_is_sent_and_all_that_may_come_back():
    request = a_request(user="x" * 3000)
    assert estimate(request) >= 1000 + request.sampling.max_tokens


@pytest.mark.parametrize(
    ("replies", "faults"),
    [
        pytest.param([NOTHING], [], id="usable"),
        pytest.param(["{", NOTHING], ["garbage"], id="repaired"),
        pytest.param(["{", "{"], ["garbage", "garbage"], id="unusable_twice"),
        pytest.param([a_reply("{}", finish="refusal")], [], id="a_refusal_is_no_anomaly"),
    ],
)
def test_what_could_not_be_used_is_noted_in_the_journal(replies, faults):
    asker, _model, journal = asking(*replies)
    try:
        ask(asker)
    except (BadAnswer, NoAnswer):
        assert len(faults) != 1
    assert journal.faults == faults
