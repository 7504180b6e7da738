"""Homes that several files look into: each is made once, and a test that changes something works on a copy."""

import shutil

import pytest

from tests.builders.execution import HandClock
from tests.builders.runtime import GONE, KORVA, LEAVING, NIMBO, OSTRE, a_cycle, a_runtime


@pytest.fixture(scope="session")
def parked(tmp_path_factory):
    """One entry waits for a person; the process that asked is gone."""
    home = tmp_path_factory.mktemp("parked")
    with a_runtime(home) as runtime:
        a_cycle(runtime, OSTRE)
    return home


@pytest.fixture(scope="session")
def traded(tmp_path_factory):
    """KORVA was bought and left in two parts, NIMBO is held, one entry was never answered: three cycles."""
    home, clock = tmp_path_factory.mktemp("traded"), HandClock()
    with a_runtime(home, clock=clock) as runtime:
        a_cycle(runtime, KORVA, NIMBO, OSTRE)
        for clock.at in (LEAVING, GONE):
            a_cycle(runtime, KORVA, NIMBO)
    return home


@pytest.fixture
def clock():
    """A clock that stands at noon and is moved by hand."""
    return HandClock()


@pytest.fixture
def home(tmp_path, parked):
    """A copy of the home in which one entry waits."""
    return shutil.copytree(parked, tmp_path / "home")


@pytest.fixture
def traded_home(tmp_path, traded):
    """A copy of the home with a history."""
    return shutil.copytree(traded, tmp_path / "traded")
