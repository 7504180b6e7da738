"""What the use cases work on: the nodes' dependencies, the two graphs over them, and how this start was set up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from graphs.approval import ApprovalGraph
from graphs.deps import CycleDeps
from graphs.oversight import OversightGraph
from policies.kill_switch import KillSwitch
from trading.bus.port import Bus
from trading.data.normalise import Issue


@dataclass(frozen=True, slots=True)
class Setup:
    """How this start was set up, in the words people are shown."""

    home: Path
    model: str
    market: str
    news: str
    broker: str
    account_id: str
    prompt_digest: str
    started_at: datetime
    uncovered: tuple[str, ...] = ()
    """Gates whose inputs no configured source supplies, a line each."""
    notice: str = ""
    """What the owner has to know before anything else: a policy that waits for their word, a latch removed by hand."""
    issues: tuple[Issue, ...] = ()
    """What is wrong or odd in files that were read at the start."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """One start of Sage."""

    deps: CycleDeps
    oversight: OversightGraph
    approval: ApprovalGraph
    kill_switch: KillSwitch
    bus: Bus
    setup: Setup
    advance: Callable[[datetime], None]
    """Lets what rests at a simulated broker meet the market up to that moment; a real broker needs no telling."""
