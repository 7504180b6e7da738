"""Every suite there is, in the order of a report."""

from __future__ import annotations

from evals.suite import Suite
from evals.suites import (
    s1_structured,
    s2_gates,
    s3_cycles,
    s3_injection,
    s4_quality,
    s5_leakage,
    s6_faithfulness,
    s7_memory,
    s8_calibration,
    s9_abstention,
    s10_cost,
    s12_sentiment,
    s13_answers,
)

SUITES: tuple[Suite, ...] = (
    s1_structured.SUITE,
    s2_gates.SUITE,
    s3_injection.SUITE,
    s3_cycles.SUITE,
    s4_quality.SUITE,
    s5_leakage.SUITE,
    s6_faithfulness.SUITE,
    s7_memory.SUITE,
    s8_calibration.SUITE,
    s9_abstention.SUITE,
    s10_cost.SUITE,
    s12_sentiment.SUITE,
    s13_answers.SUITE,
)
