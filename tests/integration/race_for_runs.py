"""A process that works through a timetable beside others: ``python race_for_runs.py URL MARKS NAME``.

Every run that it gets is marked in a file before its end is written, as work that is done and cannot be undone.
"""

import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from domain.clock import SystemClock
from interfaces.serving.process import this_process
from trading.store.database import open_database
from trading.store.scheduling.runs import Dues, RunState, RunStore

JOB = "cycle"
BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
WHOLE = tuple(BEGIN + timedelta(hours=hour) for hour in range(1, 41))
"""What the timetable says."""


def work_through(url: str, marks: Path, name: str) -> None:
    """Go through the timetable in virtual time and do every run that can be had."""
    database = open_database(url)
    runs = RunStore(database, SystemClock(), this_process())
    runs.enter(JOB, BEGIN, lambda _since: Dues())
    for now in WHOLE:
        runs.enter(JOB, now, partial(dues, now))
        do_all(runs, marks, name)
    database.close()


def dues(now: datetime, since: datetime) -> Dues:
    """What was due between two looks."""
    return Dues(tuple(at for at in WHOLE if since < at <= now))


def do_all(runs: RunStore, marks: Path, name: str) -> None:
    """Every run that is due and that nobody is at."""
    while (run := runs.claim(JOB, term=timedelta(days=1))) is not None:
        with marks.open("a", encoding="utf-8") as file:
            file.write(f"{run.due_at.isoformat()} {name}\n")
        runs.end(run, RunState.DONE, name)


if __name__ == "__main__":
    work_through(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
