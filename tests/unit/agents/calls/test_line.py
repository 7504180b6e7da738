"""The line of models: the next one is asked where one fails in any way, and a resumed cycle goes on where it was.

Nobody stands behind the last: rules are no model, and where nobody answers that is a state.
"""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from agents.ask import Asker
from agents.calls.breaker import Breaker
from agents.calls.budget import Budget, TokenPrice
from agents.calls.reuse import Reuse
from agents.llm import BadAnswer, NoAnswer, Sampling, WrongSetup, reason_of
from agents.slots import encode
from domain.clock import FixedClock
from domain.ids import CycleId
from domain.record.model_use import Handover
from tests.builders.agents import AT, CYCLE, MemoryJournal, ScriptedModel, a_reply, an_article
from tests.builders.execution import HandClock
from tests.builders.model_use import MemoryAnswers, MemoryRests

NOTHING = {"events": [], "suspicious": False}
VARIABLES = {"symbols": encode(["ACME"]), "text": encode(an_article().text)}


class Named(ScriptedModel):
    """A scripted model with a name of its own."""

    def __init__(self, own, *answers):
        super().__init__(*answers)
        self._own = own

    @property
    def name(self):
        return f"scripted:{self._own}"

    @property
    def sampling(self):
        return Sampling(self._own)


def in_line(*models, **changed):
    first, *behind = models
    told = {"journal": MemoryJournal(), "clock": FixedClock(AT), "budget": Budget(50, 500_000), **changed}
    return Asker(first, fallback=tuple(behind), **told)


def ask(asker, cycle=CYCLE, variables=VARIABLES):
    return asker.ask("reader", "subject", cycle, variables, lambda output, source, repaired: (source, repaired)).value


def answer_of(model, text='{"events": [], "suspicious": false}', **changed):
    return a_reply(text, model=model, **changed)


FAILURES = {
    "away": NoAnswer("network", "away"),
    "slow": NoAnswer("timeout", "slow"),
    "limited_for_ever": NoAnswer("quota", "no credit"),
    "limited": NoAnswer("rate_limit", "too many"),
    "too_long": NoAnswer("context_length", "too long"),
    "wrong_key": WrongSetup("unauthorised", "key"),
    "garbled": BadAnswer("garbage", "html"),
    "refusing": a_reply("No.", finish="refusal"),
    "filtered": a_reply("", finish="content_filter"),
    "cut_off": a_reply('{"ev', finish="length"),
    "malformed": "rubbish",
    "broken": ValueError("nobody expected that"),
}
REASONS = {
    "away": "network", "slow": "timeout", "limited_for_ever": "quota", "limited": "rate_limit",
    "too_long": "context_length", "wrong_key": "unauthorised", "garbled": "garbage", "refusing": "refusal",
    "filtered": "content_filter", "cut_off": "length", "malformed": "garbage", "broken": "garbage",
}  # fmt: skip


@pytest.mark.parametrize("case", FAILURES)
def test_the_next_one_is_asked_and_it_is_told_who_answered_and_why(case):
    passed: list[Handover] = []
    asker = in_line(Named("first", FAILURES[case]), Named("second", answer_of("second")), handed_over=passed.append)
    assert ask(asker) == ("scripted:second", False)
    assert passed == [Handover(CYCLE, "reader", "scripted:first", "scripted:second", REASONS[case])]


@pytest.mark.parametrize("case", FAILURES)
def test_where_nobody_answers_that_is_a_state_with_a_reason(case):
    asker = in_line(Named("first", NoAnswer("network", "away")), Named("second", FAILURES[case]))
    with pytest.raises((NoAnswer, BadAnswer, WrongSetup)) as caught:
        ask(asker)
    assert reason_of(caught.value) == REASONS[case]


def test_each_model_has_one_repair_turn():
    first, second = Named("first", "rubbish"), Named("second", "rubbish", answer_of("second"))
    assert ask(in_line(first, second)) == ("scripted:second", True)
    assert [len(first.requests), len(second.requests)] == [2, 2]


def test_a_role_may_have_a_model_and_a_sampling_of_its_own():
    common, own = Named("common", NOTHING), Named("own", answer_of("own"))
    asker = in_line(common, roles={"reader": own})
    assert ask(asker) == ("scripted:own", False)
    assert own.requests[0].sampling == Sampling("own")
    assert asker.line("advisor") == (common,)


def test_a_model_does_not_stand_behind_itself():
    first, second = Named("first", NOTHING), Named("second", NOTHING)
    assert in_line(first, second, roles={"reader": second}).line("reader") == (second,)


def test_a_resumed_cycle_asks_nobody_again_who_answered_or_was_passed_over():
    first, second = Named("first", NoAnswer("network", "away")), Named("second", answer_of("second"))
    asker = in_line(first, second)
    told = ask(asker)
    assert ask(in_line(Named("first", NOTHING), Named("second", NOTHING), journal=asker.journal)) == told
    assert ask(asker) == told
    assert [len(first.requests), len(second.requests)] == [1, 1]


def test_a_model_that_rests_is_passed_over_without_a_call_and_tried_again_after_the_pause():
    clock = HandClock(AT)
    first = Named("first", *(NoAnswer("timeout", "slow") for _ in range(5)), answer_of("first"))
    asker = in_line(first, Named("second", answer_of("second")), clock=clock, breaker=Breaker(MemoryRests(), clock))
    told = [ask(asker, CycleId(f"cyc-{n}"))[0] for n in range(8)]
    assert told == ["scripted:second"] * 8
    assert len(first.requests) == 5
    clock.at += timedelta(minutes=5)
    assert [ask(asker, CycleId(f"cyc-later-{n}"))[0] for n in range(2)] == ["scripted:first"] * 2


def test_a_model_that_rests_uses_none_of_the_budget():
    clock = HandClock(AT)
    breaker = Breaker(MemoryRests(), clock)
    breaker.failed("scripted:first", "quota")
    asker = in_line(Named("first", NOTHING), clock=clock, breaker=breaker, budget=Budget(1, 10_000))
    for _ in range(3):
        with pytest.raises(NoAnswer) as caught:
            ask(asker)
        assert caught.value.reason == "quota"


@pytest.mark.parametrize(
    ("reason", "kept"),
    [("timeout", True), ("network", True), ("server", True), ("quota", False), ("rate_limit", False)],
)
def test_what_a_server_refuses_unseen_is_not_paid_and_what_nobody_saw_end_may_be(reason, kept):
    asker = in_line(Named("first", NoAnswer(reason, "no")), budget=Budget(1, 10_000))
    with pytest.raises(NoAnswer):
        ask(asker)
    other = replace(asker, model=Named("other", answer_of("other")))
    if kept:
        with pytest.raises(NoAnswer, match="budget"):
            ask(other)
    else:
        assert ask(other) == ("scripted:other", False)


def test_at_the_edge_the_cheaper_one_is_asked_and_at_the_end_nobody():
    """A call costs 0.0018 USD of the dear and a fifth of that of the cheap model; 0.012 USD is all there is."""
    prices = {"dear": TokenPrice(Decimal(1), Decimal(1)), "cheap": TokenPrice(Decimal("0.2"), Decimal("0.2"))}
    dear, cheap = (Named(name, answer_of(name, tokens_in=300, tokens_out=1500)) for name in prices)
    budget = Budget(99, 10**9, usd=Decimal("0.012"))
    asker = in_line(dear, cheap, prices=prices, budget=budget)
    told = []
    for number in range(20):
        try:
            told.append(ask(asker, variables={**VARIABLES, "text": encode(f"text {number}")})[0])
        except NoAnswer as error:
            told.append(error.reason)
    names = list(dict.fromkeys(told))
    assert names == ["scripted:dear", "scripted:cheap", "budget"]
    spent = sum(call.cost_usd for call in asker.journal.calls)
    assert spent <= Decimal("0.012")
    assert sum(call.cost_usd for call in asker.journal.calls if call.model == "dear") <= Decimal("0.0096")


@pytest.mark.parametrize(
    ("later", "asked"),
    [
        pytest.param(timedelta(0), 1, id="at_once"),
        pytest.param(timedelta(minutes=60), 1, id="as_old_as_allowed"),
        pytest.param(timedelta(minutes=60, seconds=1), 2, id="too_old"),
        pytest.param(timedelta(minutes=-1), 2, id="from_the_future"),
    ],
)
def test_an_answer_is_used_again_while_it_is_young_enough_and_never_before_it_was_given(later, asked):
    model, clock = Named("first", answer_of("first")), HandClock(AT)
    asker = in_line(model, clock=clock, reuse=Reuse(MemoryAnswers(), timedelta(hours=1)))
    told = ask(asker)
    clock.at = AT + later
    assert ask(asker, CycleId("cyc-next")) == told
    assert len(model.requests) == asked
    again = asker.journal.calls[-1]
    assert (again.cycle_id, again.at, again.reused) == ("cyc-next", clock.at, asked == 1)
    assert (again.tokens_in == 0) is again.reused


def test_used_again_it_does_not_grow_younger():
    model, clock = Named("first", answer_of("first")), HandClock(AT)
    asker = in_line(model, clock=clock, reuse=Reuse(MemoryAnswers(), timedelta(hours=1)))
    for number in range(4):
        ask(asker, CycleId(f"cyc-{number}"))
        clock.at += timedelta(minutes=40)
    assert len(model.requests) == 2


def test_an_answer_that_could_not_be_read_is_not_used_again():
    model = Named("first", "rubbish", "rubbish", answer_of("first"))
    asker = in_line(model, reuse=Reuse(MemoryAnswers(), timedelta(hours=1)))
    with pytest.raises(BadAnswer):
        ask(asker)
    assert ask(asker, CycleId("cyc-next")) == ("scripted:first", False)


def test_another_question_is_asked():
    model = Named("first", answer_of("first"))
    asker = in_line(model, reuse=Reuse(MemoryAnswers(), timedelta(hours=1)))
    ask(asker)
    ask(asker, CycleId("cyc-next"), {**VARIABLES, "text": encode("another text")})
    assert len(model.requests) == 2
