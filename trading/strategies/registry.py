"""All strategies; which of them may enter is a setting, which of them may leave is not."""

from __future__ import annotations

from collections.abc import Iterable

from domain.errors import ConfigurationError
from trading.strategies.base import StrategyBase
from trading.strategies.mean_reversion import MeanReversion
from trading.strategies.momentum import Momentum
from trading.strategies.news_event import NewsEvent

STRATEGIES: tuple[StrategyBase, ...] = (Momentum(), MeanReversion(), NewsEvent())
STRATEGY_NAMES: tuple[str, ...] = tuple(strategy.name for strategy in STRATEGIES)


def strategies_named(names: Iterable[str]) -> tuple[StrategyBase, ...]:
    """The strategies of these names in the order of the registry; an unknown name is a ConfigurationError."""
    wanted = set(names)
    unknown = sorted(wanted.difference(STRATEGY_NAMES))
    if unknown:
        raise ConfigurationError(f"there is no strategy {unknown[0]!r}", f"Choose from {', '.join(STRATEGY_NAMES)}.")
    return tuple(strategy for strategy in STRATEGIES if strategy.name in wanted)
