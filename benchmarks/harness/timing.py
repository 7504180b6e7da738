"""Wall and CPU time of an action in this process, all threads together; medians, because a machine is never quiet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median
from time import perf_counter, perf_counter_ns, process_time
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")


class Spent(NamedTuple):
    """Seconds on the clock, and seconds of CPU of all threads."""

    wall_s: float
    cpu_s: float


def timed(action: Callable[[], Any]) -> Spent:
    """Run ``action`` once."""
    wall, cpu = perf_counter(), process_time()
    action()
    return Spent(perf_counter() - wall, process_time() - cpu)


def middle(spent: Sequence[Spent]) -> Spent:
    """The median of each figure."""
    return Spent(median(each.wall_s for each in spent), median(each.cpu_s for each in spent))


def per_call_us(action: Callable[[T], Any], inputs: Sequence[T]) -> list[float]:
    """Microseconds of each call, after one call that does not count."""
    # The first call pays for imports and caches that no later one pays for.
    action(inputs[0])
    found = []
    for each in inputs:
        since = perf_counter_ns()
        action(each)
        found.append((perf_counter_ns() - since) / 1000)
    return found
