"""A crash at any point of a cycle: the next start finishes it, pays for no answer twice and sends no order twice."""

import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from typing import Any

import pytest

from domain.orders import OrderStatus
from tests.builders.market import NOON
from tests.builders.runtime import (
    NIMBO,
    OSTRE,
    ROOT,
    Crash,
    CrashingDatabase,
    Feed,
    SpyModel,
    a_cycle,
    a_policy,
    a_runtime,
    at_the_broker,
    entries_of,
    headlines,
    sage,
)
from tests.integration.slow_cycle import MARK

NEWS = Feed(headlines(NIMBO, 3))
CALLS = 11
"""Three texts are read; advice, inspection, decision and explanation for each of two entries."""


class Mortal(SpyModel):
    """A model in whose hands the process dies at its ``at``-th call, and that answers nobody afterwards."""

    def __init__(self, at):
        super().__init__(self.dies)
        self._at, self._number, self._guard = at, 0, threading.Lock()

    def dies(self, _request, answer):
        with self._guard:
            self._number += 1
            return Crash(f"call {self._number}") if self._number >= self._at else answer


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """What two symbols, and what one, come to when nothing goes wrong."""
    model = SpyModel()
    outcomes: dict[Any, Any] = {}
    for symbols in ((OSTRE, NIMBO), (NIMBO,)):
        with a_runtime(
            tmp_path_factory.mktemp("undisturbed"), model=model, news=NEWS, deps={"memory": None}
        ) as runtime:
            report = a_cycle(runtime, *symbols)
            outcomes[symbols] = (at_the_broker(runtime), [row.id for row in report.pending])
    outcomes["calls"] = sorted(model.calls[:CALLS])
    return outcomes


@pytest.mark.parametrize("at", range(1, CALLS + 1))
def test_a_crash_at_any_call_repeats_no_answer_and_changes_no_order(tmp_path, undisturbed, at):
    dying = Mortal(at)
    with a_runtime(tmp_path, model=dying, news=NEWS, deps={"memory": None}) as runtime, pytest.raises(Crash):
        a_cycle(runtime, OSTRE, NIMBO)
    model = SpyModel()
    with a_runtime(tmp_path, model=model, news=NEWS, deps={"memory": None}) as runtime:
        report = a_cycle(runtime, OSTRE, NIMBO)
        assert (at_the_broker(runtime), [row.id for row in report.pending]) == undisturbed[OSTRE, NIMBO]
        assert runtime.deps.stores.cycles.last("paper").sequence == 1
        assert runtime.deps.stores.ledger.verify().ok
        stored = {call.request_digest for call in runtime.deps.stores.calls.of_cycle(report.cycle_id)}
    assert len(dying.answered) == at - 1
    assert set(dying.answered) & set(model.calls) == set(), "no finished call is made again"
    assert sorted([*dying.answered, *model.calls]) == sorted(stored) == undisturbed["calls"]
    assert report.model_calls.count == CALLS


def cut_off(home, at):
    """A cycle over NIMBO that is struck at the ``at``-th write: how many there were at the start, and in all."""
    made = []

    def crashing(database):
        made.append(CrashingDatabase(database, at))
        return made[0]

    with a_runtime(home, database=crashing, deps={"memory": None}) as runtime:
        start = made[0].writes
        with suppress(Crash):
            a_cycle(runtime, NIMBO)
        return start, made[0].writes


def test_a_crash_at_any_write_is_finished_by_the_next_start(tmp_path, undisturbed):
    """Every write of the cycle is struck once; those before it belong to the start of a new home."""
    start, writes = cut_off(tmp_path / "whole", at=1_000)
    assert writes > 20
    for at in range(start + 1, writes + 1):
        home = tmp_path / f"struck-{at}"
        cut_off(home, at)
        with a_runtime(home, deps={"memory": None}) as runtime:
            a_cycle(runtime, NIMBO)
            (order,) = entries_of(runtime)
            if order.status is OrderStatus.FILLED:
                assert at_the_broker(runtime) == undisturbed[NIMBO,][0], f"write {at}"
            else:  # the intent was durable and its fate unknown: one order less is the safe side, and never one more
                assert order.status in (OrderStatus.CANCELED, OrderStatus.SUBMITTED), f"write {at}"
                assert at_the_broker(runtime) == {"working": [], "fills": [], "held": []}, f"write {at}"
            assert runtime.deps.stores.cycles.last("paper").finished_at == NOON
            assert runtime.deps.stores.ledger.verify().ok
            assert runtime.deps.stores.control.read().mismatched == ()


def test_a_killed_process_is_followed_by_the_command_line(tmp_path, undisturbed):
    """``kill -9`` in the middle of a cycle; ``sage cycle`` finishes it and asks only what was not answered yet."""
    script = ROOT / "tests" / "integration" / "slow_cycle.py"
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}
    home = tmp_path / "home"
    with subprocess.Popen(
        [sys.executable, str(script), str(home), OSTRE, NIMBO], env=environment, stdout=subprocess.PIPE, cwd=tmp_path
    ) as process:
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(3)]
        process.send_signal(signal.SIGKILL)
        assert process.wait(60) == -signal.SIGKILL
    settings = {"SAGE_POLICY": a_policy(home), "SAGE_MODEL": "rules", "SAGE_NEWS": "none"}
    ran = sage("--home", str(home), "--json", "cycle", cwd=tmp_path, **settings)
    assert (ran.returncode, ran.stderr) == (0, "")
    report = json.loads(ran.stdout)
    with a_runtime(home) as runtime:
        calls = runtime.deps.stores.calls.of_cycle(report["cycle_id"])
        assert at_the_broker(runtime) == undisturbed[OSTRE, NIMBO][0]
        assert runtime.deps.stores.ledger.verify().ok
    marked = sum(call.tokens_in == MARK for call in calls)
    assert len(calls) == len({call.request_digest for call in calls}) == report["model_calls"]["count"] == 8
    assert told == [b"advisor\n", b"advisor\n", b"inspector\n"]
    assert 2 <= marked <= 4, "what was answered before the kill was kept, and not asked again"
    assert [row["id"] for row in report["pending"]] == undisturbed[OSTRE, NIMBO][1]
