from decimal import Decimal

import pytest

from tests.builders.market import at
from trading.data.normalise import BrokenRule, Figures, Issue, Rule, checked_figures, described, moment, number


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("187.2", "187.2"),
        (" 187.20 ", "187.20"),
        ("133.52000427246094", "133.52000427246094"),
        ("33081590.0", "33081590.0"),
        ("9.2e+07", "9.2E+7"),
        ("-1.5", "-1.5"),
        ("5.", "5"),
        ("0", "0"),
    ],
)
def test_a_number_is_read_exactly_as_written(text, value):
    assert number(text, "close") == Decimal(value)


@pytest.mark.parametrize(
    "text", ["", "nan", "NaN", "inf", "-inf", "1,5", "1 000", "0x10", "1e999", "١٢", "9" * 19, "1_0"]
)
def test_what_is_no_finite_number_is_refused(text):
    with pytest.raises(BrokenRule) as refused:
        number(text, "close")

    assert refused.value.rule is Rule.NUMBER


@pytest.mark.parametrize(
    ("text", "zone", "day", "moment_"),
    [
        pytest.param("2025-04-03", None, "2025-04-03", None, id="a_day"),
        pytest.param("2025-04-03T14:30:00Z", None, "2025-04-03", "2025-04-03T14:30", id="utc"),
        pytest.param("2025-04-03 09:30:00-04:00", None, "2025-04-03", "2025-04-03T13:30", id="offset"),
        pytest.param("2025-04-03T09:30:00", "America/New_York", "2025-04-03", "2025-04-03T13:30", id="zone_in_summer"),
        pytest.param("2025-01-03T09:30:00", "America/New_York", "2025-01-03", "2025-01-03T14:30", id="zone_in_winter"),
        pytest.param("2025-04-03T09:30:00Z", "America/New_York", "2025-04-03", "2025-04-03T09:30", id="offset_wins"),
        pytest.param("2025-04-03T22:00:00-04:00", None, "2025-04-03", "2025-04-04T02:00", id="the_day_as_written"),
    ],
)
def test_a_time_is_read_with_its_zone(text, zone, day, moment_):
    found = moment(text, zone)

    assert (found.day.isoformat(), found.at) == (day, None if moment_ is None else at(moment_))


@pytest.mark.parametrize(
    ("text", "zone", "rule"),
    [
        pytest.param("2025-04-03T09:30:00", None, Rule.ZONE, id="no_zone"),
        pytest.param("2025-04-03T09:30:00", "New York", Rule.ZONE, id="unknown_zone"),
        pytest.param("2025-04-03T09:30:00", "../../etc/passwd", Rule.ZONE, id="a_path_for_a_zone"),
        pytest.param("2025-02-30", None, Rule.TIME, id="no_such_day"),
        pytest.param("yesterday", "UTC", Rule.TIME, id="words"),
        pytest.param("1743688200", "UTC", Rule.TIME, id="seconds_since_1970"),
        pytest.param("0001-01-01T00:00:00+14:00", None, Rule.TIME, id="before_time"),
    ],
)
def test_what_is_no_time_is_refused(text, zone, rule):
    with pytest.raises(BrokenRule) as refused:
        moment(text, zone)

    assert refused.value.rule is rule


@pytest.mark.parametrize(
    ("figures", "rule"),
    [
        pytest.param((10, 12, 9, 11, 100), None, id="sound"),
        pytest.param((10, 10, 10, 10, 0), None, id="flat_without_volume"),
        pytest.param((10, 12, 9, 12, 100), None, id="close_at_the_high"),
        pytest.param((10, 11, 9, 12, 100), Rule.OHLC, id="close_above_the_high"),
        pytest.param((8, 12, 9, 11, 100), Rule.OHLC, id="open_below_the_low"),
        pytest.param((10, 9, 12, 11, 100), Rule.OHLC, id="high_below_the_low"),
        pytest.param((10, 12, 0, 11, 100), Rule.SIGN, id="zero_price"),
        pytest.param((10, 12, -9, 11, 100), Rule.SIGN, id="negative_price"),
        pytest.param((10, 12, 9, 11, -1), Rule.SIGN, id="negative_volume"),
    ],
)
def test_figures_have_to_hold_together(figures, rule):
    given = Figures(*map(Decimal, figures))
    if rule is None:
        assert checked_figures(given) == given
        return
    with pytest.raises(BrokenRule) as refused:
        checked_figures(given)

    assert refused.value.rule is rule


def test_issues_are_described_a_line_a_rule_with_the_first_places():
    issues = [Issue(Rule.NUMBER, f"bars/a.csv line {line}", "close 'nan'") for line in (2, 5, 9, 11)]
    issues.append(Issue(Rule.UNSORTED, "bars/b.csv line 3", "AAPL", kept=True))

    assert described(issues) == (
        "4 rows left out: not a number (bars/a.csv line 2, bars/a.csv line 5, bars/a.csv line 9, ...)",
        "1 row kept: not in order of time (bars/b.csv line 3)",
    )
    assert str(issues[0]) == "bars/a.csv line 2: not a number: close 'nan'"
