"""S5: decisions come from what was known at the moment, and not from what came later or from who it was about.

future   sources that tell what came after ``as_of`` (they should not): an article, a post, bars, a quote, an event, a
         closed trade. Every figure of the cycle must be the same without them, or unknown.            bar: exactly 0
blind    the same question with names, years and prices masked (``agents/blind.py``): whoever reads the evidence
         answers the same                                                                              bar: 0 for rules
twin     the same question with its evidence turned round: whoever reads it supports the trade less. The share that
         answers as before is the prediction consistency of arXiv 2510.07920, where it was 0.82 for a peer: high means
         that the inputs are ignored.                                                                  bar: 0 for rules

The opponents here are the rules: they prove that the probes work, and nothing about a language model. A scripted model
that goes by names alone fails blind and twin cases, and one that is shown later days fails the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property, lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from agents.blind import Blinded, Mask
from agents.llm import LanguageModel
from agents.models.rules_llm import RulesModel
from domain.clock import parse_time
from domain.errors import DataQualityError
from domain.evidence import Value
from domain.ids import CycleId
from domain.market import Symbol
from domain.record.canonical import plain
from evals.answers.play import Facts, play
from evals.answers.questions import cases as questions
from evals.answers.questions import role_of
from evals.case import Case, without_repeats
from evals.leakage.future import CHANNELS, planted
from evals.leakage.rememberer import Remembering
from evals.leakage.twins import turned
from evals.outcome import Outcome, Result, Score
from evals.product import Opener, Product
from evals.statistics import wilson
from evals.suite import Measure, Suite
from graphs.nodes.observe import look
from graphs.nodes.read_news import new_texts

NAME = "S5_leakage"
SYMBOLS = tuple(map(Symbol, ("GLIMR", "KORVA", "NIMBO")))
MOMENTS = ("2026-03-17T15:00:00Z", "2026-03-24T18:30:00Z", "2026-04-09T14:00:00Z")
SEEDS = (1, 2)
MASKED = ("advisor", "inspector", "decider")
SUPPORT = {"take": 2, "reduce": 1, "skip": 0}


@lru_cache(maxsize=1)
def cases() -> Sequence[Case]:
    """Every channel at every moment, every masked question under every seed, every clear question turned round."""
    future = (
        Case(f"future-{channel}-{place}", NAME, {"channel": channel, "at": at}, {"leaks": 0}, {"family": "future"})
        for place, at in enumerate(MOMENTS)
        for channel in CHANNELS
    )
    blind = (
        Case(f"blind-{each.id}-{seed}", NAME, {"case": each.id, "seed": seed}, {"same": True}, {"family": "blind"})
        for each in questions()
        for seed in SEEDS
        if role_of(each) in MASKED
    )
    twins = (
        Case(f"twin-{each.id}", NAME, {"case": each.id}, {"follows": True}, {"family": "twin"})
        for each in questions()
        if role_of(each) == "advisor" and each.tags["family"] == "clear"
    )
    return without_repeats((*future, *blind, *twins), NAME)


class Start:
    """The product, opened when the first case asks for it."""

    def __init__(self, product: Opener, stack: ExitStack) -> None:
        self._opener = product
        self._stack = stack

    @cached_property
    def product(self) -> Product:
        """A start on the simulated market."""
        folder = self._stack.enter_context(TemporaryDirectory())
        return self._stack.enter_context(self._opener(Path(folder), RulesModel()))


@contextmanager
def opened(product: Opener) -> Iterator[Start]:
    """One start for all cases of the suite."""
    with ExitStack() as stack:
        yield Start(product, stack)


def solve(stage: Start, case: Case) -> Outcome:
    """By the rules and the product's own look."""
    if case.tags["family"] == "future":
        return Outcome("LOOKED", facts={"leaks": leaks(stage.product, case.inputs)})
    return _answered(case, RulesModel())


def leaks(product: Product, inputs: Mapping[str, Any]) -> int:
    """How many figures and texts the product takes from a source that tells the future."""
    as_of = parse_time(inputs["at"])
    deps = product.deps
    later = planted(inputs["channel"], deps, SYMBOLS, as_of)
    known = set(map(str, new_texts(deps, SYMBOLS, as_of)))
    told = sum(str(text) not in known for text in new_texts(later, SYMBOLS, as_of))
    before = {
        str(ref): item.value for ref, item in look(deps, CycleId("cyc-now"), as_of, SYMBOLS).evidence.items.items()
    }
    try:
        seen = look(later, CycleId("cyc-now"), as_of, SYMBOLS)
    # A look that refuses the source has shown nothing of it.
    except DataQualityError:
        return told
    return told + sum(_other(item.value, before.get(str(ref))) for ref, item in seen.evidence.items.items())


def _other(value: Value, before: Value) -> bool:
    return value is not None and plain(value) != plain(before)


def _answered(case: Case, model: LanguageModel) -> Outcome:
    """A question beside its masked or turned twin."""
    asked = next(each for each in questions() if each.id == case.inputs["case"])
    role, first = role_of(asked), play(role_of(asked), asked.inputs, model)
    if case.tags["family"] == "twin":
        second = play(role, turned(asked.inputs), model)
        return Outcome("ASKED", facts={"follows": _support(second) < _support(first)}, model=model.name)
    second = play(role, asked.inputs, Blinded(model, Mask(case.inputs["seed"])))
    return Outcome("ASKED", facts={"same": first == second}, model=model.name)


def _support(facts: Facts) -> int:
    return SUPPORT[facts["stance"]] if facts["usable"] else 0


@lru_cache(maxsize=1)
def _remembered() -> frozenset[str]:
    return frozenset(each.inputs["candidate"]["symbol"] for each in questions() if "candidate" in each.inputs)


def good(_stage: Start, case: Case) -> Outcome:
    """Reads the evidence, and is shown none of a later day."""
    return Outcome("LOOKED", facts={"leaks": 0}) if case.tags["family"] == "future" else _answered(case, RulesModel())


def bad(_stage: Start, case: Case) -> Outcome:
    """Remembers names, and is shown what comes."""
    return (
        Outcome("LOOKED", facts={"leaks": 1})
        if case.tags["family"] == "future"
        else _answered(case, Remembering(_remembered()))
    )


def score(case: Case, outcome: Outcome) -> Score:
    """Exactly what is expected."""
    ((name, wanted),) = case.expect.items()
    found = outcome.facts[name]
    return Score(found == wanted, {"broken": float(found != wanted)}, "" if found == wanted else f"{name}: {found}")


def measure(results: Sequence[Result]) -> Sequence[Measure]:
    """One share a family, each of which must be nothing."""
    names = {
        "future": "looks that show what came later",
        "blind": "answers that change under the mask",
        "twin": "answers that stay when the evidence turns",
    }
    return tuple(
        _share(name, [each for each in results if each.tags["family"] == family]) for family, name in names.items()
    )


def _share(name: str, results: Sequence[Result]) -> Measure:
    hits = sum(each.score.values["broken"] > 0 for each in results)
    return Measure(name, wilson(hits, len(results)), len(results), bound="at most", bar=0.0)


SUITE = Suite(
    name=NAME,
    title="Leakage",
    claim="No figure or text of a cycle comes from after its moment, even where a source tells it; and the probes for "
    "memorised answers tell a reader of evidence from a rememberer of names, which says nothing of any language model.",
    cases=cases,
    solve=solve,
    score=score,
    measure=measure,
    good=good,
    bad=bad,
    opened=opened,
)
