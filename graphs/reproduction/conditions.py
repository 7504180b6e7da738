"""What a cycle was run under, besides what it saw: put on record when it starts, so that it can be run again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agents.llm import Role, Sampling
from agents.outputs import OUTPUTS
from domain.orders import OrderClass
from graphs.deps import CycleDeps
from tools.orders import taken_in_fractions
from trading.portfolio.sizing import SizingRule


@dataclass(frozen=True, slots=True)
class AskedModel:
    """A model as its questions tell it: the sampling is part of their digest."""

    name: str
    sampling: Sampling


@dataclass(frozen=True, slots=True)
class Conditions:
    """Strategies, sizing, orders taken in fractions, and the models of each role in the order of asking."""

    strategies: tuple[str, ...]
    sizing: SizingRule
    fractional: frozenset[OrderClass]
    line: Mapping[Role, tuple[AskedModel, ...]]


def conditions_of(deps: CycleDeps) -> Conditions:
    """The conditions of a cycle that starts now."""
    line = {role: tuple(AskedModel(each.name, each.sampling) for each in deps.asker.line(role)) for role in OUTPUTS}
    fractional = taken_in_fractions(deps.policy, deps.broker)
    return Conditions(deps.rules.strategies, deps.rules.sizing, fractional, line)
