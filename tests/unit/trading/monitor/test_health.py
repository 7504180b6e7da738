from datetime import timedelta

import pytest

from tests.builders.vendors import NOW
from trading.monitor.health import Abnormality, Dependency, HealthLimits, SourceState, dependencies

LIMITS = HealthLimits(60, {"news": 600})


def a_state(name="alpaca", *, age_s=0, failure=""):
    return SourceState(name, None if age_s is None else NOW - timedelta(seconds=age_s), failure)


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        (a_state(age_s=0), None),
        (a_state(age_s=60), None),
        (a_state(age_s=61), Abnormality.STALE),
        (a_state("news", age_s=600), None),
        (a_state("news", age_s=601), Abnormality.STALE),
        (a_state(age_s=None), Abnormality.SILENT),
        (a_state(age_s=None, failure="away"), Abnormality.SILENT),
        (a_state(age_s=1, failure="away"), Abnormality.FAILING),
        (a_state(age_s=-60), None),
        (a_state(age_s=-61), Abnormality.AHEAD),
    ],
    ids=["fresh", "at_limit", "one_second_over", "own_limit", "over_own_limit", "never_answered",
         "never_answered_and_failing", "failing_though_young", "ahead_within_limit", "ahead"],
)  # fmt: skip
def test_a_source_is_well_or_it_is_told_why_not(state, kind):
    (told,) = dependencies([state], NOW, LIMITS)
    assert told.note.split(",")[0].split(":")[0] == ("" if kind is None else kind)
    assert [dependency.ok for dependency in dependencies([state], NOW, LIMITS)] == [kind is None]


def test_dependencies_are_all_sources_by_name_with_age_and_note():
    states = [a_state("news", age_s=75), a_state(age_s=75), a_state("broker", age_s=None, failure="HTTP 500")]
    assert dependencies(states, NOW, LIMITS) == (
        Dependency("alpaca", False, 75, "stale, limit 60 s"),
        Dependency("broker", False, None, "silent: HTTP 500"),
        Dependency("news", True, 75, ""),
    )


def test_no_sources_no_lines():
    assert dependencies([], NOW, LIMITS) == ()
