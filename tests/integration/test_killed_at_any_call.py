"""``kill -9`` at every model call of every role: what was answered is on record, and nobody is asked it again."""

import shutil
import signal
from multiprocessing import get_context

import pytest

from tests.builders.execution import HandClock
from tests.builders.market import NOON
from tests.builders.runtime import GONE, KORVA, LEAVING, SpyModel, a_cycle, a_runtime
from tests.integration.killed_at_call import MOMENT, doom, live
from trading.store.calls import CallStore
from trading.store.database import open_database

PROCESSES = get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.integration.killed_at_call"])
ROLES = ["reader"] * 3 + ["monitor", "advisor", "inspector", "decider", "explainer", "learner"]
"""In this order, one after the other."""


@pytest.fixture(scope="module")
def traded(tmp_path_factory):
    """A home in which KORVA was bought and sold again."""
    home, clock = tmp_path_factory.mktemp("traded"), HandClock(NOON)
    with a_runtime(home, clock=clock, model=SpyModel()) as runtime:
        for clock.at in (NOON, LEAVING, GONE):
            a_cycle(runtime, KORVA)
    return home


@pytest.fixture(scope="module")
def undisturbed(traded, tmp_path_factory):
    """What it comes to when nobody dies."""
    model = SpyModel()
    held, learned, _calls = live(shutil.copytree(traded, tmp_path_factory.mktemp("whole") / "home"), model)
    assert [request.role for request in model.requests] == ROLES
    return held, learned, model.calls


def killed(home, at):
    """The calls that were on record when the process died in its ``at``-th."""
    process = PROCESSES.Process(target=doom, args=(home, at))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    database = open_database(f"sqlite:///{home / 'sage.db'}")
    try:
        return [call.request_digest for call in CallStore(database).since(MOMENT)]
    finally:
        database.close()


def test_no_answered_call_is_made_again(tmp_path, traded, undisturbed):
    """One process after another dies over the same cycle, each after one answer more than the one before."""
    held, learned, digests = undisturbed
    home = shutil.copytree(traded, tmp_path / "home")
    assert killed(home, 1) == []
    for answered in range(1, len(ROLES)):
        assert sorted(killed(home, 2)) == sorted(digests[:answered]), f"killed after the {ROLES[answered - 1]}"
    model = SpyModel()
    *after, calls = live(home, model)
    assert model.calls == digests[-1:]
    assert sorted(call.request_digest for call in calls) == sorted(digests)
    assert after == [held, learned]
