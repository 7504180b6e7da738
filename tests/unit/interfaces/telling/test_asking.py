"""The models and their use in words: what they cost by day, role and model, and what is left of today."""

from datetime import timedelta
from decimal import Decimal
from io import StringIO

from rich.console import Console

from domain.ids import CycleId
from domain.record.model_use import Handover
from interfaces.cli import render
from interfaces.service import Service
from interfaces.telling.asking import handed_over
from interfaces.telling.reporting import calls_view
from tests.builders.agents import a_call
from tests.builders.market import NOON
from tests.builders.runtime import NIMBO, SpyModel, a_cycle, a_runtime

DAY = timedelta(days=1)


def shown(renderable):
    """The screen as a person reads it, a hundred columns wide."""
    out = StringIO()
    Console(width=100, file=out, color_system=None).print(renderable)
    return out.getvalue()


def saved(runtime, *calls):
    for number, call in enumerate(calls):
        told = {"request_digest": f"r-{number}", "at": NOON, "tokens_in": 100, "tokens_out": 10, **call}
        runtime.deps.stores.calls.save(a_call(**told))


def test_usage_is_told_by_exchange_day_role_and_model_newest_first(tmp_path):
    with a_runtime(tmp_path) as runtime:
        saved(
            runtime,
            {"cost_usd": Decimal("0.2")},
            {"cost_usd": Decimal("0.3")},
            {"role": "advisor"},
            {"model": "other"},
            {"call_id": "reused-x", "tokens_in": 0, "tokens_out": 0},
            {"at": NOON - DAY},
            {"at": NOON - 9 * DAY},
        )
        view = Service(runtime).usage(2)
    told = [(str(row.day), row.role, row.model, row.calls, row.reused, row.tokens_in) for row in view.rows]
    assert told == [
        ("2026-03-17", "advisor", "scripted:test-model", 1, 0, 100),
        ("2026-03-17", "reader", "scripted:other", 1, 0, 100),
        ("2026-03-17", "reader", "scripted:test-model", 2, 1, 200),
        ("2026-03-16", "reader", "scripted:test-model", 1, 0, 100),
    ]
    assert view.rows[2].cost_usd == Decimal("0.5")
    assert view.budgets == ()


def test_the_screen_shows_what_is_left_of_today(tmp_path):
    models = {"budget": {"day": {"tokens": 100_000}, "roles": {"reader": {"tokens": 120}}}}
    with a_runtime(tmp_path, models=models) as runtime:
        saved(runtime, {}, {"role": "advisor"})
        a_cycle(runtime, NIMBO)
        screen = shown(render.usage(Service(runtime).usage(1)))
    assert "2026-03-17" in screen
    assert "rules:rules" in screen
    assert "reader today" in screen
    assert "100,000" in screen


def test_an_empty_home_says_so(tmp_path):
    with a_runtime(tmp_path) as runtime:
        assert "no model was asked" in shown(render.usage(Service(runtime).usage(3)))


def test_the_report_of_a_cycle_tells_calls_and_answers_used_again_apart(tmp_path):
    with a_runtime(tmp_path) as runtime:
        view = calls_view(runtime, [a_call(at=NOON), a_call(at=NOON, call_id="reused-x", tokens_in=0, tokens_out=0)])
    assert (view.count, view.reused, view.tokens_in) == (1, 1, 900)
    assert [(row.role, row.calls, row.reused) for row in view.by] == [("reader", 1, 1)]


def test_handovers_in_words():
    passed = Handover(CycleId("cyc-1"), "advisor", "openai:first", "local:second", "timeout")
    told = handed_over((passed, Handover(CycleId("cyc-1"), "reader", "openai:first", "local:second", "quota", 3)))
    assert told == (
        "advisor: openai:first timeout, local:second asked",
        "reader: openai:first quota, local:second asked (3 times)",
    )


def test_status_names_every_model_only_where_there_is_more_to_tell(tmp_path):
    with a_runtime(tmp_path, model=SpyModel()) as runtime:
        well = shown(render.status(Service(runtime).status()))
        runtime.deps.asker.breaker.failed("scripted:spy", "quota")
        ill = shown(render.status(Service(runtime).status()))
    assert "failed" not in well
    assert "scripted:spy (every role): failed once (quota), left alone until" in " ".join(ill.split())
