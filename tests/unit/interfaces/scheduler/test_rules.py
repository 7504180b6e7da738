"""Rules of a timetable against the real calendar of New York: early closes, holidays, both changes of clocks."""

from datetime import timedelta

import pytest

from domain.errors import ConfigurationError
from interfaces.scheduler.rules import AtTime, moments, parse_rule
from tests.builders.market import at
from tests.builders.runtime import the_calendar


def found(rule, since, until):
    return [f"{each:%m-%d %H:%M}" for each in moments(parse_rule(rule), the_calendar(), at(since), at(until))]


@pytest.mark.parametrize(
    ("rule", "day", "expected"),
    [
        pytest.param("open+30m", "2026-03-17", ["03-17 14:00"], id="summer"),
        pytest.param("open+30m", "2026-03-06", ["03-06 15:00"], id="winter"),
        pytest.param("close-15m", "2026-03-17", ["03-17 19:45"], id="before_the_close"),
        pytest.param("close-15m", "2026-11-27", ["11-27 17:45"], id="early_close"),
        pytest.param("open+4h", "2026-11-27", [], id="beyond_an_early_close"),
        pytest.param("open+4h", "2026-11-30", ["11-30 18:30"], id="the_same_on_a_whole_day"),
        pytest.param("close-5h", "2026-11-27", [], id="before_the_opening_of_a_short_day"),
        pytest.param("every 60m", "2026-11-27", ["11-27 15:30", "11-27 16:30", "11-27 17:30"], id="hourly_short"),
        pytest.param("open", "2026-03-17", ["03-17 13:30"], id="the_opening_itself"),
        pytest.param("open-15m", "2026-03-17", ["03-17 13:15"], id="before_the_opening"),
        pytest.param("close+15m", "2026-11-27", ["11-27 18:15"], id="after_an_early_close"),
        pytest.param("close+15m", "2026-03-14", [], id="saturday"),
        pytest.param("every 15m", "2026-11-26", [], id="thanksgiving"),
        pytest.param("17:30 America/New_York", "2026-03-14", ["03-14 21:30"], id="a_time_on_a_saturday"),
        pytest.param("17:30 America/New_York sessions", "2026-03-14", [], id="a_time_on_days_of_trading"),
        pytest.param("02:30 America/New_York", "2026-03-08", ["03-08 07:30"], id="a_time_that_is_skipped"),
        pytest.param("01:30 America/New_York", "2026-11-01", ["11-01 05:30"], id="a_time_that_comes_twice"),
        pytest.param("23:30 Asia/Tokyo", "2026-03-17", ["03-17 14:30"], id="another_zone"),
    ],
)
def test_the_moments_of_a_day(rule, day, expected):
    assert found(rule, f"{day}T00:00", f"{day}T23:59") == expected


def test_a_moment_belongs_to_one_window_only():
    rule, opening = parse_rule("open"), at("2026-03-17T13:30")
    assert moments(rule, the_calendar(), opening - timedelta(minutes=1), opening) == (opening,)
    assert moments(rule, the_calendar(), opening, opening + timedelta(minutes=1)) == ()
    assert moments(rule, the_calendar(), opening, opening) == ()


def test_an_hour_that_changes_moves_no_daily_rule_to_another_count():
    """A year of a daily time is 365 moments, one a local day, whatever the clocks do."""
    rule = parse_rule("02:30 America/New_York")
    year = moments(rule, the_calendar(), at("2026-01-01T05:00"), at("2027-01-01T05:00"))
    assert isinstance(rule, AtTime)
    assert len(year) == len({each.astimezone(rule.zone).date() for each in year}) == 365


@pytest.mark.parametrize("rule", ["open+30m", "close-15m", "close", "every 15m", "17:30 America/New_York sessions"])
def test_a_rule_tells_itself_in_its_own_words(rule):
    assert parse_rule(str(parse_rule(rule))) == parse_rule(rule)


@pytest.mark.parametrize(
    "text",
    [
        "", "noon", "open30m", "open+30", "open+25h", "every 0m", "every 25h", "every 30s", "25:00 America/New_York",
        "17:30", "17:30 Mars/Olympus", "17:30 ../../etc/passwd", "open+30m; rm", "17:30 America/New_York weekends",
    ],
)  # fmt: skip
def test_other_words_are_refused(text):
    with pytest.raises(ConfigurationError):
        parse_rule(text)
