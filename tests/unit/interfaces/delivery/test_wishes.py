"""Wishes: what becomes of which message when, as a table that the owner could sign."""

from datetime import time, timedelta

import pytest

from domain.errors import UsageError
from interfaces.delivery.wishes import (
    LONGEST_MUTE,
    USUAL,
    Handling,
    Wish,
    Wishes,
    body_of,
    described,
    muted,
    quieted,
    switched,
    wishes_in,
)
from tests.builders.market import at
from trading.store.messages.message import Kind

DAY, NIGHT, MORNING = at("2026-03-17T15:00"), at("2026-03-18T03:00"), at("2026-03-18T11:00")
SLEEPS = quieted(Wishes(), "22:00-07:00")
"""New York is four hours behind: 03:00 UTC is 23:00 there, 11:00 is 07:00."""


@pytest.mark.parametrize(
    ("wishes", "kind", "now", "handling"),
    [
        (Wishes(), Kind.TRADE, DAY, Handling.RING),
        (Wishes(), Kind.BLOCKED, DAY, Handling.SILENT),
        (Wishes(), Kind.CYCLE, DAY, Handling.HOLD),
        (Wishes({Kind.TRADE: Wish.OFF}), Kind.TRADE, DAY, Handling.DROP),
        (Wishes({Kind.TRADE: Wish.OFF}), Kind.TRADE, NIGHT, Handling.DROP),
        (SLEEPS, Kind.TRADE, DAY, Handling.RING),
        (SLEEPS, Kind.TRADE, NIGHT, Handling.HOLD),
        (SLEEPS, Kind.TRADE, MORNING, Handling.RING),
        (SLEEPS, Kind.APPROVAL, NIGHT, Handling.SILENT),
        (SLEEPS, Kind.CRITICAL, NIGHT, Handling.RING),
        (SLEEPS, Kind.REPLY, NIGHT, Handling.RING),
        (muted(Wishes(), timedelta(hours=1), DAY), Kind.FAILURE, DAY, Handling.HOLD),
        (muted(Wishes(), timedelta(hours=1), DAY), Kind.FAILURE, DAY + timedelta(hours=1), Handling.RING),
        (muted(Wishes(), timedelta(hours=1), DAY), Kind.CRITICAL, DAY, Handling.RING),
    ],
)
def test_each_kind_comes_as_it_was_wished(wishes, kind, now, handling):
    assert wishes.handling(kind, now) is handling


@pytest.mark.parametrize(
    ("hours", "quiet", "loud"),
    [("22:00-07:00", "2026-03-18T02:00", "2026-03-18T01:59"), ("9:30 - 16:00", "2026-03-17T13:30", "2026-03-17T20:00")],
)
def test_quiet_hours_begin_with_their_first_minute_and_end_before_their_last(hours, quiet, loud):
    wishes = quieted(Wishes(), hours)
    assert [wishes.is_quiet(at(quiet)), wishes.is_quiet(at(loud))] == [True, False]


@pytest.mark.parametrize(
    ("held", "now", "due"),
    [
        ("2026-03-17T15:00", "2026-03-17T20:44", False),
        ("2026-03-17T15:00", "2026-03-17T20:45", True),
        ("2026-03-17T20:45", "2026-03-18T20:44", False),
        ("2026-03-07T20:00", "2026-03-07T21:45", True),
        ("2026-03-08T20:00", "2026-03-08T20:45", True),
    ],
)
def test_the_digest_comes_at_its_hour_in_new_york_in_winter_and_in_summer(held, now, due):
    assert Wishes().digest_due(at(held), at(now)) is due


def test_no_digest_wakes_anybody():
    wishes = Wishes(quiet=(time(16), time(18)))
    assert [wishes.digest_due(DAY, at(f"2026-03-17T{hour}:50")) for hour in (20, 21, 22)] == [False, False, True]


@pytest.mark.parametrize("kind", [*USUAL])
@pytest.mark.parametrize("wish", [*Wish])
def test_every_kind_can_be_switched_and_is_stored_as_it_is(kind, wish):
    wishes = switched(SLEEPS, kind, wish)
    assert wishes.of(kind) is wish
    assert wishes_in(body_of(wishes)) == wishes
    assert f"{kind}: {wish}" in described(wishes, DAY)


@pytest.mark.parametrize(
    ("kind", "wish"), [("critical", "off"), ("critical", "silent"), ("reply", "off"), ("trade", "never"), ("", "")]
)
def test_what_cannot_be_switched_is_one_clear_line(kind, wish):
    with pytest.raises(UsageError):
        switched(Wishes(), kind, wish)


@pytest.mark.parametrize("hours", ["", "22-7", "25:00-07:00", "07:00-07:00", "22:00", "x" * 999])
def test_hours_that_are_none_are_refused(hours):
    with pytest.raises(UsageError):
        quieted(Wishes(), hours)


def test_quiet_hours_and_a_mute_can_be_taken_back_and_no_mute_lasts_longer_than_a_week():
    assert quieted(SLEEPS, "off").quiet is None
    assert muted(Wishes(), timedelta(days=400), DAY).muted_until == DAY + LONGEST_MUTE
    assert muted(muted(Wishes(), timedelta(hours=1), DAY), None, DAY).muted_until is None
