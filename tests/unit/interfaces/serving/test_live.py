"""The service over the simulated market, in virtual time: its timetable, its end, its crashes."""

import json
import threading
from datetime import timedelta

import pytest

from domain.case import TradingState
from domain.clock import SystemClock
from domain.errors import ManualActionError
from domain.record.entries import RecordKind
from interfaces.scheduler.jobs import JobKind, due_times, jobs_of
from interfaces.serving.holding import CYCLE, SERVICE, SIMULATED_TIME, Busy
from settings.schedule import JobSettings
from tests.builders.lives import HOURLY, UNIVERSE, Home, a_schedule
from tests.builders.market import NOON, at
from tests.builders.runtime import a_cycle, at_the_broker, the_calendar
from tests.builders.serving import a_lease_store
from trading.store.scheduling.runs import RunState


def timetable(schedule, since, until):
    found = []
    for job in jobs_of(schedule.jobs):
        found += [(due, job.kind.value) for due in due_times(job, the_calendar(), since, until)]
    return sorted(found)


def done(runtime):
    return sorted((run.due_at, run.job) for run in runtime.duties.runs.newest(999) if run.state is RunState.DONE)


@pytest.fixture(scope="module")
def day(tmp_path_factory):
    """From noon to the next noon, once for all who look."""
    home = Home(tmp_path_factory.mktemp("day"))
    assert home.live(hours=24)
    return home


def test_everything_on_the_timetable_was_done_once(day):
    with day.opened() as runtime:
        assert done(runtime) == timetable(HOURLY, NOON, NOON + timedelta(hours=24))
        cycles = [entry.at for entry in runtime.deps.stores.ledger.entries(kind=RecordKind.CYCLE_FINISHED)]
        assert cycles == [at("2026-03-17T19:30"), at("2026-03-18T14:00")]
        assert runtime.deps.stores.ledger.verify().ok


def test_it_says_where_it_can_be_looked_at_and_gives_everything_back(day):
    assert day.told[0].startswith("running; health and metrics at http://127.0.0.1:")
    with day.opened() as runtime:
        assert runtime.duties.leases.named(SERVICE) == ()
        assert runtime.duties.leases.get(SIMULATED_TIME) is None
        assert runtime.duties.leases.get(CYCLE) is None


def test_the_day_is_on_a_page(day):
    page = json.loads((day.folder / "reports" / "2026-03-17.json").read_text())
    assert set(page) == {"pnl", "positions", "orders", "as_of", "status"}


def test_a_life_in_two_parts_is_the_same_life(tmp_path, day):
    home = Home(tmp_path)
    assert home.live(hours=5)
    assert home.live(hours=19)
    with home.opened() as runtime, day.opened() as whole:
        assert done(runtime) == done(whole)
        assert at_the_broker(runtime) == at_the_broker(whole)
        assert runtime.deps.stores.ledger.verify().ok


@pytest.mark.parametrize("dies_at", [30, 80])
def test_a_life_with_a_crash_in_it_is_the_same_life(tmp_path, day, dies_at):
    """The crash is at one of the writes of the first cycle and of what lies around it."""
    home = Home(tmp_path)
    assert not home.live(hours=24, dies_at=dies_at)
    left = NOON + timedelta(hours=24) - home.now
    assert home.live(seconds=left.total_seconds())
    with home.opened() as runtime, day.opened() as whole:
        assert done(runtime) == done(whole)
        assert at_the_broker(runtime) == at_the_broker(whole)
        assert runtime.deps.stores.ledger.verify().ok


def test_told_to_stop_it_does_nothing_more(tmp_path):
    home, stop = Home(tmp_path), threading.Event()
    stop.set()
    assert home.live(stop=stop, hours=24)
    with home.opened() as runtime:
        assert done(runtime) == []
    assert home.now == NOON


def test_a_second_clock_in_one_home_is_refused_and_says_who_has_the_first(tmp_path):
    home = Home(tmp_path)
    with home.opened() as runtime:
        other = a_lease_store(runtime.deps.stores.database, "desk:7:7", SystemClock())
        other.take(SIMULATED_TIME, "`sage run`")
        with pytest.raises(Busy, match="`sage run` is running in this home: process 7 on desk"):
            home.one_life(runtime, threading.Event(), timedelta(hours=1))
        with pytest.raises(Busy, match="process 7 on desk"):
            a_cycle(runtime, *UNIVERSE)


def test_a_second_cycle_in_one_home_is_refused_and_the_first_goes_on(tmp_path):
    with Home(tmp_path).opened() as runtime:
        other = a_lease_store(runtime.deps.stores.database, "desk:7:7", SystemClock())
        other.take(CYCLE, "a cycle")
        with pytest.raises(Busy, match="a cycle is running in this home: process 7 on desk"):
            a_cycle(runtime, *UNIVERSE)
        assert runtime.deps.stores.cycles.last("paper") is None
        other.give_back(CYCLE)
        assert a_cycle(runtime, *UNIVERSE).cycle_id


def test_a_ledger_that_was_changed_lets_nothing_start(tmp_path):
    home = Home(tmp_path)
    with home.opened() as runtime:
        a_cycle(runtime, *UNIVERSE)
        anchor = tmp_path / "ledger.anchor"
        anchor.write_text(json.dumps(json.loads(anchor.read_text()) | {"hash": "0" * 64}))
        with pytest.raises(ManualActionError, match="ledger"):
            home.one_life(runtime, threading.Event(), timedelta(hours=1))


def test_a_kill_is_lived_through_and_nothing_is_sent(tmp_path):
    home = Home(tmp_path)
    with home.opened() as runtime:
        runtime.kill_switch.engage("owner", "odd", NOON.isoformat())
    assert home.live(hours=5)
    assert any("killed" in line for line in home.told)
    with home.opened() as runtime:
        assert [job for _, job in done(runtime)].count("cycle") == 1
        assert at_the_broker(runtime) == {"working": [], "fills": [], "held": []}


def test_a_job_that_fails_is_on_record_and_the_rest_goes_on(tmp_path):
    home = Home(tmp_path, a_schedule(report=("open+2h",), reconcile=("open+3h",)))
    (tmp_path / "reports").write_text("no folder")
    assert home.live(hours=3)
    with home.opened() as runtime:
        found = {run.job: (run.state, run.note) for run in runtime.duties.runs.newest(9)}
    assert found["report"][0] is RunState.FAILED
    assert "the report cannot be written" in found["report"][1]
    assert found["reconcile"][0] is RunState.DONE


def test_a_stop_of_trading_starts_a_cycle_between_two_of_its_times(tmp_path):
    schedule = a_schedule(
        cycle=JobSettings(at=("close-30m",), on=("breach",), apart_minutes=10), reconcile=("every 30m",)
    )
    home = Home(tmp_path, schedule)
    assert home.live(minutes=20)
    with home.opened() as runtime:
        runtime.deps.stores.control.tighten(TradingState.REDUCING, by="test", at=home.now, reason="odd")
    assert home.live(hours=1)
    with home.opened() as runtime:
        cycles = [run for run in runtime.duties.runs.newest(99) if run.job == JobKind.CYCLE]
    assert [run.trigger for run in cycles] == ["breach"]
