"""Plain words: text from outside cannot move, colour, hide or reorder anything; figures read the same everywhere."""

import unicodedata
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interfaces.views.plain import UNKNOWN, age, amount, clean, counted, figure, found, readable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("AAPL beats", "AAPL beats", id="plain"),
        pytest.param("[bold red]SELL[/]", "[bold red]SELL[/]", id="markup_stays_text"),
        pytest.param("a\x1b[31mred\x1b[0m", "ared", id="colour"),
        pytest.param("a\x1b]0;title\x07b", "ab", id="window_title"),
        pytest.param("a\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "alink", id="hyperlink"),
        pytest.param("a\x1b[2J\x1b[Hb", "ab", id="clear_screen"),
        pytest.param("a\x9b31mb", "ab", id="eight_bit_sequence"),
        pytest.param("a\x1b]0;never ended", "a0;never ended", id="unfinished_sequence_hides_nothing"),
        pytest.param("a\rb\nc\td", "a b c d", id="line_ends"),
        pytest.param("a\x08\x08b\x00\x7f", "ab", id="backspace_nul_delete"),
        pytest.param("pay \u202e001\u202c", "pay 001", id="right_to_left_override"),
        pytest.param("a\u200bb\u2060c\ufeff", "abc", id="invisible"),
        pytest.param("a\u2028b\u00a0c", "a b c", id="odd_blanks"),
        pytest.param("a\u0301\u0301\u0301\u0301\u0301", "a\u0301\u0301", id="stacked_marks"),
        pytest.param("\ud800x\ue000", "x", id="surrogate_and_private"),
        pytest.param("   ", "", id="blank"),
        pytest.param("日本電産 上方修正", "日本電産 上方修正", id="other_scripts"),
    ],
)
def test_text_from_outside_becomes_inert(text, shown):
    assert clean(text) == shown


def test_long_text_is_cut():
    assert clean("x" * 1000, 10) == "x" * 9 + "…"


@given(st.text() | st.text("\x1b[]0;mHJ\x07\\\x9b\u202e\u200b ab\n"))
def test_nothing_but_printable_characters_is_left(text):
    shown = clean(text)
    assert all(unicodedata.category(char)[0] != "C" for char in shown)
    assert all(char == " " for char in shown if unicodedata.category(char)[0] == "Z")
    assert shown == clean(shown) == shown.strip()
    assert len(shown) <= 400


@pytest.mark.parametrize(
    ("value", "shown"),
    [("1234567.891", "1,234,567.89"), ("0", "0.00"), ("-0.004", "-0.00"), (None, UNKNOWN)],
)
def test_money_has_cents(value, shown):
    assert amount(None if value is None else Decimal(value)) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "-"), (True, "yes"), (False, "no"), (0, "0"), (Decimal("1200.50"), "1,200.5"), (Decimal("0.00004"), "0"),
        (("AAPL", "MSFT"), "AAPL, MSFT"), ("\x1b[31mx", "x"),
    ],
)  # fmt: skip
def test_a_limit_of_any_kind_has_words(value, shown):
    assert figure(value) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        ("0", "0 s"), ("59.9", "59 s"), ("60", "1 min"), ("3599", "59 min"), ("7200", "2 h"), ("172800", "2 d"),
        (None, UNKNOWN),
    ],
)  # fmt: skip
def test_an_age_is_never_rounded_up(seconds, shown):
    assert age(None if seconds is None else Decimal(seconds)) == shown


@pytest.mark.parametrize(
    ("value", "unit", "limit", "shown"),
    [
        pytest.param("13.974312345678", "pct", "100", "13.97 %", id="two_places"),
        pytest.param("0.0388", "pct", "0.3", "0.0388 %", id="small_share"),
        pytest.param("0.50041", "pct", "0.5", "0.50041 %", id="just_over"),
        pytest.param("0.5", "pct", "0.5", "0.5 %", id="at_limit"),
        pytest.param("7500.004", "USD", "7500", "7,500.004", id="less_than_a_cent_over"),
        pytest.param("7709.36", "USD", "7500", "7,709.36", id="money"),
        pytest.param("0.139712345", "ratio", "1", "0.1397", id="ratio"),
        pytest.param("NaN", "pct", "1", "NaN %", id="no_number"),
    ],
)
def test_a_measured_figure_has_as_many_places_as_people_read(value, unit, limit, shown):
    assert found(Decimal(value), unit, Decimal(limit)) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("strength 26.252 and -7.2467 %.", "strength 26.25 and -7.25 %."),
        ("volume of 0.90412, spread of 0.04524 %", "volume of 0.9041, spread of 0.0452 %"),
        ("filled at 37.3545 USD", "filled at 37.3545 USD"),
        ("0.000012 of it", "0.000012 of it"),
        ("version 1.2345.6 of 2026-03-17, ret5@ACME 1,234.56789", "version 1.2345.6 of 2026-03-17, ret5@ACME 1,234.57"),
        ("regime trend_up", "regime trend up"),
        (f"not {'3f9a' * 16}", "not 3f9a3f9a3f9a"),
    ],
)
def test_a_sentence_made_of_records_is_shortened_to_what_people_read(text, shown):
    assert readable(text) == shown


@pytest.mark.parametrize(("count", "told"), [(0, "0 orders"), (1, "1 order"), (1200, "1,200 orders")])
def test_what_is_counted_has_its_number(count, told):
    assert counted(count, "order") == told
    assert counted(count, "entry") == told.replace("orders", "entries").replace("order", "entry")
