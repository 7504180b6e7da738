"""Cells: the words of all faces, with the colours of a terminal."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from interfaces.cli.rendering.cells import bound, figure, measured, moment, set_value, signed
from interfaces.views.plain import UNKNOWN


@pytest.mark.parametrize(
    ("cell", "shown", "style"),
    [
        (figure(Decimal(5)), "5", ""), (figure(None), "-", "dim"),
        (measured(Decimal(5), "USD"), "5.00", ""), (measured(None, "USD"), "-", "dim"),
        (bound(Decimal(5), Decimal(4), "pct"), "5 %", ""), (bound(Decimal(5), "normal", "pct"), "-", "dim"),
        (set_value(("AAPL", "MSFT"), "text"), "AAPL, MSFT", ""), (set_value((), "text"), "none", "dim"),
    ],
)  # fmt: skip
def test_a_limit_is_dim_where_there_is_none(cell, shown, style):
    assert (cell.plain, cell.style) == (shown, style)


@pytest.mark.parametrize(
    ("value", "shown", "colour"),
    [("1.4", "+1.40 %", "green"), ("-2", "-2.00 %", "red"), ("0", "+0.00 %", ""), (None, UNKNOWN, "dim")],
)  # fmt: skip
def test_gains_and_losses_have_their_colour(value, shown, colour):
    cell = signed(None if value is None else Decimal(value), " %")
    assert (cell.plain, cell.style) == (shown, colour)


def test_times_are_shown_in_utc():
    assert moment(datetime.fromisoformat("2026-03-17T11:00:00-04:00")).plain == "2026-03-17 15:00 UTC"
    assert moment(datetime(2026, 3, 17, tzinfo=UTC)).plain == "2026-03-17 00:00 UTC"
    assert moment(None).plain == UNKNOWN
