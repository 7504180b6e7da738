"""Every case of every suite is passed by the suite's scripted good solver and failed by its bad one."""

from __future__ import annotations

import pytest

from evals.catalogue import SUITES
from evals.runner import self_check

READS_DATA = {"S12_sentiment"}


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_every_case_can_be_passed_and_failed(suite):
    cases = suite.cases()
    if not cases and suite.name in READS_DATA:
        pytest.skip("its data are not beside the checkout")
    assert cases
    assert self_check(suite, cases) == []
