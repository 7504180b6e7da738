"""Group A: its gates, in the order in which their verdicts are listed."""

from __future__ import annotations

from policies.gate import Gate
from policies.gates.control import (
    account_age,
    account_status,
    approval,
    clock_skew,
    kill_switch,
    mode,
    paused,
    provenance,
    reconciled,
    release,
    trading_state,
)

GATES: tuple[Gate, ...] = (
    kill_switch.GATE,
    mode.GATE,
    paused.GATE,
    trading_state.GATE,
    release.GATE,
    account_status.GATE,
    account_age.GATE,
    reconciled.GATE,
    clock_skew.GATE,
    provenance.GATE,
    approval.GATE,
)
