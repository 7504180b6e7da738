"""The table ``[models]`` of ``sage.toml``: who is asked, what it costs, and what happens when a model fails."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from settings.table import Table


# An empty variable counts as one that is not set, so leaving something to the server takes a word of its own.
def _none_for_none(value: object) -> object:
    return None if value == "none" else value


RoleName = Literal["reader", "monitor", "advisor", "inspector", "decider", "explainer", "learner", "chat"]
Temperature = Annotated[Decimal | None, BeforeValidator(_none_for_none)]


class RoleModelSettings(Table):
    """``[models.roles.NAME]``: how one role asks; what is left out is as for all others."""

    model: str = ""
    """As SAGE_MODEL; empty means the model of all others."""
    temperature: Temperature = Field(None, ge=0, le=2)
    max_tokens: int | None = Field(None, ge=64)
    seed: int | None = None


class PriceSettings(Table):
    """``[models.prices."NAME"]``: what a model costs, in USD a million tokens."""

    tokens_in: Decimal = Field(ge=0)
    tokens_out: Decimal = Field(ge=0)


class ProviderSettings(Table):
    """``[models.providers.NAME]``: another server that speaks as OpenAI's; its models are ``NAME:MODEL``."""

    url: str
    """Ends in ``/v1``. Its key stands in SAGE_PROVIDER_KEYS, because ``sage.toml`` is no place for secrets."""


class AllowanceSettings(Table):
    """The most that a day may use; what is left out is no limit."""

    tokens: int | None = Field(None, ge=0)
    usd: Decimal | None = Field(None, ge=0)


class ModelBudgetSettings(Table):
    """``[models.budget]``: what asking may cost, beside the calls and tokens of a cycle."""

    cycle_usd: Decimal | None = Field(None, ge=0)
    day: AllowanceSettings = AllowanceSettings()
    """Of the exchange's day, over all cycles and processes of a home."""
    roles: dict[RoleName, AllowanceSettings] = Field({})
    """Of one role on that day."""
    edge_pct: Decimal = Field(Decimal(80), gt=0, le=100)
    """From here on the cheaper model of the fallback is asked, where there is one."""


class ModelsSettings(Table):
    """``[models]`` of ``sage.toml``: who is asked, what it costs, and what happens when a model fails."""

    # Pydantic copies a default, so no two settings share one of these.
    roles: dict[RoleName, RoleModelSettings] = Field({})
    prices: dict[str, PriceSettings] = Field({})
    providers: dict[str, ProviderSettings] = Field({})
    budget: ModelBudgetSettings = ModelBudgetSettings()
    breaker_failures: int = Field(5, ge=1)
    """So many failures in a row, and a model is left alone."""
    breaker_pause_minutes: Decimal = Field(Decimal(5), gt=0, le=1440)
    reuse_minutes: int = Field(60, ge=0, le=1440)
    """An answer of a hosted model to exactly the same question counts so long; 0 asks every time."""
