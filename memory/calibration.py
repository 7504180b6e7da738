"""Whether a role's confidence means anything: its forecasts against what their trades brought, by role and model.

    Brier   = mean of (p - o)^2, o = 1 for a trade that made money         G. W. Brier, 1950
    skill   = 1 - Brier / (b (1 - b)), b the share that won                always saying b has skill 0
    ECE     = sum over ten bins of n_bin / n |mean p - share won|          bin 7 holds 0.7 <= p < 0.8

Worked number, p = 0.8, 0.6, 0.7, 0.3 and o = 1, 0, 1, 0: squares 0.04, 0.36, 0.09, 0.09, so Brier 0.145; b = 0.5, so
skill 1 - 0.145 / 0.25 = 0.42; every bin holds one, so ECE (0.2 + 0.6 + 0.3 + 0.3) / 4 = 0.35.

A role has *proven* skill after ``ENOUGH`` outcomes, when the lower end of the one-sided 95 % interval of its gain over
always saying b is above zero, and its ECE is at most ``WORST_ECE``. Before that a confidence has no calibrated value:
it can refuse an entry and nothing else. After that the calibrated value is what happened in its bin, drawn towards b as
by ``PRIOR`` outcomes of b: 12 of 20 won at b = 0.5 make (12 + 5) / (20 + 10) = 0.5666.

Only trades that were made have an outcome: what the roles talked out of is not scored, and b is theirs. All sums are
exact; figures are rounded to four places before they are added.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

from domain.money import ONE, ZERO

ENOUGH = 200
WORST_ECE = Decimal("0.10")
PRIOR = 10
BINS = 10
_ONE_SIDED_95 = Decimal("1.645")
_STEP = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Forecast:
    """What was said before a trade, and whether it made money. ``model`` is its origin and name, as roles cite it."""

    role: str
    model: str
    probability: Decimal
    won: bool


@dataclass(frozen=True, slots=True)
class Bin:
    """Forecasts of one tenth: how many, how many of them won, and the sum of what was said."""

    count: int = 0
    won: int = 0
    said: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Tally:
    """All that is kept of a role's forecasts by one model: counts and exact sums, never the forecasts themselves.

    ``squares`` and ``fourths`` add up powers of the error, for trades that lost and for trades that won.
    """

    role: str
    model: str
    lost: int = 0
    won: int = 0
    squares: tuple[Decimal, Decimal] = (ZERO, ZERO)
    fourths: tuple[Decimal, Decimal] = (ZERO, ZERO)
    bins: tuple[Bin, ...] = (Bin(),) * BINS

    @property
    def count(self) -> int:
        """Outcomes so far."""
        return self.lost + self.won

    @property
    def base(self) -> Decimal:
        """The share that won."""
        return Decimal(self.won) / self.count if self.count else ZERO

    @property
    def brier(self) -> Decimal | None:
        """Mean squared error; 0 is perfect, 0.25 is a coin."""
        return sum(self.squares, ZERO) / self.count if self.count else None

    @property
    def skill(self) -> Decimal | None:
        """Gain over always saying the base rate, as a share of its error; None where all ended alike."""
        spread = self.base * (ONE - self.base)
        return None if self.brier is None or spread == ZERO else ONE - self.brier / spread

    @property
    def ece(self) -> Decimal | None:
        """Expected calibration error over ten bins of equal width."""
        gaps = (abs(each.said - each.won) for each in self.bins)
        return sum(gaps, ZERO) / self.count if self.count else None

    @property
    def least_gain(self) -> Decimal | None:
        """Lower end of the one-sided 95 % interval of the mean gain in squared error over the base rate."""
        if self.count < 2:
            return None
        # A forecast gains (b - o)^2 - (p - o)^2, and (b - o)^2 is one figure for all that won, one for the rest.
        parts = tuple(zip((self.base**2, (ONE - self.base) ** 2), (self.lost, self.won), strict=True))
        total = sum((usual * n for usual, n in parts), ZERO) - sum(self.squares, ZERO)
        mixed = (usual * square for (usual, _), square in zip(parts, self.squares, strict=True))
        squared = sum((usual**2 * n for usual, n in parts), ZERO) - 2 * sum(mixed, ZERO) + sum(self.fourths, ZERO)
        mean = total / self.count
        # Decimal rounds to 28 digits: where all errors are alike the difference can come out just below zero.
        variance = max(squared / self.count - mean**2, ZERO)
        return mean - _ONE_SIDED_95 * (variance / (self.count - 1)).sqrt()

    @property
    def proven(self) -> bool:
        """Skill on enough outcomes, and honest about how much."""
        enough = self.count >= ENOUGH and self.ece is not None and self.ece <= WORST_ECE
        return enough and self.least_gain is not None and self.least_gain > ZERO

    def calibrated(self, confidence: Decimal) -> Decimal | None:
        """What a confidence of this role is worth, rounded down; None while no skill is proven."""
        if not self.proven or not ZERO <= confidence <= ONE:
            return None
        near = self.bins[bin_of(confidence)]
        worth = (near.won + PRIOR * self.base) / (near.count + PRIOR)
        return worth.quantize(_STEP, ROUND_FLOOR)

    def scored(self, forecast: Forecast) -> Tally:
        """With one more outcome."""
        said = forecast.probability.quantize(_STEP, ROUND_HALF_EVEN)
        error, place, at = said - int(forecast.won), int(forecast.won), bin_of(said)
        near = self.bins[at]
        kept = Bin(near.count + 1, near.won + place, near.said + said)
        return replace(
            self,
            lost=self.lost + 1 - place,
            won=self.won + place,
            squares=_added(self.squares, place, error**2),
            fourths=_added(self.fourths, place, error**4),
            bins=(*self.bins[:at], kept, *self.bins[at + 1 :]),
        )


@dataclass(frozen=True, slots=True)
class Calibration:
    """One tally for each role and model that has an outcome, sorted."""

    tallies: tuple[Tally, ...] = ()

    def of(self, role: str, model: str) -> Tally:
        """The tally of a role by a model; an empty one where there is none."""
        found = (each for each in self.tallies if (each.role, each.model) == (role, model))
        return next(found, Tally(role, model))


def calibration_of(forecasts: Iterable[Forecast]) -> Calibration:
    """All forecasts scored, in whatever order they come."""
    tallies: dict[tuple[str, str], Tally] = {}
    for forecast in forecasts:
        key = (forecast.role, forecast.model)
        tallies[key] = tallies.get(key, Tally(*key)).scored(forecast)
    return Calibration(tuple(tallies[key] for key in sorted(tallies)))


def bin_of(probability: Decimal) -> int:
    """0.7 and 0.7999 -> 7; 1 is in the last."""
    return min(int(probability * BINS), BINS - 1)


def _added(sums: tuple[Decimal, Decimal], place: int, amount: Decimal) -> tuple[Decimal, Decimal]:
    return (sums[0] + amount, sums[1]) if place == 0 else (sums[0], sums[1] + amount)
