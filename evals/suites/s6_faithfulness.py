"""S6: explanations with one thing wrong are found, true ones are let pass (``evals/corruptions``).

recall          corrupted explanations that the checker finds, by kind and overall          bar: at least 95 %
false alarms    true explanations that it objects to                                         bar: at most 2 %
disclosure      template explanations that tell every refusal, cut and need of a person      bar: all

The corruptions were written before the checker was read and share no line with it. The first measurement, with the
checker as it then was and seed 3: recall 71.3 % of 480, false alarms 7.8 % of 206, disclosure 100 % of 100. Then the
checker was mended by general rules against seed 3, and one kind was made stricter: a direction is turned only right
before a figure, where it is certain to be false. SEED was not looked at while mending. The wordings are the same under
every seed, so recall on words says little about wordings that neither side has thought of.

Later the answers that models gave to the frozen questions of S13 joined the true explanations (``answered``), after
they were read: the checker had refused 7 of the 20, for it took a negation to reach over the whole sentence.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import lru_cache
from itertools import islice

from agents.claims.check import faults
from evals.case import Case, without_repeats
from evals.corruptions.answered import answered
from evals.corruptions.kinds import KINDS, corrupted
from evals.corruptions.telling import TrueExplanation, generated, recorded
from evals.outcome import Outcome, Result, Score
from evals.statistics import wilson
from evals.suite import Measure, Stage, Suite

NAME = "S6_faithfulness"
SEED, EACH, TRUE = 11, 40, 400
FOUND, CLEAN = "FOUND", "CLEAN"
_DISCLOSURE = "disclosure removed"
_ALWAYS = ("The advisor ", "The risk inspector's ruling", "Size: ")
"""How sentences begin that the template tells of every generated record, unless the checker took one out."""


@lru_cache(maxsize=1)
def cases() -> Sequence[Case]:
    """True explanations, and each kind of corruption on many of them."""
    return cases_of(SEED, EACH, TRUE)


def cases_of(seed: int, each: int, true: int) -> Sequence[Case]:
    """The cases of a seed: ``each`` of a kind, and ``true`` ones that are as they should be."""
    made = [_case(seed, number, "none", generated(seed, number).shown()) for number in range(true)]
    made += [_case(seed, -1 - number, "none", told.shown()) for number, told in enumerate(_of_models())]
    for kind in KINDS:
        # Not every explanation has something of every kind to get wrong: forty tries for each case that is wanted.
        numbers = (*range(-len(_of_models()), 0), *range(10_000, 10_000 + 40 * each))
        wrong = ((number, _wrong(kind, seed, number)) for number in numbers)
        found = (_case(seed, number, kind, said) for number, said in wrong if said is not None)
        made += islice(found, each)
    return without_repeats(made, NAME)


def told_of(seed: int, number: int) -> TrueExplanation:
    """The true explanation behind a case; negative numbers are those of recorded models."""
    return generated(seed, number) if number >= 0 else _of_models()[-1 - number]


def _of_models() -> tuple[TrueExplanation, ...]:
    return (*recorded(), *answered())


def solve(_stage: Stage, case: Case) -> Outcome:
    """The product: the checker that every explanation passes before it is shown."""
    told = told_of(case.inputs["seed"], case.inputs["number"])
    found = faults(case.inputs["sentences"], told.record, told.known, case.inputs["owed"])
    return _outcome(case, tuple(dict.fromkeys(fault.kind for fault in found)))


def good(_stage: Stage, case: Case) -> Outcome:
    """Finds what is wrong and nothing else."""
    return _outcome(case, () if case.tags["kind"] == "none" else (case.tags["kind"],))


def bad(_stage: Stage, case: Case) -> Outcome:
    """Believes what is wrong and doubts what is true."""
    return _outcome(case, ("doubt",) if case.tags["kind"] == "none" else ())


def score(case: Case, outcome: Outcome) -> Score:
    """Whether the verdict is right; a true explanation must also be whole."""
    right = outcome.verdict == case.expect["verdict"]
    lost = case.expect["lost"]
    values = {"right": float(right), "lost": float(len(lost))}
    note = (
        "" if right else f"{case.tags['kind']} in {case.tags['source']}: {outcome.verdict} {', '.join(outcome.codes)}"
    )
    return Score(right and not lost, values, note or "; ".join(f"left out: {each}" for each in lost))


def measure(results: Sequence[Result]) -> Sequence[Measure]:
    """Recall overall, by kind and by source; false alarms; disclosure."""
    wrong = [each for each in results if each.tags["kind"] != "none"]
    true = [each for each in results if each.tags["kind"] == "none"]
    template = [each for each in true if each.tags["source"] == "template"]
    alarms = sum(not each.score.passed for each in true)
    told = sum(each.score.values["lost"] == 0 for each in template)
    return (
        _recall(wrong, "", bar=True),
        Measure("false alarms", wilson(alarms, len(true)), len(true), bound="at most", bar=0.02),
        Measure("disclosure", wilson(told, len(template)), len(template), bound="at least", bar=1.0),
        *(_recall([each for each in wrong if each.tags["kind"] == kind], f"kind={kind}") for kind in KINDS),
        *(
            _recall([each for each in wrong if each.tags["source"] == source], f"source={source}")
            for source in _SOURCES
        ),
    )


_ORIGINS = {"recorded": "demo recording", "answered": "recorded answer"}
_SOURCES = ("template", "worded", "recorded", "answered")


def _recall(wrong: Sequence[Result], of: str, *, bar: bool = False) -> Measure:
    found = sum(each.score.values["right"] == 1 for each in wrong)
    return Measure(
        "recall",
        wilson(found, len(wrong)),
        len(wrong),
        bound="at least" if bar else "reported",
        bar=0.95 if bar else 0.0,
        of=of,
    )


def _wrong(kind: str, seed: int, number: int) -> tuple[str, ...] | None:
    return corrupted(kind, told_of(seed, number), random.Random(f"{kind}:{seed}:{number}"))


def _case(seed: int, number: int, kind: str, sentences: tuple[str, ...]) -> Case:
    told = told_of(seed, number)
    # With the debts of a true explanation on hand every change of a disclosure would be found by its absence alone.
    owed = told.owed if kind in ("none", _DISCLOSURE) else ()
    lost = _lost(told, sentences) if kind == "none" and told.source == "template" else []
    return Case(
        id=f"{kind.replace(' ', '-')}-{number}",
        suite=NAME,
        inputs={"seed": seed, "number": number, "sentences": list(sentences), "owed": list(owed)},
        expect={"verdict": CLEAN if kind == "none" else FOUND, "lost": lost},
        tags={"kind": kind, "source": told.source},
        origin=_ORIGINS.get(told.source, f"generated, seed {seed}"),
    )


def _lost(told: TrueExplanation, sentences: tuple[str, ...]) -> list[str]:
    begun = [each for each in _ALWAYS if not any(sentence.startswith(each) for sentence in sentences)]
    return [*(each for each in told.owed if each not in sentences), *begun]


def _outcome(case: Case, kinds: tuple[str, ...]) -> Outcome:
    return Outcome(FOUND if kinds else CLEAN, kinds, explanation=" ".join(case.inputs["sentences"]))


SUITE = Suite(
    name=NAME,
    title="Explanations that say what was",
    claim="What an explanation gets wrong is found before it is shown; says nothing about what no record decides.",
    cases=cases,
    solve=solve,
    score=score,
    measure=measure,
    good=good,
    bad=bad,
    opponents="scripted",
)
