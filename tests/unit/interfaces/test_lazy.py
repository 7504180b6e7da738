"""Rooms on first use: named like every import, run when they are needed, and left alone when they are there."""

import sys
from textwrap import dedent

import pytest

from interfaces.lazy import ROOMS, rooms_on_first_use
from tests.builders.runtime import python
from tests.unit.test_layout import ROOMS as ROOMS_OF_THE_TREE
from tests.unit.test_layout import ROOT_MODULES


def run_alone(code):
    """What a fresh interpreter prints: in this one most rooms are loaded already."""
    ran = python("-c", dedent(code))
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_every_room_of_the_tree_is_lazy():
    assert {*ROOMS_OF_THE_TREE, *ROOT_MODULES} - {"app"} == ROOMS


def test_the_finder_is_there_inside_the_block_only():
    before = list(sys.meta_path)
    with rooms_on_first_use():
        assert len(sys.meta_path) == len(before) + 1
    assert sys.meta_path == before


def test_a_module_runs_at_its_first_attribute_and_once():
    told = run_alone(
        """
        import sys
        from interfaces.lazy import rooms_on_first_use
        with rooms_on_first_use():
            import trading.data.calendar as calendars
        first = type(calendars).__name__, "trading.data.calendar" in sys.modules
        name = calendars.ExchangeCalendar.__name__
        print(*first, name, type(calendars).__name__)
        """
    )
    assert told.split() == ["_LazyModule", "True", "ExchangeCalendar", "module"]


def test_other_packages_are_nobodys_business():
    told = run_alone(
        """
        from interfaces.lazy import rooms_on_first_use
        with rooms_on_first_use():
            import email.message as message
            import domain.errors as errors
        print(type(message).__name__, type(errors).__name__, errors.OversightError("x", "y"))
        """
    )
    assert told.split() == ["module", "_LazyModule", "x.", "y"]


def test_a_module_that_does_not_exist_is_missed_at_once():
    before = list(sys.meta_path)
    with pytest.raises(ModuleNotFoundError), rooms_on_first_use():
        __import__("trading.no_such_room")
    assert sys.meta_path == before


def test_what_is_loaded_already_stays_as_it_is():
    import domain.errors as before

    with rooms_on_first_use():
        import domain.errors as after
    assert after is before
    assert type(after).__name__ == "module"
