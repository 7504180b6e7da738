"""One canonical text for every value, and the way back."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.case import Approval, Pause
from domain.decisions import Concern, MonitorReport, Severity
from domain.errors import DataQualityError
from domain.ids import Ref
from domain.market import Bar, Symbol, Timeframe
from domain.orders import OrderIntent, TimeInForce
from domain.record import canonical
from domain.record.canonical import canonical_json, decimal_text, digest, plain, restore, time_text
from domain.verdicts import Outcome, Verdict
from tests.builders.execution import an_intent

NOON = datetime(2026, 3, 17, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param(Decimal("1.500"), "1.5", id="trailing_zeros"),
        pytest.param(Decimal("1E+3"), "1000", id="exponent"),
        pytest.param(Decimal("-0.00"), "0", id="negative_zero"),
        pytest.param(Decimal("0.000001"), "0.000001", id="small"),
        pytest.param(Decimal(100), "100", id="whole_number_keeps_its_zeros"),
    ],
)
def test_a_decimal_has_one_text(value: Decimal, text: str) -> None:
    assert decimal_text(value) == text


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity")])
def test_a_figure_that_is_not_finite_is_refused(value: Decimal) -> None:
    with pytest.raises(DataQualityError, match="no canonical form"):
        decimal_text(value)


def test_a_float_is_refused_because_it_has_no_single_text() -> None:
    with pytest.raises(DataQualityError, match="float has no canonical form"):
        plain({"price": 0.1})


def test_a_time_is_written_in_utc_and_needs_a_zone() -> None:
    assert time_text(datetime(2026, 3, 17, 8, 0, tzinfo=timezone(timedelta(hours=-4)))) == "2026-03-17T12:00:00Z"
    with pytest.raises(DataQualityError, match="names no zone"):
        time_text(datetime(2026, 3, 17, 8, 0))  # noqa: DTZ001  # a naive time is the input under test


def test_the_hour_that_a_clock_runs_twice_is_two_hours() -> None:
    first = datetime(2026, 11, 1, 1, 30, tzinfo=ZoneInfo("America/New_York"))
    again = first.replace(fold=1)
    assert first == again  # for Python, which is why texts of moments are not looked up by those of their zone
    assert [time_text(each) for each in (first, again)] == ["2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z"]


def test_key_order_and_sets_do_not_change_the_digest() -> None:
    assert digest({"a": 1, "b": {3, 2}}) == digest({"b": {2, 3}, "a": 1})


def test_a_verdict_reads_as_an_object() -> None:
    verdict = Verdict("C3", "MAX_POSITION", Outcome.DENY, Decimal(10), Decimal(12), Decimal(-2))
    assert plain(verdict)["outcome"] == "DENY"
    assert tuple(plain(verdict)) == Verdict._fields
    assert restore(Verdict, plain(verdict)) == verdict


@pytest.mark.parametrize(
    "value",
    [
        Bar(Symbol("AAPL"), Timeframe.DAY_1, NOON, NOON + timedelta(hours=1), *(Decimal(1),) * 4, Decimal(10), "test"),
        Pause("symbol", "AAPL", NOON, "owner", until=NOON + timedelta(hours=2)),
        Approval("owner", "d" * 64, NOON, NOON + timedelta(seconds=120), price=Decimal("10.50")),
        MonitorReport("caution", "tighten", (Concern("stale", Severity.CAUTION, (Ref("quote.age@AAPL"),)),), "rules"),
        an_intent(tif=TimeInForce.GTD, expires_at=NOON + timedelta(days=3)),
    ],
    ids=["bar", "pause", "approval", "monitor_report", "intent_with_an_end"],
)
def test_a_stored_value_comes_back_equal_and_has_the_text_of_its_plain_form(value: object) -> None:
    assert restore(type(value), plain(value)) == value
    assert canonical_json(value) == json.dumps(plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def test_an_intent_stored_before_there_was_an_end_has_none_and_its_end_is_part_of_what_was_approved() -> None:
    stored = {name: value for name, value in plain(an_intent()).items() if name != "expires_at"}
    assert restore(OrderIntent, stored) == an_intent()
    later, sooner = (an_intent(tif=TimeInForce.GTD, expires_at=NOON + timedelta(days=days)) for days in (3, 2))
    assert later.digest != sooner.digest


def test_a_stored_value_that_does_not_fit_is_named() -> None:
    with pytest.raises(DataQualityError, match="stored Approval cannot be read"):
        restore(Approval, {"by": "owner", "at": "yesterday"})


@given(st.dictionaries(st.text(max_size=5), st.decimals(allow_nan=False, allow_infinity=False, places=4), max_size=4))
def test_canonical_text_is_a_fixed_point(values: dict[str, Decimal]) -> None:
    assert canonical_json(plain(values)) == canonical_json(values)


def test_a_day_is_written_as_a_day() -> None:
    assert plain(date(2026, 3, 17)) == "2026-03-17"


@dataclass(frozen=True)
class Guarded:
    name: str
    stop: Decimal | None = None


def test_two_threads_that_read_a_kind_for_the_first_time_both_read_all_of_it(monkeypatch):
    stored, meanwhile, found = {"name": "a", "stop": "95"}, [True], []
    reader = canonical._reader

    def slowly(hint):
        if hint == Decimal | None and meanwhile and meanwhile.pop():
            with ThreadPoolExecutor(1) as other:
                found.append(other.submit(restore, Guarded, stored).result())
        return reader(hint)

    monkeypatch.setattr(canonical, "_reader", slowly)
    found.append(restore(Guarded, stored))
    assert found == [Guarded("a", Decimal(95))] * 2


@dataclass(frozen=True)
class NumberFirst:
    value: Decimal | str


@dataclass(frozen=True)
class TextFirst:
    value: str | Decimal


def test_unions_of_the_same_kinds_are_read_in_the_order_they_are_written():
    assert restore(NumberFirst, {"value": "1.5"}) == NumberFirst(Decimal("1.5"))
    assert restore(TextFirst, {"value": "1.5"}) == TextFirst("1.5")


@dataclass(frozen=True)
class Node:
    name: str
    below: tuple[Node, ...] = ()


def test_a_record_may_hold_others_of_its_own_kind():
    tree = Node("a", (Node("b", (Node("c"),)), Node("d")))
    assert restore(Node, plain(tree)) == tree
