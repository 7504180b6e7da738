"""Experiments on record, for people: the list, one by its id, and the newest of a strategy."""

from __future__ import annotations

from domain.errors import UsageError
from interfaces.runtime import Runtime
from interfaces.views.experiments import ExperimentsView, ExperimentView, row_of, view_of
from trading.backtest.experiment import ALL
from trading.store.research.experiments import ExperimentStore
from trading.strategies.registry import STRATEGY_NAMES

LAST = "last"
NAMES = (*STRATEGY_NAMES, ALL)


def experiments(runtime: Runtime, count: int) -> ExperimentsView:
    """The newest ones."""
    found = store_of(runtime).newest(count)
    return ExperimentsView(runtime.deps.clock.now(), tuple(map(row_of, found)))


def experiment(runtime: Runtime, name: str) -> ExperimentView:
    """The one whose id begins so, or the last one; UsageError for none, and for more than one."""
    store = store_of(runtime)
    found = store.newest(1) if name == LAST else store.named(name)
    if not found:
        raise UsageError(f"no experiment {name} is on record", "`sage experiments` lists them.")
    if len(found) > 1:
        raise UsageError(f"{len(found)} experiments begin with {name}", "Write more of the id.")
    return view_of(found[0])


def backtested(runtime: Runtime, strategy: str) -> ExperimentView | None:
    """The newest run of a strategy; None where none is stored, UsageError where there is no such strategy."""
    if strategy not in NAMES:
        raise UsageError(f"there is no strategy {strategy!a}", f"Choose one of {', '.join(NAMES)}.")
    found = store_of(runtime).newest(1, strategy)
    return view_of(found[0]) if found else None


def store_of(runtime: Runtime) -> ExperimentStore:
    """The experiments of this home."""
    return ExperimentStore(runtime.deps.stores.database)
