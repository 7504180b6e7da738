"""Whole trading lives from a seed; `make simulate` lives thousands of them."""

import pytest

from tests.simulation.world import World, live

SEEDS = range(60)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_must_hold_holds_in_every_life(tmp_path, seed):
    live(seed, tmp_path / "life")


def test_a_seed_lives_the_same_life_again(tmp_path):
    first, again = live(7, tmp_path / "first"), live(7, tmp_path / "again")
    assert first.log == again.log
    assert first.exchange.books.orders == again.exchange.books.orders
    assert first.exchange.books.fills == again.exchange.books.fills


def test_lives_are_full_of_trouble(tmp_path):
    """Were no orders sent and nothing to break, the invariants would hold in every life."""
    worlds = [live(seed, tmp_path / str(seed)) for seed in range(100, 110)]
    assert sum(len(world.exchange.books.posts) for world in worlds) >= 15
    assert sum(world.crashes for world in worlds) >= 3
    assert sum(world.faults for world in worlds) >= 3


def test_a_broken_promise_is_told_with_its_seed(tmp_path, monkeypatch):
    monkeypatch.setattr(World, "_settled", lambda world: world._must(False, "nothing was settled"))
    with pytest.raises(AssertionError, match="seed 3: nothing was settled"):
        live(3, tmp_path / "life")
