"""S12: how the shipped scorer of headlines does, on headlines of our own and on labelled sets that somebody brings.

own, one name           72 headlines that ship with the code, written for it    bar: above the majority
own, several names      24 names in 12 more, of which most disagree             bar: above the majority
adversarial flips       the label changes when a headline is disguised, after   bar: at most 1 %
                        cleaning as every text from outside is cleaned
SEntFiN, one name       the fifth of it the scorer never saw                    bar: at least 80 %, above the majority
SEntFiN, several names  entities of headlines with several of them              bar: above the majority
FPB, tfns               never trained on                                        bars: 85 % and 75 %, above the majority

Disguises: zero-width characters, full-width and look-alike letters, hidden tag and direction characters. The last four
are read from a folder (``sage evals run --data FOLDER``, files as in ``evals/sentiment/sets.py``); a set that is not
there stands in the report as not measured, and its bar neither holds nor is broken. Our own headlines were written by
the rule a person labels by, before the scorer had read them, and none was changed after it had. They are few.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib import resources
from pathlib import Path

from agents.quarantine import clean
from evals.case import Case, read_cases
from evals.outcome import Outcome, Result, Score
from evals.sentiment.sets import Labelled, held_out, plain, sentfin
from evals.statistics import wilson
from evals.suite import Measure, Stage, Suite
from trading.signals.headlines import LABELS, read

NAME = "S12_sentiment"
SEED, FLIPS, DISGUISES = 7, 500, 5
OWN_ONE, OWN_MANY = "own, one name", "own, several names"
ONE, MANY, FPB, TFNS, FLIP = "SEntFiN one name", "SEntFiN several names", "FPB AllAgree", "tfns", "disguised"
BARS: Mapping[str, float] = {ONE: 0.80, FPB: 0.85, TFNS: 0.75}
FILES: Mapping[str, str] = {ONE: "sentfin.csv", MANY: "sentfin.csv", FPB: "fpb.csv", TFNS: "tfns.csv"}
_LOOK_ALIKES = str.maketrans("aeopcyxis", "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0455")


@lru_cache(maxsize=1)
def cases() -> Sequence[Case]:
    """Our own headlines, and those about one company once more in every disguise."""
    own = read_cases(resources.files("evals").joinpath("cases", "s12_headlines.jsonl"), NAME)
    chance = random.Random(SEED)
    said = [_row(each) for each in own if each.tags["set"] == OWN_ONE]
    hidden = (
        _case(FLIP, f"own-{number}-{kind}", row, disguised(row.headline, kind, chance))
        for number, row in enumerate(said)
        for kind in range(DISGUISES)
    )
    return (*own, *hidden)


@lru_cache(maxsize=4)
def labelled(folder: Path) -> Sequence[Case]:
    """The held-out headlines of the sets in ``folder``, some of them in disguise; a set that is not there has none."""
    made = [_case(name, str(number), row) for name in (FPB, TFNS) for number, row in _rows(folder / FILES[name])]
    path = folder / FILES[ONE]
    rows = [row for row in sentfin(path) if held_out(row)] if path.is_file() else []
    made += [_case(ONE if row.single else MANY, str(number), row) for number, row in enumerate(rows)]
    chance = random.Random(SEED)
    shown = [each for each in enumerate(rows) if each[1].single][:FLIPS]
    made += [_case(FLIP, str(number), row, disguised(row.headline, number, chance)) for number, row in shown]
    return tuple(made)


def _rows(path: Path) -> Iterator[tuple[int, Labelled]]:
    return enumerate(plain(path) if path.is_file() else ())


def _row(case: Case) -> Labelled:
    return Labelled(case.inputs["headline"], case.inputs["entity"], case.expect["label"], single=True)


def disguised(headline: str, number: int, chance: random.Random) -> str:
    """The headline as a person sees it, and otherwise as a machine does."""
    spots = {chance.randrange(len(headline)) for _ in range(6)}
    match number % DISGUISES:
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
    """Accuracy of each set that is there beside the majority's, those that are not there, and flips."""
    found: list[Measure] = []
    for name in (OWN_ONE, OWN_MANY, *FILES):
        part = [each for each in results if each.tags["set"] == name]
        found += _accuracy(name, part) if part else [_missing(name)]
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
    # Under a name of its own: what has no figure is not compared with the baseline's.
    bar, note = BARS.get(name, 0.0), f"no data; {FILES[name]} is brought in a folder with --data"
    return Measure("accuracy, not measured", wilson(0, 0), 0, bar=bar, of=f"set={name}", note=note)


def _case(name: str, which: str, row: Labelled, shown: str = "") -> Case:
    label = read(clean(row.headline).text, row.entity).label if shown else row.label
    inputs = {"set": name, "headline": shown or row.headline, "entity": row.entity}
    # What is brought stays where it is: a report holds ids and verdicts, no headline.
    terms = {FPB: "CC-BY-NC-SA-3.0"}.get(name, "MIT")
    return Case(f"{name.replace(' ', '-')}-{which}", NAME, inputs, {"label": label}, {"set": name}, name, terms)


SUITE = Suite(
    name=NAME,
    title="Headlines",
    claim="A small model reads headlines better than the majority label; a labelled set that is not there is not "
    "measured and nothing is claimed of it; nothing in Sage trades on the model.",
    cases=cases,
    solve=solve,
    score=score,
    measure=measure,
    good=good,
    bad=bad,
    opponents="none",
    labelled=labelled,
)
