"""Symbols, times and ids: one normalisation, one zone, one function of what they name."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from domain.clock import FixedClock, SystemClock, parse_time
from domain.errors import (
    ConfigurationError,
    DataQualityError,
    IntegrityError,
    ManualActionError,
    ModelOutputError,
    ModelUnavailable,
    OversightError,
    RetryableError,
    SourceUnavailable,
    UsageError,
)
from domain.ids import DecisionId, client_order_id, cycle_id, decision_id
from domain.market import parse_symbol


@pytest.mark.parametrize("text", ["AAPL", "aapl", "BRK.B", "BRK/B", "A1"])
def test_a_listed_ticker_is_read(text: str) -> None:
    assert parse_symbol(text) == text.upper()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("ААPL", id="cyrillic_homoglyph"),
        pytest.param("ＡＡＰＬ", id="full_width"),
        pytest.param("AA\u200bPL", id="zero_width"),
        pytest.param("\u202eLPAA", id="right_to_left"),
        pytest.param("AAPL\n", id="control"),
        pytest.param(" AAPL", id="blank"),
        pytest.param("A" * 16, id="too_long"),
        pytest.param("", id="empty"),
        pytest.param("ſ", id="folds_to_ascii_when_uppercased"),
        pytest.param(5, id="not_text"),
    ],
)
def test_what_only_looks_like_a_ticker_is_refused(text: object) -> None:
    with pytest.raises(DataQualityError, match="not a symbol"):
        parse_symbol(text)


def test_a_time_needs_a_zone() -> None:
    assert parse_time("2026-03-17T11:00:00-04:00") == datetime(2026, 3, 17, 15, tzinfo=UTC)
    with pytest.raises(DataQualityError, match="names no zone"):
        parse_time("2026-03-17T11:00:00")
    with pytest.raises(DataQualityError, match="is not a time"):
        parse_time("next Tuesday")


def test_clocks_answer_in_utc() -> None:
    assert SystemClock().now().tzinfo is UTC
    assert FixedClock(datetime(2026, 3, 17, tzinfo=UTC)).now() == datetime(2026, 3, 17, tzinfo=UTC)


def test_ids_are_functions_of_what_they_name() -> None:
    cycle = cycle_id("paper", datetime(2026, 3, 17, tzinfo=UTC), 1)
    decision = decision_id(cycle, "cand-1")
    assert cycle == cycle_id("paper", datetime(2026, 3, 17, tzinfo=UTC), 1)
    assert cycle != cycle_id("paper", datetime(2026, 3, 17, tzinfo=UTC), 2)
    assert client_order_id(decision) == client_order_id(decision)
    assert client_order_id(decision, "stop") != client_order_id(decision)
    assert len(client_order_id(DecisionId("d" * 500))) <= 48


@pytest.mark.parametrize(
    ("kind", "parent", "exit_code"),
    [
        (UsageError, OversightError, 2),
        (ConfigurationError, OversightError, 1),
        (DataQualityError, OversightError, 1),
        (ModelOutputError, DataQualityError, 1),
        (RetryableError, OversightError, 1),
        (SourceUnavailable, RetryableError, 1),
        (ModelUnavailable, RetryableError, 1),
        (ManualActionError, OversightError, 1),
        (IntegrityError, OversightError, 1),
    ],
)
def test_the_error_tree(kind: type[OversightError], parent: type[OversightError], exit_code: int) -> None:
    error = kind("The thing.", "Do this.")
    assert isinstance(error, parent)
    assert error.exit_code == exit_code
    assert str(error) == "The thing. Do this."
    assert kind.code.startswith("E_")
