"""Models that fail, cost too much or have answered before, in whole cycles of the product and over real HTTP.

The first server fails as the case says, the second answers by rule; what may be entered is the same as ever.
"""

import json
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from agents.llm import NoAnswer
from domain.case import Mode
from domain.decisions import Action
from domain.orders import Side
from interfaces.service import Service
from interfaces.views.state import State
from tests.builders.execution import HandClock
from tests.builders.market import NOON
from tests.builders.runtime import KORVA, LEAVING, NIMBO, OSTRE, SpyModel, a_cycle, a_runtime
from tests.servers.openai_server import Scripted, by_rule, openai_server, refused

QUOTED = Path(__file__).parents[2].parent / "shared/data/payloads/openai/errors_quoted_in_issues.jsonl"


@contextmanager
def two_servers(home, *first, clock=None, **changes):
    """A start whose first model lives on one server and whose second on another; and what each was asked."""
    with openai_server(*first) as failing, openai_server(by_rule) as well:
        models = {"providers": {"local": {"url": well.base_url}}, **changes.pop("models", {})}
        told = {
            "model": "openai:first",
            "model_fallback": "local:second,rules",
            "models": models,
            "provider_keys": "local=none",
            "openai_api_key": "sk-first",
            "openai_base_url": failing.base_url,
            "model_timeout_s": 10,
            **changes,
        }
        with a_runtime(home, clock=clock, **told) as runtime:
            yield runtime, failing.requests, well.requests


def quoted(status_code):
    """A real body that a user of OpenAI was sent."""
    for line in QUOTED.read_text(encoding="utf-8").splitlines():
        told = json.loads(line)
        if told["body"]["error"]["code"] == status_code:
            return Scripted(json.dumps(told["body"]), told["status"], {"retry-after": "60"})
    raise AssertionError(f"nobody quoted {status_code}")


def test_a_spent_quota_is_found_out_once_and_the_next_provider_goes_on(tmp_path):
    with two_servers(tmp_path, refused(429, "insufficient_quota")) as (runtime, first, second):
        report = a_cycle(runtime, NIMBO)
        status, doctor = Service(runtime).status(), Service(runtime).doctor()
    assert [order.symbol for order in report.orders] == [NIMBO]
    assert (len(first), len(second)) == (1, 4), "three more questions did not wait for a refusal"
    assert report.degraded.startswith("advisor: openai:first quota, local:second asked")
    assert "explainer: openai:first quota, local:second asked" in report.degraded
    assert {each.source for each in (*report.advice, *report.decisions)} == {"hosted:test-model-0317"}
    assert [(each.name, each.place, each.state) for each in status.models] == [
        ("openai:first", "every role", State.FAILED),
        ("local:second", "fallback 1", State.OK),
    ]
    assert [row.state for row in doctor.checks if row.name == "model"] == [State.FAILED, State.OK]


@pytest.mark.skipif(not QUOTED.exists(), reason="no recorded payloads beside the repository")
@pytest.mark.parametrize("code", ["rate_limit_exceeded", "insufficient_quota", "context_length_exceeded"])
def test_what_users_were_really_sent_hands_the_question_on(tmp_path, code):
    with two_servers(tmp_path, quoted(code)) as (runtime, _first, _second):
        report = a_cycle(runtime, NIMBO)
    assert [order.symbol for order in report.orders] == [NIMBO]
    assert "local:second asked" in report.degraded


def test_rules_at_the_end_of_the_line_open_nothing(tmp_path):
    """Where nobody answers there is no entry, whatever rules would have said: no model is a state, no decision."""
    with two_servers(tmp_path, refused(401), model_fallback="rules") as (runtime, first, _second):
        report = a_cycle(runtime, NIMBO, OSTRE)
    assert report.orders == ()
    assert {each.action for each in report.decisions} == {Action.SKIP}
    assert "advisor: unauthorised" in report.degraded
    assert 1 <= len(first) <= 2, "two candidates may ask at once before the first refusal is there"


def test_an_outage_of_all_models_stops_entries_and_no_exit_and_ends_by_itself(tmp_path):
    errors: list[NoAnswer] = []

    def moody(_request, answer):
        return errors[0] if errors else answer

    clock, model = HandClock(NOON), SpyModel(moody)
    with a_runtime(tmp_path, clock=clock, model=model) as runtime:
        a_cycle(runtime, KORVA)
        clock.at = LEAVING
        errors.append(NoAnswer("network", "the model is away"))
        out = a_cycle(runtime, KORVA, NIMBO)
        again = [a_cycle(runtime, NIMBO, OSTRE) for _ in range(2)]
        asked = len(model.requests)
        third = a_cycle(runtime, NIMBO, OSTRE)
        assert len(model.requests) == asked, "it failed five times in a row and is left alone"
        errors.clear()
        clock.wait(minutes=5)
        well = a_cycle(runtime, NIMBO)
    assert [(order.symbol, order.side) for order in out.orders] == [(KORVA, Side.SELL)]
    assert {each.orders for each in (*again, third)} == {()}
    assert "advisor: network" in third.degraded
    assert (well.degraded, {each.source for each in well.advice}) == (None, {"scripted:spy"})


def test_a_second_cycle_over_the_same_evidence_makes_no_call(tmp_path):
    """In mode observe nothing is sent, so the second cycle sees the book of the first."""
    with two_servers(tmp_path, by_rule, mode=Mode.OBSERVE) as (runtime, first, _second):
        one = a_cycle(runtime, NIMBO, OSTRE)
        asked = len(first)
        two = a_cycle(runtime, NIMBO, OSTRE)
        digests = [runtime.deps.stores.observations.load(each.cycle_id).evidence.items for each in (one, two)]
        assert digests[0].keys() == digests[1].keys()
        assert runtime.deps.stores.ledger.verify().ok
    assert asked == 8
    assert len(first) == asked
    assert (one.model_calls.count, one.model_calls.reused) == (8, 0)
    assert (two.model_calls.count, two.model_calls.reused, two.model_calls.tokens_in) == (0, 8, 0)
    told = [[(each.symbol, each.action, each.qty, each.source) for each in report.decisions] for report in (one, two)]
    assert told[0] == told[1]


@pytest.mark.parametrize("minutes", [59, 61])
def test_after_an_hour_even_the_same_question_is_asked_anew(tmp_path, minutes):
    clock = HandClock(NOON)
    with two_servers(tmp_path, by_rule, clock=clock) as (runtime, first, _second):
        asker, read = runtime.deps.asker, lambda _output, source, _repaired: source
        variables = {"symbols": '["NIMBO"]', "text": '"NIMBO beats estimates"'}
        asker.ask("reader", "art-1", "cyc-1", variables, read)
        clock.wait(minutes=minutes)
        asker.ask("reader", "art-1", "cyc-2", variables, read)
    assert len(first) == (1 if minutes < 60 else 2)


def test_a_day_s_money_lasts_over_a_restart_and_then_rules_are_alone(tmp_path):
    """A call may cost 0.006 USD and then costs 0.0008: the day's 0.009 USD bear some calls, and not two cycles."""
    day = {"prices": {"first": {"tokens_in": 2, "tokens_out": 4}}, "budget": {"day": {"usd": "0.009"}}}
    reports, paid, usages = [], [], []
    for number in range(4):
        clock = HandClock(NOON + timedelta(minutes=number))
        with two_servers(tmp_path, by_rule, clock=clock, model_fallback="", models=day) as (runtime, first, _second):
            reports.append(a_cycle(runtime, NIMBO, OSTRE))
            usages.append(Service(runtime).usage(1))
        paid.append(len(first))
    assert paid[0] > 0
    assert paid[-1] == 0
    assert ("budget" in reports[-1].degraded, reports[-1].orders) == (True, ())
    (today,) = usages[-1].budgets
    assert today.usd_limit == Decimal("0.009")
    assert today.cost_usd <= Decimal("0.009")
    assert sum(row.cost_usd for row in usages[-1].rows) == today.cost_usd
    assert sum(row.calls for row in usages[-1].rows) == sum(paid)
