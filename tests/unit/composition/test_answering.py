"""Who answers, by the settings: models of roles, those behind them, what they cost, and what cannot be had."""

from contextlib import ExitStack
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

import composition.answering as answering
from agents.llm import Sampling
from domain.errors import ConfigurationError, UsageError
from settings.reading import load_settings
from tests.builders.runtime import a_runtime, standing_in

HOSTED: dict[str, Any] = {
    "model": "openai:first",
    "openai_api_key": "sk-1",
    "provider_keys": "local=none, far = sk-far",
}
PROVIDERS = {"local": {"url": "http://127.0.0.1:9/v1"}}


@pytest.fixture
def stack(tmp_path):
    with ExitStack() as opened, standing_in(tmp_path):
        yield opened


def test_the_simple_case_needs_no_table(stack):
    settings = load_settings(model="openai:first", openai_api_key="sk-1")
    assert answering.model_of(settings, stack).sampling == Sampling("first", Decimal(0), 900)
    assert answering.roles_of(settings, stack) == {}
    assert answering.fallback_of(settings, stack) == ()


def test_a_role_may_have_its_own_model_and_its_own_sampling(stack):
    roles = {
        "advisor": {"model": "local:deep", "temperature": "none", "max_tokens": 2000, "seed": 7},
        "explainer": {"max_tokens": 400},
    }
    made = answering.roles_of(load_settings(**HOSTED, models={"roles": roles, "providers": PROVIDERS}), stack)
    assert {role: (model.name, model.sampling) for role, model in made.items()} == {
        "advisor": ("local:deep", Sampling("deep", None, 2000, 7)),
        "explainer": ("openai:first", Sampling("first", Decimal(0), 400)),
    }


def test_the_fallback_keeps_its_order_and_rules_at_its_end_add_nobody(stack):
    settings = load_settings(
        **HOSTED, model_fallback="openai:second, local:third,rules", models={"providers": PROVIDERS}
    )
    assert [model.name for model in answering.fallback_of(settings, stack)] == ["openai:second", "local:third"]


@pytest.mark.parametrize("model", ["rules", "recorded"])
def test_who_names_rules_or_a_recording_means_every_role(stack, model):
    told = {**HOSTED, "model": model, "model_fallback": "openai:second"}
    settings = load_settings(**told, models={"roles": {"advisor": {"model": "openai:own"}}})
    assert (answering.roles_of(settings, stack), answering.fallback_of(settings, stack)) == ({}, ())


@pytest.mark.parametrize(
    ("told", "error", "words"),
    [
        ({"model_fallback": "rules,openai:second"}, UsageError, "SAGE_MODEL_FALLBACK names rules"),
        ({"model_fallback": "recorded"}, UsageError, "SAGE_MODEL_FALLBACK names recorded"),
        ({"model_fallback": "near:second"}, UsageError, "there is no model 'near:second'"),
        ({"model_fallback": "far:second"}, ConfigurationError, "SAGE_PROVIDER_KEYS holds no key of far"),
        ({"openai_api_key": None}, ConfigurationError, "OPENAI_API_KEY is not set"),
    ],
)
def test_what_cannot_be_had_is_refused_by_name(stack, told, error, words):
    providers = {"far": {"url": "http://127.0.0.1:9/v1"}}
    settings = load_settings(**{**HOSTED, "provider_keys": "local=none", "models": {"providers": providers}, **told})
    with pytest.raises(error, match=words):
        (answering.model_of(settings, stack), answering.fallback_of(settings, stack))


def test_keys_of_providers_are_secrets(stack):
    settings = load_settings(**HOSTED)
    assert {"none", "sk-far", "sk-1"} <= set(settings.secrets)
    assert "sk-far" not in repr(settings)


@pytest.mark.parametrize(
    ("told", "prices"),
    [
        ({}, {"first": (0, 0)}),
        ({"price_in_usd_per_mtok": 2, "price_out_usd_per_mtok": 8}, {"first": (2, 8)}),
        (
            {"price_in_usd_per_mtok": 2, "models": {"prices": {"first": {"tokens_in": "0.4", "tokens_out": "1.6"}}}},
            {"first": (Decimal("0.4"), Decimal("1.6"))},
        ),
        (
            {"price_in_usd_per_mtok": 2, "models": {"prices": {"other": {"tokens_in": 1, "tokens_out": 1}}}},
            {"other": (1, 1), "first": (2, 0)},
        ),
    ],
    ids=["unknown_is_free", "one_price_for_all", "the_table_counts_first", "what_it_does_not_name"],
)
def test_prices(stack, told, prices):
    settings = load_settings(**HOSTED, **told)
    made = answering.prices_of(settings, (answering.model_of(settings, stack),))
    assert {name: (price.tokens_in, price.tokens_out) for name, price in made.items()} == prices


@pytest.mark.parametrize(
    "budget", [{"cycle_usd": 1}, {"day": {"usd": 1}}, {"roles": {"reader": {"usd": 1}}}], ids=["cycle", "day", "role"]
)
def test_a_budget_in_money_is_refused_while_a_price_is_unknown(stack, budget):
    settings = load_settings(**HOSTED, models={"budget": budget})
    with pytest.raises(ConfigurationError, match="nobody knows what first costs"):
        answering.prices_of(settings, (answering.model_of(settings, stack),))


def test_a_start_puts_it_all_together(tmp_path):
    budget = {"cycle_usd": "0.5", "day": {"tokens": 9000}, "roles": {"reader": {"usd": 1}}, "edge_pct": 70}
    models = {
        "providers": PROVIDERS,
        "budget": budget,
        "prices": {name: {"tokens_in": 1, "tokens_out": 1} for name in ("first", "cheap")},
        "reuse_minutes": 30,
    }
    with a_runtime(tmp_path, **HOSTED, model_fallback="local:cheap", models=models) as runtime:
        asker = runtime.deps.asker
    assert [model.name for model in asker.line("advisor")] == ["openai:first", "local:cheap"]
    assert (asker.budget.usd, asker.budget.edge) == (Decimal("0.5"), Decimal("0.7"))
    assert (asker.budget.day.whole.tokens, asker.budget.day.roles["reader"].usd) == (9000, 1)
    assert asker.reuse.longest == timedelta(minutes=30)


@pytest.mark.parametrize(
    "told", [{"model": "rules"}, {"record_to": "answers.jsonl"}, {"models": {"reuse_minutes": 0}}], ids=str
)
def test_no_answer_is_used_again_where_that_would_spoil_something(tmp_path, told):
    with standing_in(tmp_path), a_runtime(tmp_path, **{**HOSTED, **told}) as runtime:
        assert runtime.deps.asker.reuse is None


def test_without_limits_of_a_day_nothing_is_set_aside_in_the_database(tmp_path):
    with a_runtime(tmp_path) as runtime:
        assert runtime.deps.asker.budget.day is None
