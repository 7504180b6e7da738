"""Comparing the books with the broker's on demand, as the timetable does it by itself."""

from __future__ import annotations

from domain.record.canonical import decimal_text
from interfaces.acting import ordering
from interfaces.runtime import Runtime
from interfaces.views.checks import ComparedView
from trading.execution.reconcile import Difference


def compare(runtime: Runtime) -> ComparedView:
    """Sync, compare, and put planned stops back where one is missing."""
    now = runtime.deps.clock.now()
    runtime.advance(now)
    found = runtime.deps.reconciler.reconcile(now)
    ordering.protect(runtime)
    return ComparedView(now, found.ok, tuple(map(_told, found.differences)))


def _told(each: Difference) -> str:
    settling = ", still settling" if each.settling else ""
    sides = f"ours {decimal_text(each.ours)}, the broker's {decimal_text(each.theirs)}"
    return f"{each.kind} {each.symbol}: {sides}{settling}"
