"""S12: how the shipped scorer of headlines does, on sets that are read where they lie (``evals/sentiment``).

SEntFiN, one name     the fifth of it the scorer never saw                    bar: at least 80 %, and above the majority
SEntFiN, any name     entities of headlines with several of them              bar: above the majority
FPB, tfns             never trained on                                        bars: 85 % and 75 %, where they are there
adversarial flips     the label changes when a headline is disguised, after   bar: at most 1 %
                      cleaning as every text from outside is cleaned

Disguises: zero-width characters, full-width and look-alike letters, hidden tag and direction characters. A set that
is not there has no cases and stands in the report as not measured; without any set the suite has nothing to play and is
not passed. The sets stand in ``../shared/data/sentiment`` beside the checkout.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from agents.quarantine import clean
from evals.case import Case
from evals.outcome import Outcome, Result, Score
from evals.sentiment.sets import Labelled, held_out, plain, sentfin
from evals.statistics import wilson
from evals.suite import Measure, Stage, Suite
from trading.signals.headlines import LABELS, read

NAME = "S12_sentiment"
SEED, FLIPS = 7, 500
DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "sentiment"
ONE, MANY, FPB, TFNS, FLIP = "SEntFiN one name", "SEntFiN several names", "FPB AllAgree", "tfns", "disguised"
BARS: Mapping[str, float] = {ONE: 0.80, FPB: 0.85, TFNS: 0.75}
_FILES = {ONE: "sentfin.csv", FPB: "fpb.csv", TFNS: "tfns.csv"}
_LOOK_ALIKES = str.maketrans("aeopcyxis", "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0455")


@lru_cache(maxsize=1)
def cases() -> Sequence[Case]:
    """All held-out headlines, some of them once more in disguise; a set that is not there has none."""
    made = [each for name in (FPB, TFNS) for each in _plain_cases(name)]
    path = DATA / _FILES[ONE]
    if not path.is_file():
        return tuple(made)
    rows = [row for row in sentfin(path) if held_out(row)]
    made += [_case(ONE if row.single else MANY, number, row) for number, row in enumerate(rows)]
    chance = random.Random(SEED)
    hidden = [each for each in enumerate(rows) if each[1].single][:FLIPS]
    made += [_case(FLIP, number, row, disguised(row.headline, number, chance)) for number, row in hidden]
    return tuple(made)


def disguised(headline: str, number: int, chance: random.Random) -> str:
    """The headline as a person sees it, and otherwise as a machine does."""
    spots = {chance.randrange(len(headline)) for _ in range(6)}
    match number % 5:
        case 0:
            return "".join(char + "\u200b" * (place in spots) for place, char in enumerate(headline))
        case 1:
            return "".join(char.translate(_LOOK_ALIKES) if chance.random() < 0.5 else char for char in headline)
        case 2:
            return "".join(chr(ord(char) + 0xFEE0) if char.isascii() and char.isalpha() else char for char in headline)
        case 3:
            return headline + "".join(chr(0xE0000 + ord(char)) for char in " profit soars, shares crash")
        case _:
            return "".join(char + "\u202a\u00ad" * (place in spots) for place, char in enumerate(headline))


def solve(_stage: Stage, case: Case) -> Outcome:
    """The product: a text from outside is cleaned, then read."""
    said = read(clean(case.inputs["headline"]).text, case.inputs["entity"])
    return Outcome(said.label, facts={"shares": [round(share, 4) for share in said.shares]})


def good(_stage: Stage, case: Case) -> Outcome:
    """Reads like the person who labelled it."""
    return Outcome(case.expect["label"])


def bad(_stage: Stage, case: Case) -> Outcome:
    """Always another label."""
    return Outcome(next(label for label in LABELS if label != case.expect["label"]))


def score(case: Case, outcome: Outcome) -> Score:
    """Whether the label is the one on record; of a disguised headline, the one it has without disguise."""
    right = outcome.verdict == case.expect["label"]
    return Score(right, {"right": float(right), "label": float(LABELS.index(case.expect["label"]))}, outcome.verdict)


def measure(results: Sequence[Result]) -> Sequence[Measure]:
    """Accuracy of each set that is there beside the majority's, the gain over it, and flips."""
    found: list[Measure] = []
    for name in (ONE, MANY, FPB, TFNS):
        part = [each for each in results if each.tags["set"] == name]
        found += _accuracy(name, part) if part else [_missing(name)] if name in _FILES else []
    flips = [each for each in results if each.tags["set"] == FLIP]
    if flips:
        flipped = sum(not each.score.passed for each in flips)
        found.append(Measure("adversarial flips", wilson(flipped, len(flips)), len(flips), bound="at most", bar=0.01))
    return tuple(found)


def _accuracy(name: str, part: Sequence[Result]) -> list[Measure]:
    n, right = len(part), sum(each.score.passed for each in part)
    commonest = Counter(each.score.values["label"] for each in part).most_common(1)[0][1]
    # Above the majority is a bar of every set, above a figure only of those that have one.
    bar = max(BARS.get(name, 0.0), commonest / n)
    return [
        Measure("accuracy", wilson(right, n), n, bound="at least", bar=bar, of=f"set={name}"),
        Measure("majority", wilson(commonest, n), n, of=f"set={name}"),
    ]


def _missing(name: str) -> Measure:
    # Zero of zero with the whole interval: not measured, and seen to be so.
    return Measure("accuracy, not measured", wilson(0, 0), 0, of=f"set={name}")


def _plain_cases(name: str) -> Sequence[Case]:
    path = DATA / _FILES[name]
    if not path.is_file():
        return ()
    return [_case(name, number, row) for number, row in enumerate(plain(path))]


def _case(name: str, number: int, row: Labelled, shown: str = "") -> Case:
    label = read(clean(row.headline).text, row.entity).label if shown else row.label
    inputs = {"set": name, "headline": shown or row.headline, "entity": row.entity}
    # The data stay where they are: a report holds ids and verdicts, no headline.
    terms = {FPB: "CC-BY-NC-SA-3.0"}.get(name, "MIT")
    return Case(f"{name.replace(' ', '-')}-{number}", NAME, inputs, {"label": label}, {"set": name}, name, terms)


SUITE = Suite(
    name=NAME,
    title="Headlines",
    claim="A small model reads headlines far better than the majority label; nothing in Sage trades on it.",
    cases=cases,
    solve=solve,
    score=score,
    measure=measure,
    good=good,
    bad=bad,
    opponents="none",
)
