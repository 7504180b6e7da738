"""Every suite there is, in the order of a report."""

from __future__ import annotations

from evals.suite import Suite
from evals.suites import s2_gates, s10_cost

SUITES: tuple[Suite, ...] = (s2_gates.SUITE, s10_cost.SUITE)
