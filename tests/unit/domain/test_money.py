"""Numbers from outside become Decimals through one door, and rounding never adds risk."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import DataQualityError
from domain.money import ceil_to, cents, decimal_of, floor_to, from_float, rounded


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("12.50", Decimal("12.50")),
        ("-3", Decimal(-3)),
        (7, Decimal(7)),
        (Decimal("0.000001"), Decimal("0.000001")),
    ],
)
def test_plain_numbers_are_accepted(value: object, number: Decimal) -> None:
    assert decimal_of(value) == number


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("NaN", id="nan"),
        pytest.param("inf", id="infinity"),
        pytest.param("1e308", id="exponent"),
        pytest.param("1" * 400, id="400_digits"),
        pytest.param(10**30, id="huge_int"),
        pytest.param(True, id="bool"),
        pytest.param(1.5, id="float"),
        pytest.param("١٢", id="unicode_digits"),
        pytest.param("１２", id="full_width_digits"),
        pytest.param(" 1", id="blank"),
        pytest.param("1_000", id="underscore"),
        pytest.param("", id="empty"),
        pytest.param([1], id="list"),
        pytest.param(None, id="none"),
        pytest.param(Decimal("NaN"), id="decimal_nan"),
        pytest.param(Decimal("1E+40"), id="decimal_huge"),
    ],
)
def test_everything_else_is_refused_before_arithmetic(value: object) -> None:
    with pytest.raises(DataQualityError, match="not a plain finite number"):
        decimal_of(value, name="qty")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_vendor_float_must_be_finite(value: float) -> None:
    with pytest.raises(DataQualityError, match="not finite"):
        from_float(value)


@pytest.mark.parametrize("value", [1e18, -1e18, 1e300])
def test_a_vendor_float_of_no_real_amount_is_refused(value: float) -> None:
    with pytest.raises(DataQualityError, match="too large"):
        from_float(value, places=8)


def test_the_largest_vendor_float_is_taken() -> None:
    assert from_float(999_999_999_999_999_872.0, places=8) == Decimal(999_999_999_999_999_900)


def test_a_vendor_float_keeps_the_digits_it_shows() -> None:
    assert from_float(187.2) == Decimal("187.2")
    assert from_float(0.1 + 0.2, places=4) == Decimal("0.3")


def test_statistics_are_cut_to_significant_digits() -> None:
    assert rounded(123.456789) == Decimal("123.5")
    assert rounded(0.000123456) == Decimal("0.0001235")
    assert rounded(float("nan")) is None


@given(st.decimals("0.01", "100000", places=4), st.sampled_from([Decimal("0.01"), Decimal("0.05"), Decimal(1)]))
def test_floor_and_ceiling_bracket_the_value(value: Decimal, step: Decimal) -> None:
    assert floor_to(value, step) <= value <= ceil_to(value, step)
    assert ceil_to(value, step) - floor_to(value, step) in (Decimal(0), step)


def test_cents_round_half_to_even() -> None:
    assert cents(Decimal("0.125")) == Decimal("0.12")
