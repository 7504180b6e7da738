"""The tables of the scheduler. Times named ``_at`` of a run are the exchange's; leases count by the wall clock.

Simulated time runs ahead of the wall clock, and a lease is about a process that is alive now, whatever time it plays.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table, Text

from trading.store.columns import UtcTime
from trading.store.tables import metadata

# Every run that a job was ever due, each once: ``trigger`` is empty for the timetable, or names the event.
job_runs = Table(
    "job_runs",
    metadata,
    Column("job", Text, primary_key=True),
    Column("due_at", UtcTime, primary_key=True),
    Column("trigger", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("holder", Text, nullable=False),
    Column("lease_until", UtcTime),
    Column("attempts", Integer, nullable=False),
    Column("begun_at", UtcTime),
    Column("ended_at", UtcTime),
    Column("note", Text, nullable=False),
)
Index("job_runs_by_state", job_runs.c.job, job_runs.c.state, job_runs.c.due_at)

# Up to which moment the timetable of a job has been written down: what lies behind it is never missed or run again.
job_looks = Table(
    "job_looks",
    metadata,
    Column("job", Text, primary_key=True),
    Column("at", UtcTime, nullable=False),
)

# What one process at a time may do, who does it, and until when that counts without a sign of life.
leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("beat_at", UtcTime, nullable=False),
    Column("until", UtcTime, nullable=False),
)
