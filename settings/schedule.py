"""The table ``[schedule]`` of ``sage.toml``: when ``sage run`` does what."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from settings.table import Table


class JobSettings(Table):
    """When one job runs, in the words of ``interfaces/scheduler/rules.py``; without a time it never does."""

    at: tuple[str, ...] = ()
    missed: Literal["skip", "once", "all"] = "once"
    """What becomes of runs that nobody was there for."""
    on: tuple[Literal["alert", "news", "fill", "breach"], ...] = ()
    """Events that start a cycle between two of its times."""
    apart_minutes: int = Field(10, ge=1, le=1440)
    """The least time between two cycles for events."""


class ScheduleSettings(Table):
    """``[schedule]`` of ``sage.toml``: one table a job, which takes the place of its default; ``at = []`` is never."""

    cycle: JobSettings = JobSettings(at=("open+30m", "close-30m"), on=("breach", "news", "alert"))
    reconcile: JobSettings = JobSettings(at=("open-15m", "every 15m", "close+10m"))
    algo_step: JobSettings = JobSettings(at=("every 1m",))
    policy_reload: JobSettings = JobSettings(at=("every 15m",))
    report: JobSettings = JobSettings(at=("close+20m",))
    learn: JobSettings = JobSettings(at=("close+45m",))
    maintenance: JobSettings = JobSettings(at=("03:10 America/New_York",))
    simulated_speed: float = Field(600, ge=0, allow_inf_nan=False)
    """How much faster than the wall clock simulated time goes under ``sage run``; 0 waits for nothing."""
    longest_wait_s: float = Field(5, ge=0, le=3600)
    """In simulated time, the most seconds between two things that are due: nights and weekends are short."""

    @property
    def jobs(self) -> dict[str, JobSettings]:
        """The jobs by the names the rest of Sage calls them."""
        told = {name: getattr(self, name) for name in type(self).model_fields}
        return {name.replace("_", "-"): job for name, job in told.items() if isinstance(job, JobSettings)}
