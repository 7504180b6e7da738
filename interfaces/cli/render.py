"""Every screen by the name of its command: ``render.<command>(view)`` is a pure function from view to renderable."""

from interfaces.cli.render_answers import (
    answer,
    audit,
    control,
    doctor,
    explain,
    learned,
    memory,
    memory_stats,
    mode,
    policy_change,
    recalled,
    resume_plan,
)
from interfaces.cli.render_cycle import cycle, demo
from interfaces.cli.render_duties import algo, algos, schedule, watch
from interfaces.cli.render_policy import limits, risk, tally, ticket, whynot
from interfaces.cli.render_state import orders, pending, pnl, positions, status, trades

__all__ = [
    "algo",
    "algos",
    "answer",
    "audit",
    "control",
    "cycle",
    "demo",
    "doctor",
    "explain",
    "learned",
    "limits",
    "memory",
    "memory_stats",
    "mode",
    "orders",
    "pending",
    "pnl",
    "policy_change",
    "positions",
    "recalled",
    "resume_plan",
    "risk",
    "schedule",
    "status",
    "tally",
    "ticket",
    "trades",
    "watch",
    "whynot",
]
