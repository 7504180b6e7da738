"""The monitor's requests: never more than before."""

from datetime import timedelta

import pytest

from domain.case import Control, Mode, Pause, TradingState
from domain.decisions import Concern, MonitorReport, Severity
from domain.errors import UsageError
from tests.builders.signals import NOW
from tools.control import PAUSE_FOR, act_on


class Plane:
    """A control plane that only remembers what it was told."""

    def __init__(self, *pauses):
        self.state, self.pauses = TradingState.ACTIVE, {(pause.scope, pause.name): pause for pause in pauses}

    def read(self):
        return Control(False, self.state, Mode.AUTO, tuple(self.pauses.values()))

    def pause(self, pause):
        self.pauses[pause.scope, pause.name] = pause

    def tighten(self, state, *, by, at, reason):
        self.state = state


def asking(request):
    return MonitorReport("bad", request, (Concern("stale_data", Severity.CRITICAL, ()),), "rules")


def a_pause(name="", until=None, by="owner"):
    return Pause("global", name, since=NOW - timedelta(hours=1), by=by, until=until)


def test_no_request_changes_nothing():
    plane = Plane()
    assert act_on(asking("none"), plane, at=NOW) is False
    assert (plane.state, plane.pauses) == (TradingState.ACTIVE, {})


def test_tighten_stops_entries_for_an_hour():
    plane = Plane()
    assert act_on(asking("tighten"), plane, at=NOW) is True
    (pause,) = plane.read().pauses
    assert (pause.scope, pause.by, pause.until, pause.reason) == ("global", "monitor", NOW + PAUSE_FOR, "stale_data")
    assert plane.state is TradingState.ACTIVE


def test_halt_leaves_only_exits():
    plane = Plane()
    assert act_on(asking("halt"), plane, at=NOW) is True
    assert (plane.state, plane.pauses) == (TradingState.REDUCING, {})


@pytest.mark.parametrize(
    ("earlier", "left"),
    [
        pytest.param(a_pause(), 2, id="a_person_paused"),
        pytest.param(a_pause("monitor", NOW + timedelta(minutes=5), "monitor"), 1, id="its_own_is_prolonged"),
    ],
)
def test_a_pause_of_the_monitor_comes_beside_a_persons(earlier, left):
    plane = Plane(earlier)
    act_on(asking("tighten"), plane, at=NOW)
    assert len(plane.pauses) == left
    assert plane.pauses["global", "monitor"].until == NOW + PAUSE_FOR


@pytest.mark.parametrize(
    "until", [None, NOW + PAUSE_FOR, NOW + timedelta(days=1)], ids=["endless", "as_long", "longer"]
)
def test_a_longer_pause_is_never_shortened(until):
    earlier = a_pause("monitor", until, "monitor")
    plane = Plane(earlier)
    act_on(asking("tighten"), plane, at=NOW)
    assert plane.read().pauses == (earlier,)


def test_an_unknown_request_is_no_permission():
    with pytest.raises(UsageError, match="'resume'"):
        act_on(asking("resume"), Plane(), at=NOW)
