"""Every screen by the name of its command: ``render.<command>(view)`` is a pure function from view to renderable."""

from interfaces.cli.rendering.answers import (
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
from interfaces.cli.rendering.cycle import cycle, demo
from interfaces.cli.rendering.duties import algo, algos, schedule, watch
from interfaces.cli.rendering.policy import limits, risk, tally, ticket, whynot
from interfaces.cli.rendering.state import orders, pending, pnl, positions, status, trades

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
