"""Calibration against tables worked by hand, and against the plain formulas over all forecasts."""

from decimal import Decimal
from fractions import Fraction
from math import sqrt
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.record.canonical import plain, restore
from memory.calibration import BINS, ENOUGH, Bin, Calibration, Forecast, Tally, bin_of, calibration_of

ROLE, MODEL = "advisor", "hosted:large"


def told(*rows: tuple[str, int]) -> Tally:
    """The tally of these confidences and outcomes."""
    return calibration_of(Forecast(ROLE, MODEL, Decimal(said), bool(won)) for said, won in rows).of(ROLE, MODEL)


BY_HAND = told(("0.8", 1), ("0.6", 0), ("0.7", 1), ("0.3", 0))


def test_the_table_worked_by_hand():
    assert (BY_HAND.count, BY_HAND.won, BY_HAND.base) == (4, 2, Decimal("0.5"))
    assert BY_HAND.squares == (Decimal("0.45"), Decimal("0.13"))  # 0.36 + 0.09 lost, 0.04 + 0.09 won
    assert BY_HAND.fourths == (Decimal("0.1377"), Decimal("0.0097"))  # 0.1296 + 0.0081 and 0.0016 + 0.0081
    assert BY_HAND.brier == Decimal("0.145")
    assert BY_HAND.skill == Decimal("0.42")
    assert BY_HAND.ece == Decimal("0.35")
    assert [number for number, each in enumerate(BY_HAND.bins) if each.count] == [3, 6, 7, 8]
    assert BY_HAND.bins[8] == Bin(1, 1, Decimal("0.8"))


def test_the_interval_worked_by_hand():
    # gains over 0.25: 0.21, -0.11, 0.16, 0.16; mean 0.105, sum of squares 0.1074, so a variance of 0.015825
    assert BY_HAND.least_gain is not None
    assert float(BY_HAND.least_gain) == pytest.approx(0.105 - 1.645 * sqrt(0.015825 / 3))


@pytest.mark.parametrize(
    ("rows", "brier", "skill", "ece"),
    [
        pytest.param([("1", 1), ("0", 0)], "0", "1", "0", id="perfect"),
        pytest.param([("0", 1), ("1", 0)], "1", "-3", "1", id="always_wrong"),
        pytest.param([("0.5", 1), ("0.5", 0)], "0.25", "0", "0", id="a_coin_that_says_so"),
        pytest.param([("0.9", 1), ("0.9", 0)], "0.41", "-0.64", "0.4", id="too_sure"),
        pytest.param([("0.7", 1)], "0.09", None, "0.3", id="all_ended_alike"),
        pytest.param([], None, None, None, id="nothing_yet"),
    ],
)
def test_scores(rows, brier, skill, ece):
    tally = told(*rows)
    expected = tuple(None if figure is None else Decimal(figure) for figure in (brier, skill, ece))
    assert (tally.brier, tally.skill, tally.ece) == expected


@pytest.mark.parametrize(
    ("said", "number"), [("0", 0), ("0.0999", 0), ("0.1", 1), ("0.7", 7), ("0.7999", 7), ("0.9", 9), ("1", 9)]
)
def test_a_bin_holds_its_lower_end(said, number):
    assert bin_of(Decimal(said)) == number


rows = st.lists(st.tuples(st.integers(0, 10_000), st.booleans()), min_size=2, max_size=60)


@given(rows)
def test_the_sums_say_what_all_forecasts_say(told_rows):
    forecasts = [Forecast(ROLE, MODEL, Decimal(said) / 10_000, won) for said, won in told_rows]
    tally = calibration_of(forecasts).of(ROLE, MODEL)
    errors = [(Fraction(said, 10_000) - won) ** 2 for said, won in told_rows]
    base = Fraction(sum(won for _, won in told_rows), len(told_rows))
    gains = [(base - won) ** 2 - error for (_, won), error in zip(told_rows, errors, strict=True)]
    mean = sum(gains) / len(gains)
    variance = sum((gain - mean) ** 2 for gain in gains) / (len(gains) - 1)
    held = [[each for each in told_rows if min(each[0] // 1_000, BINS - 1) == number] for number in range(BINS)]
    gaps = [abs(sum(Fraction(said, 10_000) - won for said, won in each)) for each in held]
    assert tally.brier is not None
    assert tally.least_gain is not None
    assert tally.ece is not None
    assert float(tally.brier) == pytest.approx(float(sum(errors) / len(errors)), abs=1e-12)
    assert float(tally.ece) == pytest.approx(float(sum(gaps) / len(told_rows)), abs=1e-12)
    assert float(tally.least_gain) == pytest.approx(float(mean) - 1.645 * sqrt(variance / len(gains)), abs=1e-9)


@given(rows, st.randoms(use_true_random=False))
def test_the_order_of_outcomes_does_not_matter(told_rows, random):
    forecasts = [Forecast(ROLE, MODEL, Decimal(said) / 10_000, won) for said, won in told_rows]
    shuffled = random.sample(forecasts, len(forecasts))
    assert calibration_of(shuffled) == calibration_of(forecasts)


def test_roles_and_models_are_told_apart():
    said = [Forecast("advisor", "a", Decimal("0.9"), True), Forecast("advisor", "b", Decimal("0.9"), False)]
    found = calibration_of([*said, Forecast("signal", "code", Decimal("0.6"), True)])
    assert [(each.role, each.model, each.count) for each in found.tallies] == [
        ("advisor", "a", 1),
        ("advisor", "b", 1),
        ("signal", "code", 1),
    ]
    assert found.of("advisor", "c") == Tally("advisor", "c")


def test_a_calibration_survives_the_ledger():
    known = calibration_of([Forecast(ROLE, MODEL, Decimal("0.7"), True), Forecast(ROLE, "b", Decimal("0.1"), False)])
    assert restore(Calibration, plain(known)) == known


def many(count: int, high: str = "0.8", low: str = "0.2", of_high: int = 80, of_low: int = 20) -> Tally:
    """Half say ``high`` and half ``low``; of a hundred, ``of_high`` and ``of_low`` win."""
    half = count // 2
    highs = [(high, int(number % 100 < of_high)) for number in range(half)]
    return told(*highs, *((low, int(number % 100 < of_low)) for number in range(count - half)))


@pytest.mark.parametrize(
    ("tally", "proven"),
    [
        pytest.param(many(ENOUGH), True, id="skill_on_just_enough"),
        pytest.param(many(ENOUGH - 2), False, id="skill_on_two_too_few"),
        pytest.param(told(*[("0.5", number % 2) for number in range(400)]), False, id="honest_and_without_skill"),
        pytest.param(many(400, of_high=55, of_low=45), False, id="hardly_better_than_chance"),
        pytest.param(many(400, high="1", low="0.4"), False, id="skill_and_too_sure"),
        pytest.param(many(400, high="0.2", low="0.8"), False, id="the_wrong_way_round"),
        pytest.param(told(*[("0.9", 1)] * 400), False, id="all_won"),
        pytest.param(told(), False, id="nothing_yet"),
    ],
)
def test_skill_is_proven_on_enough_outcomes_or_not_at_all(tally, proven):
    assert tally.proven is proven
    assert (tally.calibrated(Decimal("0.8")) is not None) is proven


@pytest.mark.parametrize(
    ("confidence", "worth"),
    [
        pytest.param("0.8", "0.7727", id="what_happened_there"),  # (80 + 5) / (100 + 10)
        pytest.param("0.89", "0.7727", id="same_bin"),
        pytest.param("0.2", "0.2272", id="low_and_rounded_down"),  # (20 + 5) / (100 + 10) = 0.22727
        pytest.param("0.95", "0.5", id="never_said_before"),
        pytest.param("1.01", None, id="no_share_of_one"),
        pytest.param("-0.1", None, id="negative"),
    ],
)
def test_a_proven_confidence_is_worth_what_happened_in_its_bin(confidence, worth):
    assert many(ENOUGH).calibrated(Decimal(confidence)) == (None if worth is None else Decimal(worth))


def test_a_model_without_skill_rarely_seems_to_have_some():
    """Two hundred models whose confidence is noise: not many more pass than the level of the interval allows."""
    random, lucky = Random(7), 0
    for _ in range(200):
        said = [("0.6" if random.random() < 0.5 else "0.4", int(random.random() < 0.5)) for _ in range(ENOUGH)]
        lucky += told(*said).proven
    assert lucky <= 20
