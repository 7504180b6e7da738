"""How a suite gets at the product: a start of it in a folder of its own, with a model to play against.

Wiring is the composition root's business and not repeated here, so it hands its opener in. An opener is a function of
a module, because it travels to the processes in which suites run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from agents.llm import LanguageModel
from domain.errors import ConfigurationError
from domain.market import Symbol
from domain.ports import NewsFeed
from graphs.deps import CycleDeps


@dataclass(frozen=True, slots=True)
class Product:
    """A start of Sage on the simulated market. ``cycle`` runs one whole cycle and returns its report as JSON types."""

    deps: CycleDeps
    cycle: Callable[[Sequence[Symbol], datetime], Mapping[str, Any]]


class Opener(Protocol):
    """Opens the product in ``home``; ``limits`` are laid over the conservative profile, ``news`` replaces the feed."""

    def __call__(
        self,
        home: Path,
        model: LanguageModel,
        *,
        limits: Mapping[str, Any] | None = None,
        news: NewsFeed | None = None,
    ) -> AbstractContextManager[Product]:
        """The product, closed when the block ends."""
        ...


# Same shape as an opener, so that suites need not know that there is none.
def no_product(
    home: Path, model: LanguageModel, *, limits: Mapping[str, Any] | None = None, news: NewsFeed | None = None
) -> AbstractContextManager[Product]:
    """For callers that only run suites which need none."""
    raise ConfigurationError("this suite plays on the whole product", "Run it with `sage evals run`.")
