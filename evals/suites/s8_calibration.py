"""S8: whether stated probabilities mean anything, and whether a confidence that means nothing is kept from acting.

    Brier       mean of (p - o)^2                                        G. W. Brier, 1950
    skill       1 - Brier / (b (1 - b)), b the share that came true
    log loss    - mean of ln p for what came true, ln (1 - p) for the rest, p held within [0.001, 0.999]
    ECE         sum over ten bins of equal mass of n_bin / n |mean p - share come true|

A confidence may act when the 95 % interval of its skill lies above zero and its ECE is at most 0.10. The product
decides that by sums it keeps (``memory.calibration``: one-sided interval, bins of equal width); here it is decided
again from the forecasts themselves, by bootstrap and with bins of equal mass. Each case is a scripted forecaster of
known worth, far enough from the border that both have to say the same. The border itself is nobody's claim.

No recording holds forecasts with outcomes, so nothing here is said of a language model.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from math import log

from evals.case import Case
from evals.outcome import Outcome, Result, Score
from evals.statistics import Interval, bootstrap, mean, wilson
from evals.suite import Measure, Stage, Suite
from memory.calibration import ENOUGH, WORST_ECE, Forecast, calibration_of

NAME = "S8_calibration"
SEED, ROUNDS, BINS = 7, 200, 10
ACTS, VETOES = "MAY_ACT", "MAY_ONLY_VETO"
Pair = tuple[float, bool]
Made = Callable[[random.Random], Pair]


def _drawn(true: float, stated: float, chance: random.Random) -> Pair:
    return round(min(max(stated, 0.0), 1.0), 4), chance.random() < true


def calibrated(chance: random.Random) -> Pair:
    """Says what is the case."""
    true = chance.uniform(0.1, 0.9)
    return _drawn(true, true, chance)


def noisy(chance: random.Random) -> Pair:
    """Says what is the case, give or take five points."""
    true = chance.uniform(0.1, 0.9)
    return _drawn(true, true + chance.gauss(0, 0.05), chance)


def overconfident(chance: random.Random) -> Pair:
    """Knows something, and states it twice as far from a coin, as language models do."""
    true = chance.uniform(0.2, 0.8)
    return _drawn(true, 0.98 if true > 0.5 else 0.02, chance)


def underconfident(chance: random.Random) -> Pair:
    """Knows much and says little; skilled, but what it says is not what happens."""
    true = chance.choice((0.03, 0.97))
    return _drawn(true, 0.5 + 0.4 * (true - 0.5), chance)


def useless(chance: random.Random) -> Pair:
    """Says anything."""
    return _drawn(0.5, chance.uniform(0.05, 0.95), chance)


def reversed_(chance: random.Random) -> Pair:
    """Says the opposite of what it knows."""
    true = chance.uniform(0.1, 0.9)
    return _drawn(true, 1 - true, chance)


def always_base(chance: random.Random) -> Pair:
    """Always says the base rate: perfectly calibrated and of no use."""
    return _drawn(0.55, 0.55, chance)


def always_sure(chance: random.Random) -> Pair:
    """Always says 0.9 of what comes true half the time, the best measured model's habit made worse."""
    return _drawn(0.5, 0.9, chance)


def optimist(chance: random.Random) -> Pair:
    """Right about the order, 25 points too high throughout."""
    true = chance.uniform(0.05, 0.7)
    return _drawn(true, true + 0.25, chance)


FORECASTERS: Mapping[str, tuple[Made, int, str]] = {
    "calibrated": (calibrated, 600, ACTS),
    "calibrated, much of it": (calibrated, 1_500, ACTS),
    "noisy": (noisy, 800, ACTS),
    "calibrated, too few outcomes": (calibrated, ENOUGH - 1, VETOES),
    "calibrated, hardly any outcomes": (calibrated, 12, VETOES),
    "overconfident": (overconfident, 800, VETOES),
    "underconfident": (underconfident, 800, VETOES),
    "useless": (useless, 800, VETOES),
    "reversed": (reversed_, 800, VETOES),
    "always the base rate": (always_base, 800, VETOES),
    "always sure": (always_sure, 800, VETOES),
    "optimist": (optimist, 800, VETOES),
}


@lru_cache(maxsize=1)
def cases() -> Sequence[Case]:
    """One a forecaster, with its forecasts and what became of them."""
    made = []
    for name, (forecaster, count, verdict) in FORECASTERS.items():
        chance = random.Random(f"{SEED}:{name}")
        pairs = [list(forecaster(chance)) for _ in range(count)]
        case_id = name.replace(",", "").replace(" ", "-")
        tags = {"forecaster": name}
        made.append(
            Case(case_id, NAME, {"forecasts": pairs}, {"verdict": verdict}, tags, origin=f"scripted, seed {SEED}")
        )
    return tuple(made)


def solve(_stage: Stage, case: Case) -> Outcome:
    """The product: every outcome goes into the store, which then says what the confidence is worth."""
    forecasts = (Forecast("advisor", case.id, Decimal(str(p)), won) for p, won in case.inputs["forecasts"])
    tally = calibration_of(forecasts).of("advisor", case.id)
    worth = tally.calibrated(Decimal("0.7"))
    return _outcome(case, ACTS if worth is not None else VETOES)


def good(_stage: Stage, case: Case) -> Outcome:
    """Knows the forecasters."""
    return _outcome(case, case.expect["verdict"])


def bad(_stage: Stage, case: Case) -> Outcome:
    """Trusts the wrong ones."""
    return _outcome(case, VETOES if case.expect["verdict"] == ACTS else ACTS)


def score(case: Case, outcome: Outcome) -> Score:
    """Whether the confidence acts where it should, and whether figures from the forecasts themselves say the same."""
    right = outcome.verdict == case.expect["verdict"]
    figures = dict(outcome.facts["figures"])
    own = ACTS if may_act(figures, len(case.inputs["forecasts"])) else VETOES
    note = "" if right else f"{outcome.verdict}, not {case.expect['verdict']}"
    if own != case.expect["verdict"]:
        note = f"the forecasts themselves say {own}"
    return Score(right and not note, {**figures, "wrong": float(not right)}, note)


def may_act(figures: Mapping[str, float], count: int) -> bool:
    """The rule: enough outcomes, skill for certain, and stated shares that are what happens."""
    return count >= ENOUGH and figures["skill_low"] > 0 and figures["ece"] <= float(WORST_ECE)


def measure(results: Sequence[Result]) -> Sequence[Measure]:
    """Wrong rulings over all forecasters, and the figures of each."""
    wrong = sum(each.score.values["wrong"] == 1 for each in results)
    n = len(results)
    return (
        Measure("confidence ruled wrongly", wilson(wrong, n), n, bound="at most", bar=0.0),
        *(each for result in results for each in _figures_of(result)),
    )


def _figures_of(result: Result) -> Sequence[Measure]:
    values = result.score.values
    of, n = f"forecaster={result.tags['forecaster']}", int(values["n"])
    return tuple(
        Measure(name, Interval(values[name], values[f"{name}_low"], values[f"{name}_high"]), n, unit, of=of)
        for name, unit in (("brier", "score"), ("skill", "share"), ("log loss", "nats"), ("ece", "share"))
    )


def brier(pairs: Sequence[Pair]) -> float:
    """Mean squared error of the stated probabilities."""
    return mean([(p - won) ** 2 for p, won in pairs])


def skill(pairs: Sequence[Pair]) -> float:
    """Gain over always saying the base rate; 0 where all ended alike."""
    base = mean([float(won) for _, won in pairs])
    return 1 - brier(pairs) / (base * (1 - base)) if 0 < base < 1 else 0.0


def log_loss(pairs: Sequence[Pair]) -> float:
    """Mean surprise in nats; a certainty that fails costs ln 1000."""
    held = [(min(max(p, 0.001), 0.999), won) for p, won in pairs]
    return mean([-log(p if won else 1 - p) for p, won in held])


def bins_of(pairs: Sequence[Pair]) -> tuple[tuple[float, float, int], ...]:
    """(stated, observed, n) of up to ten bins that hold equally many forecasts."""
    # Ties keep their order: sorted by outcome too, a constant forecast would fall into bins of winners and losers.
    ranked, n = sorted(pairs, key=lambda pair: pair[0]), len(pairs)
    parts = [ranked[n * each // BINS : n * (each + 1) // BINS] for each in range(BINS)]
    return tuple(
        (mean([p for p, _ in part]), mean([float(won) for _, won in part]), len(part)) for part in parts if part
    )


def ece(pairs: Sequence[Pair]) -> float:
    """Expected calibration error over bins of equal mass."""
    return sum(abs(stated - observed) * n for stated, observed, n in bins_of(pairs)) / len(pairs)


def figures_of(pairs: Sequence[Pair]) -> dict[str, float]:
    """All figures of some forecasts, each with its bootstrap interval."""
    found: dict[str, float] = {"n": float(len(pairs))}
    for name, statistic in (("brier", brier), ("skill", skill), ("log loss", log_loss), ("ece", ece)):
        interval = _interval(pairs, statistic)
        found |= {name: interval.value, f"{name}_low": interval.low, f"{name}_high": interval.high}
    return found


def _interval(pairs: Sequence[Pair], statistic: Callable[[Sequence[Pair]], float]) -> Interval:
    # The bootstrap draws floats, so what it draws are places of forecasts.
    places = [float(each) for each in range(len(pairs))]
    return bootstrap(places, lambda drawn: statistic([pairs[int(each)] for each in drawn]), seed=SEED, rounds=ROUNDS)


@lru_cache(maxsize=32)
def _facts(case_id: str) -> tuple[dict[str, float], tuple[tuple[float, float, int], ...]]:
    (case,) = (each for each in cases() if each.id == case_id)
    pairs = [(float(p), bool(won)) for p, won in case.inputs["forecasts"]]
    return figures_of(pairs), bins_of(pairs)


def _outcome(case: Case, verdict: str) -> Outcome:
    figures, bins = _facts(case.id)
    return Outcome(verdict, facts={"figures": figures, "bins": [list(each) for each in bins]})


SUITE = Suite(
    name=NAME,
    title="Calibration",
    claim="A confidence acts only after it has proven skill. All forecasters are scripts of known worth: whether a "
    "language model's own confidence means anything is not measured.",
    cases=cases,
    solve=solve,
    score=score,
    measure=measure,
    good=good,
    bad=bad,
    opponents="scripted",
)
