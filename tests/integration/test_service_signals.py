"""The service as a process: stopped or killed in the middle of a cycle, it goes on and asks no question twice."""

import signal
import subprocess
import sys

import pytest

from domain.record.entries import RecordKind
from tests.builders.lives import Home
from tests.builders.market import at
from tests.builders.runtime import ROOT
from tests.integration.slow_service import ONE_CYCLE
from trading.store.scheduling.runs import RunState


def begin(home):
    command = [sys.executable, "-m", "tests.integration.slow_service", str(home)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def asked(lines):
    return [line.split()[1] for line in lines if " " in line]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda each: each.name)
def test_the_next_start_goes_on_where_this_one_was_stopped(tmp_path, number):
    first = begin(tmp_path)
    before = [first.stdout.readline() for _ in range(2)]
    first.send_signal(number)
    rest, complaints = first.communicate(timeout=120)
    before += rest.splitlines()
    if number is not signal.SIGKILL:
        assert (first.returncode, complaints) == (0, "")
        assert before[-1] == "stopped"
    second = begin(tmp_path)
    after, complaints = second.communicate(timeout=120)
    assert (second.returncode, complaints) == (0, "")
    assert asked(after.splitlines()), "there was something left to ask"
    with Home(tmp_path, ONE_CYCLE, now=at("2026-03-17T21:00")).opened() as runtime:
        (run,) = runtime.duties.runs.newest(9)
        assert (run.state, run.due_at) == (RunState.DONE, at("2026-03-17T19:00"))
        assert len(runtime.deps.stores.ledger.entries(kind=RecordKind.CYCLE_STARTED)) == 1
        assert len(runtime.deps.stores.ledger.entries(kind=RecordKind.CYCLE_FINISHED)) == 1
        paid = [call.request_digest for call in runtime.deps.stores.calls.of_cycle(run.note)]
        assert len(paid) == len(set(paid)), "no answer was paid for twice"
        assert runtime.deps.stores.ledger.verify().ok
