"""How a service is watched: its endpoint, its figures, its signs of life, and the watchdog beside it."""

import json
from datetime import timedelta
from io import StringIO

import pytest
import requests

from domain.clock import SystemClock
from domain.errors import ConfigurationError
from interfaces.cli import duties
from interfaces.cli.console import Terminal
from interfaces.cli.parser import Arguments
from interfaces.service import Service
from interfaces.serving.endpoint import endpoint
from interfaces.serving.holding import SERVICE
from interfaces.serving.timetable import schedule, watch
from interfaces.serving.vitals import SILENT, Vitals
from tests.builders.execution import HandClock
from tests.builders.lives import Home, a_schedule
from tests.builders.market import NOON, at
from tests.builders.serving import a_lease_store, a_run_store
from trading.store.scheduling.leases import TERM
from trading.store.scheduling.runs import Dues, RunState

HALF_AN_HOUR = timedelta(minutes=30)


def asked(address):
    answer = requests.get(address, timeout=5)
    return answer.status_code, answer.content


def vitals(clock, killed=False):
    return Vitals(clock, lambda: killed)


def test_it_is_healthy_once_the_books_were_compared_and_no_lane_hangs():
    clock = HandClock()
    known = vitals(clock)
    with endpoint(known, 0) as address:
        status, told = asked(f"{address}/healthz")
        assert (status, json.loads(told)["wrong"]) == (503, ["the books have not been compared with the broker's yet"])
        known.reconciled(ok=True, differences=0)
        known.beat("cycle", NOON)
        status, told = asked(f"{address}/healthz")
        assert (status, json.loads(told)["ok"], json.loads(told)["next_due"]) == (200, True, "2026-03-17T15:00:00Z")
        clock.at += SILENT + timedelta(seconds=1)
        status, told = asked(f"{address}/healthz")
        assert (status, json.loads(told)["wrong"]) == (503, ["the lane cycle hangs"])
        assert asked(f"{address}/kill")[0] == 404


def test_the_next_run_is_that_of_the_lane_that_is_due_first():
    known = vitals(HandClock())
    known.beat("watch", NOON)
    known.beat("care", NOON + HALF_AN_HOUR)
    known.beat("cycle", None)
    assert known.health()[1]["next_due"] == "2026-03-17T15:00:00Z"
    known.beat("watch", None)
    assert known.health()[1]["next_due"] == "2026-03-17T15:30:00Z"


def test_a_kill_is_told_and_is_no_illness():
    known = vitals(HandClock(), killed=True)
    known.reconciled(ok=True, differences=0)
    ok, told = known.health()
    assert (ok, told["killed"]) == (True, True)


def test_the_figures_are_in_prometheus_own_text():
    known = vitals(HandClock(), killed=True)
    known.ran("cycle", "done", 1.5)
    known.cycled("cyc-1", calls=3, usd=0.25, orders=2)
    known.happened("fill")
    with endpoint(known, 0) as address:
        status, told = asked(f"{address}/metrics")
    assert status == 200
    assert {
        'sage_job_runs_total{job="cycle",outcome="done"} 1.0', "sage_model_calls_total 3.0", "sage_orders_total 2.0",
        "sage_model_usd_total 0.25", 'sage_events_total{trigger="fill"} 1.0', "sage_killed 1.0",
        'sage_last_seconds{what="cycle"} 1.7737596e+09',
    } <= set(told.decode().splitlines())  # fmt: skip


def test_a_port_that_is_taken_is_refused_by_the_name_of_its_setting():
    with endpoint(vitals(HandClock()), 0) as address:
        port = int(address.rpartition(":")[2])
        with pytest.raises(ConfigurationError, match="SAGE_HEALTH_PORT"), endpoint(vitals(HandClock()), port):
            pytest.fail("two at one port")


@pytest.fixture
def runtime(tmp_path):
    """A home in simulated time with a cycle a day."""
    with Home(tmp_path, a_schedule(cycle=("close-30m",))).opened() as made:
        yield made


def service(runtime, ago):
    """A service whose last sign of life was so long ago."""
    clock = HandClock(SystemClock().now() - ago)
    a_lease_store(runtime.deps.stores.database, "desk:7:7", clock).take(f"{SERVICE}desk:7:7", "last cycle cyc-1")


def cycle_ended(runtime, ago, state=RunState.DONE):
    """A scheduled cycle that ended so long ago, by the wall clock."""
    runs = a_run_store(runtime.deps.stores.database, "desk:7:7", HandClock(SystemClock().now() - ago))
    runs.enter("cycle", NOON, lambda _since: Dues())
    runs.enter("cycle", NOON + HALF_AN_HOUR, lambda _since: Dues((NOON + HALF_AN_HOUR,)))
    run = runs.claim("cycle")
    assert run is not None
    runs.end(run, state, "the model is away")


def test_a_home_without_a_service_is_an_alarm(runtime):
    view = watch(runtime, HALF_AN_HOUR)
    assert (view.ok, view.alerts) == (False, ("no service is alive in this home: there has been none",))


def test_what_is_wrong_is_told_once_at_the_terminal(runtime):
    out, err = StringIO(), StringIO()
    code = duties.watchdog(Arguments("watchdog"), Service(runtime), Terminal(out=out, err=err), ())
    assert code == 1
    assert " ".join(out.getvalue().split()).count("no service is alive in this home") == 1
    assert err.getvalue() == "sage: the watchdog found 1 thing wrong. Look at `sage schedule` and sage.log.\n"


def test_a_service_that_gives_signs_of_life_and_runs_cycles_is_none(runtime):
    service(runtime, timedelta(seconds=1))
    cycle_ended(runtime, timedelta(minutes=5))
    assert watch(runtime, HALF_AN_HOUR).alerts == ()


def test_a_silent_service_is_an_alarm(runtime):
    service(runtime, TERM + timedelta(seconds=1))
    cycle_ended(runtime, timedelta(minutes=5))
    (alert,) = watch(runtime, HALF_AN_HOUR).alerts
    assert alert.startswith("no service is alive in this home: the last sign of life was at ")


def test_no_cycle_for_so_long_is_an_alarm(runtime):
    service(runtime, timedelta(seconds=1))
    clock = HandClock(SystemClock().now() - timedelta(hours=2))
    a_lease_store(runtime.deps.stores.database, "desk:8:8", clock).take(f"{SERVICE}desk:8:8", "")
    cycle_ended(runtime, timedelta(minutes=31))
    assert watch(runtime, HALF_AN_HOUR).alerts == ("no cycle for 30 minutes of the wall clock",)
    assert watch(runtime, timedelta(minutes=40)).ok


def test_a_cycle_that_failed_is_an_alarm(runtime):
    service(runtime, timedelta(seconds=1))
    cycle_ended(runtime, timedelta(minutes=5), RunState.FAILED)
    assert watch(runtime, HALF_AN_HOUR).alerts == ("the last cycle failed: the model is away",)


def test_the_schedule_tells_what_comes_what_was_and_who_is_at_work(runtime):
    service(runtime, timedelta(seconds=1))
    cycle_ended(runtime, timedelta(minutes=5))
    view = schedule(runtime, 2)
    assert [(each.at, each.job, each.rule) for each in view.next] == [
        (at("2026-03-17T19:30"), "cycle", "close-30m"),
        (at("2026-03-18T19:30"), "cycle", "close-30m"),
    ]
    assert [(each.job, each.state) for each in view.runs] == [("cycle", "done")]
    assert [(each.process, each.alive, each.doing) for each in view.services] == [
        ("process 7 on desk", True, "last cycle cyc-1")
    ]
