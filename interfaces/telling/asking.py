"""Who is asked and what it costs: the models of this start, how each is, and their use by day, role and model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from functools import reduce
from operator import itemgetter

from agents.calls.breaker import rested
from agents.calls.budget import NOTHING, Allowance, plus
from domain.decisions import ModelCall
from domain.money import ZERO
from domain.record.model_use import Handover, ModelRest, Spent
from interfaces.runtime import Runtime
from interfaces.views.models import AllowanceRow, UsageRow, UsageView
from interfaces.views.state import ModelView, State


def models(runtime: Runtime) -> tuple[ModelView, ...]:
    """Every model of this start, in the order in which it is asked."""
    asker, now = runtime.deps.asker, runtime.deps.clock.now()
    places: dict[str, list[str]] = {asker.model.name: ["every role"] if not asker.roles else ["the other roles"]}
    for role, model in asker.roles.items():
        # By name: a model that answers several roles, or stands behind itself, is told once.
        places.setdefault(model.name, []).append(role)
    for place, model in enumerate(asker.fallback, 1):
        places.setdefault(model.name, []).append(f"fallback {place}")
    rests = {rest.model: rest for rest in (asker.breaker.rests() if asker.breaker is not None else ())}
    return tuple(_model(name, ", ".join(where), rests.get(name), now) for name, where in places.items())


def handed_over(passed: Iterable[Handover]) -> tuple[str, ...]:
    """Who stood in for whom in a cycle, in words."""
    return tuple(
        f"{each.role}: {each.model} {each.reason}, {each.to} asked"
        + (f" ({each.count} times)" if each.count > 1 else "")
        for each in passed
    )


def usage(runtime: Runtime, days: int) -> UsageView:
    """The last ``days`` exchange days, newest first."""
    equity, now = runtime.deps.stores.equity, runtime.deps.clock.now()
    calls = runtime.deps.stores.calls.since(equity.day_start(now - timedelta(days=days - 1)))
    rows = sorted(rows_of(calls, equity.day_of), key=lambda row: row.day, reverse=True)
    return UsageView(now, days, tuple(rows), tuple(_budgets(runtime)))


def rows_of(calls: Iterable[ModelCall], day_of: Callable[[datetime], date]) -> tuple[UsageRow, ...]:
    """Calls by day, role and answering model, in that order."""
    found: dict[tuple[date, str, str], list[ModelCall]] = defaultdict(list)
    for call in calls:
        found[day_of(call.at), call.role, f"{call.origin}:{call.model}"].append(call)
    return tuple(_row(key, made) for key, made in sorted(found.items(), key=itemgetter(0)))


def _row(key: tuple[date, str, str], calls: Sequence[ModelCall]) -> UsageRow:
    return UsageRow(
        *key,
        calls=sum(not call.reused for call in calls),
        reused=sum(call.reused for call in calls),
        tokens_in=sum(call.tokens_in for call in calls),
        tokens_out=sum(call.tokens_out for call in calls),
        cost_usd=sum((call.cost_usd for call in calls), ZERO),
    )


def _model(name: str, place: str, rest: ModelRest | None, now: datetime) -> ModelView:
    if rest is None:
        return ModelView(name, place, State.OK)
    left_alone = rest.until is not None and rest.until > now
    return ModelView(name, place, State.FAILED if left_alone else State.TIGHT, rested(rest), rest.until)


def _budgets(runtime: Runtime) -> Iterator[AllowanceRow]:
    day = runtime.deps.asker.budget.day
    if day is None:
        return
    spent = day.book.of_day(runtime.deps.clock.now())
    yield _allowance("today", reduce(plus, spent.values(), NOTHING), day.whole)
    for role, allowed in day.roles.items():
        yield _allowance(f"{role} today", spent.get(role, NOTHING), allowed)


def _allowance(scope: str, spent: Spent, allowed: Allowance) -> AllowanceRow:
    return AllowanceRow(scope, spent.tokens, allowed.tokens, spent.cost_usd, allowed.usd)
