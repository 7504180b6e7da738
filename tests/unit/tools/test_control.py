"""The monitor's requests: never more than before, and only a halt lasts."""

import pytest

from domain.case import TradingState
from domain.decisions import Concern, MonitorReport, Severity
from tests.builders.signals import NOW
from tools.control import act_on


class Plane:
    """A control plane that only remembers what it was told."""

    def __init__(self):
        self.state, self.reason = TradingState.ACTIVE, ""

    def tighten(self, state, *, by, at, reason):
        self.state, self.reason = state, reason


def asking(request, *concerns):
    return MonitorReport("bad", request, concerns, "rules")


@pytest.mark.parametrize("request_", ["none", "tighten", "something else"])
def test_nothing_but_a_halt_lasts(request_):
    plane = Plane()
    assert act_on(asking(request_), plane, at=NOW) is False
    assert plane.state is TradingState.ACTIVE


def test_a_halt_leaves_only_exits_and_says_why():
    plane = Plane()
    assert act_on(asking("halt", Concern("unreconciled", Severity.CRITICAL, ())), plane, at=NOW) is True
    assert (plane.state, plane.reason) == (TradingState.REDUCING, "unreconciled")


def test_a_halt_without_concerns_is_named_by_the_state():
    plane = Plane()
    act_on(asking("halt"), plane, at=NOW)
    assert plane.reason == "bad"
