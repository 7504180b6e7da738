"""Every case of every suite is passed by the suite's scripted good solver and failed by its bad one."""

from __future__ import annotations

import pytest

from evals.catalogue import SUITES
from evals.runner import self_check


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_every_case_can_be_passed_and_failed(suite):
    cases = suite.cases()
    assert cases
    assert self_check(suite, cases) == []
