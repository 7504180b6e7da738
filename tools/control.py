"""What the monitor may ask of the control plane: only ever less. Called by the graph; in no role's tuple.

    none      nothing changes
    tighten   no new entries for an hour; an earlier pause of the monitor that lasts longer stays
    halt      only orders that reduce a position, until a person resumes

Exits stay possible in both: no model may keep us in a position. The pause carries the monitor's own name, so that it
never replaces one that a person set.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from domain.case import Control, Pause, TradingState
from domain.decisions import MonitorReport
from domain.errors import UsageError

BY = "monitor"
PAUSE_FOR = timedelta(hours=1)


class ControlPlane(Protocol):
    """The part of the control store that tightens."""

    def read(self) -> Control:
        """The control plane as it is now."""
        ...

    def pause(self, pause: Pause) -> None:
        """Stop new entries of a scope."""
        ...

    def tighten(self, state: TradingState, *, by: str, at: datetime, reason: str) -> None:
        """Move to ``state`` unless the present one is as strict."""
        ...


def act_on(report: MonitorReport, control: ControlPlane, *, at: datetime) -> bool:
    """Carry out the monitor's request; True where one was made. An unknown request is a UsageError."""
    if report.request == "none":
        return False
    reason = ", ".join(sorted({concern.kind for concern in report.concerns})) or report.state
    if report.request == "halt":
        control.tighten(TradingState.REDUCING, by=BY, at=at, reason=reason)
    elif report.request == "tighten":
        _pause_entries(control, reason, at=at)
    else:
        raise UsageError(f"the monitor asked for {report.request!r}", "It may ask for none, tighten or halt.")
    return True


def _pause_entries(control: ControlPlane, reason: str, *, at: datetime) -> None:
    until = at + PAUSE_FOR
    mine = [pause for pause in control.read().pauses if (pause.scope, pause.name) == ("global", BY)]
    if all(pause.until is not None and pause.until < until for pause in mine):
        control.pause(Pause("global", BY, since=at, by=BY, until=until, reason=reason))
