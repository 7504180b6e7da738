"""Who answers, made from the settings: the model of each role, those behind it, what they cost, and what they may cost.

Part of the composition root: ``opening.py`` and ``app.py`` call it, and like them it names the rooms once and runs them
on first use.
"""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from domain.clock import SystemClock
from domain.errors import ConfigurationError, UsageError
from interfaces.lazy import rooms_on_first_use

with rooms_on_first_use():
    import agents.ask as asking
    import agents.calls.breaker as breakers
    import agents.calls.budget as budgets
    import agents.calls.places as calling
    import agents.calls.reuse as reusing
    import agents.llm as llm
    import agents.models.openai_llm as openai_llm
    import agents.models.recorded_llm as recorded_llm
    import agents.models.rules_llm as rules_llm
    import graphs.deps as wiring
    import settings.variables as configuration
    import trading.store.model_use.rests as rest_store
    import trading.store.model_use.spending as spending_store

if TYPE_CHECKING:
    from pydantic import SecretStr

    from domain.ports import Clock
    from settings.models import RoleModelSettings

HUNDRED = Decimal(100)
NO_MODELS = ("rules", "recorded")
"""What answers without a server: it costs nothing, and nothing stands behind it."""


def asker_of(settings: configuration.Settings, stores: wiring.Stores, clock: Clock, stack: ExitStack) -> asking.Asker:
    """The door to the models, with what a cycle and a day may spend and what a token costs."""
    model, roles, fallback = model_of(settings, stack), roles_of(settings, stack), fallback_of(settings, stack)
    prices = prices_of(settings, (model, *roles.values(), *fallback))
    return asking.Asker(
        model=model,
        journal=stores.calls,
        clock=clock,
        budget=budget_of(settings, stores),
        prices=prices,
        roles=roles,
        fallback=fallback,
        breaker=breaker_of(settings, stores, clock),
        reuse=reuse_of(settings, stores),
        handed_over=stores.calls.handed_over,
        at_once=calling.Places(settings.concurrency),
    )


def model_of(settings: configuration.Settings, stack: ExitStack) -> llm.LanguageModel:
    """The model of every role that has none of its own."""
    return answering(settings, settings.model_name, None, stack)


def answering_model(settings: configuration.Settings, stack: ExitStack) -> llm.LanguageModel:
    """The same, and nobody writes down what it says."""
    return _made(settings, settings.model_name, None, stack)


def roles_of(settings: configuration.Settings, stack: ExitStack) -> dict[llm.Role, llm.LanguageModel]:
    """Models and samplings of single roles; ``--model rules`` means every role."""
    named = () if settings.model_name in NO_MODELS else settings.models.roles.items()
    return {role: answering(settings, own.model or settings.model_name, own, stack) for role, own in named}


def fallback_of(settings: configuration.Settings, stack: ExitStack) -> tuple[llm.LanguageModel, ...]:
    """Who is asked where the first model fails. Rules are no model: they may only end the list, and add nobody."""
    names = [name.strip() for name in settings.model_fallback.split(",") if name.strip()]
    if names and names[-1] == "rules":
        names.pop()
    wrong = next((name for name in names if name in NO_MODELS), "")
    if wrong:
        remedy = "Name hosted models, such as openai:NAME; rules may only stand at the end."
        raise UsageError(f"SAGE_MODEL_FALLBACK names {wrong}, which nobody can fall back to", remedy)
    if settings.model_name in NO_MODELS:
        return ()
    return tuple(answering(settings, name, None, stack) for name in names)


def answering(
    settings: configuration.Settings, named: str, own: RoleModelSettings | None, stack: ExitStack
) -> llm.LanguageModel:
    """``rules``, ``recorded``, ``openai:NAME`` or ``PROVIDER:NAME``; its answers are written down where that is set."""
    model = _made(settings, named, own, stack)
    if settings.record_to is None:
        return model
    # The wall clock also in simulated time: a recording expires by its real age (evals/verify.py).
    return recorded_llm.RecordingModel(model, settings.record_to, SystemClock(), origin=settings.record_origin)


def sampling_of(settings: configuration.Settings, name: str, own: RoleModelSettings | None) -> llm.Sampling:
    """How a model is asked, for a role that may say so itself."""
    if own is None:
        return llm.Sampling(name, settings.model_temperature, settings.model_max_tokens)
    # None is a wish of its own (leave it to the server), so only what was not written falls back to that of all.
    temperature = own.temperature if "temperature" in own.model_fields_set else settings.model_temperature
    return llm.Sampling(name, temperature, own.max_tokens or settings.model_max_tokens, own.seed)


def recordings_of(settings: configuration.Settings) -> list[Path]:
    """The named recording, a folder of them, or those that are shipped."""
    place = settings.recordings or Path(str(resources.files("evals") / "recordings"))
    return sorted(place.glob("*.jsonl")) if place.is_dir() else [place]


def prices_of(settings: configuration.Settings, models: tuple[llm.LanguageModel, ...]) -> dict[str, budgets.TokenPrice]:
    """What every model costs; a budget in money is no budget while a price is unknown."""
    table, default = settings.models.prices, None
    if settings.price_in_usd_per_mtok or settings.price_out_usd_per_mtok:
        default = budgets.TokenPrice(settings.price_in_usd_per_mtok, settings.price_out_usd_per_mtok)
    prices = {name: budgets.TokenPrice(each.tokens_in, each.tokens_out) for name, each in table.items()}
    for model in models:
        name = model.sampling.model
        if name in prices:
            continue
        if default is None and name not in NO_MODELS and _limits_money(settings):
            remedy = f'Set [models.prices."{name}"] in sage.toml, or SAGE_PRICE_IN_USD_PER_MTOK and …_OUT_….'
            raise ConfigurationError(f"a budget in USD is set, and nobody knows what {name} costs", remedy)
        prices[name] = default or budgets.TokenPrice(Decimal(0), Decimal(0))
    return prices


def budget_of(settings: configuration.Settings, stores: wiring.Stores) -> budgets.Budget:
    """What a cycle may spend; and a day, where that is limited."""
    told = settings.models.budget
    roles = {str(role): budgets.Allowance(each.tokens, each.usd) for role, each in told.roles.items()}
    whole = budgets.Allowance(told.day.tokens, told.day.usd)
    book = spending_store.SpendingStore(stores.database, stores.calls, stores.equity.day_start)
    # An unlimited day is not kept at all: a limited one costs two more writes a call (decision 0014).
    limited = whole.limits or any(each.limits for each in roles.values())
    return budgets.Budget(
        calls=settings.max_calls_per_cycle,
        tokens=settings.max_tokens_per_cycle,
        usd=told.cycle_usd,
        day=budgets.DayBudget(book, whole, roles) if limited else None,
        edge=told.edge_pct / HUNDRED,
        earlier=stores.calls.of_cycle,
    )


def breaker_of(settings: configuration.Settings, stores: wiring.Stores, clock: Clock) -> breakers.Breaker | None:
    """Models that keep failing are left alone; a recording is replayed to its end, whatever failures it holds."""
    if settings.model_name == "recorded":
        return None
    told, rests = settings.models, rest_store.RestStore(stores.database)
    pause = timedelta(minutes=float(told.breaker_pause_minutes))
    return breakers.Breaker(rests, clock, failures=told.breaker_failures, pause=pause)


def reuse_of(settings: configuration.Settings, stores: wiring.Stores) -> reusing.Reuse | None:
    """Hosted models' answers are used again; rules and recordings cost nothing, and a recording wants every answer."""
    if settings.model_name in NO_MODELS or settings.record_to is not None or settings.models.reuse_minutes == 0:
        return None
    return reusing.Reuse(stores.calls, timedelta(minutes=settings.models.reuse_minutes))


def _made(
    settings: configuration.Settings, named: str, own: RoleModelSettings | None, stack: ExitStack
) -> llm.LanguageModel:
    kind, _, name = named.partition(":")
    if kind == "rules" and not name:
        return rules_llm.RulesModel()
    if kind == "recorded" and not name:
        return recorded_llm.RecordedModel(recordings_of(settings))
    if not name or (kind != "openai" and kind not in settings.models.providers):
        others = "".join(f"{provider}:NAME, " for provider in settings.models.providers)
        raise UsageError(f"there is no model {named!r}", f"Choose openai:NAME, {others}recorded or rules.")
    url, key = _place(settings, kind)
    return stack.enter_context(
        openai_llm.OpenAIModel(
            sampling_of(settings, name, own),
            base_url=url,
            api_key=key,
            timeout_s=settings.model_timeout_s,
            origin=settings.record_origin,
            provider=kind,
        )
    )


def _place(settings: configuration.Settings, provider: str) -> tuple[str, SecretStr]:
    """The address and the key of a provider; one named openai in the table takes the place of the usual one."""
    if provider in settings.models.providers:
        key = settings.keys_of_providers.get(provider)
        if key is None:
            remedy = f"Add {provider}=KEY to it; any word where none is needed."
            raise ConfigurationError(f"SAGE_PROVIDER_KEYS holds no key of {provider}", remedy)
        return settings.models.providers[provider].url, key
    if settings.openai_api_key is None:
        raise ConfigurationError("OPENAI_API_KEY is not set", "Set it, or use --model rules.")
    return settings.openai_base_url, settings.openai_api_key


def _limits_money(settings: configuration.Settings) -> bool:
    told = settings.models.budget
    return any(usd is not None for usd in (told.cycle_usd, told.day.usd, *(each.usd for each in told.roles.values())))
