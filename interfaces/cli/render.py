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
from interfaces.cli.rendering.books import adopted, compared, difference
from interfaces.cli.rendering.cycle import agents, cycle, demo
from interfaces.cli.rendering.duties import alerts, algo, algos, schedule, watch, wishes
from interfaces.cli.rendering.experiments import experiment, experiments
from interfaces.cli.rendering.policy import limits, risk, tally, ticket, whynot
from interfaces.cli.rendering.records import config, drawn, entries, evals, logs, people, profits
from interfaces.cli.rendering.state import balance, orders, pending, pnl, positions, stats, status, trades
from interfaces.cli.rendering.usage import usage

__all__ = [
    "adopted",
    "agents",
    "alerts",
    "algo",
    "algos",
    "answer",
    "audit",
    "balance",
    "chat",
    "compared",
    "config",
    "control",
    "cycle",
    "demo",
    "difference",
    "doctor",
    "drawn",
    "entries",
    "evals",
    "experiment",
    "experiments",
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
    "people",
    "pnl",
    "policy_change",
    "positions",
    "profits",
    "recalled",
    "resume_plan",
    "risk",
    "schedule",
    "stats",
    "status",
    "tally",
    "ticket",
    "trades",
    "usage",
    "watch",
    "whynot",
    "wishes",
]
