"""No order is lost and none is sent twice, wherever a process dies on the way and whatever the broker does.

A spread of the matrix that `make crash` runs whole; ``tests/simulation/crashing.py`` tells what a case is.
"""

import pytest

from tests.simulation.behaviours import BEHAVIOURS
from tests.simulation.crash import spread
from tests.simulation.crashing import DECISIVE, DECISIVE_AGAIN, Case, Stage, points, run


def named(case):
    return "-".join(str(part).replace(" ", "_") for part in case if part is not None)


@pytest.fixture(scope="module")
def on_file(tmp_path_factory):
    """Where cases run on SQLite."""
    return Stage(tmp_path_factory.mktemp("crash") / "sqlite")


@pytest.fixture(scope="module")
def on_server(tmp_path_factory, postgres_url):
    """Where cases run on PostgreSQL."""
    return Stage(tmp_path_factory.mktemp("crash_on_server"), postgres_url)


def outcome_of(stage, case):
    place = stage.place()
    try:
        return run(place, case)
    finally:
        stage.leave(place)


@pytest.mark.parametrize("case", [Case(name) for name in BEHAVIOURS], ids=named)
def test_books_agree_whatever_the_broker_does(on_file, case):
    assert outcome_of(on_file, case).wrong == ()


@pytest.mark.parametrize("case", spread(52), ids=named)
def test_no_crash_loses_or_doubles_an_order(on_file, case):
    assert outcome_of(on_file, case).wrong == ()


@pytest.mark.parametrize("case", spread(11, seed=5), ids=named)
def test_no_crash_loses_or_doubles_an_order_on_a_server(on_server, case):
    assert outcome_of(on_server, case).wrong == ()


@pytest.mark.parametrize(("second", "known"), [(False, DECISIVE), (True, DECISIVE_AGAIN)], ids=["first", "second"])
def test_the_points_are_passed(on_file, second, known):
    """A point that nobody passes kills nobody: then the cases would prove nothing."""
    passed = points(on_file.place(), "Fills", second=second)
    assert len(passed) >= 15
    assert set(known) - set(passed) <= {"settlement.mark:after", "commit 6:before", "broker.find:after"}


def test_whoever_is_to_die_dies(on_file):
    assert outcome_of(on_file, Case("Fills", "wire:sent", "broker.find:after")).kills == 2
