"""Every screen by the name of its command: ``render.<command>(view)`` is a pure function from view to renderable."""

from interfaces.cli.rendering.answers import (
    answer,
    audit,
    chat,
    control,
    doctor,
    explain,
    learned,
    locks,
    memory,
    memory_stats,
    mode,
    policy_change,
    recalled,
    resume_plan,
)
from interfaces.cli.rendering.cycle import cycle, demo
from interfaces.cli.rendering.duties import alerts, algo, algos, schedule, watch, wishes
from interfaces.cli.rendering.policy import limits, risk, tally, ticket, whynot
from interfaces.cli.rendering.records import config, entries, evals, logs, profits
from interfaces.cli.rendering.state import orders, pending, pnl, positions, status, trades
from interfaces.cli.rendering.usage import usage

__all__ = [
    "alerts",
    "algo",
    "algos",
    "answer",
    "audit",
    "chat",
    "config",
    "control",
    "cycle",
    "demo",
    "doctor",
    "entries",
    "evals",
    "explain",
    "learned",
    "limits",
    "locks",
    "logs",
    "memory",
    "memory_stats",
    "mode",
    "orders",
    "pending",
    "pnl",
    "policy_change",
    "positions",
    "profits",
    "recalled",
    "resume_plan",
    "risk",
    "schedule",
    "status",
    "tally",
    "ticket",
    "trades",
    "usage",
    "watch",
    "whynot",
    "wishes",
]
