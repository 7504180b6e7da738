"""Every screen by the name of its command: ``render.<command>(view)`` is a pure function from view to renderable."""

from interfaces.cli.render_answers import answer, audit, control, doctor, explain, memory
from interfaces.cli.render_cycle import cycle, demo
from interfaces.cli.render_state import limits, orders, pending, pnl, positions, risk, status, trades

__all__ = [
    "answer",
    "audit",
    "control",
    "cycle",
    "demo",
    "doctor",
    "explain",
    "limits",
    "memory",
    "orders",
    "pending",
    "pnl",
    "positions",
    "risk",
    "status",
    "trades",
]
