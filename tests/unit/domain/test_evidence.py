"""Evidence refuses look-ahead; statements get their figures from it and from nowhere else."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from domain.decisions import Statement
from domain.errors import DataQualityError
from domain.evidence import Evidence, EvidenceSet, Known, Value, gather
from domain.ids import CycleId, Ref
from domain.market import Symbol
from domain.record.canonical import canonical_json, plain, restore
from domain.record.rendering import check, figure, refs_in, render

AS_OF = datetime(2026, 3, 17, 15, tzinfo=UTC)
CYCLE = CycleId("cyc-test")


def a_figure(ref: str, value: Value = Decimal("54.2"), unit: str = "points", *, late: int = 0) -> Evidence:
    symbol = Symbol(ref.split("@")[1]) if "@" in ref else None
    return Evidence(Ref(ref), value, unit, "test", AS_OF, AS_OF + timedelta(seconds=late), symbol)


def test_evidence_from_the_future_is_refused() -> None:
    with pytest.raises(DataQualityError, match="look-ahead"):
        gather(CYCLE, AS_OF, [a_figure("rsi14@AAPL", late=1)])


def test_a_reference_names_one_figure() -> None:
    with pytest.raises(DataQualityError, match="two figures are called"):
        gather(CYCLE, AS_OF, [a_figure("rsi14@AAPL"), a_figure("rsi14@AAPL")])


def test_the_digest_ignores_order_and_cycle() -> None:
    one, two = a_figure("rsi14@AAPL"), a_figure("book.cash", Decimal(5), "USD")
    assert gather(CYCLE, AS_OF, [one, two]).digest == gather(CycleId("other"), AS_OF, [two, one]).digest


def test_a_digest_once_taken_is_no_part_of_the_set() -> None:
    asked, fresh = gather(CYCLE, AS_OF, [a_figure("rsi14@AAPL")]), gather(CYCLE, AS_OF, [a_figure("rsi14@AAPL")])
    assert asked.digest is asked.digest
    assert asked == fresh
    assert plain(asked) == plain(fresh)
    assert restore(EvidenceSet, plain(asked)).digest == asked.digest
    assert replace(asked, as_of=AS_OF + timedelta(1)).digest != asked.digest


def test_what_a_decision_knows_is_a_set_as_any_other() -> None:
    cycle = {Ref("rsi14@AAPL"): None, Ref("plan.qty@AAPL"): None}
    own = [Ref("plan.stop@AAPL"), Ref("plan.qty@AAPL")]
    known: Set[Ref] = Known(cycle, own)
    copied: Set[Ref] = frozenset({*cycle, *own})
    assert known == copied
    assert (hash(known), len(known)) == (hash(copied), 3)
    assert canonical_json(known) == canonical_json(copied)
    assert known & {Ref("plan.stop@AAPL"), Ref("plan.stop@MSFT")} == {Ref("plan.stop@AAPL")}
    assert [ref in known for ref in ("rsi14@AAPL", "plan.stop@AAPL", "plan.stop@MSFT")] == [True, True, False]


def test_about_a_symbol_means_it_and_the_book() -> None:
    found = gather(CYCLE, AS_OF, [a_figure("rsi14@AAPL"), a_figure("rsi14@MSFT"), a_figure("book.cash")])
    for _ in range(2):  # three roles ask about one candidate
        assert [item.ref for item in found.about(Symbol("AAPL"))] == ["book.cash", "rsi14@AAPL"]
        assert [item.ref for item in found.about(Symbol("NONE"))] == ["book.cash"]
    assert "rsi14@MSFT" in found
    assert found.get("nothing@AAPL") is None


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (Decimal("1234.5"), "USD", "1,234.50 USD"),
        (Decimal("1.40"), "pct", "1.4 %"),
        (25, "shares", "25 shares"),
        (True, "flag", "yes"),
        ("trend_up", "text", "trend_up"),
        (None, "USD", "(not available)"),
    ],
)
def test_a_figure_is_shown_with_its_unit(value: Value, unit: str, shown: str) -> None:
    assert figure(a_figure("x@AAPL", value, unit)) == shown


KNOWN = {"rsi14@AAPL": a_figure("rsi14@AAPL")}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("RSI stands at {rsi14@AAPL}.", None, id="by_reference"),
        pytest.param("The trend holds.", None, id="no_figure"),
        pytest.param("RSI stands at 54.2.", "free-hand figure", id="free_digit"),
        pytest.param("It doubled, roughly fifty per cent.", "free-hand figure", id="number_word"),
        pytest.param("Up ½ since {rsi14@AAPL}", "free-hand figure", id="unicode_fraction"),
        pytest.param("RSI stands at {rsi99@AAPL}.", "unknown reference rsi99@AAPL", id="unknown_reference"),
        pytest.param("RSI {rsi14@AAPL", "stray brace", id="stray_brace"),
        pytest.param("RSI {rsi14 @AAPL}", "malformed reference", id="malformed"),
        pytest.param("RSI \u202e{rsi14@AAPL}", "control character", id="bidi"),
        pytest.param("   ", "empty or too long", id="blank"),
        pytest.param("a" * 401, "empty or too long", id="too_long"),
    ],
)
def test_what_a_statement_may_say(text: str, reason: str | None) -> None:
    assert check(Statement(text), KNOWN) == reason


def test_the_renderer_fills_in_figures() -> None:
    assert refs_in("{a@X} and {b@Y}") == ("a@X", "b@Y")
    assert render(Statement("RSI {rsi14@AAPL}, gone {old@AAPL}"), KNOWN) == "RSI 54.2, gone (not available)"
