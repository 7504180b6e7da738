"""Nothing is lost or sent twice where a home has two brokers, whichever of them is silent, wherever a process dies.

A spread of what ``make crash BROKERS=2`` tries; ``homes.py`` tells what a home is.
"""

import pytest

from tests.simulation.behaviours import BEHAVIOURS
from tests.simulation.crash import spread
from tests.simulation.homes import HOMES, ready_with_two
from tests.simulation.planted import planted
from tests.simulation.stage import FileStage, ServerStage
from tests.simulation.theatre import Case, run

PLAYS = [f"{behaviour}/{list(HOMES)[number % len(HOMES)]}" for number, behaviour in enumerate(BEHAVIOURS)]


@pytest.fixture(scope="module")
def on_file(tmp_path_factory):
    """Where cases run on SQLite."""
    return FileStage(tmp_path_factory.mktemp("two") / "sqlite", ready_with_two)


@pytest.mark.parametrize("play", PLAYS)
def test_books_agree_whatever_a_broker_does_and_whoever_is_silent(on_file, play):
    assert run(on_file, Case(play)).wrong == ()


@pytest.mark.parametrize("home", HOMES)
def test_no_crash_loses_or_doubles_an_order(on_file, home):
    number = list(HOMES).index(home)
    plays = [f"{behaviour}/{home}" for behaviour in list(BEHAVIOURS)[number :: len(HOMES)]]
    cases = list(spread(on_file, 1, seed=number, behaviours=plays))
    assert {case: run(on_file, case).wrong for case in cases} == dict.fromkeys(cases, ())


def test_no_crash_loses_or_doubles_an_order_on_a_server(tmp_path, postgres_url):
    stage = ServerStage(tmp_path / "server", ready_with_two, postgres_url, "crash_over_two")
    cases = list(spread(stage, 1, seed=1, behaviours=["FillsAndTimesOut/HolderSilent"]))
    assert {case: run(stage, case).wrong for case in cases} == dict.fromkeys(cases, ())
    stage.close()


@pytest.mark.parametrize(
    ("fault", "case", "found"),
    [
        ("asks only the first where an order is", Case("Rejects/Turned", "wire:answered"), "ours is canceled"),
        ("forgets where a cancel goes", Case("Rests/Turned"), "what was cancelled works on"),
        ("takes a part for the whole", Case("Rests/HolderSilent", "wire:answered"), "may work there, and ours was"),
        ("does not say where an order is", Case("Rests/Turned"), "ours says x-ord"),
    ],
    ids=lambda given: given.replace(" ", "_") if isinstance(given, str) else None,
)
def test_a_fault_that_is_planted_is_found(on_file, fault, case, found):
    with planted(fault):
        assert found in " ".join(run(on_file, case).wrong)
    assert run(on_file, case).wrong == ()
