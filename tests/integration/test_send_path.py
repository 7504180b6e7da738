"""No order is lost and none is sent twice, wherever a process dies on the way and whatever the broker does.

A spread of what ``make crash`` tries whole; ``tests/simulation/crashing.py`` tells what a case is.
"""

import pytest

from domain.orders import OrderStatus
from tests.builders.execution import ENTRY, HandClock, a_house, an_intent
from tests.builders.market import known
from tests.simulation.behaviours import BEHAVIOURS
from tests.simulation.crash import spread
from tests.simulation.crashing import ACTS, ready
from tests.simulation.driver import opened
from tests.simulation.exchange import Exchange, ScriptedBroker
from tests.simulation.explore import explore
from tests.simulation.planted import planted
from tests.simulation.stage import FileStage, ServerStage
from tests.simulation.theatre import Case, Theatre, run


@pytest.fixture(scope="module")
def on_file(tmp_path_factory):
    """Where cases run on SQLite."""
    return FileStage(tmp_path_factory.mktemp("crash") / "sqlite", ready)


@pytest.fixture(scope="module")
def on_server(tmp_path_factory, postgres_url):
    """Where cases run on PostgreSQL."""
    stage = ServerStage(tmp_path_factory.mktemp("crash_on_server"), ready, postgres_url, "crash_cases")
    yield stage
    stage.close()


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_books_agree_whatever_the_broker_does(on_file, behaviour):
    assert run(on_file, Case(behaviour)).wrong == ()


@pytest.mark.parametrize("number", range(len(BEHAVIOURS)), ids=list(BEHAVIOURS))
def test_no_crash_loses_or_doubles_an_order(on_file, number):
    cases = list(spread(on_file, 2, seed=number, behaviours=[list(BEHAVIOURS)[number]]))
    assert {case: run(on_file, case).wrong for case in cases} == dict.fromkeys(cases, ())


@pytest.mark.parametrize("number", range(0, len(BEHAVIOURS), 2), ids=list(BEHAVIOURS)[::2])
def test_no_crash_loses_or_doubles_an_order_on_a_server(on_server, number):
    cases = list(spread(on_server, 1, seed=number, behaviours=[list(BEHAVIOURS)[number]]))
    assert {case: run(on_server, case).wrong for case in cases} == dict.fromkeys(cases, ())


def test_every_point_kills_and_no_death_shows(on_file):
    """All of them with one behaviour. What lasts changes at a commit, the anchor or the broker, and nowhere else."""
    told = explore(on_file, "Rejects", deaths=1)
    assert told.wrong == []
    assert told.kills == told.points >= 15
    assert told.judged >= 5


def test_the_recovery_is_killed_at_as_many_points(on_file):
    theatre = Theatre(on_file, "Fills")
    theatre.acts(ACTS[0], kill_at="orders.claim:before")
    assert len(theatre.acts(ACTS[1], record=True).lines) >= 15


def test_a_clock_that_was_set_forward_gives_up_nothing_that_is_on_its_way(tmp_path):
    """At 17:00 by our clock and 15:00 by the broker's an order of 15:00 may still arrive."""
    database, exchange, theirs = opened(f"sqlite:///{tmp_path / 'sage.db'}"), Exchange(tmp_path / "there"), HandClock()

    class Far(ScriptedBroker):
        def now(self):
            return theirs.now()

    def behind(paper):
        return Far(exchange, paper._clock, paper._office, paper._control, lambda _: BEHAVIOURS["HangsThenArrives"])

    house = a_house(database, tmp_path, broker=behind)
    house.place(an_intent())
    house.clock.wait(hours=2)
    assert [order.status for order in house.desk.recover()] == [OrderStatus.UNKNOWN]
    theirs.wait(hours=2)
    assert [order.status for order in house.desk.recover()] == [OrderStatus.CANCELED]
    database.close()


def test_an_execution_that_is_told_hours_late_is_booked_by_the_next_comparison(tmp_path):
    """It was cancelled and nothing was open, so nobody asks for executions of that hour any more."""
    database, exchange = opened(f"sqlite:///{tmp_path / 'sage.db'}"), Exchange(tmp_path / "there")

    def behind(paper):
        return ScriptedBroker(
            exchange, paper._clock, paper._office, paper._control, lambda _: BEHAVIOURS["FillsAfterCancel"]
        )

    house = a_house(database, tmp_path, broker=behind)
    assert house.place(an_intent()).order.status is OrderStatus.CANCELED
    house.broker.later()
    house.clock.wait(hours=3)
    assert house.reconciler.reconcile(house.clock.now()).ok
    assert known(house.orders.get(ENTRY)).status is OrderStatus.FILLED
    database.close()


def test_whoever_is_to_die_dies(on_file):
    assert run(on_file, Case("Fills", "wire:sent", "broker.find:after")).kills == 2


@pytest.mark.parametrize(
    ("fault", "case", "found"),
    [
        ("sends again without looking", Case("FillsAndTimesOut"), "double"),
        ("sends before it is claimed", Case("Rests", "wire:sent"), "double"),
        ("sends before the commit", Case("Rests", "wire:sent"), "double"),
        ("an execution is booked twice", Case("TellsFillsTwice"), "ended with 1"),
        ("verdicts are not written down", Case("Rests"), "without verdicts"),
    ],
    ids=lambda given: given.replace(" ", "_") if isinstance(given, str) else None,
)
def test_a_fault_that_is_planted_is_found(on_file, fault, case, found):
    with planted(fault):
        assert found in " ".join(run(on_file, case).wrong)
