"""Lessons and calibration on record: read back whole, and never from later."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from domain.record.canonical import plain, restore
from domain.record.entries import RecordKind
from memory.calibration import Calibration, Forecast, calibration_of
from memory.lessons import Result
from memory.recall import TradeRecord
from memory.reviews import (
    CALIBRATED,
    CalibrationBook,
    LearnedTrade,
    calibration_at,
    forecasts_in,
    forecasts_of,
    learned,
)
from tests.builders.agents import an_advice
from tests.builders.learning import CLOSED, a_case, a_learned_trade
from tests.builders.memory import a_closed_trade, a_decision, a_situation
from trading.store.database import open_database
from trading.store.ledger import SqlLedger

DAY = timedelta(days=1)


@pytest.fixture
def ledger(tmp_path):
    database = open_database(f"sqlite:///{tmp_path / 'sage.db'}")
    yield SqlLedger(database)
    database.close()


def test_a_lesson_survives_the_ledger():
    lesson = a_learned_trade(1)
    assert restore(LearnedTrade, plain(lesson)) == lesson


@pytest.mark.parametrize(
    ("days", "known"),
    [(0, []), (1, []), (4.9, []), (5, ["trade-1"]), (9, ["trade-1", "trade-2"])],
    ids=["before_the_close", "closed_and_not_learned", "just_before", "learned", "both_learned"],
)
def test_a_lesson_is_known_once_it_was_drawn_and_its_trade_had_closed(ledger, days, known):
    for number, at in ((1, CLOSED + 5 * DAY), (2, CLOSED + 6 * DAY)):
        lesson = a_learned_trade(number)
        ledger.append(RecordKind.LESSON, lesson.lesson.trade_id, lesson, at=at)
    assert [each.lesson.trade_id for each in learned(ledger, as_of=CLOSED + days * DAY)] == known
    assert len(learned(ledger)) == 2


def test_the_calibration_of_a_moment_is_the_newest_by_then(ledger):
    said = [Forecast("advisor", "m", Decimal("0.7"), won) for won in (True, False, True)]
    for number in (1, 2, 3):
        body = calibration_of(said[:number])
        ledger.append(RecordKind.CALIBRATION, CALIBRATED, body, at=CLOSED + number * DAY)
    counts = [calibration_at(ledger, CLOSED + days * DAY).of("advisor", "m").count for days in (0, 1, 1.5, 2, 9)]
    assert counts == [0, 1, 1, 2, 3]
    assert calibration_at(ledger, CLOSED) == Calibration()


def test_a_cycle_sees_one_calibration_until_something_is_learned(ledger):
    book = CalibrationBook(ledger)
    assert book.at(CLOSED) == Calibration()
    found = calibration_of([Forecast("advisor", "m", Decimal("0.7"), True)])
    ledger.append(RecordKind.CALIBRATION, CALIBRATED, found, at=CLOSED)
    assert book.at(CLOSED) == Calibration()
    assert book.at(CLOSED + DAY) == found
    book.forget()
    assert book.at(CLOSED) == found


@pytest.mark.parametrize("result", Result)
def test_forecasts_are_what_was_said_before_the_trade(result):
    record = TradeRecord(a_closed_trade(), a_situation(), "cyc-1")
    decision = replace(a_decision(), advice=an_advice(confidence=Decimal("0.8"), source="hosted:large"))
    won = result is Result.WON
    assert forecasts_of(decision, record, result) == (
        Forecast("advisor", "hosted:large", Decimal("0.8"), won),
        Forecast("signal", "code", Decimal("0.7"), won),
    )
    assert [each.role for each in forecasts_of(a_decision(), record, result)] == ["signal"]


def test_all_forecasts_of_all_lessons_are_scored():
    lessons = [a_learned_trade(1), a_learned_trade(2, pnl="36")]
    assert [each.won for each in forecasts_in(lessons)] == [False, True]
    assert a_case().lesson.result is Result.LOST
