from datetime import date

import pytest

from domain.errors import ConfigurationError, DataQualityError
from tests.builders.market import at
from trading.data.calendar import ExchangeCalendar

NEW_YORK = ExchangeCalendar("XNYS")


@pytest.mark.parametrize(
    ("day", "opens", "closes"),
    [
        pytest.param("2026-03-06", "2026-03-06T14:30", "2026-03-06T21:00", id="winter_time"),
        pytest.param("2026-03-09", "2026-03-09T13:30", "2026-03-09T20:00", id="first_day_of_daylight_saving"),
        pytest.param("2026-10-30", "2026-10-30T13:30", "2026-10-30T20:00", id="last_day_of_daylight_saving"),
        pytest.param("2026-11-02", "2026-11-02T14:30", "2026-11-02T21:00", id="winter_time_again"),
        pytest.param("2026-11-27", "2026-11-27T14:30", "2026-11-27T18:00", id="early_close_after_thanksgiving"),
        pytest.param("2025-07-03", "2025-07-03T13:30", "2025-07-03T17:00", id="early_close_before_independence_day"),
    ],
)
def test_a_session_has_the_hours_of_its_day(day, opens, closes):
    session = NEW_YORK.session_on(date.fromisoformat(day))

    assert session is not None
    assert (session.opens_at, session.closes_at) == (at(opens), at(closes))


@pytest.mark.parametrize(
    ("moment", "open_"),
    [
        pytest.param("2026-03-17T13:29:59", False, id="one_second_before_the_opening"),
        pytest.param("2026-03-17T13:30:00", True, id="at_the_opening"),
        pytest.param("2026-03-17T19:59:59", True, id="one_second_before_the_close"),
        pytest.param("2026-03-17T20:00:00", False, id="at_the_close"),
        pytest.param("2026-11-27T18:00:00", False, id="at_an_early_close"),
        pytest.param("2026-03-15T15:00:00", False, id="sunday"),
        pytest.param("2025-01-09T15:00:00", False, id="day_of_mourning"),
        pytest.param("2026-04-03T15:00:00", False, id="good_friday"),
    ],
)
def test_the_exchange_is_open_from_the_opening_up_to_the_close(moment, open_):
    assert (NEW_YORK.session_at(at(moment)) is not None) is open_


def test_sessions_are_those_that_open_inside_the_half_open_interval():
    found = NEW_YORK.sessions(at("2026-03-13T13:30"), at("2026-03-17T13:30"))

    assert [session.day.isoformat() for session in found] == ["2026-03-13", "2026-03-16"]


@pytest.mark.parametrize("day", ["2026-03-14", "2026-12-25", "2040-01-03", "1971-01-04"])
def test_a_day_without_a_known_session_has_none(day):
    assert NEW_YORK.session_on(date.fromisoformat(day)) is None


def test_a_time_beyond_the_calendar_is_refused_rather_than_called_closed():
    with pytest.raises(DataQualityError, match="outside the XNYS calendar"):
        NEW_YORK.session_at(at("2036-01-02T15:00"))


def test_a_time_without_zone_is_refused():
    with pytest.raises(DataQualityError, match="names no zone"):
        NEW_YORK.session_at(at("2026-03-17T15:00").replace(tzinfo=None))


def test_what_never_closes_has_a_session_every_day():
    sessions = ExchangeCalendar("24/7").sessions(at("2026-03-14T00:00"), at("2026-03-16T00:00"))

    assert [(session.opens_at, session.closes_at) for session in sessions] == [
        (at("2026-03-14T00:00"), at("2026-03-15T00:00")),
        (at("2026-03-15T00:00"), at("2026-03-16T00:00")),
    ]


@pytest.mark.parametrize(
    ("calendar", "message"),
    [
        pytest.param(ExchangeCalendar("MARS"), "no exchange calendar 'MARS'", id="unknown_exchange"),
        pytest.param(
            ExchangeCalendar("XNYS", last_day=date(1980, 1, 1)), "does not reach from", id="ends_before_it_begins"
        ),
    ],
)
def test_a_calendar_that_cannot_be_had_is_a_configuration_error(calendar, message):
    with pytest.raises(ConfigurationError, match=message):
        calendar.session_at(at("1979-03-19T15:00"))


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        pytest.param("2026-03-17T15:00", "2026-03-18", id="inside_a_session"),
        pytest.param("2026-03-17T13:30", "2026-03-18", id="at_the_opening"),
        pytest.param("2026-03-17T13:29", "2026-03-17", id="a_minute_before_it"),
        pytest.param("2026-03-20T20:00", "2026-03-23", id="before_a_week_end"),
        pytest.param("2026-11-25T21:00", "2026-11-27", id="before_a_holiday"),
    ],
)
def test_the_session_after_is_the_next_to_open(moment, day):
    found = NEW_YORK.session_after(at(moment))
    assert found is not None
    assert found.day.isoformat() == day


def test_beyond_the_schedule_no_session_follows():
    assert NEW_YORK.session_after(at("2035-12-31T15:00")) is None
