import logging
from datetime import date, timedelta

import pytest

from domain.clock import parse_time
from domain.errors import ConfigurationError, DataQualityError
from domain.market import EventKind
from tests.builders.execution import HandClock
from tests.builders.market import TableMarket
from tests.builders.vendors import AAPL, DRIPS, NOW, patience_with
from tests.servers.fred import KEY, fred
from trading.data.events.fred import RELEASES, FredConfig, FredEvents, parse_days
from trading.data.events.merged import MarketWithEvents
from trading.data.events.source import Claim, Subject
from trading.data.events.stated import StatedEvents

CPI = 10
WEEK, HOUR = timedelta(days=7), timedelta(hours=1)
DAYS = {release: [date(2026, 3, 11), date(2026, 4, 10), date(2026, 5, 12)] for release in RELEASES}
RELEASED = frozenset({Subject.RELEASES})


def events_at(server, clock=None, *, mood="well", key=KEY):
    server.mood = mood
    return FredEvents(FredConfig(key, server.url, patience_with(mood)), clock or HandClock())


def test_the_days_of_releases_are_macro_events_at_half_past_eight_in_new_york():
    with fred({**DAYS, CPI: [date(2026, 3, 6), date(2026, 3, 18), date(2026, 6, 10)]}) as server:
        source = events_at(server)
        found = source.events(AAPL, as_of=NOW, until=NOW + WEEK)
        (claim,) = source.claims(as_of=NOW)
    assert [(each.symbol, each.kind, each.effective_at, each.announced_at) for each in found] == [
        (None, EventKind.MACRO, parse_time("2026-03-11T12:30:00Z"), NOW),
        (None, EventKind.MACRO, parse_time("2026-03-18T12:30:00Z"), NOW),
    ]
    # The list that ends first, not the one of the CPI, says how far all of it is known; rate decisions never.
    assert claim == Claim(RELEASED, None, NOW, NOW - 2 * WEEK, parse_time("2026-05-12T12:30:00Z"))
    assert len(server.requests) == len(RELEASES), "asked once for both questions"


def test_releases_from_fred_and_rate_decisions_from_a_file_are_all_macro_events(tmp_path):
    path = tmp_path / "events.toml"
    head = "stated_at = 2026-03-01T00:00:00Z\n[[covers]]\nuntil = 2026-06-01T00:00:00Z\n"
    path.write_text(f'{head}kinds = ["rate_decisions", "earnings"]\n', encoding="utf-8")
    prices = TableMarket(kinds=frozenset())
    known = []
    with fred(DAYS) as server:
        for mood in ("well", 404):
            market = MarketWithEvents(prices, [StatedEvents(path), events_at(server, mood=mood)])
            known.append(market.event_kinds(AAPL, as_of=NOW))
    assert known == [{EventKind.EARNINGS, EventKind.MACRO}, {EventKind.EARNINGS}]


def test_a_release_without_a_day_ahead_is_a_list_that_reaches_nowhere():
    with fred({**DAYS, CPI: []}) as server:
        (claim,) = events_at(server).claims(as_of=NOW)
    assert claim.until <= NOW


def test_the_past_is_unknown_and_nobody_is_asked_about_it():
    with fred(DAYS) as server:
        source = events_at(server)
        assert source.claims(as_of=NOW - HOUR) == ()
        assert source.events(AAPL, as_of=NOW - HOUR, until=NOW) == ()
        assert server.requests == []
        assert source.claims(as_of=NOW)
        assert source.claims(as_of=NOW - HOUR) == (), "known from when it was asked, and not before"


@pytest.mark.parametrize("mood", [400, 401, 404, 429, 500, "garbage", "empty", "deep", "hang", *DRIPS])
def test_without_an_answer_releases_are_unknown_and_the_doctor_is_told_why(mood, caplog):
    with fred(DAYS) as server, caplog.at_level(logging.INFO):
        source = events_at(server, mood=mood)
        assert (source.claims(as_of=NOW), source.events(AAPL, as_of=NOW, until=NOW + WEEK)) == ((), ())
    assert source.trouble.startswith("FRED ")
    assert KEY not in source.trouble
    assert KEY not in caplog.text
    assert KEY not in repr(source._config)


def test_a_line_that_is_dead_tells_no_key(caplog):
    with fred(DAYS) as server:
        source = events_at(server)
    with caplog.at_level(logging.INFO):
        assert source.claims(as_of=NOW) == ()
    assert source.trouble.startswith("FRED did not answer")
    assert KEY not in source.trouble + caplog.text


def test_a_wrong_key_is_told_by_the_name_of_its_setting():
    with fred(DAYS) as server:
        source = events_at(server, key="f" * 32)
        assert source.claims(as_of=NOW) == ()
    assert "FRED_API_KEY" in source.trouble
    assert "f" * 32 not in source.trouble
    with pytest.raises(ConfigurationError, match="FRED_API_KEY"):
        FredEvents(FredConfig(""), HandClock())


def test_an_answer_is_renewed_and_outlives_a_failure_for_a_while():
    clock = HandClock()
    with fred(DAYS) as server:
        source = events_at(server, clock)
        assert source.claims(as_of=clock.now())
        clock.wait(seconds=3.5 * 3600)
        server.mood = 404
        asked = len(server.requests)
        assert source.claims(as_of=clock.now()), "three and a half hours old, and still good"
        assert len(server.requests) == asked + 1, "the first failure ends the round"
        assert source.claims(as_of=clock.now())
        assert len(server.requests) == asked + 1, "and is not repeated within a minute"
        clock.wait(seconds=3 * 3600)
        assert source.claims(as_of=clock.now()) == ()
        server.mood = "well"
        clock.wait(seconds=61)
        assert source.claims(as_of=clock.now())
        assert source.trouble == ""


@pytest.mark.parametrize(
    "raw",
    [[], {}, {"release_dates": None}, {"release_dates": [{"release_id": 11, "date": "2026-04-10"}]},
     {"release_dates": [{"release_id": 10}]}, {"release_dates": [{"release_id": 10, "date": "April"}]}],
    ids=["list", "no_dates", "null", "of_another_release", "without_a_date", "date_in_words"],
)  # fmt: skip
def test_a_strange_answer_is_no_list_of_days(raw):
    with pytest.raises((DataQualityError, LookupError, TypeError, ValueError)):
        parse_days(raw, CPI)
