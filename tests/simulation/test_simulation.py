"""Whole trading lives from a seed; `make simulate` lives thousands of them."""

from collections import deque

import pytest

from tests.simulation.behaviours import BEHAVIOURS
from tests.simulation.lives.chance import AWAY, CLOCK, CRASH, FULL, KILL, LOCKED, TWIN, UNHEARD
from tests.simulation.lives.world import World, live
from tests.simulation.planted import PLANTS, planted
from tests.simulation.simulate import BROKEN, lives, ready, workers
from tests.simulation.stage import FileStage, ServerStage

FIRST, *PARTS = range(100), *(range(first, first + 50) for first in range(100, 500, 50))
FINDS = {
    "not found means never arrived": 19,
    "a kill is looked at too early": 12,
    "an execution is booked twice": 2,
    "only our own symbols are compared": 38,
    "an old picture is believed": 36,
    "what never left is forgotten": 5,
}
"""A seed that finds a planted fault, where it is not the first of all."""


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """Brings the lives of a part of the seeds, lived on both cores."""
    with workers(2, None, tmp_path_factory.mktemp("lives")) as pool:
        yield lambda part: deque(lives(pool, part), maxlen=1).pop()


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """One life after the other."""
    return FileStage(tmp_path_factory.mktemp("life"), ready)


@pytest.mark.parametrize("part", PARTS, ids=str)
def test_what_must_hold_holds_in_every_life(lived, part):
    found = lived(part)
    assert found.seeds == len(part)
    assert found.failed == []


@pytest.mark.parametrize("seed", range(7, 200, 25))
def test_what_must_hold_holds_on_a_server(tmp_path, postgres_url, seed):
    server = ServerStage(tmp_path / "life", ready, postgres_url, f"life_{seed}")
    live(seed, server)
    server.close()


def test_the_first_lives_hold_too_and_are_full_of_trouble(lived):
    """Were no orders sent and nothing to break, the invariants would hold in every life."""
    found = lived(FIRST)
    assert found.seeds == len(FIRST)
    assert found.failed == []
    met, faults = found.met, {fault for fault, _ in found.met}
    assert found.posts >= 200
    assert {CRASH, LOCKED, FULL, UNHEARD, KILL, CLOCK, TWIN, AWAY, "model garbage", "paused", "two brokers"} <= faults
    assert {f"broker {name}" for name in BEHAVIOURS} <= faults
    assert {"intent", "submitted", "unknown", "accepted"} <= {state for fault, state in met if fault == CRASH}


def test_a_seed_lives_the_same_life_again(stage):
    first, again = live(7, stage), live(7, stage)
    assert first.log == again.log
    assert first.met == again.met
    assert first.exchange.books == again.exchange.books


def test_a_broken_promise_is_told_with_its_seed(stage, monkeypatch):
    monkeypatch.setattr(World, "_calm", lambda world: world._must(["nothing was settled"]))
    with pytest.raises(AssertionError, match="seed 3: nothing was settled"):
        live(3, stage)


@pytest.mark.parametrize("fault", PLANTS)
def test_a_fault_that_is_planted_is_found(stage, fault):
    """The seed that has found it before comes first; where the product has changed since, others have to."""
    with planted(fault):
        assert any(finds(stage, seed) for seed in (FINDS.get(fault, 0), *range(60)))


def finds(stage, seed):
    try:
        live(seed, stage)
    except BROKEN:
        return True
    return False
