"""S4: a yardstick for what roles add to the strategies that they oversee, on frozen episodes, cost paid.

roles' edge gain of an episode with roles, less that of the same proposals without them; the same of the worst trade.
            Measured of recorded models alone                                                             not measured
strategies  gain of an episode, less that of: buy and hold; random entries of the same number, lengths and
            sizes. Paired over episodes, with a bootstrap interval                                            reported
twins       decisions that differ when names, prices and years are masked, or all days are moved by years     bar: 0

No model's answers to these episodes are recorded. The opponents are the rules, a script that takes on all 21 episodes
exactly what the strategies propose: an edge over the strategies alone would be 0.0 by construction, so none is told,
and nothing here says what a language model is worth. A difference whose interval holds zero is none. Entries are made
at the next opening, 5 basis points a side.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from importlib import resources
from typing import Any

from agents.blind import Blinded, Mask
from agents.llm import LanguageModel
from agents.models.rules_llm import RulesModel
from evals.case import Case, read_cases
from evals.leakage.rememberer import Remembering
from evals.outcome import Outcome, Result, Score
from evals.quality.episode import Episode, episode_of
from evals.quality.trading import Day, EpisodeResult, all_of_it, at_random, by_roles, day_of, days_of, held, trade
from evals.statistics import bootstrap, mean, wilson
from evals.suite import Measure, Stage, Suite

NAME = "S4_quality"
SEED, ROUNDS = 7, 2_000
# About seven years, in whole weeks: every day keeps its weekday.
WEEKS_MOVED = 52 * 7
MASK = Mask(SEED)


@lru_cache(maxsize=1)
def cases() -> Sequence[Case]:
    """The frozen episodes."""
    return read_cases(resources.files("evals").joinpath("cases", "s4_episodes.jsonl"), NAME)


def solve(_stage: Stage, case: Case) -> Outcome:
    """The episode with roles that answer as the rules do."""
    return played(case, RulesModel())


@lru_cache(maxsize=64)
def _days(name: str) -> tuple[Episode, tuple[Day, ...]]:
    """The episode of a case and its days, which no model changes."""
    episode = episode_of(next(each for each in cases() if each.id == name).inputs)
    return episode, days_of(episode)


def played(case: Case, model: LanguageModel) -> Outcome:
    """An episode and its twins, and what else could have been done with it."""
    episode, days = _days(case.id)
    own, bare = trade(episode, days, by_roles(model)), trade(episode, days, all_of_it)
    facts: dict[str, Any] = {
        "gain": round(own.gain, 8),
        "without_roles": round(bare.gain, 8),
        "held": round(held(episode), 8),
        "random": round(at_random(episode, own, seed=SEED), 8),
        "worst": round(_worst(own), 8),
        "worst_without": round(_worst(bare), 8),
        "trades": len(own.trades),
        "proposals": len(own.asked),
        "twins_differ": sum(twins_differ(case, model, day, taken) for day, taken in own.asked),
        "enlarged": sum(taken > 1 for _, taken in own.asked),
    }
    return Outcome("TRADED" if own.trades else "STOOD ASIDE", facts=facts, model=model.name)


def twins_differ(case: Case, model: LanguageModel, day: Day, taken: Decimal) -> bool:
    """Whether another share is taken on the same day behind a mask, or in other years."""
    later = day_of(episode_of(case.inputs, weeks=WEEKS_MOVED), day.place)
    # A twin on which nothing is proposed is another answer, too.
    if day.proposal is None or later.proposal is None:
        return True
    masked = by_roles(Blinded(model, MASK))(day.env, day.proposal)
    return masked != taken or by_roles(model)(later.env, later.proposal) != taken


def _worst(traded: EpisodeResult) -> float:
    return min((each.share * each.gain for each in traded.trades), default=0.0)


def good(_stage: Stage, case: Case) -> Outcome:
    """Reads the evidence."""
    return played(case, RulesModel())


def bad(_stage: Stage, case: Case) -> Outcome:
    """Takes whatever bears a name that it remembers."""
    return played(case, Remembering(frozenset({case.inputs["symbol"]})))


def score(case: Case, outcome: Outcome) -> Score:
    """Whether the decisions rest on the evidence; what they earned is measured and passes nobody."""
    broken = [name for name, wanted in case.expect.items() if outcome.facts[name] != wanted]
    return Score(not broken, {name: float(value) for name, value in outcome.facts.items()}, ", ".join(broken))


Values = Mapping[str, float]
_OF_ROLES: Mapping[str, Callable[[Values], float]] = {
    "edge of roles over none": lambda values: values["gain"] - values["without_roles"],
    "worst trade, less that without roles": lambda values: values["worst"] - values["worst_without"],
}
"""What is measured of recorded models alone: a script has no skill to have an edge by."""
_OF_STRATEGIES: Mapping[str, Callable[[Values], float]] = {
    "strategies over buy and hold": lambda values: values["gain"] - values["held"],
    "strategies over random entries": lambda values: values["gain"] - values["random"],
    "gain of an episode": lambda values: values["gain"],
}


def measure(results: Sequence[Result]) -> Sequence[Measure]:
    """Paired differences with their intervals, and the twins."""
    found = [each.score.values for each in results]
    recorded = [each.score.values for each in results if each.outcome is not None and each.outcome.recording_origin]
    differ = sum(values["twins_differ"] > 0 for values in found)
    traded = sum(values["trades"] > 0 for values in found)
    return (
        *(_edge(name, [of(values) for values in recorded]) for name, of in _OF_ROLES.items()),
        *(_edge(name, [of(values) for values in found]) for name, of in _OF_STRATEGIES.items()),
        Measure("episodes with a trade", wilson(traded, len(found)), len(found)),
        Measure("episodes whose twins differ", wilson(differ, len(found)), len(found), bound="at most", bar=0.0),
    )


def _edge(name: str, sample: Sequence[float]) -> Measure:
    if not sample:
        note = "no recorded model has played these episodes"
        return Measure(f"{name}, not measured", wilson(0, 0), 0, note=note)
    interval = bootstrap(sample, mean, seed=SEED, rounds=ROUNDS)
    return Measure(name, interval, len(sample), unit="share of the price")


SUITE = Suite(
    name=NAME,
    title="Decision quality",
    claim="Decisions rest on the evidence and not on names, prices or years. What roles add to the strategies is not "
    "measured, as rules play them, which take whatever is proposed: no edge is claimed, of any model or in any market.",
    cases=cases,
    solve=solve,
    score=score,
    measure=measure,
    good=good,
    bad=bad,
)
