"""A short soak in every run of the tests; ``make soak`` is the long one."""

from tests.simulation.soak import soak


def test_a_day_and_a_night_with_a_crash_in_most_hours(tmp_path):
    done = soak(tmp_path / "home", hours=8, seed=3)
    assert done.crashes >= 2
    assert done.cycles >= 1
