"""What the monitor may ask of the control plane: only ever less. Called by the graph; in no role's tuple.

    none      nothing changes
    tighten   nothing lasting: the decision agent halves the entries of this cycle
    halt      only orders that reduce a position, until a person resumes

Exits stay possible: no model may keep us in a position.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from domain.case import TradingState
from domain.decisions import MonitorReport

BY = "monitor"


class ControlPlane(Protocol):
    """The part of the control store that tightens."""

    def tighten(self, state: TradingState, *, by: str, at: datetime, reason: str) -> None:
        """Move to ``state`` unless the present one is as strict."""
        ...


def act_on(report: MonitorReport, control: ControlPlane, *, at: datetime) -> bool:
    """Carry out what lasts of the monitor's request; True where something did. Anything but a halt changes nothing."""
    if report.request != "halt":
        return False
    reason = ", ".join(sorted({concern.kind for concern in report.concerns})) or report.state
    control.tighten(TradingState.REDUCING, by=BY, at=at, reason=reason)
    return True
