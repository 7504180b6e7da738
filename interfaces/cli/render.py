"""Every screen by the name of its command: ``render.<command>(view)`` is a pure function from view to renderable."""

from interfaces.cli.render_answers import (
    answer,
    audit,
    control,
    doctor,
    explain,
    memory,
    mode,
    policy_change,
    resume_plan,
)
from interfaces.cli.render_cycle import cycle, demo
from interfaces.cli.render_policy import limits, risk, tally, whynot
from interfaces.cli.render_state import orders, pending, pnl, positions, status, trades

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
    "mode",
    "orders",
    "pending",
    "pnl",
    "policy_change",
    "positions",
    "resume_plan",
    "risk",
    "status",
    "tally",
    "trades",
    "whynot",
]
