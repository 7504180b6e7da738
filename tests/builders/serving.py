"""Ledgers of runs and leases as a process of any name sees them."""

from __future__ import annotations

from collections.abc import Callable

from domain.ports import Clock
from trading.store.database import Database
from trading.store.scheduling.leases import LeaseStore, Process
from trading.store.scheduling.runs import RunStore


def nobody(_name: str) -> bool:
    """No process is known to be dead."""
    return False


def a_run_store(database: Database, name: str, clock: Clock, gone: Callable[[str], bool] = nobody) -> RunStore:
    """The ledger of runs."""
    return RunStore(database, clock, Process(name, gone))


def a_lease_store(database: Database, name: str, clock: Clock, gone: Callable[[str], bool] = nobody) -> LeaseStore:
    """The leases."""
    return LeaseStore(database, clock, Process(name, gone))
