"""Two processes with one ledger of runs, on both databases, and a third that is killed half-way: each run once."""

import subprocess
import sys
import time
from collections import Counter

import pytest

from tests.builders.execution import HandClock, own_schema
from tests.builders.runtime import ROOT
from tests.builders.serving import a_run_store
from tests.integration.race_for_runs import WHOLE
from trading.store.database import open_database
from trading.store.scheduling.runs import RunState


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def shared(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'sage.db'}"
    return own_schema(request.getfixturevalue("postgres_url"), "services")


def begin(url, marks, name):
    command = [sys.executable, "-m", "tests.integration.race_for_runs", url, str(marks), name]
    return subprocess.Popen(command, cwd=ROOT)


def test_each_run_is_done_once_by_one_of_them(shared, tmp_path):
    marks = tmp_path / "marks"
    marks.touch()
    open_database(shared).close()
    workers = {name: begin(shared, marks, name) for name in ("a", "b", "c")}
    while marks.read_text().count(" c\n") < 2 and workers["c"].poll() is None:
        time.sleep(0.005)
    killed = workers.pop("c")
    killed.kill()
    assert [worker.wait(120) for worker in workers.values()] == [0, 0]
    assert begin(shared, marks, "d").wait(120) == 0, "what the killed one had while the others were at their end"
    killed.wait()
    database = open_database(shared)
    runs = a_run_store(database, "desk:9:9", HandClock()).newest(999)
    assert sorted(run.due_at for run in runs) == list(WHOLE)
    assert {run.state for run in runs} == {RunState.DONE}
    done = Counter(line.split()[0] for line in marks.read_text().splitlines())
    assert set(done) == {due.isoformat() for due in WHOLE}
    # Only what the killed process was at when it died may have been done and still have no end: it was begun again.
    again = {run.due_at.isoformat() for run in runs if run.attempts > 1}
    assert {due for due, count in done.items() if count > 1} <= again
    assert len(again) <= 1
    database.close()
